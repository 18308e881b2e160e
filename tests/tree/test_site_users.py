"""Users of one site: invited by mail or by a link that works once; they administer nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from furka.access.rights import LOOK, PEOPLE
from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import granting, queries
from furka.tree.endings import link_was_used
from furka.tree.granting import Relation, Terms
from furka.tree.grants import Grant
from furka.tree.site_users import make_link, only_uses
from tests.world import NOW, World, by, let_in, person

USER = Terms(role="site-user", relation=Relation.SITE_USER)
WEEK = NOW + timedelta(weeks=1)


def secret_of(grant: Grant) -> str:
    found = queries.invitation_secret(grant.series)
    assert found is not None
    return found


def test_whoever_opens_the_link_first_gets_it_and_nobody_after(world: World) -> None:
    grant = make_link(by(world.karl), world.ours.school, USER, WEEK)
    secret = secret_of(grant)
    view = queries.invitation_of_secret(secret, NOW)
    assert (view.email if view else None) == ""

    accepted = granting.accept(by(world.fremd), secret)

    assert (accepted.email, accepted.relation) == ("fremd@example.org", "site_user")
    assert by(world.fremd).may(LOOK, world.ours.school.place)
    assert not by(world.fremd).may(USE_REMOTE_ACCESS, world.ours.school.place)
    for someone in (world.nora, world.fremd):
        with pytest.raises(Conflict) as refusal:
            granting.accept(by(someone), secret)
        assert refusal.value.code == "link-used"
    assert link_was_used(secret)
    assert queries.invitation_secret(grant.series) is None
    actions = set(Event.objects.filter(at=NOW).values_list("action", flat=True))
    assert {"grant.link-made", "grant.accepted"} <= actions


def test_link_ends_with_its_time_and_with_its_withdrawal(world: World) -> None:
    late = secret_of(make_link(by(world.karl), world.ours.school, USER, WEEK))
    with pytest.raises(Conflict) as refusal:
        granting.accept(by(world.fremd, WEEK), late)
    assert refusal.value.code == "invitation-expired"
    gone = make_link(by(world.karl), world.ours.school, USER, WEEK)
    secret = secret_of(gone)
    granting.revoke(by(world.karl), gone)
    with pytest.raises(NotThere):
        granting.accept(by(world.fremd), secret)


def test_link_for_anybody_is_not_declined_for_everybody(world: World) -> None:
    secret = secret_of(make_link(by(world.karl), world.ours.school, USER, WEEK))
    with pytest.raises(Refused):
        granting.decline(by(world.fremd), secret)
    granting.accept(by(world.fremd), secret)


@pytest.mark.parametrize("until", [NOW, NOW - timedelta(days=1), NOW + timedelta(days=91)])
def test_link_works_for_a_while_only(world: World, until: datetime) -> None:
    with pytest.raises(Invalid):
        make_link(by(world.karl), world.ours.school, USER, until)


def test_links_for_anybody_are_for_users_of_a_site_only(world: World) -> None:
    with pytest.raises(Invalid):
        make_link(by(world.karl), world.ours.school, Terms(role="supporter"), WEEK)
    with pytest.raises(Invalid):
        make_link(by(world.karl), world.ours.customer, USER, WEEK)
    for someone in (world.sonja, world.nora, world.max):
        with pytest.raises(FurkaError):
            make_link(by(someone), world.ours.school, USER, WEEK)


@pytest.mark.parametrize("terms", [{"role": "owner"}, {"rights": ("people",)}, {"rights": ("configure",)}])
def test_site_user_administers_nothing(world: World, terms: dict[str, object]) -> None:
    offered = Terms(relation=Relation.SITE_USER, **terms)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        granting.invite(by(world.rita), world.ours.school, "x@example.org", offered)
    with pytest.raises(Invalid) as refusal:
        granting.invite(by(world.rita), world.ours.customer, "x@example.org", USER)
    assert refusal.value.code == "not-a-site"


def test_only_whoever_holds_nothing_else_is_only_a_user(world: World) -> None:
    let_in(world.ours.school, world.fremd, USER, world.karl)
    assert only_uses(by(world.fremd), world.ours.school)
    assert not only_uses(by(world.sonja), world.ours.school)
    assert not only_uses(by(world.rita), world.ours.school)
    assert not only_uses(by(person("Niemand")), world.ours.school)
    let_in(world.ours.school, world.fremd, Terms(role="viewer"), world.karl)
    assert not only_uses(by(world.fremd), world.ours.school)
    assert not by(world.fremd).may(PEOPLE, world.ours.school.place)
