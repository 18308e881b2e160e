"""Named reads of the tree and its grants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from furka.access.narrowing import WHOLE, Narrowing, narrowing_from_json
from furka.access.policy import narrowed
from furka.access.rights import LOOK, PEOPLE
from furka.people.models import Person
from furka.tree.acting import Acting
from furka.tree.grants import Grant, Invitation, State
from furka.tree.models import Kind, Node
from furka.vault import fingerprints, unseal


def operator() -> Node:
    """The root above all; made when it is first asked for."""
    from furka import clock  # noqa: PLC0415  # only for the one row that nobody made at a moment of theirs

    root, _ = Node.objects.everything("the root belongs to the installation").get_or_create(
        kind=Kind.OPERATOR, defaults={"name": "Furka", "created_at": clock.now()}
    )
    return root


def ancestors(node: Node) -> list[Node]:
    """From the top-level node down to the parent; without the operator."""
    found = [node.reseller if node.reseller_id else None, node.customer if node.customer_id else None]
    return [above for above in found if above is not None and above.pk != node.pk]


def below(node: Node) -> Q:
    """The condition on nodes that are this node or below it."""
    if node.kind == Kind.OPERATOR:
        return Q()
    return Q(pk=node.pk) | Q(reseller_id=node.pk) | Q(customer_id=node.pk)


def rows_below(node: Node) -> Q:
    """The condition on rows of nodes that are this node or below it."""
    if node.kind == Kind.OPERATOR:
        return Q()
    return Q(node_id=node.pk) | Q(node__reseller_id=node.pk) | Q(node__customer_id=node.pk)


def on_line(ids: Iterable[int], below_also: Node | None = None) -> Q:
    """The condition on rows that belong to these levels or to the operator, or stand at a level and below.

    The levels are found first: asked row by row, the database would go through all rows there are.
    """
    levels = Q(pk__in=list(ids)) | Q(kind=Kind.OPERATOR)
    if below_also is not None:
        levels |= below(below_also) or Q(pk__isnull=False)
    return Q(
        node_id__in=Node.objects.everything("joined to rows that are narrowed").filter(levels).values("pk")
    )


def children(by: Acting, node: Node, kind: Kind) -> QuerySet[Node]:
    """What hangs below a node, of one kind, as far as the one who acts may see it."""
    return (
        Node.objects.visible_to(by, LOOK)
        .filter(below(node), kind=kind)
        .exclude(pk=node.pk)
        .order_by("sort_key", "id")
    )


def entrances(by: Acting) -> list[Node]:
    """Where somebody begins: the nodes on which they hold something now, highest first.

    With a token that is limited to a level, that level instead of those above it.
    """
    order = {Kind.OPERATOR: 0, Kind.RESELLER: 1, Kind.CUSTOMER: 2, Kind.SITE: 3}
    ids = {left.place.id for held in by.held if (left := narrowed(held, by.limit))}
    rows = Node.objects.visible_to(by, LOOK).filter(pk__in=ids).select_related("parent")
    nodes = list(rows) if ids else []
    return sorted(nodes, key=lambda node: (order[Kind(node.kind)], node.sort_key, node.pk))


def lease_of(node: Node) -> int | None:
    """The strictest lease on the way down to a node, in minutes; None: access lasts until its own end."""
    chosen = [level.lease_minutes for level in (*ancestors(node), node) if level.lease_minutes]
    return min(chosen) if chosen else None


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant as people see it."""

    key: str
    node: Node
    state: str  # invited, active, paused, upcoming, expired, revoked, declined, withdrawn
    relation: str
    email: str
    name: str
    person_id: int | None
    role: str
    rights: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime | None
    windows: tuple[object, ...]
    reason: str
    granted_by: str
    on_request: bool = False  # only asking is allowed, each time
    approved: bool = False  # it came of such a request
    depth: int | None = 0  # how many more times it may be passed on; None: without end
    narrowing: Narrowing = WHOLE  # to which part of sites it leads, as it was given
    version: int = 0  # which row of the grant this was read from: whoever changes it says so

    @property
    def is_live(self) -> bool:
        """Whether it is in force, or will be without anybody's doing."""
        return self.state in ("active", "upcoming")


def grants_on(by: Acting, node: Node, *, ended: bool = False) -> list[GrantView]:
    """The grants on exactly this node, for whoever may administer people there; ended ones only on request."""
    rows = Grant.objects.visible_to(by, PEOPLE).filter(node=node)
    rows = rows.exclude(ended_because__in=["", "changed"]) if ended else rows.filter(ended_at=None)
    return [seen(row, by.at) for row in rows.select_related("person", "granted_by", "node")]


def grants_above(by: Acting, node: Node) -> list[GrantView]:
    """The grants on the levels above, which reach down to this node, sessions of operators included: the owner sees
    everybody who may enter."""
    if not by.may(PEOPLE, node.place) or node.kind == Kind.OPERATOR:
        return []
    rows = Grant.objects.everything(
        "whoever may enter is shown to whoever administers people at the node"
    ).filter(
        on_line(level.pk for level in ancestors(node)),
        ended_at=None,
        state__in=[State.ACTIVE, State.PAUSED],
    )
    return [
        view
        for view in (seen(row, by.at) for row in rows.select_related("person", "granted_by", "node"))
        if view.state != "expired"
    ]


def grants_of(by: Acting) -> list[GrantView]:
    """What the one who acts was granted and still holds or will hold."""
    if by.person_id is None or by.looks_only:
        return []
    rows = Grant.objects.everything("everybody may see what they hold themselves").filter(
        person_id=by.person_id, ended_at=None, node__deleted_at=None
    )
    views = (
        seen(row, by.at) for row in rows.select_related("person", "granted_by", "node").order_by("node__name")
    )
    return [view for view in views if view.state != "expired"]


def grant_of_key(by: Acting, node: Node, key: str) -> Grant | None:
    """The live row of a grant on a node, for whoever may administer people there."""
    rows = Grant.objects.visible_to(by, PEOPLE).filter(node=node, series=key, ended_at=None)
    return rows.select_related("node", "person").first()


def grant_has_ended(by: Acting, node: Node, key: str) -> bool:
    """Whether a grant that is no longer live was on this node, for whoever may administer people there."""
    rows = Grant.objects.visible_to(by, PEOPLE).filter(node=node, series=key)
    return rows.exclude(ended_at=None).exists() and not rows.filter(ended_at=None).exists()


def invitation_of_secret(secret: str, at: datetime) -> GrantView | None:
    """What a link invites to, as long as it can be answered; the link is the proof."""
    found = Invitation.objects.filter(secret_hash__in=fingerprints(secret), expires_at__gt=at).first()
    if found is None:
        return None
    rows = Grant.objects.everything("whoever holds the link may read what it invites to")
    row = rows.filter(series=found.grant_series, ended_at=None, state=State.INVITED, node__deleted_at=None)
    first = row.select_related("node", "granted_by", "person").first()
    return seen(first, at) if first else None


def invitations_for(by: Acting) -> list[tuple[GrantView, str]]:
    """The unanswered invitations to the confirmed address of the one who acts, each with the secret of its link."""
    person = Person.objects.filter(pk=by.person_id).first() if by.person_id and not by.looks_only else None
    if person is None:
        return []
    rows = Grant.objects.everything("everybody may see what they are invited to themselves")
    waiting = rows.filter(email=person.email, ended_at=None, state=State.INVITED, node__deleted_at=None)
    found = [
        (seen(row, by.at), invitation_secret(row.series))
        for row in waiting.select_related("node", "granted_by", "person")
    ]
    return [(view, secret) for view, secret in found if view.state == State.INVITED and secret]


def seen(row: Grant, at: datetime) -> GrantView:
    """A row as people see it at a moment."""
    state: str = row.state
    if row.ended_at is not None and row.ended_at <= at:
        state = row.ended_because
    elif row.valid_until is not None and row.valid_until <= at:
        state = "expired"
    elif row.state == State.ACTIVE and row.valid_from > at:
        state = "upcoming"
    return GrantView(
        key=row.series,
        node=row.node,
        state=state,
        relation=row.relation,
        email=row.email,
        name=str(row.person) if row.person else "",
        person_id=row.person_id,
        role=row.role,
        rights=tuple(row.rights),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        windows=tuple(row.windows),
        reason=row.reason,
        granted_by=str(row.granted_by) if row.granted_by else "",
        on_request=row.on_request,
        approved=row.approved,
        depth=row.depth,
        narrowing=narrowing_from_json(row.narrowing),
        version=row.pk,
    )


def invitation_secret(grant_key: str) -> str | None:
    """The secret of the link that was sent for a grant which is not accepted yet, to copy it or to send it again.

    Whoever asks must have got the grant from `grant_of_key`.
    """
    found = Invitation.objects.filter(grant_series=grant_key, used_at=None).first()
    return unseal(found.sealed_secret) if found else None
