"""Programs may be killed at any instruction: started again, everything is as if nothing had happened."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.thread.installation import Transfer, opens, wait_for
from tests.thread.stage import Stage

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("closed")]


def killed(stage: Stage, program: str) -> None:
    """Kill one of the programs and wait until another has taken its place."""
    before = number_of(stage, program)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_for(f"another {program} runs", lambda: number_of(stage, program) not in (None, before), 30)


def number_of(stage: Stage, program: str) -> int | None:
    """The process of a program."""
    if program in ("portal", "worker"):
        return stage.children().get(program)
    return stage.find_in_lab({"hub": "furka hub run", "gateway": "furka gateway run .*gateway-a"}[program])


@pytest.mark.parametrize("program", ["portal", "worker", "hub", "gateway"])
def test_what_is_allowed_goes_on_and_what_is_revoked_afterwards_stops(
    stage: Stage, program: str, tmp_path: Path
) -> None:
    grant = stage.let_in("a")
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")

    killed(stage, program)

    assert transfer.runs(within=3), "nobody who may be in is cut off"
    stage.wait_until_answers()
    stage.wait_until("a", "online")
    stage.revoke("a", grant)
    wait_for("the transfer stops", lambda: not transfer.runs(), 30)
    transfer.stop()
    stage.let_in("b")
    assert opens(stage.lab, "laptop", stage.heating["b"])
    assert not opens(stage.lab, "laptop", stage.heating["a"])


def test_what_is_revoked_while_the_hub_program_is_dead_is_closed_when_it_returns(stage: Stage) -> None:
    grant = stage.let_in("a")
    hub = stage.find_in_lab("furka hub run")
    assert hub is not None
    os.kill(stage.program.pid, signal.SIGSTOP)  # nobody starts it again yet
    try:
        os.kill(hub, signal.SIGKILL)
        stage.revoke("a", grant)
        assert opens(stage.lab, "laptop", stage.heating["a"]), (
            "without the program the kernel keeps what it has"
        )
    finally:
        os.kill(stage.program.pid, signal.SIGCONT)

    wait_for("the door is closed", lambda: not opens(stage.lab, "laptop", stage.heating["a"], 1), 30)
