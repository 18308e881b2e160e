"""Control over what is granted: confirming, ending, trying, and a time that the first packet begins."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from furka import clock
from furka.cli.logins import PASSWORD
from tests.thread.installation import Api, Transfer, opens, wait_for
from tests.thread.stage import Stage

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("closed")]


def test_ending_a_connection_stops_the_transfer_and_says_how_much_passed(
    stage: Stage, tmp_path: Path
) -> None:
    site = stage.sites["a"]["key"]
    stage.let_in("a")
    transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")

    def hers(query: str = "") -> list[dict[str, Any]]:
        rows = stage.rita.get(f"/levels/{site}/connections?text=sonja{query}")["items"]
        return [row for row in rows if row["email"] == "sonja@example.org"]

    wait_for("Sonja is shown inside", lambda: bool(hers("&running=true")), 20)
    [inside] = hers("&running=true")
    assert (inside["way"], inside["device"], inside["relayed"]) == ("tunnel", "Laptop", False)

    stage.rita.post(f"/sites/{site}/connections/{inside['key']}/end", minutes=5)

    wait_for("the transfer stops", lambda: not transfer.runs(), 10)
    assert not opens(stage.lab, "laptop", stage.heating["a"])
    arrived = transfer.size
    transfer.stop()
    wait_for("the end is told", lambda: not hers("&running=true"), 20)
    ended = next(row for row in hers() if row["key"] == inside["key"])
    assert arrived < ended["bytes_from_site"] < 10 * arrived + 100_000  # with the heads of its packets
    assert 0 < ended["bytes_to_site"] < ended["bytes_from_site"]
    [kept] = stage.rita.get(f"/sites/{site}/kept-out")["items"]
    stage.rita.delete(f"/sites/{site}/kept-out/{kept['key']}")
    wait_for("the page opens again", lambda: opens(stage.lab, "laptop", stage.heating["a"]), 20)


def test_a_confirmed_connection_opens_and_ends_with_a_word_in_the_portal(
    stage: Stage, tmp_path: Path
) -> None:
    site = stage.sites["a"]["key"]
    with Api(stage.url, "karl@example.org", PASSWORD) as karl:
        karl.patch(f"/levels/{site}/limits", confirm=True, confirm_reason=True)
        try:
            stage.invited(site)
            assert not opens(stage.lab, "laptop", stage.heating["a"])

            confirmed = stage.sonja.post(f"/sites/{site}/confirmation", reason="Pumpe prüfen")
            wait_for("the page opens", lambda: opens(stage.lab, "laptop", stage.heating["a"]), 20)
            transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")
            stage.sonja.delete(f"/confirmations/{confirmed['key']}")

            wait_for("the transfer stops", lambda: not transfer.runs(), 10)
            assert not opens(stage.lab, "laptop", stage.heating["a"])
            transfer.stop()
        finally:
            karl.patch(f"/levels/{site}/limits")


@pytest.mark.long
def test_a_confirmed_connection_ends_when_nothing_passes(stage: Stage, tmp_path: Path) -> None:
    site = stage.sites["a"]["key"]
    with Api(stage.url, "karl@example.org", PASSWORD) as karl:
        karl.patch(f"/levels/{site}/limits", confirm=True, idle_minutes=1, longest_minutes=60)
        try:
            stage.invited(site)
            stage.sonja.post(f"/sites/{site}/confirmation")
            begin = clock.monotonic()
            wait_for("the page opens", lambda: opens(stage.lab, "laptop", stage.heating["a"]), 20)
            transfer = Transfer(stage.lab, "laptop", stage.heating["a"], tmp_path / "transfer")
            wait_for("something passes for a while", lambda: clock.monotonic() - begin > 75, 80, 1)
            assert transfer.runs(), "longer than the pause that ends it"
            transfer.stop()
            stopped = clock.monotonic()

            # Asked of the portal alone: a packet would begin the pause anew.
            wait_for("it has ended", lambda: not stage.sonja.get("/confirmations")["items"], 150, 0.5)

            assert clock.monotonic() - stopped > 50
            wait_for("it is closed", lambda: not opens(stage.lab, "laptop", stage.heating["a"]), 10)
            events = stage.rita.get(f"/levels/{site}/events")["items"]
            ended = next(each for each in events if each["action"] == "session.ended")
            assert ended["after"]["because"] == "idle"
        finally:
            karl.patch(f"/levels/{site}/limits")


def test_trying_it_sends_a_real_packet(stage: Stage) -> None:
    grant, site = stage.let_in("a"), f"/sites/{stage.sites['a']['key']}/connect"
    why = stage.sonja.get(f"{site}/why?address=192.168.1.10&port=tcp/80")
    assert (why["word"], why["reason"]) == ("yes", "granted")
    sonja = why["person"]["key"]

    def tried(address: str, port: str) -> tuple[object, ...]:
        made = stage.rita.post(f"{site}/trials", person=sonja, address=address, port=port)
        path = f"/trials/{made['key']}"
        wait_for("the hub answers", lambda: stage.rita.get(path)["state"] != "waiting", 20)
        found = stage.rita.get(path)
        return found["state"], found["tunnel_up"], found["door_open"], found["reply"]

    mute = "add table inet mute; add chain inet mute in { type filter hook input priority 0; }; "
    stage.lab.run("heating-a", ["nft", mute + "add rule inet mute in tcp dport 82 drop"], check=True)
    try:
        assert tried("192.168.1.10", "tcp/80") == ("done", True, True, "answers")
        assert tried("192.168.1.10", "tcp/81") == ("done", True, True, "refuses")
        assert tried("192.168.1.10", "tcp/82") == ("done", True, True, "silent")
        assert tried("192.168.1.99", "tcp/80") == ("done", True, True, "no-way")
    finally:
        stage.lab.run("heating-a", ["nft", "delete", "table", "inet", "mute"])

    stage.revoke("a", grant)
    # Her door is closed in the kernel; the device is there all the same.
    assert tried("192.168.1.10", "tcp/80") == ("done", True, False, "answers")
    assert not opens(stage.lab, "laptop", stage.heating["a"])
    told = {event["action"] for event in stage.rita.get(f"/levels/{stage.sites['a']['key']}/events")["items"]}
    assert {"trial.asked", "trial.done"} <= told


def test_the_gateway_diagnoses_its_plant(stage: Stage) -> None:
    path = f"/sites/{stage.sites['a']['key']}/diagnoses"

    def made(**wish: Any) -> dict[str, Any]:
        key = stage.rita.post(path, **wish)["key"]
        busy = ("waiting", "running")
        wait_for("it is done", lambda: stage.rita.get(f"{path}/{key}")["state"] not in busy, 30)
        return stage.rita.get(f"{path}/{key}")  # type: ignore[no-any-return]

    found = made(kind="tcp", target="192.168.1.10", port=80)
    assert (found["state"], [each["what"] for each in found["findings"]]) == ("done", ["takes"])
    line = {
        each["what"]: each["number"] for each in made(kind="line")["findings"]
    }  # through the hub's filter
    assert (line["sent"], line["lost"]) == (20, 0)


def test_a_first_packet_begins_what_was_approved_and_ends_with_it(stage: Stage) -> None:
    site = stage.sites["a"]["key"]
    stage.invited(site, on_request=True)
    wish = {"rights": ["connect.use"], "minutes": 1, "reason": "Brenner"}
    asked = stage.sonja.post(f"/levels/{site}/requests", **wish)["key"]
    assert not opens(stage.lab, "laptop", stage.heating["a"])
    stage.rita.post(f"/levels/{site}/requests/{asked}/approve", minutes=1)

    def row() -> dict[str, Any]:
        [found] = [each for each in stage.sonja.get("/requests")["items"] if each["key"] == asked]
        return found  # type: ignore[no-any-return]

    assert row()["stage"] == "approved"
    begin = clock.monotonic()
    assert opens(stage.lab, "laptop", stage.heating["a"], limit=10), "the same connection gets through"
    assert clock.monotonic() - begin < 5
    assert row()["stage"] == "running"
    listed = stage.lab.run("hub", ["nft", "list", "set", "inet", "furka", "doors"], check=True).stdout
    [mine] = [each for each in stage.sonja.get("/profiles")["items"] if each["name"] == "Laptop"]
    [left] = re.findall(rf"{re.escape(mine['address'])} \. \S+ timeout (\S+)", listed)
    assert re.fullmatch(r"(1m|5\ds)(\d+ms)?", left), "the kernel counts the rest"
    stage.sonja.post(f"/requests/{asked}/end")
    wait_for("it is closed", lambda: not opens(stage.lab, "laptop", stage.heating["a"]), 10)
