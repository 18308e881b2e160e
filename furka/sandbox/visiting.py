"""Entering a sample world, leaving it, and its complete end."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.dispatch.upkeep import forget_sites
from furka.errors import Conflict
from furka.people.models import Person
from furka.sandbox.building import HUB_NAME, Cast, build
from furka.sandbox.models import SampleWorld
from furka.tree.acting import Acting
from furka.tree.clearing import clear
from furka.tree.models import Node
from furka.tree.operation import SubtreeTouched, Work, own_operation, program

#: How long a world lasts.
LASTS = timedelta(hours=24)
#: So many worlds there are at most, and so many one address may open within an hour.
MOST_WORLDS = 40
MOST_AN_HOUR = 5

_REASON = "the whole sample world goes"


@own_operation("whoever wants to look around gets a world of their own, without an account")
def enter(work: Work, address: str, language: str) -> Person:
    """A new world; returns its visitor. Raises Conflict if there are too many, or too many from this address."""
    if SampleWorld.objects.count() >= MOST_WORLDS:
        raise Conflict(
            "samples-full", _("Many people are looking around at the moment. Please try again in an hour.")
        )
    _count(address)
    world = SampleWorld.objects.create(tag=secrets.token_hex(4), begun_at=work.at)
    cast = Cast(
        owner=_person(world, work, "gast", str(_("Guest")), language),
        technician=_person(world, work, "rita.beispiel", "Rita Beispiel", language),
        customer=_person(world, work, "karl.beispiel", "Karl Beispiel", language),
        supporter=_person(world, work, "sonja.beispiel", "Sonja Beispiel", language),
        specialist=_person(world, work, "luca.muster", "Luca Muster", language),
        former=_person(world, work, "nadja.muster", "Nadja Muster", language),
    )
    world.node_id = build(program("hub", work.at), cast).pk
    world.save(update_fields=["node_id"])
    return cast.owner


def _count(address: str) -> None:
    """Every portal copy sees the same count."""
    key = f"sample-{hashlib.sha256(address.encode()).hexdigest()[:24]}"
    cache.add(key, 0, timeout=3600)
    try:
        number = cache.incr(key)
    except ValueError:  # it ran out between the two calls
        cache.set(key, 1, timeout=3600)
        number = 1
    if number > MOST_AN_HOUR:
        raise Conflict(
            "too-many-samples", _("You have opened several sample worlds. Please try again in an hour.")
        )


def _person(world: SampleWorld, work: Work, local: str, name: str, language: str) -> Person:
    return Person.objects.create_user(
        f"{local}{world.domain}", name=name, language=language, sample_since=work.at
    )


@own_operation("everybody may leave the sample world that they are in")
def leave(work: Work) -> None:
    """The visitor has gone; the world goes when the worker next comes by."""
    visitor = Person.objects.get(pk=work.acting_person_id)
    if visitor.is_sample:
        tag = visitor.email.partition("@")[2].partition(".")[0]
        SampleWorld.objects.filter(tag=tag, left_at=None).update(left_at=work.at)


def sweep(by: Acting) -> int:
    """End worlds that are over, each in a transaction of its own; how many."""
    due = SampleWorld.objects.filter(Q(begun_at__lte=by.at - LASTS) | Q(left_at__isnull=False))
    ended = 0
    for pk in list(due.order_by("begun_at").values_list("pk", flat=True)[:20]):
        _shut(by, pk)
        ended += _remove(by, pk)
    return ended


@own_operation("a sample world is over")
def _shut(work: Work, pk: int) -> None:
    """First nothing leads there any more, and the plan forgets it; so nothing is left behind when the rows go."""
    world = SampleWorld.objects.select_for_update().filter(pk=pk).first()
    if world is None or world.node_id is None:
        return
    nodes = Node.objects.everything(_REASON).filter(Q(pk=world.node_id) | Q(reseller_id=world.node_id))
    if nodes.update(deleted_at=work.at):
        work.touch(SubtreeTouched(world.node_id))


@own_operation("a sample world is over")
def _remove(_work: Work, pk: int) -> bool:
    world = SampleWorld.objects.select_for_update().filter(pk=pk).first()
    if world is None:
        return False  # another worker was quicker
    people = Person.objects.filter(email__endswith=world.domain, sample_since__isnull=False)
    for session in UserSession.objects.filter(user__in=people):
        session.end()
    if world.node_id is not None:
        _remove_levels(world.node_id)
    people.delete()
    world.delete()
    return True


def _remove_levels(top_id: int) -> None:
    below = Q(pk=top_id) | Q(reseller_id=top_id)
    ids = list(Node.objects.everything(_REASON).filter(below).values_list("pk", flat=True))
    forget_sites(ids, HUB_NAME)
    clear(ids)
