"""Accesses to a part of a site, and the labels of devices, through the API."""

from __future__ import annotations

import pytest

from tests.api.caller import Caller, a_token
from tests.world import World

pytestmark = pytest.mark.django_db


def test_an_access_to_a_part_is_given_read_and_changed(world: World) -> None:
    rita, sonja, site = Caller(a_token(world.rita)), Caller(a_token(world.sonja)), world.ours.school.key
    [device] = rita.items(f"/sites/{site}/devices")
    labelled = rita.patch(f"/sites/{site}/devices/{device['key']}/labels", {"labels": ["Wärme"]}).body
    assert labelled["labels"] == ["Wärme"]
    chosen = {"devices": [device["key"]], "add": ["Keller"], "remove": ["wärme"]}
    assert rita.post(f"/sites/{site}/device-labels", chosen).body == {"changed": 1}
    assert rita.items(f"/sites/{site}/devices")[0]["labels"] == ["Keller"]

    part = {"devices": None, "labels": ["Keller"], "ports": ["tcp/80"]}
    invited = {"email": "neu@example.org", "role": "supporter", "part": part}
    given = rita.post(f"/levels/{site}/grants", invited).body
    assert given["part"] == {**part, "labels": ["keller"]}
    path = f"/levels/{site}/grants/{given['key']}"
    assert rita.patch(path, {"reason": "Ersatz"}).body["part"] == given["part"]
    assert rita.patch(path, {"part": None}).body["part"] is None
    refused = rita.post(f"/levels/{site}/grants", {**invited, "role": "technician", "email": "x@example.org"})
    assert refused.body["code"] == "needs-whole"

    [hers] = [each for each in rita.items(f"/levels/{site}/grants") if each["email"] == world.sonja.email]
    rita.patch(f"/levels/{site}/grants/{hers['key']}", {"part": part})
    [reached] = sonja.items("/reachable")
    assert [(each["name"], each["ports"]) for each in reached["devices"]] == [("Heizung", ["tcp/80"])]
    assert reached["networks"] == []
