"""Who one is and which mails one gets: kept, checked, obeyed."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from furka.account.particulars import Particulars, change_particulars, choose_notices, particulars_of
from furka.errors import Invalid
from furka.people.models import Person
from furka.people.notices import NEW_DEVICE, SECURITY, tell
from tests.world import World, by

GIVEN = {
    "name": "Sonja Muster",
    "company": "Muster AG",
    "phone": "044 123 45 67",
    "mobile": "+41 79 123 45 67",
    "language": "en",
    "time_zone": "Europe/Paris",
}


def test_page_keeps_all_and_speaks_the_chosen_language(world: World, client: Client) -> None:
    client.force_login(world.sonja)
    answer = client.post("/account/me/", GIVEN)
    assert answer.status_code == 302
    kept = particulars_of(Person.objects.get(pk=world.sonja.pk))
    assert kept == Particulars(**GIVEN)
    assert client.cookies["furka_language"].value == "en"


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(world: World, client: Client) -> None:
    client.force_login(world.sonja)
    given = {**GIVEN, "phone": "after six", "time_zone": "Mars/Base"}
    answer = client.post("/account/me/", given)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"time_zone"}
    answer = client.post("/account/me/", {**given, "time_zone": "UTC"})
    assert set(answer.context["form"].errors) == {"phone"}
    assert answer.context["form"]["company"].value() == "Muster AG"
    assert Person.objects.get(pk=world.sonja.pk).company == ""


def test_every_wrong_field_is_named(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        change_particulars(by(world.sonja), Particulars("  ", "1", language="xx", time_zone="../etc"))
    assert set(caught.value.fields) == {"name", "phone", "language", "time_zone"}


def test_times_without_a_site_are_on_the_own_clock(world: World, client: Client) -> None:
    Person.objects.filter(pk=world.sonja.pk).update(time_zone="Asia/Tokyo")
    client.force_login(world.sonja)
    client.get("/account/sessions/")
    from django.utils import timezone  # noqa: PLC0415  # what the request before left set

    assert str(timezone.get_current_timezone()) == "Asia/Tokyo"
    client.logout()
    client.get("/account/login/")
    assert str(timezone.get_current_timezone()) == "Europe/Zurich"


def test_mails_that_are_not_wanted_stay_away_and_those_about_security_come(world: World) -> None:
    choose_notices(by(world.sonja), [])
    sonja = Person.objects.get(pk=world.sonja.pk)
    sent = [tell(sonja, kind, lambda: "x", lambda: ["y"]) for kind in (NEW_DEVICE, SECURITY)]
    assert sent == [False, True]
    assert [each.to for each in mail.outbox] == [[sonja.email]]
    with pytest.raises(Invalid):
        choose_notices(by(world.sonja), ["no-such-kind"])


def test_choice_of_mails_on_the_page(world: World, client: Client) -> None:
    client.force_login(world.sonja)
    client.post("/account/notifications/", {"wanted": ["new-device"]})
    answer = client.get("/account/notifications/")
    wanted = answer.context["form"]["wanted"].value()
    assert ("new-device" in wanted, "access-ending" in wanted) == (True, False)
    assert "security" not in dict(answer.context["form"].fields["wanted"].choices)
