"""The mails about access on request and in an emergency, each in the language of who gets it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.access.delegation import is_of_owners
from furka.access.rights import PEOPLE
from furka.people.models import Person
from furka.people.notices import Notice, register, tell
from furka.tree.holdings import of_person
from furka.tree.notices import address, moment, owners_of
from furka.tree.operation import Work
from furka.tree.requests import AccessRequest, Stage
from furka.tree.who import entrants

REQUESTS = register(
    Notice(
        "access-request",
        gettext_lazy("Requests for access"),
        gettext_lazy("Somebody asks you to be let in, or your own request is answered."),
    )
)
EMERGENCY = register(
    Notice(
        "emergency-access",
        gettext_lazy("Somebody entered in an emergency"),
        gettext_lazy("The alarm for owners of a level."),
        required=True,
    )
)


def those_who_answer(request: AccessRequest, at: datetime) -> list[Person]:
    """Who may say yes: whoever administers people there; where an owner wants to be asked, of the owner's side."""
    owners = owners_of([request.node], at)
    if not owners:
        return []
    acting = [of_person(owner, at, "request") for owner in owners]
    known = {each.person_id for acts in acting[:1] for each in entrants(acts, request.node, PEOPLE)}
    people = {*Person.objects.filter(pk__in=known), *owners}
    found = []
    for person in people:
        acts = of_person(person, at, "request")
        ceilings = tuple(
            each for each in acts.ceilings_over(request.node.place) if each.approval & set(request.rights)
        )
        if person.pk != request.person_id and is_of_owners(
            acts.held, PEOPLE, request.node.place, at, None, ceilings
        ):
            found.append(person)
    return sorted(found, key=lambda person: person.pk)


def tell_those_who_answer(work: Work, request: AccessRequest) -> None:
    """Those who may say yes hear of a request."""
    name, node = work.by.name, request.node

    def lines() -> list[str]:
        return [
            _("%(person)s asks for access to “%(name)s”, for %(minutes)d minutes.")
            % {"person": name, "name": node.name, "minutes": request.wanted_minutes},
            _("Reason: %(reason)s") % {"reason": request.reason},
            _("The request stays open until %(moment)s.") % {"moment": moment(request.open_until, node)},
            _("Approve, shorten or decline here:"),
            address(f"/levels/{node.key}/people/requests/{request.key}/"),
        ]

    for person in those_who_answer(request, work.at):
        tell(person, REQUESTS, lambda: _("%(person)s asks for access") % {"person": name}, lines)


def tell_whoever_asked(work: Work, request: AccessRequest) -> None:
    """Whoever asked hears the answer."""
    node, name, approved = request.node, work.by.name, request.stage == Stage.APPROVED

    def subject() -> str:
        text = (
            _("Your request for “%(name)s” is approved")
            if approved
            else _("Your request for “%(name)s” is declined")
        )
        return text % {"name": node.name}

    def lines() -> list[str]:
        answer = [_("Answer: %(text)s") % {"text": request.answer}] if request.answer else []
        if not approved or request.use_until is None:
            return [_("%(person)s has declined your request.") % {"person": name}, *answer]
        return [
            _("%(person)s lets you in for %(minutes)d minutes, counted from when you begin.")
            % {"person": name, "minutes": request.given_minutes},
            _("Please begin by %(moment)s:") % {"moment": moment(request.use_until, node)},
            address(f"/access/requests/{request.key}/"),
            _("Remote access begins by itself with your first connection to a device there."),
            *answer,
        ]

    tell(request.person, REQUESTS, subject, lines)


def raise_alarm(work: Work, request: AccessRequest) -> None:
    """The owners hear at once that somebody entered in an emergency."""
    name, node = work.by.name, request.node

    def lines() -> list[str]:
        assert request.ends_at is not None
        return [
            _("%(person)s has entered “%(name)s” in an emergency, without approval, until %(moment)s.")
            % {"person": name, "name": node.name, "moment": moment(request.ends_at, node)},
            _("Reason: %(reason)s") % {"reason": request.reason},
            _("You can end this access here:"),
            address(f"/levels/{node.key}/people/"),
        ]

    for person in owners_of([node], work.at):
        if person.pk != request.person_id:
            tell(person, EMERGENCY, lambda: _("Emergency access to “%(name)s”") % {"name": node.name}, lines)


def tell_owners_why(work: Work, request: AccessRequest) -> None:
    """The owners hear afterwards what the emergency was."""
    name, node = work.by.name, request.node

    def lines() -> list[str]:
        return [
            _("%(person)s says about the emergency access to “%(name)s”:")
            % {"person": name, "name": node.name},
            request.justification,
        ]

    for person in owners_of([node], work.at):
        if person.pk != request.person_id:
            tell(person, EMERGENCY, lambda: _("Emergency access to “%(name)s”") % {"name": node.name}, lines)
