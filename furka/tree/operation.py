"""What every change has in common: it is decided, it is one transaction, it leaves an event, its effects follow.

    @operation(PEOPLE)
    def revoke(work: Work, grant: Grant) -> None: ...

    revoke(by, grant)

The caller says who acts and when (`Acting`); the function gets a `Work` instead, on which it notes events and
what the change touches. When the outermost operation is done, and before the commit, the notes are carried out in
one fixed order (no two transactions can wait for each other in a circle): the plan is settled, the journal is
written, the news is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import update_wrapper
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy

from furka.access.policy import Decision
from furka.access.rights import Right
from furka.errors import NotThere, Refused
from furka.journal.chain import Happening, append
from furka.live.publish import publish
from furka.tree.acting import Acting, no_ceilings
from furka.tree.models import Node
from furka.tree.reasons import sentence

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class OnNode(Protocol):
    """A row that belongs to a node."""

    @property
    def node(self) -> Node: ...


@dataclass(frozen=True, slots=True)
class SiteTouched:
    """What a site has to have configured may be different now: its gateway or its networks."""

    node_id: int


@dataclass(frozen=True, slots=True)
class SubtreeTouched:
    """The same for every site at a node and below, and who may enter there."""

    node_id: int


@dataclass(frozen=True, slots=True)
class DevicesTouched:
    """A device of a site is elsewhere, has other labels or is gone: accesses to a part of it may lead elsewhere."""

    node_id: int


@dataclass(frozen=True, slots=True)
class NamesTouched:
    """Something at a node or below is called otherwise, came or went."""

    node_id: int


@dataclass(frozen=True, slots=True)
class ProfileTouched:
    """A person's end of a tunnel came, changed or went."""

    profile_id: int


@dataclass(frozen=True, slots=True)
class AccessTouched:
    """Who may enter may be different now: for one person (None: anybody) at a node and below (None: anywhere)."""

    person_id: int | None
    node_id: int | None


@dataclass(frozen=True, slots=True)
class LinkTouched:
    """What a link between sites has to have configured may be different now; it may also be gone."""

    link_id: int


@dataclass(frozen=True, slots=True)
class SettingsTouched:
    """What the gateway of a site is told may be different now, although nothing of the plan at that site is."""

    node_id: int


Touched = (
    SiteTouched
    | DevicesTouched
    | SubtreeTouched
    | NamesTouched
    | ProfileTouched
    | AccessTouched
    | LinkTouched
    | SettingsTouched
)


@dataclass(slots=True)
class Work:
    """The notes of one transaction."""

    by: Acting
    because: Decision | None = None
    happenings: list[Happening] = field(default_factory=list)
    touched: set[Touched] = field(default_factory=set)
    news: list[tuple[str, str]] = field(default_factory=list)

    @property
    def acting_person_id(self) -> int:
        """The person who acts. Raises Refused for strangers and programs."""
        if self.by.person_id is None:
            raise Refused("not-logged-in", gettext_lazy("Please log in first."))
        return self.by.person_id

    @property
    def at(self) -> datetime:
        """The moment of the change."""
        return self.by.at

    def record(
        self,
        node: Node,
        action: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        at: datetime | None = None,
        on_behalf_of: str = "",
        is_new: bool = False,
    ) -> None:
        """Note an event for the journal, and tell whoever looks at the node (at those above, if it is new and nobody
        can look at it yet). Secrets never enter it."""
        because = self.because.because if self.because else None
        self.happenings.append(
            Happening(
                chain_key=top_of(node),
                at=at or self.at,
                action=action,
                actor_id=self.by.person_id,
                actor_name=self.by.name[:160],
                via=self.by.via,
                node_id=node.pk,
                node_key=node.key,
                node_name=node.name,
                reseller_id=node.place.reseller_id,
                customer_id=node.place.customer_id,
                grant_key=because.grant_key if because else "",
                on_behalf_of=on_behalf_of,
                before=before or {},
                after=after or {},
            )
        )
        self.news += [(topic, action) for topic in node.topics()[int(is_new) :]]

    def touch(self, *what: Touched) -> None:
        """The plan behind this may be different now."""
        self.touched.update(what)

    def tell(self, node: Node, what: str) -> None:
        """News without an event, for open pages."""
        self.news += [(topic, what) for topic in node.topics()]

    def tell_person(self, person_id: int, what: str) -> None:
        """News for one person's own pages."""
        self.news.append((f"person:{person_id}", what))


#: Carried out at the end of every transaction, before journal and news; `dispatch` puts the plan here at the start.
Settler = Callable[[Work], None]
_settlers: Final[list[Settler]] = []
_open: ContextVar[Work | None] = ContextVar("open_work", default=None)


def settle_with(settler: Settler) -> None:
    """Have something carried out at the end of every operation's transaction."""
    if settler not in _settlers:
        _settlers.append(settler)


def top_of(node: Node) -> str:
    """The key of the chain of events that a node belongs to: its top-level node, or itself."""
    if node.reseller_id:
        assert node.reseller is not None
        return node.reseller.key
    if node.customer_id:
        assert node.customer is not None
        return node.customer.key
    return node.key


def operation(
    needs: Right,
) -> Callable[[Callable[Concatenate[Work, T, P], R]], Callable[Concatenate[Acting, T, P], R]]:
    """A change at a node (or at a row that belongs to one), for whoever holds this right there."""

    def decorate(change: Callable[Concatenate[Work, T, P], R]) -> Callable[Concatenate[Acting, T, P], R]:
        def run(by: Acting, thing: T, /, *args: P.args, **kwargs: P.kwargs) -> R:
            node = thing if isinstance(thing, Node) else thing.node  # type: ignore[attr-defined]
            if node.deleted_at is not None:
                raise NotThere("not-there", sentence("not-visible"))
            decision = by.decide(needs, node.place)
            if not decision.visible:
                raise NotThere("not-there", sentence(decision.reason))
            if not decision.allowed:
                raise Refused(decision.reason, sentence(decision.reason, needs))
            return _carry_out(by, decision, lambda work: change(work, thing, *args, **kwargs))

        update_wrapper(run, change)
        return run

    return decorate


def own_operation(
    reason: str,
) -> Callable[[Callable[Concatenate[Work, P], R]], Callable[Concatenate[Acting, P], R]]:
    """A change that needs no right on a node, for this reason; the function checks what it must check itself."""
    if not reason:
        raise ValueError("say why no right is needed")

    def decorate(change: Callable[Concatenate[Work, P], R]) -> Callable[Concatenate[Acting, P], R]:
        def run(by: Acting, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return _carry_out(by, None, lambda work: change(work, *args, **kwargs))

        update_wrapper(run, change)
        return run

    return decorate


def _carry_out(by: Acting, because: Decision | None, change: Callable[[Work], R]) -> R:
    if by.looks_only:
        raise Refused(
            "looks-only", gettext_lazy("You look through somebody else's eyes. Nothing can be changed.")
        )
    outer = _open.get()
    if outer is not None:
        # Part of a larger change: its notes join, but who may do this was decided for itself.
        work = Work(by, because, outer.happenings, outer.touched, outer.news)
        return change(work)
    work = Work(by, because)
    token = _open.set(work)
    try:
        with transaction.atomic():
            result = change(work)
            for settler in _settlers:
                settler(work)
            append(work.happenings)
            publish(work.news, by.at)
    finally:
        _open.reset(token)
        by.forget()  # after a refusal too: what was looked at in between never came to be
    return result


def program(name: str, at: datetime) -> Acting:
    """A program of the installation that acts for nobody: a loop of the worker, the uplink of hubs and gateways."""
    return Acting(None, name, at, "program", lambda person_id, moment: (), no_ceilings)
