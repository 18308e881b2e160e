"""Named reads of how access ends: what has ended lately, what would end with it, how long invitations wait."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from furka.access.rights import PEOPLE
from furka.tree.acting import Acting
from furka.tree.grants import EndedBecause, Grant, Invitation, State
from furka.tree.models import Node
from furka.tree.queries import GrantView, seen
from furka.vault import fingerprints, unseal


@dataclass(frozen=True, slots=True)
class Ended:
    """A grant that is over: how it was, when and why it ended, and by whom; "" if time alone ended it."""

    grant: GrantView
    at: datetime
    by: str


def ended_lately(by: Acting, node: Node, since: datetime, most: int) -> list[Ended]:
    """What ended on exactly this node since that moment, the latest first; for whoever administers people there."""
    rows = (
        Grant.objects.visible_to(by, PEOPLE)
        .filter(
            Q(ended_at__gte=since) | Q(ended_at=None, valid_until__gte=since, valid_until__lte=by.at),
            node=node,
        )
        .exclude(ended_because=EndedBecause.CHANGED)
        .annotate(over_at=Coalesce(F("ended_at"), F("valid_until")))
        .order_by("-over_at", "-id")
    )
    found = []
    for row in rows.select_related("person", "granted_by", "node", "ended_by")[:most]:
        ended_at = row.ended_at or row.valid_until
        assert ended_at is not None  # the condition above asks for one of them
        found.append(Ended(seen(row, by.at), ended_at, str(row.ended_by) if row.ended_by else ""))
    return found


def falling_with(by: Acting, node: Node, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Of grants on a node, by key: who else loses access with them, because they were let in by that access.

    For whoever administers people there; an access without end passes on nothing that falls with it.
    """
    if not by.may(PEOPLE, node.place):
        return {}
    rows: dict[str, list[Grant]] = defaultdict(list)
    asked, wanted = set[str](), set(keys)
    while wanted:
        found = Grant.objects.everything("who loses access with somebody is told before it happens").filter(
            Q(valid_until=None) | Q(valid_until__gt=by.at),
            source_series__in=wanted,
            ended_at=None,
            state=State.ACTIVE,
        )
        asked |= wanted
        wanted = set()
        for row in found.select_related("person").order_by("id"):
            rows[row.source_series].append(row)
            wanted.add(row.series)
        wanted -= asked
    return {key: tuple(_names_below(rows, key, {}).values()) for key in keys if key in rows}


def _names_below(rows: Mapping[str, list[Grant]], key: str, names: dict[int, str]) -> dict[int, str]:
    for row in rows.get(key, ()):
        if row.person_id is not None:
            names[row.person_id] = str(row.person)
        _names_below(rows, row.series, names)
    return names


@dataclass(frozen=True, slots=True)
class OpenLink:
    """The link of an unanswered invitation: its secret, and until when it works."""

    secret: str
    until: datetime


def open_links(keys: Collection[str]) -> dict[str, OpenLink]:
    """The links of unanswered invitations, by the key of the grant.

    Whoever asks must have got the grants from a read for those who administer people there.
    """
    if not keys:
        return {}
    rows = Invitation.objects.filter(grant_series__in=keys, used_at=None)
    return {row.grant_series: OpenLink(unseal(row.sealed_secret), row.expires_at) for row in rows}


def invitation_too_late(secret: str, at: datetime) -> GrantView | None:
    """What a link invited to that nobody answered in time; the link is the proof."""
    found = Invitation.objects.filter(secret_hash__in=fingerprints(secret), expires_at__lte=at).first()
    if found is None:
        return None
    rows = Grant.objects.everything("whoever holds the link may read what it invited to")
    row = rows.filter(series=found.grant_series, ended_at=None, state=State.INVITED, node__deleted_at=None)
    first = row.select_related("node", "granted_by", "person").first()
    return seen(first, at) if first else None


def link_was_used(secret: str) -> bool:
    """Whether this is a link for anybody that somebody took up; the link is the proof."""
    return Invitation.objects.filter(secret_hash__in=fingerprints(secret)).exclude(used_at=None).exists()
