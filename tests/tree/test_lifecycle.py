"""Levels go into the archive and come back, are deleted and restored, and in the end removed for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from furka.access.rights import LOOK, STRUCTURE
from furka.dispatch import answer
from furka.dispatch.models import PlanEntry
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.plan.entries import Door, Entry
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.sites import operations as sites
from furka.sites.models import Gateway
from furka.tree import lifecycle, operations, queries
from furka.tree.granting import Terms, accept, invite
from furka.tree.grants import Grant, Invitation
from furka.tree.lifecycle import UNDO, archive, delete, deleted_levels, reopen, restore
from furka.tree.models import Kind, Node, NodePlacement
from furka.tree.operation import program
from furka.tree.removal import remove_overdue
from tests.world import NOW, World, a_gateway, a_profile, by, let_in, person, public_key

DAY = timedelta(days=1)
LOOKED_AT = "a test looks at everything"


def row(node: Node) -> Node:
    return Node.objects.everything(LOOKED_AT).get(pk=node.pk)


def doors(world: World, site: Node) -> int:
    plan = answer.plan_since(world.hub, 0, NOW).entries
    return sum(isinstance(entry, Door) and entry.site == site.pk for entry in plan)


def lasting(world: World) -> list[Entry]:
    """What the plan says about what comes."""
    entries = answer.plan_since(world.hub, 0, NOW).entries
    over = [
        entry
        for entry in entries
        if isinstance(entry, Door) and entry.not_after and entry.not_after <= NOW + DAY
    ]
    return sorted((entry for entry in entries if entry not in over), key=lambda entry: entry.key)


def test_archived_level_keeps_everything_and_comes_back_with_what_went_there_with_it(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    other = operations.create_site(rita, ours.customer, "Turnhalle")
    archive(rita, other)
    archive(by(world.rita, NOW + DAY), ours.customer)

    assert [row(node).archived_at for node in (ours.customer, ours.school, other, ours.depot)] == [
        NOW + DAY,
        NOW + DAY,
        NOW,
        None,
    ]
    assert by(world.karl).may(LOOK, row(ours.school).place)

    reopen(by(world.rita, NOW + 2 * DAY), row(ours.customer))
    assert [row(node).archived_at for node in (ours.customer, ours.school, other)] == [None, None, NOW]
    assert [event.action for event in Event.objects.filter(action__startswith="node.").order_by("id")] == [
        "node.archived",
        "node.archived",
        "node.reopened",
    ]


def test_twice_into_the_archive_and_back_is_no_fault(world: World) -> None:
    archive(by(world.rita), world.ours.school)
    archive(by(world.rita, NOW + DAY), world.ours.school)
    assert row(world.ours.school).archived_at == NOW
    reopen(by(world.rita), row(world.ours.school))
    reopen(by(world.rita), row(world.ours.school))
    assert Event.objects.filter(action="node.reopened").count() == 1


def test_nothing_is_built_on_what_is_archived_nor_taken_back_below_it(world: World) -> None:
    archive(by(world.rita), world.ours.customer)

    with pytest.raises(Conflict) as refusal:
        operations.create_site(by(world.rita), world.ours.customer, "Neu")
    assert refusal.value.code == "archived"
    with pytest.raises(Conflict) as refusal:
        reopen(by(world.rita), row(world.ours.school))
    assert refusal.value.code == "archived-above"


def test_deleted_level_is_there_for_nobody_and_lets_nobody_in(world: World) -> None:
    ours = world.ours
    assert doors(world, ours.school)
    token = Gateway.objects.everything(LOOKED_AT).get(node=ours.school)

    delete(by(world.rita), ours.customer, "Gemeinde Muster")

    for someone in (world.rita, world.karl, world.sonja, world.max):
        for node in (ours.customer, ours.school):
            assert not Node.objects.visible_to(by(someone), LOOK).filter(pk=node.pk).exists()
        assert ours.school not in [view.node for view in queries.grants_of(by(someone))]
    assert Gateway.objects.visible_to(by(world.rita), LOOK).filter(node=ours.school).count() == 0
    assert PlanEntry.objects.filter(gone=False, unit__startswith=f"site/{ours.school.pk}").count() == 0
    assert PlanEntry.objects.filter(gone=False, unit__startswith=f"visit/{ours.school.pk}/").count() == 0
    assert doors(world, ours.depot)
    assert doors(world, world.theirs.school)
    stopped = answer.gateway_settings(token, NOW)
    assert (stopped.hub, stopped.networks, stopped.released) == (None, (), False)
    with pytest.raises(NotThere):
        operations.rename(by(world.rita), row(ours.school), "Neu")


def test_restored_level_is_as_it_was_without_a_new_claim(world: World) -> None:
    ours = world.ours
    before = lasting(world)
    gateway = Gateway.objects.everything(LOOKED_AT).get(node=ours.school)
    settings = answer.gateway_settings(gateway, NOW).etag
    delete(by(world.rita), ours.customer, "Gemeinde Muster")

    assert [each.node for each in lifecycle.in_bin(deleted_levels(by(world.rita)), 9)] == [ours.customer]
    restored = restore(by(world.rita, NOW + DAY), ours.customer.key)

    assert restored == ours.customer
    assert [row(node).deleted_at for node in (ours.customer, ours.school)] == [None, None]
    assert answer.gateway_settings(gateway, NOW).etag == settings
    assert lasting(world) == before
    assert by(world.karl, NOW + DAY).may(STRUCTURE, row(ours.customer).place)


def test_what_was_deleted_before_stays_deleted(world: World) -> None:
    ours = world.ours
    delete(by(world.rita), ours.school, "Schulhaus Muster")
    delete(by(world.rita, NOW + DAY), ours.customer, "Gemeinde Muster")
    assert list(deleted_levels(by(world.rita, NOW + DAY))) == [ours.customer, ours.school]
    with pytest.raises(Conflict) as refusal:
        restore(by(world.rita, NOW + DAY), ours.school.key)
    assert refusal.value.code == "deleted-above"

    restore(by(world.rita, NOW + DAY), ours.customer.key)
    assert (row(ours.customer).deleted_at, row(ours.school).deleted_at) == (None, NOW)
    restore(by(world.rita, NOW + DAY), ours.school.key)
    assert row(ours.school).deleted_at is None


def test_what_is_restored_below_the_archive_is_archived(world: World) -> None:
    delete(by(world.rita), world.ours.school, "Schulhaus Muster")
    archive(by(world.rita, NOW + DAY), world.ours.customer)
    restore(by(world.rita, NOW + 2 * DAY), world.ours.school.key)

    assert row(world.ours.school).archived_at == NOW + DAY


def test_name_must_be_typed(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        delete(by(world.rita), world.ours.school, "schulhaus muster")
    assert refusal.value.code == "name-differs"
    assert row(world.ours.school).deleted_at is None


def test_only_who_may_change_the_tree_deletes_and_restores(world: World) -> None:
    for change in (archive, reopen, lambda acts, node: delete(acts, node, node.name)):
        with pytest.raises(Refused):
            change(by(world.sonja), world.ours.school)
        with pytest.raises(NotThere):
            change(by(world.nora), world.ours.school)
    delete(by(world.rita), world.ours.school, "Schulhaus Muster")
    for someone in (world.sonja, world.max, world.nora, world.fremd):
        assert not deleted_levels(by(someone)).exists()
        with pytest.raises(NotThere):
            restore(by(someone), world.ours.school.key)
    with pytest.raises(NotThere):
        restore(by(world.rita), world.ours.depot.key)
    with pytest.raises(NotThere):
        restore(by(world.rita), "0" * 12)


def test_last_level_of_an_account_can_be_deleted_and_restored(world: World) -> None:
    delete(by(world.rita), world.ours.reseller, "Muster AG")

    assert queries.entrances(by(world.rita)) == []
    assert [each.key for each in deleted_levels(by(world.rita))] == [world.ours.reseller.key]
    restore(by(world.rita), world.ours.reseller.key)
    assert queries.entrances(by(world.rita)) == [world.ours.reseller]


def test_owners_around_are_told_in_their_language(world: World) -> None:
    world.karl.language = "en"
    world.karl.save(update_fields=["language"])
    mail.outbox.clear()

    delete(by(world.rita), world.ours.school, "Schulhaus Muster")

    assert [(each.to, each.subject) for each in mail.outbox] == [
        ([world.karl.email], "“Schulhaus Muster” was deleted")
    ]


def test_invitation_to_a_deleted_level_leads_nowhere(world: World) -> None:
    waiting = invite(by(world.rita), world.ours.school, world.fremd.email, Terms(role="viewer"))
    secret = queries.invitation_secret(waiting.series)
    assert secret is not None
    delete(by(world.rita), world.ours.school, "Schulhaus Muster")

    assert queries.invitation_of_secret(secret, NOW) is None
    assert queries.invitations_for(by(world.fremd)) == []
    with pytest.raises(NotThere):
        accept(by(world.fremd), secret)


def test_code_of_a_deleted_site_claims_nothing_and_its_box_may_serve_elsewhere(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    empty = operations.create_site(rita, ours.customer, "Leer")
    code = sites.issue_claim_code(rita, empty)
    delete(rita, empty, "Leer")
    with pytest.raises(Invalid) as refusal:
        sites.claim_gateway(program("gateway", NOW), code, public_key(), "box", "1")
    assert refusal.value.code == "code-unknown"

    box = Gateway.objects.everything(LOOKED_AT).get(node=ours.school)
    delete(rita, ours.school, "Schulhaus Muster")
    other = operations.create_site(rita, ours.customer, "Neu")
    code = sites.issue_claim_code(rita, other)
    claimed = sites.claim_gateway(program("gateway", NOW), code, box.public_key, "box", "1")
    assert claimed.gateway.node == other


def test_after_thirty_days_everything_goes_and_the_record_stays(world: World) -> None:
    ours = world.ours
    invite(by(world.rita), ours.school, world.fremd.email, Terms(role="viewer"))
    delete(by(world.rita), ours.reseller, "Muster AG")
    told = Event.objects.count()
    gone = [ours.reseller.pk, ours.customer.pk, ours.school.pk, ours.depot.pk]

    assert remove_overdue(program("worker", NOW + UNDO - DAY)) == 0
    assert remove_overdue(program("worker", NOW + UNDO)) >= 1

    assert not Node.objects.everything(LOOKED_AT).filter(pk__in=gone).exists()
    assert not Grant.objects.everything(LOOKED_AT).filter(node_id__in=gone).exists()
    assert not Invitation.objects.exists()
    assert not Gateway.objects.everything(LOOKED_AT).filter(node_id__in=gone).exists()
    assert Event.objects.count() == told + 1
    removed = Event.objects.get(action="node.removed")
    assert (removed.node_name, removed.actor_name) == ("Muster AG", "worker")
    places = NodePlacement.objects.everything(LOOKED_AT).filter(node_id__in=gone)
    assert {place.ended_at for place in places} == {NOW + UNDO}
    assert Node.objects.everything(LOOKED_AT).filter(pk=world.theirs.school.pk).exists()
    assert remove_overdue(program("worker", NOW + UNDO + DAY)) == 0
    with pytest.raises(NotThere):
        restore(by(world.rita, NOW + UNDO), ours.reseller.key)


def test_deletion_of_somebody_who_was_alone_says_what_hangs_on_it(world: World) -> None:
    solo = person("Solo")
    alone = operations.open_level(by(solo), Kind.CUSTOMER, "Allein")
    site = operations.create_site(by(solo), alone, "Haus")
    a_gateway(site, solo, NOW)
    a_profile(solo, at=NOW)
    let_in(site, world.fremd, Terms(role="supporter"), solo)
    assert by(solo).may(USE_REMOTE_ACCESS, site.place)

    delete(by(solo), alone, "Allein")

    event = Event.objects.get(action="node.deleted")
    assert event.before == {"sites": 1, "people": 2, "gateways": 1}
