"""How a running gateway talks with the portal: patiently."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import pytest

from furka.gateway.portal import Listener, News, Patience, Reporter, Silence
from furka.wire.gateway import GatewayReport, GatewaySettings
from furka.wire.portal_link import PortalLink
from furka.wire.problem import Problem
from tests.gateway.fake_portal import FakePortal
from tests.lab.waiting import eventually

HURRY = Patience(news=1, first_retry=0.05, last_retry=0.1, refused=0.1)
AWAY = Problem(title="Away for maintenance", status=503, code="away")
UNKNOWN = Problem(title="Not known", status=401, code="not-known", detail="This token is not known.")


@pytest.fixture
def portal() -> Iterator[FakePortal]:
    with FakePortal() as portal:
        yield portal


@contextmanager
def listening(portal: FakePortal, seen: str = "", patience: Patience = HURRY) -> Iterator[SimpleQueue[News]]:
    news: SimpleQueue[News] = SimpleQueue()
    listener = Listener(PortalLink(portal.url, "token-of-School"), seen, news, patience)
    listener.start()
    try:
        yield news
    finally:
        listener.close()
        listener.join(10)
        assert not listener.is_alive()


@contextmanager
def reporting(portal: FakePortal) -> Iterator[Reporter]:
    reporter = Reporter(PortalLink(portal.url, "token-of-School"), HURRY)
    reporter.start()
    try:
        yield reporter
    finally:
        reporter.close()
        reporter.join(10)
        assert not reporter.is_alive()


def report(etag: str) -> GatewayReport:
    return GatewayReport(version="1", applied_etag=etag, back_end="kernel")


def test_news_arrive_when_there_are_some(portal: FakePortal) -> None:
    first = portal.give("School")
    with listening(portal) as news:
        assert news.get(timeout=5) == first
        second = portal.give("School")
        assert news.get(timeout=0.9) == second  # before the question ends


def test_what_is_known_is_asked_for_only_when_it_changes(portal: FakePortal) -> None:
    known = portal.give("School")
    with listening(portal, known.etag) as news:
        new = portal.give("School")
        assert news.get(timeout=5) == new


def test_a_portal_that_was_away_is_asked_again(portal: FakePortal) -> None:
    portal.refused = AWAY
    settings = portal.give("School")
    with listening(portal) as news:
        assert news.get(timeout=5) == Silence("Away for maintenance")
        portal.refused = None
        assert eventually(lambda: news.get(timeout=5) == settings)


def test_a_portal_that_refuses_is_asked_again_too(portal: FakePortal) -> None:
    portal.refused = UNKNOWN
    settings = portal.give("School")
    with listening(portal) as news:
        assert news.get(timeout=5) == Silence("This token is not known.", refused=True)
        portal.refused = None
        assert eventually(lambda: news.get(timeout=5) == settings)


def test_a_portal_that_does_not_wait_is_not_asked_in_a_rush(portal: FakePortal) -> None:
    known = portal.give("School")
    patience = Patience(news=0, first_retry=0.3, last_retry=1, refused=1)
    with listening(portal, known.etag, patience) as news:
        first = news.get(timeout=5)
        assert isinstance(first, GatewaySettings)
        assert first == known
        assert news.qsize() == 0


def test_after_the_release_nothing_more_is_asked(portal: FakePortal) -> None:
    released = portal.give("School", released=True)
    news: SimpleQueue[News] = SimpleQueue()
    listener = Listener(PortalLink(portal.url, "token-of-School"), "", news, HURRY)
    listener.start()
    listener.join(5)
    assert not listener.is_alive()
    assert (news.get_nowait(), news.qsize()) == (released, 0)


def test_a_report_is_sent_once_and_again_when_it_changed(portal: FakePortal) -> None:
    with reporting(portal) as reporter:
        reporter.say(report("1"))
        eventually(lambda: len(portal.reports) == 1)
        reporter.say(report("1"))
        reporter.say(report("2"))
        eventually(lambda: len(portal.reports) == 2)
    assert portal.reports == [("School", report("1")), ("School", report("2"))]


def test_a_report_that_was_not_taken_is_sent_until_it_is(portal: FakePortal) -> None:
    portal.refused = AWAY
    with reporting(portal) as reporter:
        reporter.say(report("1"))
        eventually(lambda: len(portal.reports) >= 2)
        portal.refused = None
        tried = len(portal.reports)
        eventually(lambda: len(portal.reports) > tried)
        reporter.say(report("2"))
        eventually(lambda: ("School", report("2")) in portal.reports)
