"""The search of the API finds what the page finds, for the same people."""

from __future__ import annotations

from tests.api.caller import Caller, as_person
from tests.world import World


def names(caller: Caller, text: str) -> list[str]:
    return [item["name"] for item in caller.get("/search", q=text).body["items"]]


def test_everybody_finds_their_own(world: World) -> None:
    assert names(as_person(world.rita), "HEIZUNG 192.168") == ["Heizung", "Heizung"]
    assert names(as_person(world.sonja), "heizung") == ["Heizung"]
    assert names(as_person(world.nora), "muster") == []
    assert names(as_person(world.karl), "sonja") == ["Sonja"]
    assert names(as_person(world.sonja), "karl") == []


def test_too_short_a_text_is_refused(world: World) -> None:
    answer = as_person(world.rita).get("/search", q="a")

    assert (answer.status, list(answer.body["fields"])) == (422, ["q"])
