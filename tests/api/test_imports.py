"""Imports through the API: a file like on the page, rows of a program, and only one's own."""

from __future__ import annotations

import base64

from furka.tree.models import Node
from tests.api.caller import as_person
from tests.world import World


def test_file_is_understood_checked_and_applied(world: World) -> None:
    rita, path = as_person(world.rita), f"/levels/{world.ours.reseller.key}/imports"
    content = base64.b64encode("Kunde;Anlage\nKlinik;Haus Süd\n".encode("cp1252")).decode()

    run = rita.post(path, {"file_name": "liste.csv", "content": content}).body
    done = rita.post(f"/imports/{run['key']}/apply", {}).body

    assert (run["state"], run["columns"]) == ("checked", {"customer": 0, "site": 1})
    assert done["state"] == "applied"
    assert Node.objects.everything("a test").get(name="Haus Süd").parent.name == "Klinik"  # type: ignore[union-attr]


def test_import_of_somebody_else_is_not_there(world: World) -> None:
    run = (
        as_person(world.rita)
        .post(f"/levels/{world.ours.reseller.key}/imports", {"rows": [{"site": "Lager"}]})
        .body
    )

    for other in (world.nora, world.karl, world.fremd):
        caller = as_person(other)
        assert caller.get(f"/imports/{run['key']}").status == 404
        assert caller.post(f"/imports/{run['key']}/apply", {}).status == 404
    assert (
        as_person(world.sonja)
        .post(f"/levels/{world.ours.school.key}/imports", {"rows": [{"site": "x"}]})
        .status
        == 404
    )


def test_what_is_no_table_is_refused(world: World) -> None:
    rita, path = as_person(world.rita), f"/levels/{world.ours.reseller.key}/imports"

    assert rita.post(path, {}).status == 422
    assert rita.post(path, {"rows": []}).status == 422
    assert rita.post(path, {"rows": [{"colour": "red"}]}).status == 422
    assert rita.post(path, {"content": "not base64!"}).status == 422
    unread = rita.post(path, {"content": base64.b64encode(b"PK\x03\x04").decode()}).body
    assert (unread["state"], bool(unread["trouble"])) == ("failed", True)


def test_rows_bring_address_place_and_labels(world: World) -> None:
    rita = as_person(world.rita)
    rows = [
        {"site": "Klinik", "town": "Thun", "latitude": "46.758", "longitude": "7.628", "labels": "Pikett"},
        {"site": "Nirgends", "latitude": "46.758"},
    ]
    run = rita.post(f"/levels/{world.ours.reseller.key}/imports", {"rows": rows}).body
    assert (run["counts"]["new"], run["counts"]["faulty"]) == (1, 1)
    assert rita.post(f"/imports/{run['key']}/apply", {"leave_out": True}).body["state"] == "applied"
    key = Node.objects.everything("a test").get(name="Klinik").key
    noted = rita.get(f"/levels/{key}/particulars").body
    assert (noted["town"], noted["latitude"]) == ("Thun", 46.758)
    assert rita.get(f"/levels/{key}/labels").body == {"labels": ["Pikett"]}
