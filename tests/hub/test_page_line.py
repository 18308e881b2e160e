"""What the program for pages of devices hears from the hub, and tells it."""

from __future__ import annotations

import json
import socket
import threading
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from queue import Queue
from typing import Any

from furka.hub.desired import Desired
from furka.hub.page_line import PageLine
from furka.plan.entries import Door, DoorPort, Page, Way
from furka.wire.hub import PageClosed
from tests.laws.hub_worlds import LAYOUT, NOW, at_second, everything

PAGE = Page(
    name="page",
    label="a" * 26,
    ticket_hash="0" * 64,
    ticket_until=at_second(60),
    address=IPv4Address("100.66.0.1"),
    device=IPv4Address("10.128.1.10"),
    known_as=IPv4Address("192.168.1.10"),
    ways=(Way(scheme="http", port=80),),
    not_before=at_second(0),
    not_after=at_second(100),
)
DOOR = Door(
    profile="page",
    site_name="school",
    address=PAGE.address,
    site=1,
    hosts=(PAGE.device,),
    ports=(DoorPort(protocol="tcp", number=80),),
    not_before=at_second(0),
    not_after=at_second(100),
)


def test_a_page_is_open_while_its_door_is() -> None:
    desired = Desired()
    desired.settle(LAYOUT)
    desired.hear(everything({DOOR.key: DOOR, PAGE.key: PAGE}), 0.0)
    assert [desired.pages(at) for at in (0.0, 99.0, 100.0)] == [(PAGE,), (PAGE,), ()]

    touched = desired.hear(everything({PAGE.key: PAGE}, revision=2), 1.0)
    assert (bool(touched), desired.pages(1.0)) == (True, ())


def test_a_page_outside_the_ranges_is_none() -> None:
    desired = Desired()
    desired.settle(LAYOUT)
    elsewhere = PAGE.model_copy(update={"device": IPv4Address("192.0.2.1")})
    desired.hear(everything({DOOR.key: DOOR, PAGE.key: elsewhere}), 0.0)
    assert desired.pages(0.0) == ()


def test_whoever_listens_hears_all_of_it_and_is_heard(tmp_path: Path) -> None:
    closed: Queue[PageClosed] = Queue()
    line = PageLine(closed.put)
    place = tmp_path / "pages.sock"
    threading.Thread(target=line.opened_at(place), daemon=True).start()
    line.tell(NOW, (PAGE,))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(10)
        listener.connect(str(place))
        lines = listener.makefile("r")
        first: Any = json.loads(lines.readline())
        line.tell(NOW, (PAGE,))  # nothing new
        line.tell(NOW, ())
        second: Any = json.loads(lines.readline())
        said = PageClosed(name="page", at=NOW, because="idle")
        listener.sendall(b"nonsense\n" + said.model_dump_json().encode() + b"\n")
        assert closed.get(timeout=10) == said
        lines.close()
    assert ([page["name"] for page in first["pages"]], second["pages"]) == (["page"], [])
    assert place.stat().st_mode & 0o007 == 0
    assert first["now"] >= (NOW - timedelta(seconds=1)).isoformat()[:19]
