"""Whose access somebody else changes hears what, by whom, until when; unless they switched such mails off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest
from django.core import mail

from furka.access.windows import WeeklyWindow
from furka.people import notices
from furka.tree import changing, extending, granting, queries
from furka.tree.acting import Acting
from furka.tree.changing import Longer, terms_of
from furka.tree.extensions import request_of_key
from furka.tree.granting import Terms
from furka.tree.grants import Grant
from tests.world import NOW, TONIGHT, World, by, let_in, person


@pytest.fixture
def grant(world: World) -> Grant:
    """Sonja's at our school; only mails from now on count."""
    [key] = [
        view.key for view in queries.grants_on(by(world.rita), world.ours.school) if view.name == "Sonja"
    ]
    found = queries.grant_of_key(by(world.rita), world.ours.school, key)
    assert found is not None
    mail.outbox.clear()
    return found


def shorter_hours(rita: Acting, grant: Grant) -> None:
    """The technician's rights, in working hours, until later tonight."""
    hours = (WeeklyWindow(frozenset(range(5)), time(7), time(18)),)
    until = TONIGHT + timedelta(hours=2)
    terms = replace(terms_of(grant), role="technician", windows=hours, valid_until=until)
    changing.change(rita, grant, terms)


def pause_and_resume(rita: Acting, grant: Grant) -> None:
    changing.pause(rita, grant)
    mail.outbox.clear()
    changing.resume(rita, grant)


@pytest.mark.parametrize(
    ("act", "subject", "lines"),
    [
        (
            shorter_hours,
            "wurde geändert",
            ["Rita hat Ihren Zugriff", "Sie dürfen jetzt: ", "Mo–Fr 07:00–18:00", "20:00"],
        ),
        (
            lambda rita, row: changing.extend(rita, row, Longer(span=timedelta(hours=1))),
            "wurde verlängert",
            ["19:00"],
        ),
        (lambda rita, row: changing.pause(rita, row), "ist pausiert", ["können Sie nicht eintreten"]),
        (pause_and_resume, "ist wieder offen", ["18:00"]),
    ],
)
def test_what_by_whom_until_when(
    world: World, grant: Grant, act: Callable[[Acting, Grant], object], subject: str, lines: list[str]
) -> None:
    act(by(world.rita), grant)
    [letter] = mail.outbox
    assert letter.to == [world.sonja.email]
    assert subject in letter.subject
    assert [line for line in ["Schulhaus Muster", "Rita", *lines] if line not in letter.body] == []


def test_mails_that_are_not_wanted_or_say_nothing_do_not_come(world: World, grant: Grant) -> None:
    changing.change(by(world.rita), grant, replace(terms_of(grant), depth=0))
    wanted = [each.key for each in notices.kinds() if each is not notices.ACCESS_CHANGED]
    notices.choose(world.sonja, wanted)
    shorter_hours(by(world.rita), grant)
    assert mail.outbox == []


def test_an_extension_that_was_asked_for_is_told_once(world: World, grant: Grant) -> None:
    asked = extending.ask_extension(by(world.sonja), grant.series, TONIGHT + timedelta(hours=1), "Ersatzteil")
    mail.outbox.clear()
    request = request_of_key(by(world.rita), world.ours.school, asked.key)
    assert request is not None
    extending.grant_extension(by(world.rita), request, TONIGHT + timedelta(hours=1))
    assert [letter.to for letter in mail.outbox] == [[world.sonja.email]]


def test_who_falls_with_somebody_else_hears_of_it(world: World) -> None:
    lead, helper = person("Lead"), person("Helfer")
    rights = ("look", "people", "connect.use")
    key = let_in(
        world.ours.school,
        lead,
        Terms(rights=rights, valid_until=NOW + timedelta(days=2), depth=1),
        world.rita,
    )
    let_in(world.ours.school, helper, Terms(rights=("look", "connect.use"), valid_until=TONIGHT), lead)
    row = queries.grant_of_key(by(world.rita), world.ours.school, key)
    assert row is not None
    mail.outbox.clear()
    changing.change(by(world.rita), row, replace(terms_of(row), rights=("look", "people")))
    assert sorted(letter.to[0] for letter in mail.outbox) == ["helfer@example.org", "lead@example.org"]
    mail.outbox.clear()
    live = queries.grant_of_key(by(world.rita), world.ours.school, key)
    assert live is not None
    granting.revoke(by(world.rita), live)
    assert sorted(letter.to[0] for letter in mail.outbox) == ["helfer@example.org", "lead@example.org"]
