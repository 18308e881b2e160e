"""Named reads for the question "who has access?": everybody who may do something at a level, and why; everything that
one person can reach; now and at any moment since the level began.

Nothing is compared here: for each person, each grant and each right the policy decides, at that moment and at the place
where the level stood then. Intervals keep the past, so an answer about the past is as exact as one about now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from furka.access.facts import Ceiling, Place
from furka.access.narrowing import Narrowing
from furka.access.policy import as_if_confirmed, is_own_side
from furka.access.rights import LOOK, PEOPLE, RIGHTS, Right
from furka.errors import Invalid
from furka.people.models import Person
from furka.tree import absences, placements
from furka.tree.absences import What
from furka.tree.acting import Acting
from furka.tree.ceilings import CeilingTerms, ceilings_at, may_set
from furka.tree.grants import Grant, GrantInterval, State
from furka.tree.holdings import held_in
from furka.tree.models import Kind, Node, NodePlacement
from furka.tree.queries import GrantView, on_line, rows_below, seen
from furka.tree.strength import with_strength

#: Clocks of those who ask are never quite right.
_SLACK = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Access:
    """What one grant let somebody do at a level at a moment, with everything that explains it."""

    person_key: str
    name: str
    email: str
    grant_key: str
    relation: str
    role: str
    rights: tuple[str, ...]  # what the policy allows through this grant, in the order of the register
    level: Node  # on which the access was granted
    level_name: str  # as it was called then
    is_inherited: bool  # it was granted on a level above
    granted_by: str  # "" where somebody opened the level, or opened a session of an operator
    reason: str
    valid_from: datetime
    valid_until: datetime | None
    windows: tuple[object, ...]
    time_zone: str
    narrowing: Narrowing  # the part of sites that was left of it then
    open_until: datetime | None  # the end of the hours that run at that moment

    @property
    def order(self) -> tuple[str, str, str]:
        """By name; unique."""
        return (self.name.casefold(), self.email, self.grant_key)


def moment_asked(by: Acting, moment: datetime | None) -> datetime:
    """The moment that a question is about; none means now. Raises Invalid: nobody knows what will be granted."""
    if moment is None:
        return by.at
    if moment > by.at + _SLACK:
        raise Invalid.at("at", "in-the-future", _("This moment lies in the future."))
    return min(moment, by.at)


def who_may(by: Acting, node: Node, moment: datetime, right: Right | None = None) -> list[Access]:
    """Everybody who could do something at a level at that moment (or this one thing), one entry for each grant; for
    whoever administers people there."""
    place = _place_at(node, moment)
    if place is None or not by.may(PEOPLE, node.place):
        return []
    absent = absences.absent_at(_line(place), moment)
    if absent[What.DELETED]:
        return []
    place = _in_service_or_not(place, absent)
    rows = _running(by, moment, on_line(_line(place)))
    stood = _names(rows, moment)
    left = _ceilings([place], moment)
    found = (_access(row, stood, place, left, moment, right, row.node_id != node.pk) for row in rows)
    return sorted((each for each in found if each is not None), key=lambda each: each.order)


def reach_of(by: Acting, node: Node, person: Person, moment: datetime) -> list[Access]:
    """Everything that a person could do at a level and below at that moment, one entry for each grant, as far as the
    one who asks administers people there; highest level first."""
    place = _place_at(node, moment)
    if place is None or not by.may(PEOPLE, node.place):
        return []
    rows = _running(by, moment, Q(on_line(_line(place), below_also=node), person=person))
    stood = _names(rows, moment)
    places = [place, *(then.place for then in stood.values())]
    absent = absences.absent_at({number for each in places for number in _line(each)}, moment)
    left = _ceilings(places, moment)
    by.foresee(row.node.place for row in rows)
    found: list[Access] = []
    for row in rows:
        hangs_below = row.node_id == node.pk or _hangs_below(row.node, node)
        if hangs_below and not by.may(PEOPLE, row.node.place):
            continue
        then = stood.get(row.node_id)
        asked = _in_service_or_not(then.place if hangs_below and then is not None else place, absent)
        if not absent[What.DELETED].isdisjoint(_line(asked)):
            continue
        access = _access(row, stood, asked, left, moment, None, not hangs_below)
        if access is not None:
            found.append(access)
    ranks = {kind: rank for rank, kind in enumerate(Kind)}
    return sorted(
        found, key=lambda each: (ranks[Kind(each.level.kind)], each.level_name.casefold(), each.grant_key)
    )


def known_person(by: Acting, node: Node, key: str) -> Person | None:
    """Somebody who holds or held something at a level, below it or above it, for whoever administers people there."""
    person = Person.objects.filter(key=key).first() if by.may(PEOPLE, node.place) else None
    if person is None:
        return None
    rows = Grant.objects.everything("whoever may or could enter is known to whoever administers people there")
    line = {number for place in placements.placements_of(node.pk) for number in _line(place.place)}
    reaching = on_line(line, below_also=node)
    return person if rows.filter(reaching, person=person).exists() else None


def may_see(by: Acting, accesses: Iterable[Access]) -> set[int]:
    """Of the levels that accesses were granted on, those that the one who asks may see now."""
    levels = {access.level.pk: access.level for access in accesses}
    return {pk for pk, level in levels.items() if by.may(LOOK, level.place) and level.deleted_at is None}


def sites_reached(by: Acting, accesses: Sequence[Access]) -> dict[int, int]:
    """How many sites there are now at and below the levels of accesses, as far as the one who asks may see them."""
    levels = {access.level.pk: access.level for access in accesses}
    seen = Node.objects.visible_to(by, LOOK).filter(kind=Kind.SITE)
    counts = {pk: 1 for pk, level in levels.items() if level.kind == Kind.SITE}
    for column in ("reseller", "customer"):
        rows = seen.filter(**{f"{column}__in": levels}).order_by().values_list(column)
        counts |= dict(rows.annotate(number=Count("pk")))
    if any(level.kind == Kind.OPERATOR for level in levels.values()):
        everywhere = seen.count()
        counts |= {pk: everywhere for pk, level in levels.items() if level.kind == Kind.OPERATOR}
    return counts


def standing_grants(node: Node, at: datetime) -> list[GrantView]:
    """Every grant on a level and below that somebody has accepted and that has not ended; whoever asks has decided for
    whom. By level and name."""
    rows = Grant.objects.everything("a review asks about every access").filter(
        Q(valid_until=None) | Q(valid_until__gt=at),
        rows_below(node),
        ended_at=None,
        state__in=(State.ACTIVE, State.PAUSED),
        node__deleted_at=None,
    )
    views = [seen(row, at) for row in rows.select_related("person", "granted_by", "node")]
    ranks = {kind: rank for rank, kind in enumerate(Kind)}
    return sorted(
        views,
        key=lambda view: (
            ranks[Kind(view.node.kind)],
            view.node.name.casefold(),
            view.name.casefold(),
            view.key,
        ),
    )


def still_running(keys: Collection[str], at: datetime) -> set[str]:
    """Those of these grants that have not ended; whoever asks must know the grants already."""
    rows = Grant.objects.everything("whether a known grant still runs").filter(
        Q(valid_until=None) | Q(valid_until__gt=at), series__in=keys, ended_at=None, node__deleted_at=None
    )
    return set(rows.values_list("series", flat=True)) if keys else set()


def owners_to_tell(node: Node, at: datetime) -> list[Person]:
    """Who has to hear of what concerns a level: its owners, or those of the nearest level above that has any."""
    rows = Grant.objects.everything("whoever owns a level is told what has to be done there").filter(
        Q(valid_until=None) | Q(valid_until__gt=at),
        node_id__in=_line(node.place),
        depth=None,
        state=State.ACTIVE,
        ended_at=None,
        valid_from__lte=at,
        person__is_active=True,
    )
    found = [row for row in rows.select_related("person", "node").order_by("pk") if PEOPLE.key in row.rights]
    for level in _line(node.place):
        owners = {row.person_id: row.person for row in found if row.node_id == level and row.person}
        if owners:
            return list(owners.values())
    return []


def limited_by(by: Acting, node: Node, terms: CeilingTerms) -> list[str]:
    """Whom limits on a level would leave less than they hold at it or below now, by name; for its owner's people."""
    if not may_set(by, node):
        return []
    approval = frozenset(terms.approval)
    rights = frozenset(terms.rights) if terms.rights is not None else None
    fact = Ceiling(node.place, rights, None, approval, terms.two_factor)
    rows = _running(by, by.at, on_line(_line(node.place), below_also=node))
    names: dict[int, str] = {}
    for row in rows:
        held = held_in(row)
        others = not is_own_side(held, fact) and (
            bool(terms.windows)
            or bool(approval & held.rights)
            or (terms.rights is not None and not held.rights <= {LOOK.key, *terms.rights})
        )
        if others or (terms.two_factor and not held.strong):
            names[row.person_id] = str(row.person)
    return sorted(names.values(), key=str.casefold)


def _place_at(node: Node, moment: datetime) -> Place | None:
    """Where a level stood in the tree at a moment; the root never moves."""
    if node.kind == Kind.OPERATOR:
        return node.place
    then = placements.placement_at(node.pk, moment)
    return then.place if then is not None else None


def _in_service_or_not(place: Place, absent: Mapping[What, set[int]]) -> Place:
    """The place, and whether it or a level above it was in the archive."""
    return replace(place, archived=not absent[What.ARCHIVED].isdisjoint(_line(place)))


def _ceilings(places: Iterable[Place], moment: datetime) -> tuple[Ceiling, ...]:
    """What owners left to others at that moment at any of these places, each where its level stood then."""
    lying = ceilings_at(Q(node_id__in={number for place in places for number in _line(place)}), moment)
    left = as_if_confirmed(lying)  # whoever can let themselves in has access
    stood = placements.standing_at({ceiling.place.id for ceiling in left}, moment)
    return tuple(
        replace(ceiling, place=stood[ceiling.place.id].place) if ceiling.place.id in stood else ceiling
        for ceiling in left
    )


def _running(by: Acting, moment: datetime, where: Q) -> Sequence[GrantInterval]:
    """Who has no account any more, and what hangs on a deleted level, counts for nothing now; but it did then."""
    rows = with_strength(GrantInterval.objects.all(), by.at, moment)
    rows = rows.filter(where, Q(ends_at=None) | Q(ends_at__gt=moment), begins_at__lte=moment)
    rows = rows.filter(Q(node__deleted_at=None) | Q(node__deleted_at__gt=moment))
    if moment >= by.at:
        rows = rows.filter(person__is_active=True)
    return list(rows.select_related("person", "node", "grant", "grant__granted_by").order_by("id"))


def _names(rows: Iterable[GrantInterval], moment: datetime) -> dict[int, NodePlacement]:
    return placements.standing_at({row.node_id for row in rows}, moment)


def _access(
    row: GrantInterval,
    stood: Mapping[int, NodePlacement],
    place: Place,
    ceilings: tuple[Ceiling, ...],
    moment: datetime,
    right: Right | None,
    is_inherited: bool,
) -> Access | None:
    held = held_in(row)
    holder = Acting(
        row.person_id,
        str(row.person),
        moment,
        "report",
        lambda person_id, at: (held,),
        ceilings=lambda over, at: ceilings,
    )
    allowed = tuple(each.key for each in RIGHTS.all() if holder.may(each, place))
    if not allowed or (right is not None and right.key not in allowed):
        return None
    grant, then = row.grant, stood.get(row.node_id)
    return Access(
        person_key=row.person.key,
        name=str(row.person),
        email=row.person.email,
        grant_key=grant.series,
        relation=grant.relation,
        role=grant.role,
        rights=allowed,
        level=row.node,
        level_name=then.name if then is not None else row.node.name,
        is_inherited=is_inherited,
        granted_by=str(grant.granted_by) if grant.granted_by else "",
        reason=grant.reason,
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
        windows=tuple(grant.windows),
        time_zone=grant.time_zone,
        narrowing=held.narrowing,
        open_until=row.ends_at,
    )


def _line(place: Place) -> list[int]:
    """The level and those above it."""
    return [number for number in (place.id, place.customer_id, place.reseller_id) if number is not None]


def _hangs_below(other: Node, node: Node) -> bool:
    return node.kind == Kind.OPERATOR or node.pk in (other.reseller_id, other.customer_id)
