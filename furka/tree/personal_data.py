"""What this room keeps about people: what they were let in to, and whom they let in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from furka.people.models import Person
from furka.personal import PersonalData, Row, register
from furka.tree.ceilings import Ceiling
from furka.tree.confirmations import Session
from furka.tree.extensions import ExtensionRequest
from furka.tree.grants import Grant
from furka.tree.offers import MoveOffer, Side
from furka.tree.requests import AccessRequest
from furka.tree.strength import StrongTime

_REASON = "everybody may have what is kept about themselves"


def series_of_person(person_id: int) -> QuerySet[Grant, str]:
    """The keys of everything that somebody ever held; for their own data alone."""
    rows = Grant.objects.everything(_REASON)
    return rows.filter(person_id=person_id).values_list("series", flat=True)


def _rows(grants: Iterable[Grant]) -> Iterator[Row]:
    for row in grants:
        yield {
            "key": row.series,
            "level": row.node.name,
            "state": row.state,
            "email": row.email,
            "role": row.role,
            "rights": row.rights,
            "valid_from": row.valid_from,
            "valid_until": row.valid_until,
            "windows": row.windows,
            "reason": row.reason,
            "begun_at": row.begun_at,
            "ended_at": row.ended_at,
            "ended_because": row.ended_because,
        }


def _of_person(person_id: int) -> QuerySet[Grant]:
    """The rows of what somebody held, and of what their address was invited to and nobody took up."""
    rows = Grant.objects.everything(_REASON)
    email = Person.objects.values_list("email", flat=True).get(pk=person_id)
    taken = rows.filter(email=email, person__isnull=False).values("series")
    return rows.filter(Q(person_id=person_id) | (Q(email=email, person=None) & ~Q(series__in=taken)))


def _held(person_id: int) -> Iterator[Row]:
    return _rows(_of_person(person_id).select_related("node").order_by("pk"))


def _given(person_id: int) -> Iterator[Row]:
    rows = Grant.objects.everything(_REASON).filter(granted_by_id=person_id)
    return _rows(rows.select_related("node").order_by("pk"))


def _asked(person_id: int) -> Iterator[Row]:
    rows = ExtensionRequest.objects.everything(_REASON).filter(person_id=person_id)
    for row in rows.select_related("node").order_by("pk"):
        yield {
            "key": row.key,
            "access": row.grant_series,
            "level": row.node.name,
            "wanted_until": row.wanted_until,
            "reason": row.reason,
            "asked_at": row.asked_at,
            "outcome": row.outcome,
            "answer": row.answer,
            "answered_at": row.answered_at,
        }


def _forget_asked(person_id: int) -> None:
    """Why somebody needed more time is theirs; how it was answered stays in the journal."""
    ExtensionRequest.objects.everything(_REASON).filter(person_id=person_id).delete()


def _forget(person_id: int) -> None:
    """The rows stay as a record of who could enter; whose they were is said by the journal alone."""
    key = Person.objects.values_list("key", flat=True).get(pk=person_id)
    series = set(_of_person(person_id).values_list("series", flat=True))
    rows = Grant.objects.everything("what says who a closed account was is taken out")
    rows.filter(series__in=series).update(email=f"{key}@closed.invalid")


def _requests(person_id: int) -> Iterator[Row]:
    """What one asked to be let in for, and entered in an emergency."""
    rows = AccessRequest.objects.everything(_REASON).filter(person_id=person_id)
    for row in rows.select_related("node").order_by("pk"):
        yield {
            "key": row.key,
            "level": row.node.name,
            "rights": row.rights,
            "reason": row.reason,
            "emergency": row.is_emergency,
            "outcome": row.stage,
            "asked_at": row.asked_at,
            "wanted_minutes": row.wanted_minutes,
            "wanted_from": row.wanted_from,
            "given_minutes": row.given_minutes,
            "answer": row.answer,
            "answered_at": row.answered_at,
            "access": row.grant_series,
            "began_at": row.began_at,
            "ends_at": row.ends_at,
            "justification": row.justification,
            "justified_at": row.justified_at,
        }


def _forget_requests(person_id: int) -> None:
    """What came to nothing is theirs and goes. What let somebody into a plant stays with why, as its access does."""
    rows = AccessRequest.objects.everything(_REASON).filter(person_id=person_id)
    rows.filter(grant_series="").delete()


def _offers(person_id: int) -> Iterator[Row]:
    """Levels that one offered or asked for, and what was offered to one's address."""
    email = Person.objects.values_list("email", flat=True).get(pk=person_id)
    rows = MoveOffer.objects.everything(_REASON).filter(Q(begun_by_id=person_id) | Q(email=email))
    for row in rows.select_related("node", "target").order_by("pk"):
        own = row.begun_by_id == person_id
        ours, theirs = (row.node, row.target) if row.side == Side.GIVE else (row.target, row.node)
        yield {
            "key": row.key,
            "side": row.side,
            "level": ours.name if ours else "",
            "to": row.email or (theirs.key if theirs else "") if own else row.email,
            "message": row.message,
            "answer": row.answer,
            "begun_at": row.begun_at,
            "expires_at": row.expires_at,
            "answered_at": row.answered_at,
        }


def _forget_offers(person_id: int) -> None:
    person = Person.objects.get(pk=person_id)
    rows = MoveOffer.objects.everything("what says who a closed account was is taken out")
    rows.filter(email=person.email).update(email=f"{person.key}@closed.invalid")


def _strong(person_id: int) -> Iterator[Row]:
    for row in StrongTime.objects.filter(person_id=person_id).order_by("pk"):
        yield {"begun_at": row.begun_at, "ended_at": row.ended_at}


def _kept_out(person_id: int) -> Iterator[Row]:
    rows = Ceiling.every.everything(_REASON).filter(person_id=person_id)
    for row in rows.select_related("node").order_by("pk"):
        yield {
            "site": row.node.name,
            "left_by_oneself": row.set_by_id == person_id,
            "from": row.begun_at,
            "until": row.ended_at,
        }


def _confirmed(person_id: int) -> Iterator[Row]:
    rows = Session.objects.everything(_REASON).filter(person_id=person_id)
    for row in rows.select_related("node").order_by("pk"):
        yield {
            "key": row.key,
            "site": row.node.name,
            "reason": row.reason,
            "with_second_factor": row.with_factor,
            "begun_at": row.begun_at,
            "ends_at": row.ends_at,
            "ended_at": row.ended_at,
        }


def _forget_confirmed(person_id: int) -> None:
    Session.objects.everything(_REASON).filter(person_id=person_id).update(reason="")


def register_all() -> None:
    """At the start."""
    register(PersonalData("kept_out", _("When you were kept out of sites"), _kept_out))
    register(PersonalData("confirmed", _("Connections that you confirmed"), _confirmed, _forget_confirmed))
    register(PersonalData("offers", _("Levels that were offered"), _offers, _forget_offers))
    register(PersonalData("access", _("Your access"), _held, _forget))
    register(PersonalData("requests", _("Access that you asked for"), _requests, _forget_requests))
    register(PersonalData("extensions", _("Extensions that you asked for"), _asked, _forget_asked))
    register(PersonalData("invited", _("Whom you let in"), _given))
    register(PersonalData("strong", _("When you had a second factor"), _strong))
