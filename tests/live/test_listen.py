"""Waiting for news: woken by a commit, not before, not by others; nothing is missed and nothing comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import pytest
from django.db import transaction

from furka.live.listen import Item, stream, until
from furka.live.models import News, NewsCount
from furka.live.publish import prune, publish
from tests.together import none_failed, together
from tests.waiting import LONG, become, meanwhile, own_listener, run, tell
from tests.world import NOW, TONIGHT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with own_listener(monkeypatch):
        yield


async def take(wanted: Iterable[str], after: int | None, many: int, then: Callable[[], object]) -> list[Item]:
    """That many items of a stream; when it waits for the first time, something is done."""
    found: list[Item] = []
    done = False
    news = stream(wanted, after, beat=0.05)
    async for items in news:
        found += items or []
        if len(found) >= many:
            break
        if items is None and not done:
            done = True
            await meanwhile(then)
    await news.aclose()  # type: ignore[attr-defined]
    return found


def told(items: Iterable[Item]) -> list[tuple[str, str]]:
    return [(item.topic, item.what) for item in items]


def test_whoever_waits_is_woken_by_a_commit_and_not_before() -> None:
    asked: list[bool] = []
    committed = False

    def ready() -> bool:
        asked.append(NewsCount.objects.filter(last__gt=1).exists())
        return asked[-1]

    def change() -> None:
        nonlocal committed
        with transaction.atomic():
            publish([("hub:1", "plan")], NOW)
            committed = True

    async def scene() -> tuple[bool, float]:
        waiting = asyncio.create_task(until(["hub:1"], ready, LONG))
        await become(
            lambda: len(asked) >= 2
        )  # the first look, and the one when the listener knows where it stands
        assert not waiting.done()
        begin = asyncio.get_running_loop().time()
        await meanwhile(change)
        return await waiting, asyncio.get_running_loop().time() - begin

    tell("hub:2")
    woken, took = run(scene())

    assert woken
    assert committed
    assert took < 5  # at once; PostgreSQL's own pace of looking is 5 s, so this was the bell
    assert asked[-1:] == [True]
    assert not any(asked[:-1])


def test_waiting_ends_by_itself() -> None:
    assert run(until(["hub:1"], lambda: False, 0.1)) is False


def test_news_of_others_wakes_nobody() -> None:
    looked = 0

    def ready() -> bool:
        nonlocal looked
        looked += 1
        return False

    async def scene() -> int:
        waiting = asyncio.create_task(until(["hub:1"], ready, 1.0))
        await become(lambda: looked >= 2)
        for number in range(20):
            await meanwhile(partial(tell, f"node:{number}"))
        await waiting
        return looked

    tell("hub:2")
    assert run(scene()) == 3  # at first, when the listener began, and at the end


def test_stream_tells_what_comes_under_its_topics_once_and_in_order() -> None:
    tell("node:1", "before")

    def happen() -> None:
        tell("node:1", "one")
        tell("node:2", "not ours")
        with transaction.atomic():
            publish([("node:3", "two"), ("node:1", "three"), ("node:3", "two")], NOW)

    items = run(take(["node:1", "node:3"], None, 3, happen))

    assert told(items) == [("node:1", "one"), ("node:3", "two"), ("node:1", "three")]


def test_stream_goes_on_where_its_reader_stopped() -> None:
    for what in ("one", "two", "three"):
        tell("node:1", what)
    first = News.objects.order_by("id")[0].id

    assert told(run(take(["node:1"], first, 2, lambda: None))) == [("node:1", "two"), ("node:1", "three")]


def test_reader_who_knows_more_than_there_is_hears_what_comes_now() -> None:
    """After an older database was put back, pages still show the ids of the newer one."""
    tell("node:1", "before")

    assert told(run(take(["node:1"], 999, 1, lambda: tell("node:1", "now")))) == [("node:1", "now")]


def test_listener_follows_when_another_database_is_put_in_place() -> None:
    for _ in range(5):
        tell("node:1")

    def put_back() -> None:
        with transaction.atomic():
            News.objects.all().delete()
            NewsCount.objects.update(last=0)
            publish([("node:9", "put back")], NOW)

    looked = 0

    def ready() -> bool:
        nonlocal looked
        looked += 1
        return News.objects.filter(what="now").exists()

    async def scene() -> bool:
        waiting = asyncio.create_task(until(["node:1"], ready, LONG))
        await become(lambda: looked >= 2)
        await meanwhile(put_back)
        await become(lambda: looked >= 3)
        await meanwhile(lambda: tell("node:1", "now"))
        return await waiting

    assert run(scene())


def test_many_who_publish_at_once_are_all_heard_in_order() -> None:
    def write(number: int) -> None:
        for step in range(10):
            tell("node:1", f"{number}.{step}")

    def all_at_once() -> None:
        none_failed(together([partial(write, number) for number in range(4)]))

    items = run(take(["node:1"], None, 40, all_at_once))

    assert [item.id for item in items] == list(range(1, 41))
    for number in range(4):
        assert [item.what for item in items if item.what.startswith(f"{number}.")] == [
            f"{number}.{step}" for step in range(10)
        ]


def test_what_was_undone_is_not_told() -> None:
    with transaction.atomic():
        publish([("node:1", "never")], NOW)
        transaction.set_rollback(True)
    tell("node:1", "indeed")

    assert told(run(take(["node:1"], 0, 1, lambda: None))) == [("node:1", "indeed")]


def test_old_news_is_forgotten() -> None:
    tell("node:1", "old")
    with transaction.atomic():
        publish([("node:1", "new")], TONIGHT)

    assert prune(TONIGHT) == 1
    assert [item.what for item in News.objects.all()] == ["new"]
