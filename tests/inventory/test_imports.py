"""A table is taken in as a whole or not at all, after everybody could see what would happen."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from furka.dispatch import upkeep
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.finding.queries import find
from furka.inventory import imports
from furka.inventory.imports import (
    apply_import,
    begin_import,
    carry_on,
    carry_on_waiting,
    forget_import,
    name_columns,
    run_of_key,
    runs_of,
    verdicts_of,
)
from furka.inventory.models import ImportRun, ImportState
from furka.journal.chain import verify
from furka.journal.models import Chain, Event
from furka.people.models import Person
from furka.tree import operations
from furka.tree.granting import Terms
from furka.tree.models import Node
from furka.tree.operation import program
from furka.tree.placements import placements_of
from furka.tree.texts import sort_key
from tests.world import NOW, World, by, let_in

pytestmark = pytest.mark.django_db

HEAD = "Kunde;Kundennummer;Anlage;Anlagennummer;Zeitzone"


def bring(node: Node, someone: Person, *lines: str, head: str = HEAD) -> ImportRun:
    """Everything up to the preview, the columns as they were understood."""
    content = "\r\n".join([head, *lines]).encode()
    run = begin_import(by(someone), node, "anlagen.csv", content)
    carry_on(run, NOW)
    assert run.state == ImportState.MAPPING, run.trouble
    name_columns(by(someone), run, run.mapping)
    carry_on(run, NOW)
    assert run.state == ImportState.CHECKED
    return run


def apply(run: ImportRun, someone: Person, *, leave_out: bool = False) -> None:
    apply_import(by(someone), run, leave_out=leave_out)
    carry_on(run, NOW)


def said(run: ImportRun) -> list[tuple[int, str, list[str]]]:
    return [
        (number, what, [code for _column, code, _value in faults])
        for number, what, faults in verdicts_of(run)
    ]


def nodes(**given: Any) -> list[tuple[str, str, str]]:
    rows = Node.objects.everything("a test").filter(**given).select_related("parent").order_by("sort_key")
    return [(row.parent.name if row.parent else "", row.name, row.reference) for row in rows]


def test_new_customers_and_sites_come_in_with_their_events(world: World) -> None:
    upkeep.check_all(program("test", NOW))  # doors that have ended since yesterday
    run = bring(
        world.ours.reseller,
        world.rita,
        "Klinik Seeblick;K-1;Haus A;A-1;Europe/Paris",
        "Klinik Seeblick;;Haus B;A-2;",
        ";;Lager;A-3;",
        "Gemeinde Muster;;Turnhalle;A-4;",
        "Nur Kunde;K-2;;;",
    )
    assert said(run) == [(number, "new", []) for number in range(2, 7)]
    assert run.counts == {"new": 5, "changed": 0, "same": 0, "faulty": 0, "customers": 2}
    assert nodes(reference__startswith="A-") == []

    apply(run, world.rita)

    assert run.state == ImportState.APPLIED
    assert nodes(reference__startswith="A-") == [
        ("Klinik Seeblick", "Haus A", "A-1"),
        ("Klinik Seeblick", "Haus B", "A-2"),
        ("Muster AG", "Lager", "A-3"),
        ("Gemeinde Muster", "Turnhalle", "A-4"),
    ]
    assert nodes(reference__startswith="K-") == [
        ("Muster AG", "Klinik Seeblick", "K-1"),
        ("Muster AG", "Nur Kunde", "K-2"),
    ]
    made = Event.objects.filter(action__in=("site.created", "customer.created"), at=NOW)
    assert (made.count(), Event.objects.filter(action="import.applied").count()) == (6, 1)
    assert all(list(verify(chain)) == [] for chain in Chain.objects.all())
    assert [row.name for row in find(by(world.rita), "seeblick", 5)] == ["Klinik Seeblick"]
    assert [row.name for row in find(by(world.rita), "A-2", 5)] == ["Haus B"]
    assert upkeep.check_all(program("test", NOW)) == 0
    zone = Node.objects.everything("a test").get(name="Haus A").time_zone
    assert zone == "Europe/Paris"


def test_what_is_there_is_found_again_and_brought_up_to_date(world: World) -> None:
    lines = ["Gemeinde Muster;K-7;Schulhaus Muster;A-20;", ";;Werkhof Muster;A-21;Europe/Paris"]
    run = bring(world.ours.reseller, world.rita, *lines)
    assert [what for _number, what, _faults in said(run)] == ["changed", "changed"]
    apply(run, world.rita)
    assert nodes(reference__startswith="A-2") == [
        ("Gemeinde Muster", "Schulhaus Muster", "A-20"),
        ("Muster AG", "Werkhof Muster", "A-21"),
    ]
    assert nodes(reference="K-7") == [("Muster AG", "Gemeinde Muster", "K-7")]

    again = bring(world.ours.reseller, world.rita, *lines)
    assert [what for _number, what, _faults in said(again)] == ["same", "same"]
    with pytest.raises(Conflict):
        apply_import(by(world.rita), again)
    renamed = bring(world.ours.reseller, world.rita, ";K-7;Schulhaus Nord;A-20;")
    apply(renamed, world.rita)
    assert nodes(reference="A-20") == [("Gemeinde Muster", "Schulhaus Nord", "A-20")]


def test_every_fault_is_told_at_its_row(world: World) -> None:
    operations.create_site(by(world.rita), world.ours.customer, "Doppelt")
    operations.create_site(by(world.rita), world.ours.customer, "Doppelt")
    apply(bring(world.ours.reseller, world.rita, "Gemeinde Muster;K-7;Schulhaus Muster;A-20;"), world.rita)
    run = bring(
        world.ours.reseller,
        world.rita,
        "Gemeinde Muster;;;A-1;",
        f"Gemeinde Muster;;{'x' * 121};;",
        "Gemeinde Muster;;Neu;;Europa/Zürich",
        "Anders;K-7;Neu;;",
        ";K-99;Neu;;",
        "Gemeinde Muster;;Doppelt;;",
        "Klinik;;Neu;A-20;",
        "Gemeinde Muster;;Gut;A-9;",
        "Gemeinde Muster;;Gut;A-9;",
        "Gemeinde Muster;;Schulhaus Muster;;",
        "",
        "Gemeinde Muster;;Schulhaus Muster;A-20;",
    )

    assert said(run) == [
        (2, "faulty", ["missing"]),
        (3, "faulty", ["too-long"]),
        (4, "faulty", ["zone-unknown"]),
        (5, "faulty", ["customer-name-differs"]),
        (6, "faulty", ["customer-unknown"]),
        (7, "faulty", ["several"]),
        (8, "faulty", ["site-elsewhere"]),
        (9, "new", []),
        (10, "faulty", ["same-as-row"]),
        (11, "same", []),
        (13, "faulty", ["same-as-row"]),
    ]


def test_rows_with_faults_stop_it_unless_they_are_left_out(world: World) -> None:
    lines = ["Klinik;;Haus A;;", "Klinik;;Haus B;;Nirgends", ";;=1+1;;"]
    run = bring(world.ours.reseller, world.rita, *lines)
    with pytest.raises(Conflict):
        apply_import(by(world.rita), run)

    apply(run, world.rita, leave_out=True)

    assert nodes(name__in=["Haus A", "Haus B", "=1+1"]) == [
        ("Muster AG", "=1+1", ""),
        ("Klinik", "Haus A", ""),
    ]


def test_if_something_changed_meanwhile_nothing_is_done_and_the_preview_is_new(world: World) -> None:
    run = bring(world.ours.reseller, world.rita, "Klinik;;Haus A;;", ";;Lager;;")
    operations.create_site(by(world.rita), world.ours.reseller, "Lager")
    before = Event.objects.count()

    apply(run, world.rita)

    assert (run.state, Event.objects.count()) == (ImportState.CHECKED, before)
    assert run.trouble
    assert [what for _number, what, _faults in said(run)] == ["new", "same"]
    apply(run, world.rita)
    assert run.state == ImportState.APPLIED


def test_customer_takes_in_its_own_sites_only(world: World) -> None:
    run = bring(
        world.ours.customer, world.karl, ";;Turnhalle;;", "Gemeinde Muster;;Aula;;", "Klinik;;Haus A;;"
    )

    assert [(what, codes) for _number, what, codes in said(run)] == [
        ("new", []),
        ("new", []),
        ("faulty", ["customer-other"]),
    ]
    apply(run, world.karl, leave_out=True)
    assert ("Gemeinde Muster", "Aula", "") in nodes(kind="site")


def test_import_is_its_persons_own_and_ends_with_the_right(world: World) -> None:
    run = bring(world.ours.reseller, world.rita, "Klinik;;Haus A;;")

    with pytest.raises(NotThere):
        run_of_key(by(world.nora), run.key)
    with pytest.raises(NotThere):
        run_of_key(by(world.karl), run.key)
    assert runs_of(by(world.karl), world.ours.customer) == []
    assert [each.key for each in runs_of(by(world.rita), world.ours.reseller)] == [run.key]
    let_in(world.ours.customer, world.fremd, Terms(role="viewer"), world.karl)
    with pytest.raises(Refused):
        begin_import(by(world.fremd), world.ours.customer, "x.csv", b"a;b\n1;2")
    forget_import(by(world.rita), run)
    with pytest.raises(NotThere):
        run_of_key(by(world.rita), run.key)


def test_file_that_can_not_be_read_says_so_and_leaves_nothing(world: World) -> None:
    run = begin_import(by(world.rita), world.ours.reseller, "bild.xlsx", b"PK\x03\x04nothing")

    carry_on(run, NOW)

    assert (run.state, run.packed_file) == (ImportState.FAILED, None)
    assert "kann nicht gelesen werden" in run.trouble or "can not be read" in run.trouble


def test_columns_have_to_name_something(world: World) -> None:
    run = begin_import(by(world.rita), world.ours.reseller, "x.csv", b"a;b\n1;2")
    carry_on(run, NOW)

    with pytest.raises(Invalid):
        name_columns(by(world.rita), run, {"reference": "1"})
    with pytest.raises(Invalid):
        name_columns(by(world.rita), run, {"site": "1", "customer": "1"})


def test_worker_goes_on_with_what_waits_and_nobody_does_it_twice(world: World) -> None:
    run = begin_import(by(world.rita), world.ours.reseller, "x.csv", f"{HEAD}\nKlinik;;Haus A;;".encode())

    assert (carry_on_waiting(NOW), carry_on_waiting(NOW)) == (1, 0)
    run.refresh_from_db()
    assert run.state == ImportState.MAPPING
    name_columns(by(world.rita), run, run.mapping)
    ImportRun.objects.everything("a test").update(taken_at=NOW)
    assert (carry_on(run, NOW), carry_on_waiting(NOW)) == (False, 0)


def test_fifty_thousand_rows_with_a_fault_in_every_tenth_are_shown_quickly(world: World) -> None:
    lines = [
        f"Kunde {number % 500};K{number % 500};Anlage {number};N{number};{'Nirgends' if number % 10 == 0 else ''}"
        for number in range(50_000)
    ]

    run = bring(world.ours.reseller, world.rita, *lines)

    assert run.counts["faulty"] >= 5000
    assert run.counts["faulty"] + run.counts["new"] == 50_000
    assert len(run.packed_verdicts or b"") < 1_000_000
    assert imports.is_small(run) is False


def test_long_tables_take_few_statements_and_leave_what_operations_leave(world: World) -> None:
    lines = [f"Klinik {number // 10};K-{number // 10};Haus {number};A-{number};" for number in range(300)]
    with CaptureQueriesContext(connection) as made:
        apply(bring(world.ours.reseller, world.rita, *lines), world.rita)
    others = [line.replace("Haus", "Trakt") + "Europe/Paris" for line in lines]
    run = bring(world.ours.reseller, world.rita, *others)
    assert run.counts["changed"] == 300
    with CaptureQueriesContext(connection) as changed:
        apply(run, world.rita)

    # One statement may stand for many rows; the other database says each on its own.
    assert len([each for each in made if not each["sql"].startswith(("INSERT", "COPY"))]) < 120
    assert len([each for each in changed if not each["sql"].startswith(("INSERT", "COPY", "UPDATE"))]) < 120
    sites = Node.objects.everything("a test").filter(name__startswith="Trakt").select_related("parent")
    assert {
        (site.parent.name, site.name, site.reference, site.time_zone) for site in sites if site.parent
    } == {
        (f"Klinik {number // 10}", f"Trakt {number}", f"A-{number}", "Europe/Paris") for number in range(300)
    }
    assert [site.sort_key for site in sites] == [sort_key(site.name) for site in sites]
    assert {(place.name, place.ended_at) for site in sites for place in placements_of(site.pk)} == {
        (site.name, None) for site in sites
    }
    assert len(find(by(world.rita), "Trakt", 400)) == 300
    assert not [fault for chain in Chain.objects.all() for fault in verify(chain)]
    assert Event.objects.filter(action="node.renamed").count() == 300
