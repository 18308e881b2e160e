"""Invitations are no way to flood somebody with mails, nor to send mails to everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest
from pytest_django import Settings

from furka.clock import FakeClock
from furka.errors import Conflict
from furka.outbox.models import Mail
from furka.people.models import Person
from furka.tree import granting, operations
from furka.tree.acting import Acting
from furka.tree.granting import MOST_MAILS_AN_HOUR, Terms
from furka.tree.models import Kind, Node
from tests.world import NOW, by, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def level(fake_clock: FakeClock, settings: Settings) -> Node:
    """What a stranger can open by themselves."""
    settings.EMAIL_BACKEND = "furka.outbox.backend.OutboxBackend"
    return operations.open_level(by(person("Fremd")), Kind.CUSTOMER, "Fremd AG")


def stranger(at: datetime = NOW) -> Acting:
    return by(Person.objects.get(), at)


def code_of(change: Callable[[], object]) -> str:
    """Why a change is refused at last, if it is tried again and again."""
    try:
        for _ in range(100):
            change()
    except Conflict as refused:
        return refused.code
    return ""


def test_an_invitation_is_not_sent_again_and_again(level: Node, fake_clock: FakeClock) -> None:
    grant = granting.invite(stranger(), level, "karl@example.org", Terms(role="viewer"))

    code = code_of(lambda: granting.resend(stranger(), grant))

    mails = Mail.objects.filter(recipient="karl@example.org").count()
    assert (code, mails) == ("too-many-mails", MOST_MAILS_AN_HOUR)
    granting.resend(stranger(NOW + timedelta(hours=1)), grant)


def test_withdrawing_and_inviting_anew_is_no_way_round_it(level: Node) -> None:
    def once_more() -> None:
        grant = granting.invite(stranger(), level, "karl@example.org", Terms(role="viewer"))
        granting.revoke(stranger(), grant)

    assert code_of(once_more) == "too-many-mails"


def test_one_person_invites_so_many_in_a_day_only(level: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(granting, "MOST_INVITED_A_DAY", 5)
    numbers = count()

    code = code_of(
        lambda: granting.invite(stranger(), level, f"p{next(numbers)}@example.org", Terms(role="viewer"))
    )

    assert (code, Mail.objects.count()) == ("too-many-invited", 5)
