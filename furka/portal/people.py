"""Benutzer und Supporter: who may enter a level, who is invited, who could until lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from furka.access.rights import PEOPLE
from furka.connections.queries import inside, last_inside_below
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.portal import role_words
from furka.portal.level_forms import SearchForm
from furka.portal.level_page import level_url, render_level
from furka.portal.list_page import Choice, PagesShown
from furka.portal.paging import address, page_of
from furka.portal.parts import in_words
from furka.portal.people_forms import LONGER, roles_to_offer
from furka.portal.return_to import page_before
from furka.portal.site_users import code_of
from furka.sites.lists import site_numbers
from furka.tree import granting, queries
from furka.tree.acting import Acting
from furka.tree.endings import Ended, OpenLink, ended_lately, falling_with, open_links
from furka.tree.extensions import waiting_requests
from furka.tree.letters import invitation_link
from furka.tree.level_roles import names_of
from furka.tree.models import Kind, Node
from furka.tree.queries import GrantView, seen
from furka.tree.supporters import SOON, sole_owners, supporters
from furka.tree.week_words import hours_in_words

#: How long what has ended is still shown, and how much of it.
LATELY = timedelta(days=30)
MOST_ENDED = 10
#: So many requests are shown at most; whoever has more answers these first.
MOST_REQUESTS = 20

#: Why an access is over: the kind of the status component, and the word.
_OVER: Mapping[str, tuple[str, Promise]] = {
    "expired": ("off", gettext_lazy("expired")),
    "revoked": ("bad", gettext_lazy("revoked")),
    "declined": ("off", gettext_lazy("declined")),
    "withdrawn": ("off", gettext_lazy("withdrawn")),
}

#: How a live access stands: the kind of the status component, and the word.
_STANDS: Mapping[str, tuple[str, Promise]] = {
    "active": ("ok", gettext_lazy("active")),
    "ends": ("ends", gettext_lazy("ends soon")),
    "upcoming": ("info", gettext_lazy("begins later")),
    "paused": ("warn", gettext_lazy("paused")),
}

#: Whose persons: the title of the list.
_GROUPS: Mapping[str, Promise] = {
    "supporter": gettext_lazy("Supporters"),
    "site_user": gettext_lazy("Site users"),
    "staff": gettext_lazy("Staff"),
}

_ORDERS: Mapping[str, tuple[Promise, tuple[str, ...]]] = {
    "end": (gettext_lazy("next to end first"), ("rank", "end", "id")),
    "name": (gettext_lazy("by name"), ("rank", "person__name", "id")),
    "new": (gettext_lazy("newest first"), ("rank", "-begun_at", "-id")),
}


@dataclass(frozen=True, slots=True)
class HolderShown:
    """Somebody who may enter, or will: what they may do, at which hours, and what would end with their access."""

    grant: GrantView
    kind: str
    word: Promise
    role: str
    hours: tuple[str, ...]
    is_me: bool
    may_end: bool
    is_last_owner: bool
    falling: tuple[str, ...]
    inside_since: datetime | None
    last_inside: datetime | None
    part: str  # to which part of sites it leads, in words; "" for all of it


@dataclass(frozen=True, slots=True)
class Group:
    """Those of one kind."""

    key: str
    title: Promise
    holders: tuple[HolderShown, ...]


@dataclass(frozen=True, slots=True)
class InvitedShown:
    """Somebody who has not answered yet, with the link that was sent to them; "" if it is too late."""

    grant: GrantView
    role: str
    link: str
    answer_until: datetime | None
    may_end: bool
    part: str


@dataclass(frozen=True, slots=True)
class EndedShown:
    """An access that is over: why, in a word with its kind of status."""

    over: Ended
    role: str
    kind: str
    word: Promise


@at_node(PEOPLE)
def people(request: FurkaRequest, node: Node) -> HttpResponse:
    """Who may enter this level now or later, those from the levels above included, and who could until lately."""
    by, asked = request.by, request.GET
    text, state, relation = (
        asked.get("q", "").strip()[:100],
        asked.get("state", ""),
        asked.get("relation", ""),
    )
    below, order = bool(asked.get("below")) and not node.is_site, asked.get("sort", "end")
    state = state if state in _STANDS else ""
    order = order if order in _ORDERS else "end"
    rows = supporters(by, node, below=below, text=text, state=state, relation=relation)
    page = page_of(rows, _ORDERS[order][1], asked.get("cursor", ""))
    holders = _holders(by, node, [seen(row, by.at) for row in page.rows])
    narrowed = bool(text or state or relation or below or asked.get("cursor"))
    waiting = [grant for grant in queries.grants_on(by, node) if grant.state == "invited"]
    context = {
        "groups": _grouped(holders),
        "narrowed": narrowed,
        "below": below,
        "choices": _choices(request, node, state, relation, below=below),
        "orders": [
            Choice(str(word), address(request, sort="" if key == "end" else key, cursor=""), key == order)
            for key, (word, _columns) in _ORDERS.items()
        ],
        "order": _ORDERS[order][0],
        "form": SearchForm(initial={"q": text}),
        "kept": [(name, asked[name]) for name in ("state", "relation", "below", "sort") if asked.get(name)],
        "pages": PagesShown(
            address(request, cursor=page.before) if page.before else "",
            address(request, cursor=page.after) if page.after else "",
            "",
        ),
        "longer": [(key, words_of) for key, (words_of, _span) in LONGER.items()],
        "refresh_url": address(request, part="lists"),
        "back": address(request),
        "has_roles": node.kind in (Kind.RESELLER, Kind.CUSTOMER),
        "requests": waiting_requests(by, node, MOST_REQUESTS),
        "invited": _invited(by, node, waiting),
        "above": [] if narrowed else _holders(by, node, queries.grants_above(by, node)),
        "ended": [] if narrowed else _ended_shown(by, node),
        "may_invite": bool(roles_to_offer(by, node)),
        "site_count": None if node.is_site else site_numbers(by, node).total,
    }
    if not asked.get("part"):
        return render_level(request, node, "people/people.html", context, here="level-people")
    response = render_level(request, node, "people/_lists.html", context, here="level-people")
    response.headers["HX-Replace-Url"] = address(request)
    return response


def _choices(
    request: FurkaRequest, node: Node, state: str, relation: str, *, below: bool
) -> list[list[Choice]]:
    """The filters: how it stands, whose people, and whether the levels below belong to it."""
    states = [("", _("All")), *((key, str(word)) for key, (_kind, word) in _STANDS.items())]
    kinds = [("", _("Everybody")), *((key, str(word)) for key, word in _GROUPS.items())]
    found = [
        [Choice(word, address(request, state=key, cursor=""), key == state) for key, word in states],
        [Choice(word, address(request, relation=key, cursor=""), key == relation) for key, word in kinds],
    ]
    if not node.is_site:
        url = address(request, below="" if below else "yes", cursor="")
        found.append([Choice(_("Also below"), url, below)])
    return found


def _grouped(holders: list[HolderShown]) -> list[Group]:
    groups: dict[str, list[HolderShown]] = {}
    for holder in holders:
        groups.setdefault(holder.grant.relation, []).append(holder)
    return [Group(key, _GROUPS[key], tuple(each)) for key, each in groups.items()]


def _holders(by: Acting, node: Node, grants: list[GrantView]) -> list[HolderShown]:
    """As the page shows them, in the order in which they come."""
    if not grants:
        return []
    now = inside(by, node) if node.is_site else {}
    last = last_inside_below(by, node, {grant.person_id for grant in grants if grant.person_id is not None})
    by.foresee(grant.node.place for grant in grants)
    here = {grant.node.pk: grant.node for grant in grants if by.may(PEOPLE, grant.node.place)}
    falling = falling_with(by, node, [grant.key for grant in grants if grant.node.pk in here])
    last_owners = sole_owners(by, here.values())
    owned = {pk for pk, each in here.items() if _owns(by, each)}
    names = names_of({grant.role for grant in grants})
    parts = in_words(grant.narrowing for grant in grants)
    shown = []
    for grant in grants:
        kind, word = _STANDS[_stands(grant, by.at)]
        may_end = grant.node.pk in owned or (grant.node.pk in here and grant.depth is not None)
        shown.append(
            HolderShown(
                grant,
                kind,
                word,
                role_words.title(grant.role, grant.rights, names),
                hours_in_words(grant.windows),
                grant.person_id == by.person_id,
                may_end and grant.key not in last_owners,
                grant.key in last_owners,
                falling.get(grant.key, ()),
                now[grant.person_id].began_at if grant.person_id in now else None,
                last.get(grant.person_id) if grant.person_id is not None else None,
                parts[grant.narrowing],
            )
        )
    return shown


def _stands(grant: GrantView, at: datetime) -> str:
    if grant.state in ("paused", "upcoming"):
        return grant.state
    return "ends" if grant.valid_until is not None and grant.valid_until <= at + SOON else "active"


def _invited(by: Acting, node: Node, grants: list[GrantView]) -> list[InvitedShown]:
    links = open_links([grant.key for grant in grants])
    owns = _owns(by, node)
    names = names_of({grant.role for grant in grants})
    parts = in_words(grant.narrowing for grant in grants)
    return [
        _waiting(by, grant, links.get(grant.key), owns, names, parts[grant.narrowing]) for grant in grants
    ]


def _waiting(
    by: Acting,
    grant: GrantView,
    link: OpenLink | None,
    owns: bool,
    names: Mapping[str, str],
    part: str,
) -> InvitedShown:
    works = link is not None and link.until > by.at
    return InvitedShown(
        grant,
        role_words.title(grant.role, grant.rights, names),
        invitation_link(link.secret) if link is not None and works else "",
        link.until if link is not None else None,
        owns or not _is_owners(grant),
        part,
    )


def _ended_shown(by: Acting, node: Node) -> list[EndedShown]:
    return [_ended(over) for over in ended_lately(by, node, by.at - LATELY, MOST_ENDED)]


def _ended(over: Ended) -> EndedShown:
    kind, word = _OVER.get(over.grant.state, ("off", gettext_lazy("ended")))
    return EndedShown(over, role_words.title(over.grant.role, over.grant.rights), kind, word)


def _owns(by: Acting, node: Node) -> bool:
    """Whether the one who acts administers people here as an owner does, who alone may end an owner's access."""
    because = by.decide(PEOPLE, node.place).because
    return because is not None and because.depth is None


def _is_owners(grant: GrantView) -> bool:
    return grant.depth is None


@at_node(PEOPLE)
def invitation(request: FurkaRequest, node: Node, grant: str) -> HttpResponse:
    """An invitation that waits for its answer, with its link; as soon as it is answered, what came of it."""
    row = queries.grant_of_key(request.by, node, grant)
    if row is None:
        if not queries.grant_has_ended(request.by, node, grant):
            raise Http404
        context: dict[str, object] = {"grant": None, "people_url": level_url(node, "level-people")}
    else:
        view = queries.seen(row, request.by.at)
        link = open_links([view.key]).get(view.key)
        context = {
            "grant": view,
            "shown": _waiting(
                request.by,
                view,
                link,
                _owns(request.by, node),
                names_of({view.role}),
                in_words([view.narrowing])[view.narrowing],
            ),
            "code": code_of(invitation_link(link.secret)) if link is not None and not view.email else "",
            "allows": role_words.rights_in_words(view.rights),
            "people_url": level_url(node, "level-people"),
        }
    template = "people/_invitation.html" if request.GET.get("part") else "people/invitation.html"
    return render_level(request, node, template, context, here="level-people")


@require_POST
@at_node(PEOPLE)
def revoke(request: FurkaRequest, node: Node, grant: str) -> HttpResponse:
    """End an access at once, or withdraw an invitation."""
    row = queries.grant_of_key(request.by, node, grant)
    if row is None and not queries.grant_has_ended(request.by, node, grant):
        raise Http404
    if row is None:  # somebody else was quicker: it has ended, as was wanted
        messages.success(request, _("The access has already ended."))
        return redirect("level-people", node.key)
    name = str(row.person) if row.person else row.email
    granting.revoke(request.by, row)
    if row.person is None:
        messages.success(request, _("The invitation to %(email)s is withdrawn.") % {"email": row.email})
    else:
        messages.success(request, _("%(name)s no longer has access.") % {"name": name})
    if row.person_id == request.by.person_id and not request.by.may(PEOPLE, node.place):
        return redirect("home")
    return redirect(page_before(request, level_url(node, "level-people")))


@require_POST
@at_node(PEOPLE)
def resend(request: FurkaRequest, node: Node, grant: str) -> HttpResponse:
    """Send the mail of an invitation again."""
    row = queries.grant_of_key(request.by, node, grant)
    if row is None:
        raise Http404
    granting.resend(request.by, row)
    messages.success(request, _("The invitation was sent to %(email)s again.") % {"email": row.email})
    return redirect("level-invitation", node.key, row.series)
