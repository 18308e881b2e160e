"""How long the portal takes for each page and each read of the API, in a tiny world and in a large one.

Everything that the configuration of the addresses knows is asked for, on both databases, as an operator, the owner of
a large reseller, the owner of a small customer, and a supporter with many grants. The time is the server's own: from
the request to the answer, without a network.

    python -m tests.bench.pages [--size full] [--rounds 20] [--database sqlite] [--over 100]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
DATABASES = ("sqlite", "postgresql")

#: What a list page may take at the 95th of a hundred times, in milliseconds; dearer ones are marked.
AIM = 100.0


def main() -> None:
    """Print a table for each database."""
    options = _options()
    for database in options.database or DATABASES:
        tiny = measured(database, "tiny", options.rounds, None)
        large = measured(database, options.size, options.rounds, options.keep)
        print(table(database, options.size, tiny, large, options.over), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How long each page takes.")
    parser.add_argument("--size", default="full", help="tiny, small, full, or four numbers")
    parser.add_argument("--rounds", type=int, default=20, help="how many times each page is asked for")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one")
    parser.add_argument("--over", type=float, default=0, help="only pages that take longer, in milliseconds")
    parser.add_argument("--keep", type=Path, help="a folder with the world in SQLite, used again next time")
    return parser.parse_args()


def measured(database: str, size: str, rounds: int, kept: Path | None) -> dict[str, dict[str, float]]:
    """What a process of its own measures, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="furka-bench-") as folder:
        home = kept if kept and database == "sqlite" else Path(folder)
        environment = {key: value for key, value in os.environ.items() if key != "FURKA_DATABASE_URL"}
        environment |= {"FURKA_HOME": str(home), "DJANGO_SETTINGS_MODULE": "furka.config.settings"}
        answers = Path(folder) / "answers.json"
        command = [sys.executable, "-m", "tests.bench.page_times", size, str(rounds), str(answers)]
        if database == "postgresql":
            command = [sys.executable, str(ROOT / "scripts" / "postgres.py"), *command]
        subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=sys.stderr)
        found: dict[str, dict[str, float]] = json.loads(answers.read_text(encoding="utf-8"))
        return found


def table(database: str, size: str, tiny: dict[str, Any], large: dict[str, Any], over: float) -> str:
    """One line per page and person; `×` is how many times as long as in the tiny world, `cpu` what the portal itself
    worked (the embedded database works in it, the other one does not)."""
    names = [name for name, each in large.items() if each["p95"] >= over]
    width = max(map(len, names), default=10)
    lines = [
        f"{database}, world of size {size}, milliseconds (tiny beside it); ! is more than {AIM:.0f}",
        f"{'page and who asks'.ljust(width)}  queries     p50     p95     cpu   tiny p50     ×",
    ]
    for name in sorted(names, key=lambda each: -large[each]["p95"]):
        here, there = large[name], tiny.get(name)
        beside = f"{there['p50']:11.1f} {here['p50'] / there['p50']:5.1f}" if there else ""
        mark = " !" if here["p95"] > AIM else ""
        lines.append(
            f"{name.ljust(width)}  {here['queries']:7.0f} {here['p50']:7.1f} {here['p95']:7.1f} {here['cpu']:7.1f}"
            f"{beside}{mark}"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
