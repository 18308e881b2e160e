"""Streams of server-sent events (HTML standard, section 9.2): open pages hear at once that something has changed.

A stream says only that there is news; what is new the page fetches by itself, through the same checks as ever. It ends,
with an event `end`, when whoever listens may no longer look.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.contrib.auth import HASH_SESSION_KEY
from django.http import StreamingHttpResponse

from furka import clock
from furka.access.rights import LOOK
from furka.gate.declare import at_node, own
from furka.gate.looking import acting_now
from furka.gate.request import FurkaRequest
from furka.live.listen import stream, then_closed
from furka.live.models import News
from furka.people.models import Person
from furka.sites.queries import is_silent
from furka.status.incidents import TOPIC
from furka.status.queries import is_stale
from furka.tree.models import Node
from furka.tunnel.models import Hub
from furka.vault import same

#: Seconds between two signs of life; at each the right to look is checked again.
BEAT = 15.0
#: Seconds that a stream stays quiet after a change, so that a burst of news is one change.
PAUSE = 1.0
#: A page that connects for the first time also hears what happened while it was loading.
LOADING = timedelta(seconds=30)
#: A stream ends by itself after so many seconds, and the browser connects anew, perhaps to another copy of the portal.
LONGEST = 1800.0
#: Milliseconds after which a browser that lost its connection tries again.
RETRY = 2000


@at_node(LOOK)
def of_level(request: FurkaRequest, node: Node) -> StreamingHttpResponse:
    """What happens at a level and below, for as long as the person may look at it."""
    topics = (f"node:{node.pk}", f"person:{request.by.person_id}", TOPIC)
    return _answer(request, topics, lambda: _may_look(request, node))


@own("what happens to a person's own things")
def of_person(request: FurkaRequest) -> StreamingHttpResponse:
    """What happens to one's own access and devices, for as long as one is logged in."""
    return _answer(request, (f"person:{request.user.pk}", TOPIC), lambda: _is_there(request))


def _answer(
    request: FurkaRequest, topics: Iterable[str], may_look: Callable[[], bool]
) -> StreamingHttpResponse:
    after = _last_had(request)
    response = StreamingHttpResponse(_told(topics, after, may_look), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-cache, no-store"
    response.headers["X-Accel-Buffering"] = "no"  # proxies pass on each event as it comes
    return response


async def _told(topics: Iterable[str], after: int, may_look: Callable[[], bool]) -> AsyncIterator[bytes]:
    looked = sync_to_async(then_closed(lambda: _look(may_look)))
    end = clock.monotonic() + LONGEST
    silent: frozenset[int] | None = None
    yield f"retry: {RETRY}\n\n".encode()
    async for items in stream(topics, after, BEAT):
        is_long = clock.monotonic() > end
        before, (allowed, silent) = silent, await looked()
        if not allowed:
            yield b"event: end\ndata: end\n\n"
            return
        if items:
            yield f"id: {items[-1].id}\nevent: change\ndata: {items[-1].what}\n\n".encode()
            await asyncio.sleep(PAUSE)
        elif before is not None and before != silent:
            yield b"event: change\ndata: hub\n\n"
        else:
            yield b": still here\n\n"
        if is_long:
            return


def _look(may_look: Callable[[], bool]) -> tuple[bool, frozenset[int]]:
    """Whether whoever listens may go on; and which hubs are silent (0: whoever looks after the cloud is), which nobody
    publishes: silence is no news."""
    at = clock.now()
    silent = {hub.pk for hub in Hub.objects.all() if is_silent(hub, at)}
    return may_look(), frozenset(silent | ({0} if is_stale(at) else set()))


def _may_look(request: FurkaRequest, node: Node) -> bool:
    person = Person.objects.filter(pk=request.user.pk).first()
    if person is None or not _is_there(request):
        return False
    acting = acting_now(request, person, clock.now())
    return acting is not None and acting.may(LOOK, node.place)


def _is_there(request: FurkaRequest) -> bool:
    """Whether the person is still logged in with this session; a new password ends those that were there before."""
    key = request.session.session_key
    person = Person.objects.filter(pk=request.user.pk, is_active=True).first()
    if person is None or key is None or not request.session.exists(key):
        return False
    return same(request.session.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash())


def _last_had(request: FurkaRequest) -> int:
    """The number of the last news that the browser has; before its first: of the last one before the page loaded."""
    given = request.headers.get("Last-Event-ID", "")
    if given.isascii() and given.isdigit() and len(given) < 19:
        return int(given)
    rows = News.objects.filter(at__lt=request.by.at - LOADING).order_by("-id")
    return rows.values_list("id", flat=True).first() or 0
