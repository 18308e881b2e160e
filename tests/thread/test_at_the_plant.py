"""What somebody at the plant does with a call in its network: let a technician in, and cut everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.thread.installation import Transfer, opens, wait_for
from tests.thread.stage import Stage

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("closed")]


def call(stage: Stage, path: str) -> str:
    """What the gateway of plant a says to a device beside it."""
    url = f"http://192.168.1.2:8470{path}"
    return stage.lab.run("heating-a", ["curl", "--silent", "--max-time", "10", url]).stdout.strip()


def test_pin_at_the_plant_opens_the_way_and_the_switch_closes_it(stage: Stage, tmp_path: Path) -> None:
    site = stage.sites["a"]["key"]
    made = stage.rita.post(
        f"/levels/{site}/grants", email="sonja@example.org", role="supporter", on_request=True
    )
    stage.sonja.post(f"/invitations/{made['invitation_link'].rstrip('/').rsplit('/', 1)[1]}/accept")
    pin = stage.rita.post(f"/sites/{site}/releases", email="sonja@example.org", minutes=10)["pin"]
    assert not opens(stage.lab, "laptop", stage.heating["a"])
    assert call(stage, "/release?code=12345678") == "release-unknown"

    assert call(stage, f"/release?code={pin}").startswith("released Sonja")

    wait_for("the page opens", lambda: opens(stage.lab, "laptop", stage.heating["a"]), 20)
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")
    assert call(stage, "/cut") == "cut"
    wait_for("the transfer stops", lambda: not transfer.runs(), 10)
    state = f"/sites/{site}/state"
    wait_for("the portal says so", lambda: stage.rita.get(state)["state"]["cut_by"] == "network", 20)
    transfer.stop()
    home = stage.lab.home / "gateway-a"
    stage.lab.run("gateway-a", ["furka", "gateway", "restore", "--home", str(home)], check=True)
    wait_for("the page opens again", lambda: opens(stage.lab, "laptop", stage.heating["a"]), 20)
