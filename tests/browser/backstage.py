"""A program that acts in the database of a portal that runs, for as long as the tests do: it starts once, which takes
longer than anything that it does.

It reads calls, a line each: the name of a function of a module, and what it is given. It answers each with a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from furka.cli.django import start
from tests.installed import own_environment

ROOT = Path(__file__).resolve().parents[2]


class Backstage:
    """One that runs."""

    def __init__(self, home: Path, base_url: str) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", __name__, str(home)],
            cwd=ROOT,
            env={**own_environment(), "FURKA_URL": base_url, "FURKA_OUTBOX_PAGE": "yes"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, module: str, function: str, **given: object) -> Any:
        """Call it there; returns what it returns."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        print(json.dumps([module, function, given]), file=self._program.stdin, flush=True)
        line = self._program.stdout.readline()
        assert line, f"backstage ended; see what it said about {function}"
        return json.loads(line)

    def end(self) -> None:
        """It ends with its input."""
        self._program.communicate(timeout=30)


def main() -> None:
    start(Path(sys.argv[1]))
    answers, sys.stdout = sys.stdout, sys.stderr  # what else is printed is no answer
    for line in sys.stdin:
        module, function, given = json.loads(line)
        answer = getattr(import_module(module), function)(**given)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
