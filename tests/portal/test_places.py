"""Pages about where levels belong: moving, offering, answering, joining, leaving, the archive and the bin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from furka.access.rights import LOOK
from furka.errors import Conflict
from furka.tree import operations
from furka.tree.lifecycle import delete
from furka.tree.models import Kind, Node
from furka.tree.offering import Address, accept, ask, offer
from tests.portal.pages import count_queries, page, url
from tests.world import NOW, YESTERDAY, World, by, person

pytestmark = pytest.mark.usefixtures("fake_clock")

DAY = timedelta(days=1)
LOOKED_AT = "a test looks at everything"


def row(node: Node) -> Node:
    return Node.objects.everything(LOOKED_AT).select_related("parent").get(pk=node.pk)


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def other(world: World) -> Node:
    return operations.create_customer(by(world.rita), world.ours.reseller, "Gemeinde Neudorf")


def test_settings_say_where_a_level_belongs_and_offer_what_one_may(world: World, client: Client) -> None:
    shown = text(page(client, world.karl, url(world.ours.school, "settings/")))
    for name in ("move/", "delete/", "archive/"):
        assert url(world.ours.school, name) in shown
    assert world.ours.school.key in shown
    shown = text(page(client, world.rita, url(world.ours.reseller, "settings/")))
    assert url(world.ours.reseller, "take-over/") in shown
    assert url(world.ours.reseller, "move/") not in shown
    shown = text(page(client, world.sonja, url(world.ours.school, "settings/")))
    assert url(world.ours.school, "delete/") not in shown


def test_move_is_shown_in_numbers_before_it_is_made(world: World, client: Client, other: Node) -> None:
    first = page(client, world.rita, url(world.ours.school, "move/"))
    assert other.name in text(first)
    second = page(client, world.rita, url(world.ours.school, f"move/?to={other.key}"))
    assert second.context["effects"].lose == 1
    assert row(world.ours.school).parent == world.ours.customer

    answer = client.post(
        url(world.ours.school, "move/"), {"part": "move", "target": other.key, "keep_staff": "on"}
    )

    assert (answer.status_code, answer["Location"]) == (302, url(world.ours.school))
    assert row(world.ours.school).parent == other


def test_form_sent_twice_moves_once(world: World, client: Client, other: Node) -> None:
    client.force_login(world.rita)
    sent = {"part": "move", "target": other.key, "once": "abc"}
    for _ in range(2):
        answer = client.post(url(world.ours.school, "move/"), sent)
        assert (answer.status_code, answer["Location"]) == (302, url(world.ours.school))


def test_offer_and_answer_by_page(world: World, client: Client) -> None:
    client.force_login(world.rita)
    sent = {"part": "offer", "to": world.theirs.customer.key, "message": "Wie besprochen"}
    answer = client.post(url(world.ours.school, "move/"), sent)
    assert answer.status_code == 302
    where = answer["Location"]
    assert "Wie besprochen" in text(client.get(where))
    assert where in text(page(client, world.nora, url(world.theirs.reseller, "settings/")))

    shown = page(client, world.nora, where)
    assert shown.context["effects"].supporters == 2
    answer = client.post(where, {"keep_staff": "on", "keep_supporters": "on"})
    assert (answer.status_code, answer["Location"]) == (302, url(world.ours.school))
    assert row(world.ours.school).parent == world.theirs.customer
    assert by(world.sonja).may(LOOK, row(world.ours.school).place)
    assert page(client, world.rita, where).status_code == 200  # it stays to be looked up


@pytest.mark.parametrize(
    ("to", "said"),
    [("0123456789ab", "There is no level with this key"), ("a@", "valid e-mail address"), ("", "required")],
)
def test_wrong_address_is_said_at_the_field(world: World, client: Client, to: str, said: str) -> None:
    client.force_login(world.rita)
    sent = {"part": "offer", "to": to, "message": "Bleibt stehen"}
    answer = client.post(url(world.ours.school, "move/"), sent, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert said in text(answer)
    assert "Bleibt stehen" in text(answer)


def test_customer_joins_by_mail_and_leaves_by_page(world: World, client: Client) -> None:
    solo = person("Solo")
    alone = operations.open_level(by(solo, YESTERDAY), Kind.CUSTOMER, "Allein")
    made = ask(by(world.rita), world.ours.reseller, Address(solo.email))
    where = f"/moves/{made.key}/"

    assert page(client, world.fremd, where).status_code == 404
    shown = page(client, solo, where)
    assert alone.name in text(shown)
    assert client.post(where, {"level": alone.key}).status_code == 302
    assert row(alone).parent == world.ours.reseller

    shown = page(client, solo, url(alone, "settings/"))
    assert url(alone, "leave/") in text(shown)
    answer = client.post(url(alone, "leave/"))
    assert (answer.status_code, answer["Location"]) == (302, url(alone))
    assert row(alone).reseller_id is None


def test_whoever_has_no_level_yet_opens_one_first(world: World, client: Client) -> None:
    made = offer(by(world.rita), world.ours.school, Address(world.fremd.email))
    shown = page(client, world.fremd, f"/moves/{made.key}/")
    assert shown.context["no_level"]


def test_offer_is_declined_or_withdrawn_by_page(world: World, client: Client) -> None:
    client.force_login(world.nora)
    first = offer(by(world.rita), world.ours.school, Address(world.theirs.customer.key))
    assert client.post(f"/moves/{first.key}/decline/").status_code == 302
    second = offer(by(world.rita), world.ours.school, Address(world.theirs.customer.key))
    client.force_login(world.rita)
    assert client.post(f"/moves/{second.key}/withdraw/").status_code == 302
    assert row(world.ours.school).parent == world.ours.customer
    with pytest.raises(Conflict) as refusal:
        accept(by(world.nora), second.key)
    assert refusal.value.code == "offer-answered"


def test_archive_and_back_by_page(world: World, client: Client) -> None:
    client.force_login(world.karl)
    assert client.post(url(world.ours.customer, "archive/")).status_code == 302
    assert row(world.ours.school).archived_at == NOW
    assert "archiv" in text(client.get(url(world.ours.school, "settings/"))).lower()
    assert client.post(url(world.ours.customer, "archive/"), {"back": "1"}).status_code == 302
    assert row(world.ours.school).archived_at is None


def test_deletion_says_what_hangs_on_it_and_can_be_undone_right_after(world: World, client: Client) -> None:
    shown = page(client, world.rita, url(world.ours.customer, "delete/"))
    assert {each.number for each in shown.context["hanging"]} == {1, 3}  # people: Karl, Sonja, Max
    answer = client.post(url(world.ours.customer, "delete/"), {"name": "Falsch"})
    assert answer.status_code == 422
    answer = client.post(url(world.ours.customer, "delete/"), {"name": "Gemeinde Muster"})
    assert (answer.status_code, answer["Location"]) == (302, url(world.ours.reseller, "bin/"))
    assert page(client, world.rita, url(world.ours.school)).status_code == 404
    restore = f"/bin/{world.ours.customer.key}/restore/"
    assert restore in text(client.get(answer["Location"]))

    answer = client.post(restore)
    assert (answer.status_code, answer["Location"]) == (302, url(world.ours.customer))
    assert page(client, world.rita, url(world.ours.school)).status_code == 200


def test_last_level_leads_to_the_bin_and_the_welcome_page_says_so(world: World, client: Client) -> None:
    client.force_login(world.rita)
    answer = client.post(url(world.ours.reseller, "delete/"), {"name": "Muster AG"})
    assert (answer.status_code, answer["Location"]) == (302, "/bin/")
    assert world.ours.reseller.name in text(client.get("/bin/"))
    assert "/bin/" in text(client.get("/", follow=True))


def test_pages_ask_the_database_no_more_with_more_rows(world: World, client: Client) -> None:
    def one_more(number: int) -> None:
        site = operations.create_site(by(world.rita), world.ours.reseller, f"Weg {number}")
        delete(by(world.rita), site, site.name)
        offer(by(world.rita), world.ours.school, Address(f"somebody{number}@example.org"))
        operations.create_customer(by(world.rita), world.ours.reseller, f"Kunde {number}")

    addresses = (
        url(world.ours.reseller, "bin/"),
        "/bin/",
        url(world.ours.reseller, "settings/"),
        url(world.ours.school, "move/"),
        url(world.ours.reseller, "take-over/"),
    )
    one_more(1)
    before = [count_queries(client, world.rita, address) for address in addresses]
    for number in (2, 3, 4):
        one_more(number)
    assert [count_queries(client, world.rita, address) for address in addresses] == before
