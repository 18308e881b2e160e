"""Documents and the photo of a site: who may, what there is room for, what is left behind; on pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from furka.attachments import operations, queries
from furka.attachments.kinds import checked
from furka.clock import FakeClock
from furka.errors import Conflict, NotThere, Refused
from furka.finding.queries import find
from furka.gate import uploads
from furka.journal.models import Event
from furka.personal import kinds
from furka.tree.belongings import hanging
from tests.attachments.files import a_picture
from tests.portal.pages import count_queries, page, text_of, url
from tests.world import NOW, World, by

pytestmark = pytest.mark.django_db

PLAN = checked("Heizungsplan.pdf", b"%PDF-1.7 plan")


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def actions(world: World) -> list[str]:
    rows = Event.objects.filter(node_id=world.ours.school.pk).order_by("id")
    return [each for each in rows.values_list("action", flat=True) if each.startswith(("attach", "photo"))]


def test_document_comes_once_is_found_and_goes(world: World) -> None:
    school = world.ours.school
    row = operations.attach(by(world.rita), school, PLAN)
    assert operations.attach(by(world.rita), school, PLAN) == row
    [shown] = queries.attachments_of(by(world.max), school)
    assert (shown.name, shown.size, shown.added_by, shown.added_at) == (PLAN.name, 13, world.rita, NOW)
    assert queries.content_of(by(world.max), shown) == PLAN.content
    assert [each.node for each in find(by(world.sonja), "heizungsplan", 10)] == [school]
    assert find(by(world.nora), "heizungsplan", 10) == []
    assert {each.key: each.number for each in hanging(world.ours.customer, NOW)}["attachments"] == 1
    operations.detach(by(world.karl), queries.attachment_of_key(by(world.karl), school, row.key))
    assert queries.attachments_of(by(world.rita), school) == []
    assert find(by(world.sonja), "heizungsplan", 10) == []
    assert actions(world) == ["attachment.added", "attachment.removed"]


def test_document_has_versions(world: World) -> None:
    rita, school = by(world.rita), world.ours.school
    first = operations.attach(rita, school, PLAN)
    second = operations.attach(rita, school, checked(PLAN.name, b"%PDF-1.7 plan, changed"))  # the same name
    third = operations.attach_version(rita, first, checked("Plan 2027.txt", b"as text"))  # another name
    assert [each.version for each in (first, second, third)] == [1, 2, 3]
    [shown] = queries.attachments_of(by(world.max), school)
    assert (shown.key, shown.name, shown.version) == (third.key, "Plan 2027.txt", 3)
    found = queries.versions_of(by(world.max), shown)
    assert [each.key for each in found] == [third.key, second.key, first.key]
    assert queries.content_of(by(world.max), found[-1]) == PLAN.content
    assert find(by(world.sonja), "heizungsplan", 10) == []
    assert len(find(by(world.sonja), "plan 2027", 10)) == 1
    assert {each.key: each.number for each in hanging(world.ours.customer, NOW)}["attachments"] == 1
    operations.detach(rita, queries.attachment_of_key(rita, school, second.key))
    assert [each.version for each in queries.versions_of(rita, shown)] == [3, 1]
    operations.detach(rita, shown)
    assert queries.attachments_of(rita, school) == []
    with pytest.raises(NotThere):
        queries.attachment_of_key(rita, school, first.key)
    with pytest.raises(NotThere):
        operations.attach_version(rita, first, checked("x.txt", b"too late"))
    assert actions(world) == [
        "attachment.added",
        "attachment.version",
        "attachment.version",
        "attachment.version-removed",
        "attachment.removed",
    ]


def test_versions_on_pages(world: World, client: Client) -> None:
    school = world.ours.school
    first = operations.attach(by(world.rita), school, PLAN)
    client.force_login(world.rita)
    address = url(school, f"documents/{first.key}/versions/")
    refused = client.post(f"{address}new/", {"file": upload("x.exe", b"MZ\x00\x01")})
    assert refused.status_code == 422
    answer = client.post(f"{address}new/", {"file": upload("Plan 2027.txt", b"as text")})
    assert answer.status_code == 302
    shown = client.get(answer.headers["Location"])
    assert [each.row.version for each in shown.context["versions"]] == [2, 1]
    assert "versions/new/" not in text_of(page(client, world.max, address))
    assert page(client, world.max, f"{address}new/").status_code == 403
    client.force_login(world.rita)
    gone = client.post(url(school, f"documents/{first.key}/remove/"))
    assert gone.headers["Location"] == answer.headers["Location"]
    assert [each.version for each in queries.attachments_of(by(world.rita), school)] == [2]


def test_whoever_only_looks_changes_nothing_and_strangers_see_nothing(world: World) -> None:
    school, sizes = world.ours.school, operations.checked_photo(a_picture())
    row = operations.attach(by(world.rita), school, PLAN)
    for change in (
        lambda: operations.attach(by(world.max), school, PLAN),
        lambda: operations.detach(by(world.max), row),
        lambda: operations.attach_version(by(world.max), row, PLAN),
        lambda: operations.set_photo(by(world.max), school, sizes),
        lambda: operations.remove_photo(by(world.max), school),
    ):
        with pytest.raises(Refused):
            change()
    with pytest.raises(NotThere):
        queries.attachment_of_key(by(world.nora), school, row.key)
    with pytest.raises(NotThere):  # by way of another site that they may see
        queries.attachment_of_key(by(world.rita), world.ours.depot, row.key)


@pytest.mark.parametrize(
    ("limit", "most", "code"),
    [
        ("MOST_FILES", 1, "too-many-files"),
        ("MOST_AT_SITE", 20, "site-full"),
        ("MOST_AT_TOP", 20, "level-full"),
    ],
)
def test_there_is_room_for_so_much(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, code: str
) -> None:
    monkeypatch.setattr(operations, limit, most)
    first = world.ours.depot if limit == "MOST_AT_TOP" else world.ours.school
    operations.attach(by(world.rita), first, PLAN)
    with pytest.raises(Conflict) as refused:
        operations.attach(by(world.rita), world.ours.school, checked("x.txt", b"another file"))
    assert refused.value.code == code


def test_sample_world_keeps_no_files(world: World) -> None:
    visitor = by(world.rita)
    visitor.in_sample = True
    with pytest.raises(Refused):
        operations.attach(visitor, world.ours.school, PLAN)
    with pytest.raises(Refused):
        operations.set_photo(visitor, world.ours.school, operations.checked_photo(a_picture()))


def test_export_of_an_account_names_what_somebody_brought(world: World) -> None:
    operations.attach(by(world.rita), world.ours.school, PLAN)
    operations.set_photo(by(world.rita), world.ours.school, operations.checked_photo(a_picture()))
    read = {kind.key: list(kind.read(world.rita.pk)) for kind in kinds()}
    assert read["documents"][0]["name"] == PLAN.name
    assert read["photos"][0]["site"] == world.ours.school.name


def test_several_documents_are_added_together_or_not_at_all(world: World, client: Client) -> None:
    client.force_login(world.rita)
    address = url(world.ours.school, "documents/new/")
    good, bad = upload("Plan.pdf", PLAN.content), upload("Programm.exe", b"MZ\x00\x01")
    refused = client.post(address, {"documents": [good, bad]}, HTTP_ACCEPT_LANGUAGE="en")
    assert refused.status_code == 422
    assert "Programm.exe: This kind of file is not taken." in text_of(refused)
    assert queries.attachments_of(by(world.rita), world.ours.school) == []
    good.seek(0)
    answer = client.post(address, {"documents": [good, upload("Liste.csv", b"a;b")]})
    assert answer.status_code == 302
    shown = text_of(client.get(url(world.ours.school)))
    assert "Plan.pdf" in shown
    assert "Liste.csv" in shown
    assert client.post(address, {}).status_code == 422


def test_script_is_answered_briefly(world: World, client: Client) -> None:
    client.force_login(world.rita)
    address = url(world.ours.school, "documents/new/")
    brief: Any = {"headers": {"Accept": "application/json", "Accept-Language": "en"}}
    sent: Any = {"documents": [upload("Plan.pdf", PLAN.content)]}
    assert client.post(address, sent, **brief).status_code == 201
    refused = client.post(address, {"documents": [upload("x.exe", b"MZ\x00")]}, **brief)
    assert refused.status_code == 422
    assert refused.json()["said"].startswith("This kind of file is not taken")


def test_document_is_handed_out_and_never_shown(world: World, client: Client) -> None:
    row = operations.attach(by(world.rita), world.ours.school, checked("Plän.html", b"<script>x</script>"))
    answer = page(client, world.max, url(world.ours.school, f"documents/{row.key}/"))
    assert answer.content == b"<script>x</script>"
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''Pl%C3%A4n.html.txt"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert page(client, world.nora, url(world.ours.school, f"documents/{row.key}/")).status_code == 404


def test_documents_go_on_the_page(world: World, client: Client) -> None:
    row = operations.attach(by(world.rita), world.ours.school, PLAN)
    address = url(world.ours.school, f"documents/{row.key}/remove/")
    assert page(client, world.max, url(world.ours.school, "documents/")).status_code == 200
    assert client.post(address).status_code == 403
    client.force_login(world.rita)
    assert client.post(address).status_code == 302
    assert queries.attachments_of(by(world.rita), world.ours.school) == []


def test_photo_is_shown_replaced_and_removed(world: World, client: Client) -> None:
    client.force_login(world.rita)
    school = world.ours.school
    address = url(school, "photo/")
    assert client.post(address, {"file": upload("x.png", b"x")}).status_code == 422
    assert client.post(address, {"file": upload("Haus.png", a_picture())}).status_code == 302
    first = queries.photo_of_site(by(world.rita), school)
    assert first is not None
    shown = page(client, world.max, url(school)).content.decode()
    assert 'width="40" height="20" loading="lazy"' in shown
    small = url(school, f"photo/{first.key}/small.jpg")
    answer = client.get(small)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    again = client.get(small, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    client.force_login(world.rita)
    client.post(address, {"file": upload("Haus.png", a_picture("JPEG", (50, 50)))})
    assert client.get(small).status_code == 404
    client.post(url(school, "photo/remove/"))
    assert queries.photo_of_site(by(world.rita), school) is None
    assert actions(world) == ["photo.set", "photo.set", "photo.removed"]


def test_more_documents_do_not_cost_more_queries(world: World, client: Client) -> None:
    school = world.ours.school
    operations.attach(by(world.rita), school, PLAN)
    few = [count_queries(client, world.rita, url(school, rest)) for rest in ("", "documents/")]
    for number, someone in enumerate((world.rita, world.karl, world.karl)):
        operations.attach(by(someone), school, checked(f"{number}.txt", b"x"))
    assert [count_queries(client, world.rita, url(school, rest)) for rest in ("", "documents/")] == few


def test_files_of_one_request_are_bounded_together(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LARGEST_TOGETHER", 1000)
    client.force_login(world.rita)
    files = [upload(f"{number}.txt", b"x" * 600) for number in range(2)]
    client.post(url(world.ours.school, "documents/new/"), {"documents": files})
    assert len(queries.attachments_of(by(world.rita), world.ours.school)) < 2
