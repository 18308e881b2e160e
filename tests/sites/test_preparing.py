"""Gateways that are prepared in batches: one code, one box, one site; and who may do what with them."""

from __future__ import annotations

import pytest

from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.sites import preparing
from furka.sites.models import GatewayBatch, PreparedGateway
from furka.sites.operations import Claimed, claim_gateway, release_gateway, take_gateway_report
from furka.sites.queries import gateway_of
from furka.tree.models import Node
from furka.tree.operation import program
from furka.tree.operations import create_site
from furka.wire.gateway import GatewayReport
from tests.world import NOW, World, a_prepared_gateway, by, public_key

pytestmark = pytest.mark.django_db

AT = program("gateway", NOW)


@pytest.fixture
def site(world: World) -> Node:
    """A new site of ours, without anything."""
    return create_site(by(world.rita), world.ours.customer, "Turnhalle")


@pytest.fixture
def batch(world: World) -> GatewayBatch:
    """Two gateways that were prepared at our reseller."""
    return preparing.prepare(by(world.rita), world.ours.reseller, "Lieferung", 2)


def plug_in(code: str, key: str) -> Claimed:
    """What a box does: it says its code, and the portal what comes of it."""
    preparing.note_plugged_in(AT, code, key)
    return claim_gateway(AT, code, key, "box", "1")


def refusal(code: str, key: str = "") -> str:
    with pytest.raises((Conflict, Invalid)) as refused:
        plug_in(code, key or public_key())
    return refused.value.code


def again(piece: PreparedGateway) -> PreparedGateway:
    rows = PreparedGateway.objects.everything("a test").select_related("batch", "gateway", "node")
    return rows.get(pk=piece.pk)


def test_box_that_was_assigned_before_it_is_plugged_in_serves_its_site(
    world: World, site: Node, batch: GatewayBatch
) -> None:
    rita, key = by(world.rita), public_key()
    [first, _second] = preparing.read_codes(rita, batch)
    preparing.assign(rita, site, first.piece.label)

    claimed = plug_in(first.code, key)

    assert (claimed.gateway.node_id, claimed.gateway.public_key) == (site.pk, key)
    assert again(first.piece).state == "offline"
    assert plug_in(first.code, key).token != claimed.token, "an answer that got lost comes again"
    assert refusal(first.code) == "code-used"
    release_gateway(rita, site)
    assert (again(first.piece).state, refusal(first.code, key)) == ("released", "code-used")


def test_box_that_is_plugged_in_first_waits_for_its_site_and_is_bound_to_its_code(
    world: World, site: Node, batch: GatewayBatch
) -> None:
    rita, key = by(world.rita), public_key()
    [first, _second] = preparing.read_codes(rita, batch)

    assert refusal(first.code, key) == "not-assigned"
    assert again(first.piece).state == "waiting"
    preparing.assign(rita, site, f"https://portal.example/plug/{first.piece.number}/#x")
    assert refusal(first.code) == "code-used", "another box with the same code"
    assert plug_in(first.code, key).gateway.node_id == site.pk


def test_codes_are_forgotten_when_the_boxes_are_shipped_and_work_all_the_same(
    world: World, site: Node, batch: GatewayBatch
) -> None:
    rita = by(world.rita)
    [first, _second] = preparing.read_codes(rita, batch)
    preparing.ship(rita, batch)

    with pytest.raises(Conflict) as refused:
        preparing.read_codes(rita, batch)

    assert refused.value.code == "codes-gone"
    rows = PreparedGateway.objects.everything("a test").filter(batch=batch)
    assert {(row.sealed_code, first.code in row.code_hash) for row in rows} == {("", False)}
    preparing.assign(rita, site, first.piece.number)
    assert plug_in(first.code, public_key()).gateway.node_id == site.pk
    actions = set(Event.objects.values_list("action", flat=True))
    assert {"gateway.prepared", "gateway.codes-read", "gateway.shipped", "gateway.plugged-in"} <= actions
    assert not any(first.code in str((event.before, event.after)) for event in Event.objects.all())


def test_serial_number_of_the_box_is_compared_and_what_was_not_entered_is_taken_from_it(
    world: World, site: Node
) -> None:
    rita = by(world.rita)
    batch = preparing.prepare(rita, world.ours.reseller, "Mit Nummern", 0, ["SN-0001", "SN-0002"])
    other = preparing.prepare(rita, world.ours.reseller, "Ohne Nummern", 1)
    [first, second] = preparing.read_codes(rita, batch)
    [third] = preparing.read_codes(rita, other)

    for each, said in ((first, "sn0001"), (second, "SN-0007"), (third, "SN-0003\n")):
        preparing.note_plugged_in(AT, each.code, public_key(), said)

    rows = [again(each.piece) for each in (first, second, third)]
    assert [(row.serial, row.is_another_box) for row in rows] == [
        ("SN-0001", False),
        ("SN-0002", True),
        ("SN-0003", False),
    ]
    told = Event.objects.get(action="gateway.serial-differs")
    assert (told.before["serial"], told.after["serial"]) == ("SN-0002", "SN-0007")
    assert preparing.assign(rita, site, "sn-0003").pk == third.piece.pk
    gateway = claim_gateway(AT, third.code, rows[2].public_key, "box", "1", "SN-0003").gateway
    assert gateway.serial == "SN-0003"
    take_gateway_report(AT, gateway, GatewayReport(version="1", applied_etag="", back_end="kernel"))
    assert gateway.serial == "SN-0003", "an older program says nothing of it"


def test_withdrawn_code_works_no_more(world: World, site: Node, batch: GatewayBatch) -> None:
    rita = by(world.rita)
    [first, second] = preparing.read_codes(rita, batch)
    preparing.assign(rita, site, first.piece.number)
    preparing.withdraw(rita, first.piece)

    assert refusal(first.code) == "code-withdrawn"
    preparing.assign(rita, site, second.piece.number)
    with pytest.raises(Invalid) as unknown:
        preparing.assign(rita, site, first.piece.number)
    assert unknown.value.code == "number-unknown"


def test_who_has_the_number_of_somebody_else_can_do_nothing_with_it(world: World) -> None:
    theirs = create_site(by(world.nora), world.theirs.customer, "Werk")
    ours = create_site(by(world.rita), world.ours.customer, "Turnhalle")
    piece = a_prepared_gateway(world.rita, world.ours.reseller)

    for someone, site, error in (
        (world.nora, theirs, Invalid),
        (world.karl, ours, Invalid),  # prepared above him
        (world.nora, ours, NotThere),
        (world.max, world.ours.school, Refused),
    ):
        with pytest.raises(error):
            preparing.assign(by(someone), site, piece.number)
    with pytest.raises(NotThere):
        preparing.withdraw(by(world.nora), piece)


def test_serial_numbers_are_taken_as_they_are_pasted(world: World, site: Node) -> None:
    rita, level = by(world.rita), world.ours.customer
    batch = preparing.prepare(rita, level, "Liste", serials=[" SN-1 ", "", "SN-2", "SN-1"])

    with pytest.raises(Invalid) as twice:
        preparing.prepare(rita, level, "Liste", serials=["SN-2"])

    assert twice.value.code == "serial-twice"
    rows = PreparedGateway.objects.everything("a test").filter(batch=batch)
    assert [row.serial for row in rows] == ["SN-1", "SN-2"]
    assert preparing.assign(rita, site, "sn-2").serial == "SN-2"
    for count, code in ((0, "count-wrong"), (501, "count-wrong")):
        with pytest.raises(Invalid) as refused:
            preparing.prepare(rita, level, "Liste", count)
        assert refused.value.code == code
    with pytest.raises(Invalid):
        preparing.prepare(rita, site, "Liste", 1)


def test_site_waits_for_one_gateway_at_a_time(world: World, site: Node, batch: GatewayBatch) -> None:
    rita = by(world.rita)
    [first, second] = preparing.read_codes(rita, batch)
    preparing.assign(rita, site, first.piece.number)
    preparing.assign(rita, site, second.piece.number)

    waiting = preparing.waiting_for(site)
    assert waiting is not None
    assert waiting.pk == second.piece.pk
    assert refusal(first.code) == "not-assigned"
    preparing.unassign(rita, site)
    assert preparing.waiting_for(site) is None
    with pytest.raises(Conflict) as refused:
        preparing.assign(rita, world.ours.school, first.piece.number)
    assert refused.value.code == "has-gateway"
    assert gateway_of(rita, site) is None
