"""What needs somebody at a level and below, now: the first thing that every overview says.

Each part asks the database a constant number of times, however much there is below the level. The state of the cloud
and announced maintenance will be a part of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from furka.access.rights import CONFIGURE, PEOPLE, STRUCTURE
from furka.portal.extensions import answer_url
from furka.portal.level_page import level_url, shown
from furka.reviews.queries import reviews_waiting
from furka.sites.lists import gateways_in_need, sites_of
from furka.sites.queries import SiteState, state_of
from furka.tree.acting import Acting
from furka.tree.extensions import waiting_requests
from furka.tree.lifecycle import deleted_below
from furka.tree.models import Kind, Node
from furka.tree.offers import OfferView, offers_concerning
from furka.tree.requests import Stage, emergencies_at, own_to_do, requests_open
from furka.tree.who import ending_before, waiting_invitations

#: So many sites that are down are named on the overview …
MOST_NAMED = 8
#: … and so many of each other sort of things.
MOST_OTHERS = 3
#: So many of them are counted to say how many there are in all.
MOST_COUNTED = 200
#: Access that ends within this time is named there.
SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that needs somebody: how it is shown, what it is about, and since when or until when."""

    kind: str
    word: str
    name: str
    url: str
    detail: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class More:
    """That there is more than is named, and where it is."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Matters:
    """What is named, and where the rest is."""

    named: list[Matter]
    more: list[More]


def about_me(by: Acting, node: Node | None = None) -> list[Matter]:
    """What somebody has to do about their own requests, at a level and below, or anywhere."""
    found = []
    for request in own_to_do(by, node):
        url, place = reverse("own-request", args=(request.key,)), request.node.name
        if request.waits_for_justification:
            found.append(Matter("warn", _("Emergency to justify"), place, url, since=request.ends_at))
        else:
            found.append(Matter("info", _("Approved, begin"), place, url, until=request.use_until))
    return found


def about_sites(by: Acting, node: Node) -> list[Matter]:
    """Sites that are down, and, for whoever may configure, sites without a gateway."""
    found = []
    for gateway in gateways_in_need(by, node, MOST_NAMED):
        look, site = shown(state_of(gateway, by.at)), gateway.node
        since = look.state.since
        found.append(
            Matter(look.kind, str(look.word), site.name, level_url(site), _owner_of(site), since=since)
        )
    if by.may(CONFIGURE, node.place):
        rows = sites_of(by, node, state="without-gateway").filter(archived_at=None)
        for site in rows.select_related("customer")[:MOST_OTHERS]:
            look = shown(SiteState("without-gateway"))
            found.append(Matter(look.kind, str(look.word), site.name, level_url(site), _owner_of(site)))
    return found


def about_people(by: Acting, node: Node) -> Matters:
    """For whoever administers people: what was asked for, reviews, open invitations, access that ends soon."""
    if not by.may(PEOPLE, node.place):
        return Matters([], [])
    found: list[Matter] = []
    more: list[More] = []
    for asked in waiting_requests(by, node, MOST_OTHERS):
        name, until = asked.grant.name, asked.grant.valid_until
        place = asked.grant.node.name
        found.append(Matter("ends", _("Extension asked for"), name, answer_url(asked), place, until=until))
    emergencies, asking = emergencies_at(by, node, MOST_COUNTED), requests_open(by, node, MOST_COUNTED)
    if len(emergencies) > MOST_OTHERS or len(asking) > MOST_OTHERS:
        text = _all_of(_("All %(count)d requests for access"), len(emergencies) + len(asking))
        more.append(More(text, level_url(node, "level-requests")))
    for request in emergencies[:MOST_OTHERS]:
        url = reverse("level-request-answer", args=(request.node.key, request.key))
        inside = request.stage_at(by.at) == Stage.RUNNING
        word = _("Emergency access") if inside else _("Emergency not justified")
        name, place, ends = str(request.person), request.node.name, request.ends_at
        found.append(
            Matter("bad" if inside else "warn", word, name, url, place, until=ends if inside else None)
        )
    for request in asking[:MOST_OTHERS]:
        url = reverse("level-request-answer", args=(request.node.key, request.key))
        until = request.open_until
        name, place = str(request.person), request.node.name
        found.append(Matter("warn", _("Access asked for"), name, url, place, until=until))
    reviews = reviews_waiting(by, node)
    if len(reviews) > MOST_OTHERS:
        more.append(More(_all_of(_("All %(count)d reviews"), len(reviews)), level_url(node, "level-reviews")))
    for waiting in reviews[:MOST_OTHERS]:
        review = waiting.review
        kind, word = ("warn", _("Review overdue")) if waiting.is_overdue else ("info", _("Review open"))
        url = reverse("level-review", kwargs={"key": review.node.key, "review": review.key})
        found.append(Matter(kind, word, review.node.name, url, until=review.due_at))
    for view in waiting_invitations(by, node, MOST_OTHERS):
        name = view.email or _("Link or QR code")
        url, until = level_url(view.node, "level-people"), view.valid_until
        found.append(Matter("info", _("Invitation open"), name, url, view.node.name, until=until))
    for view in ending_before(by, node, by.at + SOON, MOST_OTHERS):
        name = view.name or view.email
        url, until = level_url(view.node, "level-people"), view.valid_until
        found.append(Matter("ends", _("Access ends"), name, url, view.node.name, until=until))
    return Matters(found, more)


def _all_of(text: str, count: int) -> str:
    return text % {"count": count}


def about_places(by: Acting, node: Node) -> list[Matter]:
    """Offers to one's own address; for whoever changes the tree also those to answer or that wait for the other side,
    and what lies in the bin."""
    views = offers_concerning(by, node, MOST_OTHERS)
    found = [_offer(view) for view in sorted(views, key=lambda view: not view.to_answer)]
    if not by.may(STRUCTURE, node.place):
        return found
    if node.kind != Kind.SITE and (number := deleted_below(by, node).count()):
        text = ngettext("%(number)d deleted level", "%(number)d deleted levels", number)
        url = level_url(node, "level-bin")
        found.append(Matter("off", _("In the bin"), text % {"number": number}, url))
    return found


def _offer(view: OfferView) -> Matter:
    level = view.node or view.target
    word = _("Offer to answer") if view.to_answer else _("Offer open")
    url = reverse("move-offer", kwargs={"offer": view.key})
    detail = view.begun_by if view.to_answer else view.to
    kind = "warn" if view.to_answer else "info"
    return Matter(kind, word, level.name if level else "", url, detail, until=view.expires_at)


def _owner_of(site: Node) -> str:
    return site.customer.name if site.customer is not None else ""
