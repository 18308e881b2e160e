"""Declarations of access for pages, and the decorators that carry them out.

A view is reached through exactly one of these:

- `public(reason)`: anybody, also a stranger;
- `own(reason)`: whoever is logged in, for things that are theirs alone;
- `at_node(needs)`: whoever may see the node in the address (else: not found) and holds the right (else: refused, with
  the reason);
- `machine(reason)`: programs with their own proof (hubs, gateways), checked inside.

Views that declare nothing never answer (`middleware.OnlyDeclaredViews`) and stop the start (`checks`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from furka.access.rights import LOOK, Right
from furka.errors import NotThere, Refused
from furka.gate.request import FurkaRequest
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

P = ParamSpec("P")
V = TypeVar("V", bound=Callable[..., Any])


class Entrance(StrEnum):
    """Who may come in at an address."""

    PUBLIC = "public"
    OWN = "own"
    NODE = "node"
    MACHINE = "machine"
    API = "api"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one view declares."""

    entrance: Entrance
    reason: str = ""
    needs: Right | None = None
    kinds: tuple[str, ...] = ()
    looks: bool = False  # open, too, for whoever looks through somebody's eyes


def declared(view: object) -> Declaration | None:
    """The declaration of a view, if it has one."""
    found = getattr(view, "furka_access", None)
    return found if isinstance(found, Declaration) else None


def declare(view: V, declaration: Declaration) -> V:
    """Attach a declaration to a view of a library, whose own checks carry it out."""
    view.furka_access = declaration  # type: ignore[attr-defined]
    return view


def _named_like(run: V, view: Callable[..., Any]) -> V:
    update_wrapper(run, view)
    return run


def public(reason: str) -> Callable[[V], V]:
    """Anybody may come in, for this reason."""
    return lambda view: declare(view, Declaration(Entrance.PUBLIC, reason))


def machine(reason: str) -> Callable[[V], V]:
    """Programs with their own proof, which the view checks itself."""
    return lambda view: declare(view, Declaration(Entrance.MACHINE, reason))


def own(
    reason: str,
    *,
    looks: bool = False,
) -> Callable[
    [Callable[Concatenate[FurkaRequest, P], HttpResponseBase]],
    Callable[Concatenate[FurkaRequest, P], HttpResponseBase],
]:
    """Whoever is logged in; the view shows them what is theirs alone. With `looks` it shows nothing but what a person
    may see at levels, so that somebody may look through their eyes."""

    def decorate(
        view: Callable[Concatenate[FurkaRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[FurkaRequest, P], HttpResponseBase]:
        def run(request: FurkaRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            return view(request, *args, **kwargs)

        return declare(_named_like(run, view), Declaration(Entrance.OWN, reason, looks=looks))

    return decorate


def at_node(
    needs: Right, *kinds: Kind
) -> Callable[
    [Callable[Concatenate[FurkaRequest, Node, P], HttpResponseBase]], Callable[..., HttpResponseBase]
]:
    """Whoever holds the right at the node in the address, which is one of these kinds (default: any).

    The view never sees a bare key: it gets the node, fetched from what the person may see.
    """

    def decorate(
        view: Callable[Concatenate[FurkaRequest, Node, P], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        def run(request: FurkaRequest, key: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            node = entered(request.by, key, needs, *kinds)
            return view(request, node, *args, **kwargs)

        return declare(_named_like(run, view), Declaration(Entrance.NODE, needs=needs, kinds=tuple(kinds)))

    return decorate


def entered(by: Acting, key: str, needs: Right, *kinds: Kind) -> Node:
    """The node of that key, for whoever may see it and holds the right there. Raises NotThere, else Refused."""
    rows = Node.objects.visible_to(by, LOOK).select_related("parent", "customer", "reseller")
    node = rows.filter(key=key).first()
    if node is None or (kinds and node.kind not in kinds):
        raise NotThere("not-there", sentence("not-visible"))
    decision = by.decide(needs, node.place)
    if not decision.allowed:
        raise Refused(decision.reason, sentence(decision.reason, needs))
    return node


def entrance_of(request: HttpRequest) -> Declaration | None:
    """The declaration of the view that a resolved request leads to."""
    match = request.resolver_match
    return declared(match.func) if match else None
