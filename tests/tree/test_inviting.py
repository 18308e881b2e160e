"""Several invitations in one step."""

from __future__ import annotations

import pytest
from django.core import mail

from furka.errors import Conflict, Invalid, NotThere
from furka.tree import granting, inviting, queries
from furka.tree.granting import Terms
from tests.world import TONIGHT, World, by

TERMS = Terms(role="supporter", valid_until=TONIGHT)


def test_several_people_each_get_an_invitation_of_their_own(world: World) -> None:
    emails = ["a@example.org", "B@example.org", "a@example.org", " "]

    made = inviting.invite_several(by(world.rita), world.ours.school, emails, TERMS)

    assert [grant.email for grant in made] == ["a@example.org", "b@example.org"]
    assert [message.to for message in mail.outbox[-2:]] == [["a@example.org"], ["b@example.org"]]
    assert len({queries.invitation_secret(grant.series) for grant in made}) == 2


def test_one_wrong_address_among_several_is_named_and_nobody_is_invited(world: World) -> None:
    granting.invite(by(world.rita), world.ours.school, "there@example.org", TERMS)
    for wrong in ("no address", "there@example.org"):
        with pytest.raises(Invalid) as refusal:
            inviting.invite_several(by(world.rita), world.ours.school, ["a@example.org", wrong], TERMS)
        assert wrong in str(refusal.value.fields["email"][0])
    emails = {view.email for view in queries.grants_on(by(world.rita), world.ours.school)}
    assert "a@example.org" not in emails


@pytest.mark.parametrize("emails", [[], [""], [f"p{number}@example.org" for number in range(51)]])
def test_nobody_and_too_many_are_refused(world: World, emails: list[str]) -> None:
    with pytest.raises(Invalid):
        inviting.invite_several(by(world.rita), world.ours.school, emails, TERMS)


def test_one_person_to_several_levels_gets_one_mail_with_every_link(world: World) -> None:
    sent = len(mail.outbox)
    levels = [world.ours.school, world.ours.depot]

    made = inviting.invite_everywhere(by(world.rita), levels, world.fremd.email, TERMS)

    [letter] = mail.outbox[sent:]
    for grant in made:
        assert f"/invitations/{queries.invitation_secret(grant.series)}/" in letter.body
    for grant in made:
        secret = queries.invitation_secret(grant.series)
        assert secret is not None
        granting.accept(by(world.fremd), secret)


def test_one_level_that_does_not_fit_stops_all_of_them(world: World) -> None:
    granting.invite(by(world.rita), world.ours.depot, world.fremd.email, TERMS)
    levels = [world.ours.school, world.ours.depot]
    with pytest.raises(Conflict) as refusal:
        inviting.invite_everywhere(by(world.rita), levels, world.fremd.email, TERMS)
    assert world.ours.depot.name in str(refusal.value)
    with pytest.raises(NotThere):
        inviting.invite_everywhere(
            by(world.rita), [world.ours.school, world.theirs.school], world.fremd.email, TERMS
        )
    emails = {view.email for view in queries.grants_on(by(world.rita), world.ours.school)}
    assert world.fremd.email not in emails


def test_mail_comes_in_the_language_of_who_gets_it(world: World) -> None:
    world.fremd.language = "en"
    world.fremd.save()
    granting.invite(by(world.rita), world.ours.school, world.fremd.email, TERMS)
    assert mail.outbox[-1].subject == f"Invitation to “{world.ours.school.name}”"
