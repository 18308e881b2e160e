"""Another e-mail address: both addresses say yes, or the old one has a week to say no."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from furka.account import email_change
from furka.errors import Conflict, Invalid, NotThere
from furka.people.models import EmailChange, Person
from furka.tree.operation import program
from tests.world import NOW, World, by

NEW = "sonja@neu.example"
LATER = NOW + timedelta(days=7)


def links() -> dict[str, str]:
    """The secret in the newest mail to each address."""
    found = {}
    for each in mail.outbox:
        if secret := re.search(r"/account/email/change/([\w-]+)/", str(each.body)):
            found[each.to[0]] = secret[1]
    return found


def email_of(person: Person) -> str:
    return Person.objects.get(pk=person.pk).email


def test_both_addresses_confirm(world: World, client: Client) -> None:
    email_change.ask_for_change(by(world.sonja), NEW.upper())
    asked = links()
    assert set(asked) == {NEW, world.sonja.email}
    assert client.get(f"/account/email/change/{asked[NEW]}/").status_code == 200
    assert email_of(world.sonja) == world.sonja.email  # looking confirms nothing
    client.post(f"/account/email/change/{asked[NEW]}/")
    assert email_of(world.sonja) == world.sonja.email
    client.post(f"/account/email/change/{asked[world.sonja.email]}/")
    assert email_of(world.sonja) == NEW
    [address] = EmailAddress.objects.filter(user=world.sonja)
    assert (address.email, address.verified, address.primary) == (NEW, True, True)
    assert {each.to[0] for each in mail.outbox[2:]} == {NEW, world.sonja.email}
    assert client.get(f"/account/email/change/{asked[NEW]}/").status_code == 404


def test_old_address_can_stop_it(world: World, client: Client) -> None:
    email_change.ask_for_change(by(world.sonja), NEW)
    asked = links()
    client.post(f"/account/email/change/{asked[NEW]}/")
    client.post(f"/account/email/change/{asked[world.sonja.email]}/", {"answer": "stop"})
    assert email_change.carry_out_due(program("worker", LATER)) == 0
    assert email_of(world.sonja) == world.sonja.email


def test_without_the_old_address_it_takes_a_week(world: World) -> None:
    email_change.ask_for_change(by(world.sonja), NEW)
    email_change.confirm(by(world.fremd), links()[NEW])
    assert email_change.carry_out_due(program("worker", LATER - timedelta(seconds=1))) == 0
    assert email_change.carry_out_due(program("worker", LATER)) == 1
    assert email_of(world.sonja) == NEW


def test_nobody_learns_whose_address_has_an_account(world: World) -> None:
    email_change.ask_for_change(by(world.sonja), world.nora.email)
    assert NEW not in links()
    assert {each.to[0] for each in mail.outbox} == {world.sonja.email, world.nora.email}
    assert "/account/email/change/" not in str(mail.outbox[-1].body)


def test_address_that_somebody_took_meanwhile_stays_theirs(world: World) -> None:
    email_change.ask_for_change(by(world.sonja), NEW)
    asked = links()
    Person.objects.create_user(NEW, name="Schneller")
    for secret in asked.values():
        email_change.confirm(by(world.sonja), secret)
    assert email_of(world.sonja) == world.sonja.email


def test_links_end(world: World) -> None:
    email_change.ask_for_change(by(world.sonja), NEW)
    late = NOW + email_change.LASTS
    with pytest.raises(NotThere):
        email_change.confirm(by(world.sonja, late), links()[NEW])
    email_change.carry_out_due(program("worker", late))
    assert EmailChange.objects.count() == 0


@pytest.mark.parametrize("wrong", ["", "sonja", "sonja@example.org", "a@" + "b" * 260 + ".ch"])
def test_wrong_addresses_are_refused(world: World, wrong: str) -> None:
    with pytest.raises(Invalid):
        email_change.ask_for_change(by(world.sonja), wrong)


def test_mails_are_not_sent_again_and_again(world: World) -> None:
    email_change.ask_for_change(by(world.sonja), NEW)
    with pytest.raises(Conflict):
        email_change.ask_for_change(by(world.sonja), "other@example.org")
