"""A person got or lost their second factor: where a level asks for one, what they may do is different at once."""

from __future__ import annotations

from typing import Any

from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset

from furka import clock
from furka.people.models import Person
from furka.tree import strength
from furka.tree.holdings import of_person
from furka.tree.operation import AccessTouched, Work, own_operation


@own_operation("the person has proven themselves to the page that changes their second factor")
def second_factor_changed(work: Work) -> None:
    """Whatever a second factor was asked for is open or closed now."""
    strength.follow(work.acting_person_id, work.at)
    work.touch(AccessTouched(work.acting_person_id, None))
    work.tell_person(work.acting_person_id, "access")


def _changed(user: Person, **_kwargs: Any) -> None:
    if user.is_active:
        second_factor_changed(of_person(user, clock.now(), "account"))


def follow() -> None:
    """Listen to what happens to second factors; once, at the start."""
    for signal in (authenticator_added, authenticator_removed, authenticator_reset):
        signal.connect(_changed, dispatch_uid="furka.tree.second_factor")
