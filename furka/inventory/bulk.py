"""The same change at many levels at once: all or nothing, with what was done at each and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from furka.catalogue.operations import configure, settings_at
from furka.catalogue.service import services_at
from furka.errors import FurkaError, Invalid, Text
from furka.inventory.filters import Chosen, customers_chosen, sites_chosen
from furka.particulars.operations import set_labels
from furka.particulars.queries import labels_of
from furka.tree.acting import Acting
from furka.tree.granting import Terms, invite
from furka.tree.letters import send_invitations
from furka.tree.models import Kind, Node
from furka.tree.operation import Work, own_operation
from furka.tree.queries import children, invitation_secret
from furka.tree.texts import folded, one_line

#: At so many levels at most something is done together.
MOST = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it at one level: it was done, it was so already (`is_done` and a reason), or it could not be."""

    node: Node
    is_done: bool
    reason: Text = ""


class Stopped(Exception):
    """Nothing was done: at some of the levels it could not be."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        super().__init__("stopped")
        self.outcomes = list(outcomes)


def nodes_meant(
    by: Acting, node: Node, keys: Sequence[str], *, every: Chosen | None = None, customers: bool = False
) -> list[Node]:
    """The levels below one that are meant: those of these keys, or every one that fits. Raises Invalid."""
    if every is None:
        rows = children(by, node, Kind.CUSTOMER if customers else Kind.SITE)
        rows = rows.filter(key__in=list(keys)[: MOST + 1])
    else:
        rows = (customers_chosen if customers else sites_chosen)(by, node, every)
    found = list(rows.order_by("sort_key", "id").select_related("customer", "reseller")[: MOST + 1])
    if not found:
        raise Invalid("none-chosen", _("Choose at least one row."))
    if len(found) > MOST or (every is None and len(keys) > MOST):
        raise Invalid(
            "too-many",
            format_lazy(
                _("This can be done with at most {most} at once. Please narrow the list."), most=MOST
            ),
        )
    return found


def switch_service(by: Acting, nodes: Sequence[Node], key: str, *, on: bool) -> list[Outcome]:
    """Switch a service of sites on or off. Raises Stopped."""
    if key not in {each.key for each in services_at(Kind.SITE)}:
        raise Invalid.at("service", "service-unknown", _("This service does not exist."))
    return _everywhere(by, nodes, lambda acting, node: _switch(acting, node, key, on))


def _switch(by: Acting, node: Node, key: str, on: bool) -> Text:
    before = settings_at(by, node, key)
    after = configure(by, node, key, {"enabled": on})
    return _("It was so already.") if before == after else ""


def label_all(by: Acting, nodes: Sequence[Node], add: Sequence[str], remove: Sequence[str]) -> list[Outcome]:
    """Put labels on every one of these levels, and take others off. Raises Stopped."""
    if not any(map(one_line, (*add, *remove))):
        raise Invalid.at("add", "label-missing", _("Please enter at least one label."))
    return _everywhere(by, nodes, lambda acting, node: _label(acting, node, add, remove))


def _label(by: Acting, node: Node, add: Sequence[str], remove: Sequence[str]) -> Text:
    before = labels_of(by, [node]).get(node.pk, [])
    gone = {folded(name) for name in remove}
    set_labels(by, node, [*(name for name in before if folded(name) not in gone), *add])
    after = labels_of(by, [node]).get(node.pk, [])
    return _("It was so already.") if sorted(before) == sorted(after) else ""


def invite_on_all(by: Acting, nodes: Sequence[Node], emails: Sequence[str], terms: Terms) -> list[Outcome]:
    """Let people in to every one of these levels, on the same terms; each gets one mail. Raises Stopped."""
    if len(nodes) * len(emails) > MOST:
        raise Invalid.at(
            "email",
            "too-many",
            format_lazy(
                _("This can be done with at most {most} at once. Please narrow the list."), most=MOST
            ),
        )
    return _invite(by, nodes, emails, terms)


@own_operation("each invitation is decided at its own level")
def _invite(work: Work, nodes: Sequence[Node], emails: Sequence[str], terms: Terms) -> list[Outcome]:
    letters: dict[str, list[tuple[Any, str]]] = {}  # address → each grant with the secret of its link

    def one(by: Acting, node: Node) -> Text:
        for email in emails:
            grant = invite(by, node, email, terms, mailed=False)
            letters.setdefault(email, []).append((grant, invitation_secret(grant.series) or ""))
        return ""

    outcomes = _at_each(work, nodes, one)
    for each in letters.values():
        send_invitations(each, work.by.name)
    return outcomes


@own_operation("each change is decided at its own level")
def _everywhere(work: Work, nodes: Sequence[Node], change: Callable[[Acting, Node], Text]) -> list[Outcome]:
    return _at_each(work, nodes, change)


def _at_each(work: Work, nodes: Sequence[Node], change: Callable[[Acting, Node], Text]) -> list[Outcome]:
    """The change at every level; if it can not be made at one, the whole transaction is given up."""
    outcomes = []
    for node in nodes:
        try:
            outcomes.append(Outcome(node, True, change(work.by, node)))
        except Invalid as error:
            if error.fields.keys() - {""}:
                raise  # the form is wrong, at whatever level
            outcomes.append(Outcome(node, False, error.message))
        except FurkaError as error:
            outcomes.append(Outcome(node, False, error.message))
    if not all(each.is_done for each in outcomes):
        raise Stopped(outcomes)
    return outcomes
