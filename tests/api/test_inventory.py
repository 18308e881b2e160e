"""Lists through the API: filtered as on the page, kept as views, changed together."""

from __future__ import annotations

from furka.catalogue.operations import settings_at
from furka.tree import operations
from furka.tree.queries import grants_on
from tests.api.caller import as_person
from tests.world import World, by


def test_lists_are_filtered_as_on_the_page(world: World) -> None:
    rita, ours = as_person(world.rita), world.ours
    operations.create_site(by(world.rita), ours.customer, "Ätna")

    def names(**query: object) -> list[str]:
        return [
            item["name"] for item in rita.get(f"/levels/{ours.reseller.key}/sites", **query).body["items"]
        ]

    assert names() == ["Ätna", "Schulhaus Muster", "Werkhof Muster"]
    assert names(q="atna") == ["Ätna"]
    assert names(state="without-gateway") == ["Ätna"]
    assert names(customer=ours.customer.key, q="heizung") == ["Schulhaus Muster"]
    assert names(service="-connect") == []
    assert names(archived=True) == []
    customers = rita.get(f"/levels/{ours.reseller.key}/customers", q="gemeinde").body["items"]
    assert [item["name"] for item in customers] == ["Gemeinde Muster"]


def test_views_are_kept_and_removed_by_those_who_may(world: World) -> None:
    path = f"/levels/{world.ours.school.key}/views"
    body = {"listing": "sites", "name": "Störungen", "filter": {"attention": True, "sort": "state"}}
    karl, sonja = as_person(world.karl), as_person(world.sonja)

    mine = karl.post(path, body).body
    shared = karl.post(path, {**body, "shared": True}).body

    assert mine["query"] == "attention=1&sort=state"
    assert sonja.get(path).body["items"] == [shared]
    assert sonja.post(path, {**body, "shared": True}).status == 403
    assert sonja.delete(f"{path}/{shared['key']}").status == 403
    assert sonja.delete(f"{path}/{mine['key']}").status == 404
    assert as_person(world.nora).get(path).status == 404


def test_many_levels_are_changed_together_or_not_at_all(world: World) -> None:
    ours, rita = world.ours, as_person(world.rita)
    path = f"/levels/{ours.reseller.key}/bulk"
    keys = [ours.school.key, ours.depot.key]
    invitation = {"email": "neu@example.org", "role": "viewer"}

    off = rita.post(path, {"filter": {"q": "muster"}, "switch": {"service": "connect", "on": False}}).body
    assert (off["done"], [item["level"]["name"] for item in off["items"]]) == (
        True,
        ["Schulhaus Muster", "Werkhof Muster"],
    )
    assert not settings_at(by(world.rita), ours.school, "connect").enabled
    assert rita.post(path, {"keys": keys[:1], "invite": invitation}).body["done"]
    both = rita.post(path, {"keys": keys, "invite": invitation}).body
    assert (both["done"], [item["done"] for item in both["items"]]) == (False, [False, True])
    assert len(grants_on(by(world.rita), ours.depot)) == 0


def test_what_makes_no_sense_is_refused(world: World) -> None:
    path, rita = f"/levels/{world.ours.reseller.key}/bulk", as_person(world.rita)
    switch = {"service": "connect", "on": True}

    for body in (
        {"switch": switch},
        {"keys": [], "switch": switch},
        {"keys": [world.theirs.school.key], "switch": switch},
        {"keys": [world.ours.school.key], "filter": {}, "switch": switch},
        {"keys": [world.ours.school.key], "switch": {"service": "nothing", "on": True}},
        {"keys": [world.ours.school.key]},
    ):
        assert rita.post(path, body).status == 422, body
