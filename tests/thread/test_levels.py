"""What packets do when a level moves, goes into the archive, or leaves less to others."""

from __future__ import annotations

from pathlib import Path

import pytest

from furka.cli.logins import PASSWORD
from tests.thread.installation import Api, Transfer, opens, wait_for
from tests.thread.stage import Stage

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("closed")]


def test_a_move_cuts_what_came_from_the_old_level_and_keeps_what_hangs_on_the_site(
    stage: Stage, tmp_path: Path
) -> None:
    site, address = stage.sites["a"]["key"], stage.heating["a"]
    old, new = stage.customers[:2]
    above = stage.invited(old)
    wait_for("the page opens", lambda: opens(stage.lab, "laptop", address), 20)
    transfer = Transfer(stage.lab, "laptop", address, tmp_path / "from-above")

    stage.rita.post(f"/levels/{site}/move", target=new)
    try:
        wait_for("the transfer stops", lambda: not transfer.runs(), 10)
        transfer.stop()
        assert not opens(stage.lab, "laptop", address)
        stage.rita.delete(f"/levels/{old}/grants/{above}")

        stage.let_in("a")
        transfer = Transfer(stage.lab, "laptop", address, tmp_path / "at-the-site")
        stage.rita.post(f"/levels/{site}/move", target=old, keep_supporters=True)
        assert transfer.runs(within=3), "who was let in at the site itself goes on, if both want that"

        stage.rita.post(f"/levels/{site}/move", target=new)
        wait_for("the transfer stops", lambda: not transfer.runs(), 10)
    finally:
        transfer.stop()
        stage.rita.post(f"/levels/{site}/move", target=old)


def test_what_is_archived_lets_no_packet_in_until_it_is_back(stage: Stage, tmp_path: Path) -> None:
    customer, address = stage.customers[0], stage.heating["a"]
    stage.let_in("a")
    transfer = Transfer(stage.lab, "laptop", address, tmp_path / "transfer")

    stage.rita.post(f"/levels/{customer}/archive")
    try:
        wait_for("the transfer stops", lambda: not transfer.runs(), 10)
        assert not opens(stage.lab, "laptop", address)
    finally:
        transfer.stop()
        stage.rita.delete(f"/levels/{customer}/archive")
    wait_for("the page opens again", lambda: opens(stage.lab, "laptop", address), 20)


def test_what_the_owner_leaves_to_nobody_else_stops_that_second(stage: Stage, tmp_path: Path) -> None:
    site, address = stage.sites["a"]["key"], stage.heating["a"]
    stage.let_in("a")
    transfer = Transfer(stage.lab, "laptop", address, tmp_path / "transfer")

    with Api(stage.url, "karl@example.org", PASSWORD) as karl:
        karl.patch(f"/levels/{site}/limits", rights=["look"])
        try:
            wait_for("the transfer stops", lambda: not transfer.runs(), 10)
            assert not opens(stage.lab, "laptop", address)
        finally:
            transfer.stop()
            karl.patch(f"/levels/{site}/limits")
    wait_for("the page opens again", lambda: opens(stage.lab, "laptop", address), 20)
