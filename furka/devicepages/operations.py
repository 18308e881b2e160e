"""How open pages begin and end. Whether somebody may open one is decided by the service that lets them in."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from furka.devicepages.models import OpenPage
from furka.errors import Conflict, NotThere
from furka.plan.addressing import PLAN
from furka.sites.models import Device, Gateway
from furka.tree.models import Node
from furka.tree.operation import AccessTouched, Work, own_operation
from furka.tunnel.addresses import draw, page_number
from furka.tunnel.models import Hub
from furka.vault import fingerprint, fingerprints
from furka.wire.hub import PageClosed
from furka.wire.pages import ENTRANCE

#: A page lasts so long at most; whoever goes on working opens it anew.
LONGEST = timedelta(hours=10)
#: Without use it ends sooner.
IDLE = timedelta(minutes=30)
#: In which the browser has to show its ticket.
TICKET_LASTS = timedelta(seconds=60)
MOST_OPEN = 20
#: A page that was closed is remembered for so long.
KEPT = timedelta(days=30)

_REASON = "a page is ended for whoever has it open"
_LABEL_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that was opened, and where a browser enters it, once."""

    page: OpenPage
    url: str


def begin(
    work: Work, device: Device, gateway: Gateway, until: datetime | None, login_key: str, language: str
) -> Opened:
    """Make an open page of a device for the one who acts, until that moment at most. Part of an operation."""
    person_id = work.acting_person_id
    if not gateway.hub.pages:
        raise Conflict("no-pages-here", _("The hub of this site opens no pages in browsers."))
    mine = OpenPage.objects.everything(_REASON).filter(person_id=person_id, ended_at=None)
    if mine.filter(ends_at__gt=work.at).count() >= MOST_OPEN:
        raise Conflict("too-many-pages", _("You have many pages open already. Please close one first."))
    ticket = secrets.token_urlsafe(32)
    page = OpenPage.objects.create(
        node=device.node,
        person_id=person_id,
        device=device,
        number=_free_number(work),
        label="".join(secrets.choice(_LABEL_LETTERS) for _ in range(26)),
        ticket_hash=hashlib.sha256(ticket.encode()).hexdigest(),
        ticket_until=work.at + TICKET_LASTS,
        login_hash=fingerprint(login_key) if login_key else "",
        language=language,
        opened_at=work.at,
        ends_at=min(work.at + LONGEST, until) if until else work.at + LONGEST,
    )
    work.touch(AccessTouched(person_id, device.node_id))
    work.tell_person(person_id, "page")
    work.record(device.node, "page.opened", after={"page": device.name, "until": page.ends_at.isoformat()})
    return Opened(page, entrance(gateway.hub, page, ticket))


def entrance(hub: Hub, page: OpenPage, ticket: str) -> str:
    """Where a browser shows its ticket."""
    return f"{hub.pages.replace('*', page.label)}{ENTRANCE}?t={ticket}"


@own_operation("everybody may close what they have open")
def close(work: Work, key: str) -> None:
    """Close a page of one's own; once more is no fault."""
    rows = (
        OpenPage.objects.everything(_REASON).select_for_update(of=("self",)).select_related("node", "device")
    )
    page = rows.filter(person_id=work.acting_person_id, key=key).first()
    if page is None:
        raise NotThere("not-there", _("This page does not exist."))
    if page.ended_at is None:
        _end(work, page, work.at, "by-person")


@own_operation("whoever logs out leaves")
def end_with_login(work: Work, login_key: str) -> int:
    """A login in the portal has ended: so do the pages that were opened with it."""
    rows = _open_rows().filter(login_hash__in=fingerprints(login_key))
    return _end_all(work, list(rows), "logout")


@own_operation("the hub's token is the proof")
def take_closed(work: Work, hub: Hub, closed: PageClosed) -> None:
    """The program beside the hub has closed a page. It is believed about pages that its own hub had."""
    mine = Gateway.objects.everything(_REASON).filter(hub=hub).values("node_id")
    _end_all(work, list(_open_rows().filter(key=closed.name, node__in=mine)), "idle")


@own_operation("time has passed; nobody has to allow that")
def end_overdue(work: Work) -> int:
    """Put into the record that pages came to their end; the kernel has closed them by itself."""
    return _end_all(work, list(_open_rows().filter(ends_at__lte=work.at)[:500]), "time")


def end_pages_of(work: Work, person_id: int, site: Node) -> None:
    """Everything that somebody has open at a site closes. Part of an operation."""
    _end_all(work, list(_open_rows().filter(person_id=person_id, node=site)), "closed")


def forget_old(at: datetime) -> int:
    """Drop rows of pages that were closed long ago; the journal tells of them."""
    closed = OpenPage.objects.everything(_REASON).filter(ended_at__lt=at - KEPT)
    return closed.delete()[0]


def end_dropped(work: Work, keys: list[str]) -> None:
    """These pages are no longer in the plan: the access they were opened with has ended. Part of an operation.

    A row that somebody holds is being ended by them: waiting for it here, with the plans locked, could be for ever.
    """
    if keys:
        rows = OpenPage.objects.everything(_REASON).select_for_update(of=("self",), skip_locked=True)
        live = rows.filter(key__in=keys, ended_at=None)
        for page in live.select_related("node", "node__reseller", "node__customer", "device"):
            is_over = page.ends_at <= work.at
            _end(work, page, min(page.ends_at, work.at), "time" if is_over else "closed")


def _open_rows() -> QuerySet[OpenPage]:
    rows = OpenPage.objects.everything(_REASON).select_for_update(of=("self",))
    return rows.filter(ended_at=None).select_related("node", "node__reseller", "node__customer", "device")


def _end_all(work: Work, pages: list[OpenPage], because: str) -> int:
    for page in pages:
        _end(work, page, min(page.ends_at, work.at), because)
    return len(pages)


def _end(work: Work, page: OpenPage, at: datetime, because: str) -> None:
    page.ended_at, page.ended_by = at, because
    page.save(update_fields=["ended_at", "ended_by"])
    work.touch(AccessTouched(page.person_id, page.node_id))
    work.tell_person(page.person_id, "page")
    work.record(page.node, "page.closed", at=at, after={"page": page.device.name, "because": because})


def _free_number(work: Work) -> int:
    """The next address that nobody has: those that are given back wait until all others were used."""
    for _attempt in range(PLAN.pages.num_addresses):
        number = page_number(draw("pages"))
        taken = OpenPage.objects.everything(_REASON).filter(number=number, ended_at=None)
        if not taken.exists():
            return number
        if (over := taken.filter(ends_at__lte=work.at).select_related("node", "device").first()) is not None:
            _end(work, over, over.ends_at, "time")
            return number
    raise Conflict("no-address-left", _("Too many pages are open at the moment. Please try again later."))
