"""Streams of news: prompt, once, and over when the right to look is over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import Client

from furka import clock
from furka.clock import FakeClock
from furka.journal.models import Event
from furka.live.models import News, NewsCount
from furka.people.models import Person
from furka.portal import live
from furka.status.kinds import Kind
from furka.tree import granting, operations, queries
from furka.tree.models import Node
from tests.status.measured import an_incident
from tests.world import NOW, TONIGHT, World, a_hub, a_world, by

pytestmark = pytest.mark.django_db(transaction=True)

#: Nothing here should take longer, in seconds.
LONG = 10


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world, really committed: streams hear of commits only. Streams beat quickly."""
    monkeypatch.setattr(live, "BEAT", 0.2)
    monkeypatch.setattr(live, "PAUSE", 0.05)
    standing = FakeClock(NOW)
    with clock.using(standing):
        yield a_world()


def opened(client: Client, someone: Person, address: str, **headers: str) -> Any:
    client.force_login(someone)
    answer = client.get(address, **headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
    return answer


async def parts(answer: Any) -> AsyncIterator[str]:
    async for part in answer.streaming_content:
        yield part.decode()


def heard(answer: Any, until: Callable[[str], bool], then: Callable[[], object] | None = None) -> list[str]:
    """What the stream says up to the part that was waited for; when it is open `then` is done meanwhile."""

    async def listen() -> list[str]:
        found = []
        stream = parts(answer)
        async with contextlib.aclosing(stream):  # type: ignore[type-var]
            async for part in stream:
                found.append(part)
                if until(part):
                    break
                if then is not None and len(found) == 2:
                    await sync_to_async(_closing(then))()
        return found

    async def limited() -> list[str]:
        return await asyncio.wait_for(listen(), LONG)

    return asyncio.run(limited())


def _closing(then: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            then()
        finally:
            connection.close()

    return run


def last_id() -> int:
    return NewsCount.objects.get().last


def is_change(part: str) -> bool:
    return "event: change" in part


def is_end(part: str) -> bool:
    return "event: end" in part


def url(node: Node) -> str:
    return f"/live/levels/{node.key}/"


def test_change_below_a_level_is_told_with_its_number(made: World, client: Client) -> None:
    answer = opened(client, made.rita, url(made.ours.reseller), HTTP_LAST_EVENT_ID=str(last_id()))

    said = heard(answer, is_change, lambda: operations.rename(by(made.karl), made.ours.school, "Schule"))

    assert said[0].startswith("retry: ")
    assert said[1] == ": still here\n\n"
    number = News.objects.filter(what="node.renamed").latest("id").pk
    assert said[-1] == f"id: {number}\nevent: change\ndata: node.renamed\n\n"


def test_news_of_the_neighbours_is_not_heard(made: World, client: Client) -> None:
    answer = opened(client, made.nora, url(made.theirs.reseller), HTTP_LAST_EVENT_ID=str(last_id()))
    beats = []

    def beaten(part: str) -> bool:
        beats.append(part)
        return len(beats) == 6

    said = heard(answer, beaten, lambda: operations.rename(by(made.karl), made.ours.school, "Schule"))

    assert [part for part in said if is_change(part)] == []


def test_browser_that_comes_back_hears_what_it_missed(made: World, client: Client) -> None:
    before = last_id()
    operations.rename(by(made.karl), made.ours.school, "Schule")
    answer = opened(client, made.karl, url(made.ours.school), HTTP_LAST_EVENT_ID=str(before))

    said = heard(answer, is_change)

    assert len(said) == 2


def test_browser_that_comes_for_the_first_time_hears_what_happened_while_the_page_loaded(
    made: World, client: Client
) -> None:
    operations.rename(by(made.karl, NOW - timedelta(seconds=3)), made.ours.school, "Schule")
    answer = opened(client, made.karl, url(made.ours.school))

    assert is_change(heard(answer, is_change)[-1])


def test_burst_of_news_is_one_change(made: World, client: Client) -> None:
    before, topic = last_id(), f"node:{made.ours.school.pk}"
    for number in range(20):
        operations.rename(by(made.karl), made.ours.school, f"Schule {number}")
    answer = opened(client, made.karl, url(made.ours.school), HTTP_LAST_EVENT_ID=str(before))

    [_opening, change] = heard(answer, is_change)

    newest = News.objects.filter(topic=topic).order_by("-id").values_list("id", flat=True).first()
    assert change == f"id: {newest}\nevent: change\ndata: node.renamed\n\n"


def test_stream_ends_when_the_access_is_revoked(made: World, client: Client) -> None:
    answer = opened(client, made.sonja, url(made.ours.school), HTTP_LAST_EVENT_ID=str(last_id()))

    def revoke() -> None:
        [view] = [each for each in queries.grants_on(by(made.karl), made.ours.school) if each.name == "Sonja"]
        row = queries.grant_of_key(by(made.karl), made.ours.school, view.key)
        assert row is not None
        granting.revoke(by(made.karl), row)

    said = heard(answer, is_end, revoke)

    assert [part for part in said if is_change(part)] == []


def test_stream_ends_when_the_time_of_the_access_is_over(made: World, client: Client) -> None:
    answer = opened(client, made.sonja, url(made.ours.school), HTTP_LAST_EVENT_ID=str(last_id()))
    standing = clock._clock
    assert isinstance(standing, FakeClock)

    said = heard(answer, is_end, lambda: standing.advance(TONIGHT - NOW))

    assert is_end(said[-1])


def test_stream_ends_when_the_person_logs_out(made: World, client: Client) -> None:
    answer = opened(client, made.karl, url(made.ours.school), HTTP_LAST_EVENT_ID=str(last_id()))

    assert is_end(heard(answer, is_end, client.logout)[-1])


def test_stream_of_a_level_that_one_may_not_see_is_not_there(made: World, client: Client) -> None:
    client.force_login(made.nora)

    assert client.get(url(made.ours.school)).status_code == 404


def test_own_stream_tells_of_own_access_only(made: World, client: Client) -> None:
    answer = opened(client, made.fremd, "/live/me/", HTTP_LAST_EVENT_ID=str(last_id()))

    def let_in() -> None:
        operations.rename(by(made.karl), made.ours.school, "Schule")
        grant = granting.invite(
            by(made.karl), made.ours.school, made.fremd.email, granting.Terms(role="viewer")
        )
        secret = queries.invitation_secret(grant.series)
        assert secret is not None
        granting.accept(by(made.fremd), secret)

    said = heard(answer, is_change, let_in)

    assert [part.splitlines()[-2] for part in said if is_change(part)] == ["data: access"]


def test_export_of_the_journal_comes_as_a_stream(made: World, client: Client) -> None:
    client.force_login(made.karl)
    answer: Any = client.get(f"/levels/{made.ours.school.key}/events/jsonl")

    async def read() -> str:
        return "".join([part async for part in parts(answer)])

    text = asyncio.run(read())
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="events-')
    assert len(text.splitlines()) == Event.objects.filter(node_id=made.ours.school.pk).count()


def test_whoever_looks_at_a_level_or_at_own_things_hears_that_a_part_of_the_cloud_fell(
    made: World, client: Client
) -> None:
    for at, address in ((NOW, url(made.ours.reseller)), (NOW + timedelta(minutes=1), "/live/me/")):
        answer = opened(client, made.rita, address, HTTP_LAST_EVENT_ID=str(last_id()))
        hub = a_hub(f"hub{last_id()}")
        said = heard(answer, is_change, partial(an_incident, Kind.HUB, hub, at))
        assert said[-1].endswith("data: state\n\n")
