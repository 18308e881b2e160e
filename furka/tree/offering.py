"""A level moves between two owners: one side offers it or asks for it, the other side answers.

A customer that registered itself joins a reseller in the same way: it offers itself, or the reseller asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.access.rights import STRUCTURE
from furka.errors import Conflict, Invalid, NotThere
from furka.people.models import Person
from furka.tree import notices
from furka.tree.granting import checked_email, refuse_many_mails
from furka.tree.holdings import of_person
from furka.tree.models import Kind, Node
from furka.tree.moving import (
    KEEP_ALL,
    KEEP_STAFF,
    Keep,
    came_by_itself,
    carry,
    check_fits,
    customer_decides,
    giving_end,
    locked_for_move,
)
from furka.tree.offers import Answer, MoveOffer, Side
from furka.tree.operation import Work, operation, own_operation
from furka.tree.reasons import sentence
from furka.tree.samples import refuse_in_sample
from furka.tree.texts import one_line

#: So long an offer can be answered, unless it says otherwise, and at most.
LASTS = timedelta(days=14)
LASTS_LONGEST = timedelta(days=90)
#: So many offers of one level may be open at a time.
MOST_OPEN = 50
#: So many offers anybody may make within a day: each writes to somebody.
MOST_A_DAY = 100

_REASON = "the right is decided on the ends of the offer"


@dataclass(frozen=True, slots=True)
class Address:
    """To whom an offer goes: the key of a level (also as the address of its page), or an e-mail address."""

    to: str
    message: str = ""
    lasts: timedelta = LASTS


@operation(STRUCTURE)
def offer(work: Work, node: Node, address: Address) -> MoveOffer:
    """Offer a customer or a site to somebody else, or oneself, as a customer, to a reseller."""
    node = _with_its_place(node)
    if not work.by.may(STRUCTURE, giving_end(node).place):
        raise Conflict("offer-needed", _("You do not administer where this level is now. Ask for it there."))
    _must_be_movable(node)
    if came_by_itself(node):
        raise customer_decides()
    email, target = _addressed(address)
    if target is not None:
        check_fits(node, target)
    return _begin(work, address, email, side=Side.GIVE, node=node, target=target)


@operation(STRUCTURE)
def ask(work: Work, target: Node, address: Address, keep: Keep = KEEP_STAFF) -> MoveOffer:
    """Ask somebody else for a site, or a customer that stands alone to join this reseller."""
    if target.kind not in (Kind.RESELLER, Kind.CUSTOMER):
        raise Invalid("wrong-target", _("Only resellers and customers can take something over."))
    email, node = _addressed(address)
    if node is not None:
        node = _with_its_place(node)
        check_fits(node, target)
        if node.kind == Kind.CUSTOMER and node.reseller_id is not None:
            raise Conflict(
                "has-reseller", _("This customer has a reseller. It can join another one once it has left.")
            )
    return _begin(work, address, email, side=Side.ASK, node=node, target=target, keep=keep)


@own_operation("whoever administers the other end, or was written to, may answer")
def accept(work: Work, key: str, level: Node | None = None, keep: Keep = KEEP_STAFF) -> Node:
    """Accept an offer: the level moves at once. `level` is the end that was not named yet. Returns what moved.

    What was begun by somebody who has nothing to say at that end any more does not count.
    """
    row = _locked_open(work, key)
    other = row.other_end
    if row.email:
        _must_be_written_to(work, row)
        if level is None:
            raise Invalid.at("level", "level-missing", _("Please choose a level."))
        node, target = (row.node, level) if row.side == Side.GIVE else (_with_its_place(level), row.target)
        other = target if row.side == Side.GIVE else giving_end(_with_its_place(level))
    else:
        node, target = row.node, row.target
    assert node is not None
    assert target is not None
    node, target = locked_for_move(node, target)
    if other is None or not work.by.may(STRUCTURE, other.place):
        raise NotThere("not-there", sentence("not-visible"))
    if came_by_itself(node):
        raise customer_decides()
    _must_still_hold(work, row, giving_end(node) if row.side == Side.GIVE else target)
    if node.parent is not None and node.parent.kind == Kind.OPERATOR:
        keep = KEEP_ALL  # a customer that joins of its own accord decides itself whom it lets in
    elif row.side == Side.ASK:
        keep = Keep(row.keep_staff, row.keep_supporters)
    _answer(work, row, Answer.ACCEPTED)
    row.node, row.target = node, target
    row.save(update_fields=["node", "target"])
    told = notices.owners_of((node, node.parent, target), work.at)
    former = node.parent
    moved = carry(work, node, target, keep)
    words = {"name": moved.name, "target": target.name}
    alone = former is None or former.kind == Kind.OPERATOR

    def letter() -> tuple[str, list[str]]:
        lines = [gettext("“%(name)s” now belongs to “%(target)s”.") % words]
        if alone:
            lines.append(gettext("“%(name)s” can leave again at any time, in its settings.") % words)
        else:
            lines.append(gettext("Access from the levels above it until now has ended."))
        lines.append(gettext("What happened until now stays in the events of both."))
        return gettext("“%(name)s” now belongs to “%(target)s”") % words, lines

    notices.tell(told, letter)
    return moved


@own_operation("whoever administers the other end, or was written to, may answer")
def decline(work: Work, key: str) -> None:
    """Turn an offer down."""
    row = _locked_open(work, key)
    if row.email:
        _must_be_written_to(work, row)
    elif row.other_end is None or not work.by.may(STRUCTURE, row.other_end.place):
        raise NotThere("not-there", sentence("not-visible"))
    _answer(work, row, Answer.DECLINED)
    work.record(row.own_end, "move.declined", before=_told(row))
    person = row.begun_by
    if person is None:
        return
    words = {"name": _subject_of(row)}

    def letter() -> tuple[str, list[str]]:
        return gettext("“%(name)s” stays where it is") % words, [
            gettext("Your offer for “%(name)s” was declined.") % words
        ]

    notices.tell([person], letter)


@own_operation("whoever administers the end that began may withdraw")
def withdraw(work: Work, key: str) -> None:
    """Take an offer back."""
    row = _locked_open(work, key)
    if not work.by.may(STRUCTURE, row.own_end.place):
        raise NotThere("not-there", sentence("not-visible"))
    _answer(work, row, Answer.WITHDRAWN)
    work.record(row.own_end, "move.withdrawn", before=_told(row))


def _begin(
    work: Work,
    address: Address,
    email: str,
    *,
    side: Side,
    node: Node | None,
    target: Node | None,
    keep: Keep = KEEP_STAFF,
) -> MoveOffer:
    refuse_in_sample(work)
    if not timedelta(hours=1) <= address.lasts <= LASTS_LONGEST:
        raise Invalid.at("lasts", "offer-lasts-wrong", _("Between one hour and 90 days."))
    rows = MoveOffer.objects.everything(_REASON).filter(answer=Answer.OPEN, expires_at__gt=work.at)
    same = rows.filter(side=side, node=node, target=target, email=email)
    if same.exists():
        raise Conflict("already-offered", _("This was offered already, and is not answered yet."))
    own = rows.filter(node=node) if side == Side.GIVE else rows.filter(target=target, side=side)
    if own.count() >= MOST_OPEN:
        raise Conflict("too-many-offers", _("Many offers are open here. Withdraw some of them first."))
    lately = MoveOffer.objects.everything(_REASON).filter(
        begun_by_id=work.by.person_id, begun_at__gt=work.at - timedelta(days=1)
    )
    if lately.count() >= MOST_A_DAY:
        raise Conflict("too-many-offers", _("You have made many offers today. Please go on tomorrow."))
    row = MoveOffer.objects.create(
        side=side,
        node=node,
        target=target,
        email=email,
        message=one_line(address.message)[:500],
        keep_staff=keep.staff,
        keep_supporters=keep.supporters,
        begun_by_id=work.by.person_id,
        begun_at=work.at,
        expires_at=work.at + address.lasts,
    )
    work.record(row.own_end, "move.offered" if side == Side.GIVE else "move.asked", after=_told(row))
    if row.other_end is not None and row.other_end != row.own_end:
        work.tell(row.other_end, "move.offered")
    _write(work, row)
    return row


def _write(work: Work, row: MoveOffer) -> None:
    """Tell whoever is to answer."""
    emails = [row.email] if row.email else []
    if not row.email and row.other_end is not None:
        emails = [each.email for each in notices.owners_of([row.other_end], work.at)]
    words = {"person": work.by.name, "name": row.own_end.name, "level": str(row.node or "")}
    until, node, key = row.expires_at, row.own_end, row.key
    gives, joins = row.side == Side.GIVE, row.node is not None and row.node == row.own_end

    def letter() -> tuple[str, list[str]]:
        if gives and joins:
            subject = gettext("“%(level)s” would like to join you") % words
            what = gettext("%(person)s would like “%(level)s” to be looked after by you.") % words
        elif gives:
            subject = gettext("“%(level)s” is offered to you") % words
            what = gettext("%(person)s (%(name)s) offers you “%(level)s”.") % words
        else:
            subject = gettext("“%(name)s” would like to look after you") % words
            what = gettext("%(person)s asks whether “%(name)s” may take over a level of yours.") % words
        lines = [what]
        if row.message:
            lines.append(gettext("Message: %(message)s") % {"message": row.message})
        lines += [
            "",
            gettext("Nothing changes until you accept. You can do so until %(moment)s:")
            % {"moment": notices.moment(until, node)},
            notices.address(f"/moves/{key}/"),
        ]
        return subject, lines

    for email in emails:
        refuse_many_mails(work, email)
        notices.write(email, letter)


def _addressed(address: Address) -> tuple[str, Node | None]:
    """An e-mail address, or the level of that key; a key may come as the address of a page of the level."""
    to = address.to.strip()
    if not to:
        raise Invalid.at("to", "address-missing", _("Please enter a key or an e-mail address."))
    if "@" in to and "/" not in to:
        return checked_email(to, "to"), None
    key = to.rstrip("/").rpartition("/levels/")[2].partition("/")[0].lower()
    row = Node.objects.everything("whoever knows the key of a level may offer it something").filter(
        key=key, deleted_at=None
    )
    found = row.exclude(kind=Kind.OPERATOR).select_related("parent", "reseller", "customer").first()
    if found is None:
        text = _("There is no level with this key. Copy it from the settings of the other side.")
        raise Invalid.at("to", "key-unknown", text)
    return "", found


def _with_its_place(node: Node) -> Node:
    rows = Node.objects.everything(_REASON).select_related("parent", "reseller", "customer")
    return rows.get(pk=node.pk)


def _must_be_movable(node: Node) -> None:
    if node.kind not in (Kind.CUSTOMER, Kind.SITE):
        raise Invalid("wrong-kind", _("Only customers and sites can be moved."))


def _must_be_written_to(work: Work, row: MoveOffer) -> None:
    email = Person.objects.filter(pk=work.acting_person_id).values_list("email", flat=True).first()
    if email != row.email:
        raise NotThere("not-there", sentence("not-visible"))


def _must_still_hold(work: Work, row: MoveOffer, end: Node) -> None:
    begun_by = row.begun_by
    if begun_by is None or not of_person(begun_by, work.at, "program").may(STRUCTURE, end.place):
        raise Conflict(
            "offer-void", _("Whoever began this may no longer decide it. Please ask for a new offer.")
        )


def _locked_open(work: Work, key: str) -> MoveOffer:
    rows = MoveOffer.objects.everything(_REASON).select_for_update(of=("self",))
    row = rows.filter(key=key).select_related("node__parent", "target__parent", "begun_by").first()
    gone = row is None or any(
        level is not None and level.deleted_at is not None for level in (row.node, row.target)
    )
    if row is None or gone:
        raise NotThere("not-there", sentence("not-visible"))
    if row.answer != Answer.OPEN:
        raise Conflict("offer-answered", _("This offer was answered or withdrawn already."))
    if row.expires_at <= work.at:
        raise Conflict("offer-expired", _("The time of this offer is over. Please ask for a new one."))
    return row


def _answer(work: Work, row: MoveOffer, answer: Answer) -> None:
    row.answer, row.answered_by_id, row.answered_at = answer, work.by.person_id, work.at
    row.save(update_fields=["answer", "answered_by", "answered_at"])


def _subject_of(row: MoveOffer) -> str:
    return str(row.node or row.target or "")


def _told(row: MoveOffer) -> dict[str, str]:
    other = row.target if row.side == Side.GIVE else row.node
    return {
        "level": row.node.name if row.side == Side.GIVE and row.node else "",
        "addressed": row.email or (other.key if other else ""),
        "until": row.expires_at.isoformat(),
        "reason": row.message,
    }
