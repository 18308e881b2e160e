"""How long after the click a transfer that is running gets its last byte, over many runs.

Everything is real and on one machine: portal, hub, gateway and both ends of every tunnel share its processors. The
click is an API call over HTTP; the transfer sends a line every 10 ms, so that is how exact the last byte is known.

    python -m tests.bench.revocation [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from furka import clock
from tests.thread.installation import Transfer
from tests.thread.stage import Stage, a_stage

RUNS = 50
#: Only so many invitations may be sent to one address within an hour.
RUNS_EACH = 17


def main() -> None:
    """Print the figures in milliseconds."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    figures: list[tuple[float, float]] = []
    while len(figures) < runs:
        figures += one_installation(min(RUNS_EACH, runs - len(figures)))
    cut, answered = zip(*figures, strict=True)
    print(f"revocation, {runs} runs, milliseconds after the click:")
    for name, taken in (("the portal has answered", answered), ("last byte of the transfer", cut)):
        ordered = sorted(taken)
        p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
        print(f"  {name:28} p50 {statistics.median(ordered):7.1f}   p99 {p99:7.1f}   most {ordered[-1]:7.1f}")


def one_installation(runs: int) -> list[tuple[float, float]]:
    """Some runs on an installation of their own."""
    with tempfile.TemporaryDirectory(prefix="furka-bench-") as folder, a_stage(Path(folder)) as stage:
        stage.end_all()
        return [one_run(stage, Path(folder) / f"transfer-{number}") for number in range(runs)]


def one_run(stage: Stage, log: Path) -> tuple[float, float]:
    """Let in, transfer, click: milliseconds to the last byte and to the portal's answer."""
    grant = stage.let_in("a")
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], log)
    click = clock.monotonic()
    stage.revoke("a", grant)
    answered = clock.monotonic()
    last = transfer.last_arrival(quiet=0.5)
    transfer.stop()
    return 1000 * (last - click), 1000 * (answered - click)


if __name__ == "__main__":
    main()
