"""A gateway's log, its replacement by a new box, and the data budget of a site."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.test import Client

from furka.dispatch import hubs
from furka.dispatch.answer import gateway_settings
from furka.dispatch.models import PlanEntry
from furka.errors import Conflict, Invalid, Refused
from furka.journal.models import Event
from furka.sites.gateway_log import Change, GatewayChange, changes_of, forget_old
from furka.sites.models import Gateway
from furka.sites.operations import claim_gateway, issue_claim_code, release_gateway, take_gateway_report
from furka.sites.queries import claim_code_of, gateway_of, gateway_of_token
from furka.sites.traffic import MEGABYTE, TrafficMonth, set_budget, traffic_of
from furka.tree.models import Node
from furka.tree.operation import program
from furka.wire.gateway import GatewayReport
from furka.wire.hub import HubReport, PeerSeen
from tests.portal.pages import count_queries, page, text_of, url
from tests.world import NOW, World, a_gateway, by, public_key

pytestmark = pytest.mark.usefixtures("fake_clock")

BOX = program("gateway", NOW)


def box_of(site: Node) -> Gateway:
    return Gateway.objects.everything("a test").select_related("node", "hub").get(node=site, released_at=None)


def seen(world: World, at: datetime = NOW, **said: object) -> None:
    """The hub reports the peer of our school's gateway."""
    usual = {
        "public_key": box_of(world.ours.school).public_key,
        "online": True,
        "at": at,
        "endpoint": "192.0.2.7:4000",
    }
    report = HubReport(applied_revision=1, peers=(PeerSeen.model_validate({**usual, **said}),))
    hubs.take_report(program("hub hub-1", at), world.hub, report)


def log(world: World, **sought: str) -> list[tuple[str, str]]:
    rows = changes_of(by(world.karl), world.ours.school, **sought)  # type: ignore[arg-type]
    return [(row.what, row.value) for row in rows]


# --- The log ---------------------------------------------------------------------------------------------------------


def test_comings_goings_ways_and_addresses_are_noted_and_found(world: World) -> None:
    seen(world)
    seen(world, endpoint="192.0.2.7:4999")  # another port is no other address
    seen(world, endpoint="192.0.2.8:4000")
    seen(world, online=False, endpoint="")
    report = GatewayReport(version="2", applied_etag="x", back_end="kernel", path="tls")
    take_gateway_report(BOX, box_of(world.ours.school), report)
    take_gateway_report(BOX, box_of(world.ours.school), report)

    assert sorted(log(world)) == [
        ("address", "192.0.2.7"),
        ("address", "192.0.2.8"),
        ("linked", "gateway"),
        ("offline", ""),
        ("online", ""),
        ("path", "tls"),
        ("version", "2"),
    ]
    assert log(world, what="address", text="2.8") == [("address", "192.0.2.8")]
    assert list(changes_of(by(world.nora), world.ours.school)) == []
    assert forget_old(NOW + timedelta(days=399)) == 0
    assert forget_old(NOW + timedelta(days=402)) > 0


# --- Replacement -----------------------------------------------------------------------------------------------------


def test_a_new_box_takes_over_address_and_all_and_the_old_one_is_shut_out(world: World) -> None:
    school = world.ours.school
    old = box_of(school)
    with pytest.raises(Conflict):
        issue_claim_code(by(world.karl), school)
    code = issue_claim_code(by(world.karl), school, replaces=True)
    assert claim_code_of(by(world.karl), school) is not None
    assert box_of(school) == old  # it works until the new one is there

    new = claim_gateway(BOX, code, public_key(), "neue-box", "2").gateway
    assert (new.address, new.hub) == (old.address, old.hub)
    old.refresh_from_db()
    assert (old.released_at, old.number == new.number) == (NOW, False)
    peers = PlanEntry.objects.filter(gone=False, key__startswith="peer/gateway/", key__endswith=new.key)
    assert peers.get().body["public_key"] == new.public_key
    assert not PlanEntry.objects.filter(gone=False, key=f"peer/gateway/{old.key}").exists()
    assert gateway_settings(old, NOW).released
    assert claim_gateway(BOX, code, new.public_key, "neue-box", "2").gateway == new  # it missed the answer
    with pytest.raises(Conflict):
        claim_gateway(BOX, code, public_key(), "dritte", "2")
    told = Event.objects.get(action="gateway.replaced")
    assert (told.before["gateway"], told.after["gateway"]) == (old.key, new.key)
    assert [what for what, _ in log(world)][:2] == ["linked", "unlinked"]


def test_a_code_for_a_replacement_ends_with_the_gateway_that_it_replaces(world: World) -> None:
    school = world.ours.school
    code = issue_claim_code(by(world.karl), school, replaces=True)
    release_gateway(by(world.karl), school)
    with pytest.raises(Invalid) as unknown:
        claim_gateway(BOX, code, public_key(), "box", "1")
    assert unknown.value.fields.keys() == {"code"}
    with pytest.raises(Conflict) as nothing:
        issue_claim_code(by(world.karl), school, replaces=True)
    assert nothing.value.code == "no-gateway"
    with pytest.raises(Refused):
        issue_claim_code(by(world.sonja), school, replaces=True)
    claimed = a_gateway(school, world.karl, NOW)
    assert gateway_of_token(claimed.token) == gateway_of(by(world.karl), school)


# --- The data budget -------------------------------------------------------------------------------------------------


def counts(world: World, received: int, sent: int = 0, at: datetime = NOW) -> int:
    """The hub's counters stand at so many megabytes; returns how many were used this month."""
    seen(world, at, received_bytes=received * MEGABYTE, sent_bytes=sent * MEGABYTE)
    return traffic_of(by(world.karl, at), world.ours.school).used // MEGABYTE


def test_what_passes_is_counted_over_a_restart_of_the_hub_and_by_month(world: World) -> None:
    assert (counts(world, 10, 5), counts(world, 12, 5), counts(world, 12, 5)) == (15, 17, 17)
    assert counts(world, 3, 1) == 21  # the hub's WireGuard began anew
    assert counts(world, 4, 1, datetime(2026, 11, 30, 23, 5, tzinfo=UTC)) == 1  # December in Zurich
    months = TrafficMonth.objects.everything("a test").filter(node=world.ours.school)
    assert [(row.month, row.bytes // MEGABYTE) for row in months] == [
        (date(2026, 12, 1), 1),
        (date(2026, 11, 1), 21),
    ]


def test_owners_are_warned_before_and_when_it_is_used_up_once_each(world: World) -> None:
    set_budget(by(world.karl), world.ours.school, 100)
    mail.outbox.clear()
    stands = []
    for megabytes in (79, 80, 90, 100, 120):
        counts(world, megabytes)
        stands.append(traffic_of(by(world.karl), world.ours.school).stands)
    assert stands == ["ok", "warn", "warn", "over", "over"]
    karls = [str(letter.subject) for letter in mail.outbox if letter.to == [world.karl.email]]
    assert karls == [
        "«Schulhaus Muster» hat 80 % seiner Daten verbraucht",
        "«Schulhaus Muster» hat 100 % seiner Daten verbraucht",
    ]
    assert Event.objects.filter(action="traffic.budget-near").count() == 2
    set_budget(by(world.karl), world.ours.school, 1000)
    assert traffic_of(by(world.karl), world.ours.school).stands == "ok"
    set_budget(by(world.karl), world.ours.school, None)
    assert traffic_of(by(world.karl), world.ours.school).budget is None


def test_a_budget_that_makes_no_sense_is_refused(world: World) -> None:
    for megabytes, percent in ((0, 80), (10**9, 80), (100, 0), (100, 100)):
        with pytest.raises(Invalid):
            set_budget(by(world.karl), world.ours.school, megabytes, percent)
    with pytest.raises(Invalid):
        set_budget(by(world.karl), world.ours.customer, 100)
    with pytest.raises(Refused):
        set_budget(by(world.sonja), world.ours.school, 100)


# --- The page --------------------------------------------------------------------------------------------------------


def test_page_shows_log_budget_and_the_way_to_a_new_box(world: World, client: Client) -> None:
    school = world.ours.school
    seen(world)
    address = url(school, "gateway/")
    text = text_of(page(client, world.karl, address))
    assert ("192.0.2.7" in text, "Replace by a new box" in text, "Megabytes a month" in text) == (
        True,
        True,
        True,
    )
    assert "Megabytes a month" not in text_of(page(client, world.max, address))
    client.force_login(world.karl)
    assert client.post(f"{address}replace/").status_code == 302
    assert "furka gateway claim" in text_of(page(client, world.karl, address))
    assert client.post(f"{address}budget/", {"megabytes": "100", "warn_percent": "80"}).status_code == 302
    assert client.post(f"{address}budget/", {"megabytes": "-1", "warn_percent": "80"}).status_code == 422
    counts(world, 90)
    assert "nearly used up" in text_of(page(client, world.karl, url(school)))
    assert "192.0.2.7" not in text_of(page(client, world.karl, f"{address}?part=log&what=online"))


def test_page_costs_the_same_however_long_the_log_is(world: World, client: Client) -> None:
    address = url(world.ours.school, "gateway/")
    seen(world)
    few = count_queries(client, world.karl, address)
    box = box_of(world.ours.school)
    for number in range(20):
        GatewayChange.objects.create(node=box.node, gateway=box, at=NOW, what=Change.PATH, value=f"{number}")
    assert count_queries(client, world.karl, address) == few
