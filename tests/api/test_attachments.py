"""Documents and photos, by the API."""

from __future__ import annotations

import pytest

from tests.api.caller import as_person, in_session
from tests.attachments.files import a_picture
from tests.world import World

pytestmark = pytest.mark.usefixtures("fake_clock")


def test_programs_bring_and_take_files(world: World) -> None:
    site, rita, max_ = f"/sites/{world.ours.school.key}", as_person(world.rita), as_person(world.max)
    document = rita.upload(f"{site}/attachments", "Plan", b"%PDF-1.7").body
    assert (document["name"], document["media_type"], document["added_by"]) == (
        "Plan.pdf",
        "application/pdf",
        "Rita",
    )
    path = f"{site}/attachments/{document['key']}"
    taken = max_.get(path)
    assert (taken.body, taken.headers["Content-Type"]) == (b"%PDF-1.7", "application/pdf")
    assert taken.headers["Content-Disposition"] == 'attachment; filename="Plan.pdf"'
    assert max_.upload(f"{site}/attachments", "x.txt", b"x").status == 403
    assert max_.delete(path).status == 403
    assert as_person(world.nora).get(path).status == 404
    refused = rita.upload(f"{site}/attachments", "x.exe", b"MZ\x00")
    assert (refused.status, refused.body["code"], list(refused.body["fields"])) == (
        422,
        "kind-not-taken",
        ["file"],
    )
    assert rita.post(f"{site}/attachments", {"file": "x"}).status == 422
    assert rita.get(f"{site}/photo/huge").status == 404


def test_foreign_page_brings_no_files(world: World) -> None:
    answer = in_session(world.rita, proof=False).upload(
        f"/sites/{world.ours.school.key}/photo", "x.png", a_picture()
    )
    assert answer.body["code"] == "csrf"
