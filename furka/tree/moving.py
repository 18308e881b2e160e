"""A level gets another place: a site at another customer or reseller, a customer at another reseller or at none.

Within one's own tree at once; otherwise one side offers and the other accepts (`offering`). From that second what is
held above the old place no longer counts, neither on pages nor for packets. What happened before stays in the record of
those who had the level then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK, STRUCTURE
from furka.errors import Conflict, Invalid, NotThere
from furka.tree import absences, notices, placements
from furka.tree.acting import Acting
from furka.tree.belongings import belongings
from furka.tree.grant_rows import end_if_live, has_lasting_owner
from furka.tree.grants import Grant, Relation, State
from furka.tree.locking import archived, lock
from furka.tree.models import MAY_HANG_ON, Kind, Node, NodePlacement
from furka.tree.operation import AccessTouched, NamesTouched, Work, operation
from furka.tree.queries import operator, rows_below
from furka.tree.reasons import sentence

_REASON = "the move was decided at both ends; what is below goes along"


@dataclass(frozen=True, slots=True)
class Keep:
    """Whose access at the moved level and below goes on. The staff of a customer always stay: they are the customer."""

    staff: bool = True
    supporters: bool = False


#: Unless whoever receives a level says otherwise.
KEEP_STAFF = Keep()
#: Whoever decides for itself keeps everybody it let in.
KEEP_ALL = Keep(staff=True, supporters=True)


@operation(STRUCTURE)
def move(work: Work, node: Node, target: Node, keep: Keep = KEEP_STAFF) -> Node:
    """Move a level to another place, both within what one administers. Returns it as it is now."""
    if not work.by.may(LOOK, target.place):
        raise NotThere("not-there", sentence("not-visible"))
    node, target = locked_for_move(node, target)
    check_fits(node, target)
    if target.kind == Kind.OPERATOR:  # leaving is something else
        raise Invalid.at("target", "wrong-target", _TARGETS[Kind(node.kind)])
    if not work.by.may(STRUCTURE, giving_end(node).place):
        raise Conflict("offer-needed", _("You do not administer where this level is now. Ask for it there."))
    if not work.by.may(STRUCTURE, target.place):
        raise Conflict("offer-needed", _("You do not administer that level. Offer it there instead."))
    if came_by_itself(node):
        raise customer_decides()
    return carry(work, node, target, keep)


@operation(STRUCTURE)
def leave_reseller(work: Work, customer: Node) -> Node:
    """A customer that once registered itself stands on its own again; either side may say so, both are told."""
    if customer.kind != Kind.CUSTOMER or customer.reseller_id is None:
        raise Invalid("no-reseller", _("This customer has no reseller."))
    customer, root = locked_for_move(customer, operator())
    if not came_by_itself(customer):
        text = _(
            "Only customers who registered themselves can leave. Others can be offered to somebody else."
        )
        raise Conflict("not-registered-itself", text)
    if not has_lasting_owner(customer, work.at):
        raise Conflict("no-owner", _("Somebody must own this customer for good before it can leave."))
    reseller = customer.reseller
    assert reseller is not None
    told = notices.owners_of((customer, reseller), work.at)
    moved = carry(work, customer, root, KEEP_ALL)
    who, words = work.by.name, {"name": moved.name, "reseller": reseller.name}

    def letter() -> tuple[str, list[str]]:
        return gettext("“%(name)s” no longer belongs to “%(reseller)s”") % words, [
            gettext("%(person)s has ended the cooperation.") % {"person": who},
            gettext("“%(reseller)s” no longer has access to “%(name)s” and its sites.") % words,
            gettext("What happened until now stays in the events of both."),
        ]

    notices.tell(told, letter)
    return moved


def giving_end(node: Node) -> Node:
    """Whose say it is that a level leaves its place: the level above; of those who stand alone, the level itself."""
    if node.parent is None or node.parent.kind == Kind.OPERATOR:
        return node
    return node.parent


def came_by_itself(node: Node) -> bool:
    """Whether a level is a customer with a reseller that once stood alone; the reseller can't hand it on."""
    if node.kind != Kind.CUSTOMER or node.reseller_id is None:
        return False
    alone = NodePlacement.objects.everything(_REASON).filter(node=node, parent_id=operator().pk)
    return alone.exists()


def customer_decides() -> Conflict:
    """The sentence for a reseller who would hand on a customer that came by itself."""
    return Conflict(
        "customer-decides",
        _(
            "This customer registered itself. It decides itself who looks after it, and can leave at any time."
        ),
    )


_TARGETS: dict[Kind, Promise] = {
    Kind.SITE: _("A site belongs to a customer or to a reseller. Choose one of those."),
    Kind.CUSTOMER: _("A customer belongs to a reseller. Choose one."),
}


def check_fits(node: Node, target: Node) -> None:
    """Whether a level can stand there at all. Raises Invalid or Conflict, with a sentence that says why not."""
    if node.kind not in _TARGETS:
        raise Invalid("wrong-kind", _("Only customers and sites can be moved."))
    if target.pk == node.pk:
        raise Invalid.at("target", "onto-itself", _("A level can not be moved to itself."))
    if node.pk in (target.customer_id, target.reseller_id):
        text = _("“{target}” lies below “{name}”. A level can not be moved into its own part of the tree.")
        named = format_lazy(text, target=target.name, name=node.name)
        raise Invalid.at("target", "into-own-subtree", named)
    if target.kind not in MAY_HANG_ON[Kind(node.kind)]:
        raise Invalid.at("target", "wrong-target", _TARGETS[Kind(node.kind)])
    if target.pk == node.parent_id:
        raise Conflict("already-there", _("It is there already."))
    if target.archived_at is not None:
        raise archived()


def locked_for_move(node: Node, target: Node) -> tuple[Node, Node]:
    """Both as they are now, locked with all that goes along. Raises Conflict if the level was moved meanwhile."""
    along = Node.objects.everything(_REASON).filter(customer_id=node.pk).values_list("pk", flat=True)
    rows = lock((node.pk, node.parent_id, target.pk, *along))
    fresh, fresh_target = rows.get(node.pk), rows.get(target.pk)
    if fresh is None or fresh_target is None or fresh.deleted_at or fresh_target.deleted_at:
        raise NotThere("not-there", sentence("not-visible"))
    if fresh.parent_id != node.parent_id:
        text = _("Somebody has moved this level meanwhile. Look where it is now.")
        raise Conflict("moved-meanwhile", text)
    return fresh, fresh_target


def carry(work: Work, node: Node, target: Node, keep: Keep) -> Node:
    """Carry out a move that was decided at both ends, on rows from `locked_for_move`."""
    check_fits(node, target)
    before, after = {"place": _named(node.parent)}, {"place": _named(target)}
    work.record(node, "node.moved-away", before=before, after=after)
    node.parent, node.reseller_id = target, target.place.reseller_id
    node.customer_id = target.place.customer_id if node.is_site else None
    node.save(update_fields=["parent", "reseller", "customer"])
    along = Node.objects.everything(_REASON).filter(customer_id=node.pk)
    along.update(reseller_id=node.reseller_id)
    moved = Node.objects.everything(_REASON).select_related("parent", "reseller", "customer").get(pk=node.pk)
    placements.follow([moved, *along], work.at)
    if moved.archived_at is not None:  # perhaps with the level that it leaves
        absences.begin(moved, absences.What.ARCHIVED, work.at)
    work.record(moved, "node.moved-here", before=before, after=after)
    _end_what_does_not_go_on(work, moved, keep)
    for each in belongings():
        if each.on_move is not None:
            each.on_move(moved, work.at)
    work.touch(AccessTouched(None, moved.pk), NamesTouched(moved.pk))
    return moved


def _named(level: Node | None) -> str:
    return level.name if level is not None and level.kind != Kind.OPERATOR else ""


def _end_what_does_not_go_on(work: Work, moved: Node, keep: Keep) -> None:
    """Access that rests on one from outside always ends: who granted it has nothing to say here any more."""
    rows = list(_live_grants(moved).order_by("pk").values_list("series", "relation", "source_series"))
    inside = {series for series, *_rest in rows}
    for series, relation, source in rows:
        if (source and source not in inside) or not _goes_on(moved, relation, keep):
            end_if_live(work, series)


def _goes_on(moved: Node, relation: str, keep: Keep) -> bool:
    if relation == Relation.STAFF:
        return keep.staff or moved.kind == Kind.CUSTOMER
    return keep.supporters


def _live_grants(node: Node) -> QuerySet[Grant]:
    return Grant.objects.everything(_REASON).filter(rows_below(node), ended_at=None)


@dataclass(frozen=True, slots=True)
class Effects:
    """What a move changes for whom. The first four are persons, the others accesses: invitations that nobody has
    answered, and accesses that rest on one above the old place and end in any case."""

    lose: int
    gain: int
    staff: int
    supporters: int
    invitations: int
    resting: int


def effects(by: Acting, node: Node, target: Node | None) -> Effects:
    """What a move would change, for whoever may change the level. Who gains is told only to whom administers there."""
    if not by.may(STRUCTURE, node.place):
        raise NotThere("not-there", sentence("not-visible"))
    return effects_told(by, node, target)


def effects_told(by: Acting, node: Node, target: Node | None) -> Effects:
    """The same for whoever was offered the level; who asks must have got it from a read for them."""
    fields = ("state", "relation", "person_id", "source_series", "series")
    live = list(_live_grants(node).filter(_lasting(by.at)).values_list(*fields))
    inside = {series for *_rest, series in live}
    running = [row for row in live if row[0] != State.INVITED]
    own = {person for _state, _relation, person, *_rest in running}
    old = _people_at(by.at, node.reseller_id, node.customer_id)
    new = set[int]()
    if target is not None and by.may(STRUCTURE, target.place):
        new = _people_at(by.at, target.place.reseller_id, target.place.customer_id)
    return Effects(
        lose=len(old - new - own),
        gain=len(new - old - own),
        staff=len({row[2] for row in running if row[1] == Relation.STAFF}),
        supporters=len({row[2] for row in running if row[1] == Relation.SUPPORTER}),
        invitations=len(live) - len(running),
        resting=sum(bool(source) and source not in inside for *_rest, source, _series in live),
    )


def _people_at(at: datetime, *levels: int | None) -> set[int]:
    rows = Grant.objects.everything("who loses or gains access is told in numbers").filter(
        _lasting(at),
        node_id__in=[level for level in levels if level is not None],
        ended_at=None,
        state__in=[State.ACTIVE, State.PAUSED],
    )
    return {person for person in rows.values_list("person_id", flat=True) if person is not None}


def _lasting(at: datetime) -> Q:
    return Q(valid_until=None) | Q(valid_until__gt=at)
