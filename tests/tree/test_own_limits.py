"""Whom an owner limits is told so where they see what they reach: what is left, why not now, and what to do."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from furka.access.policy import Reason
from furka.access.windows import WeeklyWindow
from furka.clock import FakeClock
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.services.connect.queries import reachable_by
from furka.tree import ceilings
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Terms
from furka.tree.own_limits import held_back, limits_on
from furka.tree.queries import grants_of
from tests.api.caller import as_person
from tests.world import NOW, TONIGHT, World, by, let_in

USE = USE_REMOTE_ACCESS.key


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def hours(begins: int, ends: int) -> tuple[WeeklyWindow, ...]:
    """These hours, every day."""
    return (WeeklyWindow(frozenset(range(7)), time(begins), time(ends)),)


def limit(world: World, **terms: Any) -> None:
    """The owner of the customer, who logs in with a second factor, limits others at the school."""
    Authenticator.objects.get_or_create(user=world.karl, type=Authenticator.Type.TOTP, data={})
    ceilings.set_ceiling(by(world.karl), world.ours.school, CeilingTerms(**terms))


def page_of(person: Person) -> str:
    client = Client()
    client.force_login(person)
    return " ".join(client.get("/access/").content.decode().split())


@pytest.mark.parametrize(
    ("terms", "reason", "opens_at", "action"),
    [
        ({"rights": ("look",)}, Reason.CEILING, None, "Grenzen anzeigen"),
        ({"approval": (USE,)}, Reason.APPROVAL, None, "Zugriff anfragen"),
        ({"two_factor": True}, Reason.TWO_FACTOR, None, "Einrichten"),
        ({"windows": hours(16, 20)}, Reason.CEILING_HOURS, NOW + timedelta(hours=2), "Zeiten anzeigen"),
    ],
)
def test_why_somebody_is_held_back_and_what_to_do(
    world: World, terms: dict[str, Any], reason: Reason, opens_at: datetime | None, action: str
) -> None:
    assert held_back(by(world.sonja), USE_REMOTE_ACCESS) == []
    limit(world, **terms)
    [found] = held_back(by(world.sonja), USE_REMOTE_ACCESS)
    assert (found.node, found.reason, found.opens_at) == (world.ours.school, reason, opens_at)
    # The neighbours, the owner's own people, and whoever may only look, miss nothing.
    for person in (world.nora, world.karl, world.max):
        assert held_back(by(person), USE_REMOTE_ACCESS) == []
    page = page_of(world.sonja)
    assert "Vom Inhaber zurückgehalten" in page
    assert action in page
    shown = as_person(world.sonja).get("/held-back").body["items"]
    assert [(each["level"]["name"], each["reason"]) for each in shown] == [("Schulhaus Muster", str(reason))]


def test_hours_of_the_owner_end_what_is_shown_as_open(world: World) -> None:
    [before] = reachable_by(by(world.sonja))
    assert before.until == TONIGHT
    limit(world, windows=hours(8, 16))
    [after] = reachable_by(by(world.sonja))
    assert after.until == TONIGHT - timedelta(hours=2)
    assert "Grenzen von Schulhaus Muster:" in page_of(world.sonja)


def test_whoever_is_let_in_for_requests_only_is_told_to_ask(world: World) -> None:
    let_in(world.ours.depot, world.fremd, Terms(role="supporter", on_request=True), world.rita)
    [found] = held_back(by(world.fremd), USE_REMOTE_ACCESS)
    assert (found.node, found.reason) == (world.ours.depot, Reason.APPROVAL)


def test_limits_stand_with_each_access_that_they_lie_on(world: World) -> None:
    limit(world, approval=(USE,), emergency=True)
    ceilings.set_ceiling(by(world.karl), world.ours.customer, CeilingTerms(rights=("look", USE)))
    for person, levels in (
        (world.sonja, ["Gemeinde Muster", "Schulhaus Muster"]),
        (world.rita, ["Gemeinde Muster", "Schulhaus Muster"]),  # of the reseller above: limits lie below
        (world.karl, []),
        (world.nora, []),
    ):
        acting = by(person)
        found = [row for rows in limits_on(acting, grants_of(acting)).values() for row in rows]
        assert [row.node.name for row in found] == levels, person
    [access] = as_person(world.sonja).items("/me/access")
    assert [(each["level"]["name"], each["approval"]) for each in access["limits"]] == [
        ("Gemeinde Muster", []),
        ("Schulhaus Muster", [USE]),
    ]
