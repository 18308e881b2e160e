"""One process of `tests.bench.imports`: brings a table of new sites, and one that renames some of them.

python -m tests.bench.import_times ROWS
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from time import perf_counter, process_time

from furka.cli.django import prepare, start

start()

from furka import clock  # noqa: E402
from furka.access.rights import STRUCTURE  # noqa: E402
from furka.inventory import imports  # noqa: E402
from furka.inventory.imports import MOST_CHANGED  # noqa: E402
from furka.inventory.models import ImportState  # noqa: E402
from furka.people.models import Person  # noqa: E402
from furka.tree.acting import Acting  # noqa: E402
from furka.tree.holdings import of_person  # noqa: E402
from furka.tree.models import Kind, Node  # noqa: E402
from furka.world.make import make_world  # noqa: E402
from furka.world.persons import addresses  # noqa: E402
from furka.world.size import size_of  # noqa: E402
from tests.world import PASSWORD  # noqa: E402

HEAD = "Kunde;Kundennummer;Anlage;Anlagennummer;Zeitzone"


def main() -> None:
    """A tiny world, and two tables."""
    rows = int(sys.argv[1])
    prepare()
    make_world(size_of("tiny"), 1, clock.now(), PASSWORD, lambda text: None)
    by = of_person(Person.objects.get(email=addresses(1)[1]), clock.now(), "bench")
    top = Node.objects.visible_to(by, STRUCTURE).filter(kind=Kind.RESELLER)[0]
    _bring(by, top, (f"Kunde {each // 10};K{each // 10};Anlage {each};A{each};" for each in range(rows)))
    changed = range(min(rows, MOST_CHANGED))
    _bring(
        by, top, (f"Kunde {each // 10};K{each // 10};Werk {each};A{each};Europe/Berlin" for each in changed)
    )


def _bring(by: Acting, top: Node, lines: Iterable[str]) -> None:
    run = imports.begin_import(by, top, "table.csv", "\n".join([HEAD, *lines]).encode())
    told = [_taking("reading", lambda: imports.carry_on(run, by.at))]
    imports.name_columns(by, run, run.mapping)
    told.append(_taking("checking", lambda: imports.carry_on(run, by.at)))
    imports.apply_import(by, run)
    told.append(_taking("applying (one transaction)", lambda: imports.carry_on(run, by.at)))
    assert run.state == ImportState.APPLIED, run.trouble
    print(f"  {run.counts['new']:6} new, {run.counts['changed']:5} changed: {', '.join(told)}", flush=True)


def _taking(what: str, do: Callable[[], object]) -> str:
    begun, begun_to_work = perf_counter(), process_time()
    do()
    return f"{what} {perf_counter() - begun:.1f} s (cpu {process_time() - begun_to_work:.1f} s)"


if __name__ == "__main__":
    main()
