"""What a hub and a portal say to each other, over real HTTP on the loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from furka.hub.conversation import Listener, Pause, Portal, Teller
from furka.hub.reports import Reports
from furka.plan.entries import Prefix
from furka.wire.hub import HubHello, HubReport, HubReportTaken, HubWelcome, OfferedRelay, PlanAnswer
from furka.wire.portal_link import PortalAway, PortalRefused
from furka.wire.problem import Problem
from tests.hub.fake_portal import TOKEN, FakePortal
from tests.lab.waiting import eventually
from tests.laws.hub_worlds import LAYOUT, key_of

HELLO = HubHello(version="1", public_key=key_of(1), endpoint="hub.example.org:51820", back_end="memory")
SCHOOL = Prefix(network=next(LAYOUT.plants.subnets(new_prefix=24)), site=1)


class Over(Exception):
    """The test is over."""


@pytest.fixture
def portal() -> Iterator[FakePortal]:
    """A portal on the loopback."""
    with FakePortal() as portal:
        yield portal


@pytest.fixture
def way(portal: FakePortal, tmp_path: Path) -> Portal:
    """The way to it, with the right token."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    return Portal(portal.url, tmp_path / "token")


class Ears:
    """Hears what a listener passes on, in a thread that ends with the test."""

    def __init__(self, way: Portal) -> None:
        self.heard: list[HubWelcome | PlanAnswer] = []
        self.over = False
        self.hello = HELLO
        self.listener = Listener(way, lambda: self.hello, self._hear)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _hear(self, what: HubWelcome | PlanAnswer, at: float) -> None:
        if self.over:
            raise Over
        self.heard.append(what)

    def _run(self) -> None:
        with pytest.raises(Over):
            self.listener.run()

    def plans(self) -> list[PlanAnswer]:
        return [one for one in self.heard if isinstance(one, PlanAnswer)]

    def end(self, portal: FakePortal) -> None:
        self.over = True
        portal.token = TOKEN
        portal.say()
        self._thread.join(30)
        assert not self._thread.is_alive()


@pytest.fixture
def ears(portal: FakePortal, way: Portal) -> Iterator[Ears]:
    """A listener at work."""
    ears = Ears(way)
    yield ears
    ears.end(portal)


def test_a_hub_says_hello_and_then_hears_every_change(portal: FakePortal, ears: Ears) -> None:
    eventually(ears.plans)
    assert portal.hellos == [HELLO]
    assert isinstance(ears.heard[0], HubWelcome)
    portal.say(SCHOOL)
    portal.say(gone=(SCHOOL.key,))
    eventually(lambda: ears.plans()[-1].revision == 2)
    assert ears.listener.welcomed.is_set()


def test_a_relay_that_begins_later_is_told_with_another_hello(portal: FakePortal, ears: Ears) -> None:
    eventually(ears.plans)
    ears.hello = HELLO.model_copy(update={"relay": OfferedRelay(endpoint="hub.example.org:443")})
    portal.say(SCHOOL)
    eventually(lambda: portal.hellos == [HELLO, ears.hello])
    portal.say(gone=(SCHOOL.key,))
    eventually(lambda: ears.plans()[-1].revision == 2)


def test_a_portal_that_answers_at_once_without_news_is_not_pestered(portal: FakePortal, ears: Ears) -> None:
    eventually(lambda: len(ears.plans()) >= 2)
    assert len(portal.questions) < 6


def test_after_an_absence_the_hub_says_hello_again_and_goes_on(portal: FakePortal, ears: Ears) -> None:
    portal.say(SCHOOL)
    eventually(lambda: ears.plans() and ears.plans()[-1].revision == 1)
    portal.go_away()
    portal.come_back()
    portal.say(gone=(SCHOOL.key,))
    eventually(lambda: ears.plans()[-1].revision == 2)
    assert len(portal.hellos) == 2
    assert not ears.plans()[-1].complete


def test_a_portal_that_began_anew_is_asked_for_everything(portal: FakePortal, ears: Ears) -> None:
    for _ in range(3):
        portal.say(SCHOOL)
    eventually(lambda: ears.plans() and ears.plans()[-1].revision == 3)
    portal.forget_everything()
    portal.say()
    eventually(lambda: ears.plans()[-1].revision == 1)
    assert ears.plans()[-1].complete
    assert ears.plans()[-1].entries == ()


def test_a_new_token_needs_no_restart(
    portal: FakePortal, way: Portal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("furka.hub.conversation._REFUSED_PAUSE", 0.05)
    way.token_file.write_text("of yesterday")
    ears = Ears(way)
    eventually(lambda: "refuses this hub" in caplog.text)
    assert portal.hellos == []
    way.token_file.write_text(TOKEN)
    eventually(ears.plans)
    ears.end(portal)
    assert caplog.text.count("refuses this hub") == 1


class Mouth:
    """A link that takes reports, or does not."""

    def __init__(self, answer: Callable[[HubReport], None]) -> None:
        self._answer = answer
        self.told: list[HubReport] = []

    def post(self, path: str, report: HubReport, answer: type[HubReportTaken]) -> None:
        self.told.append(report)
        self._answer(report)


def refuse(status: int) -> Callable[[HubReport], None]:
    def answer(report: HubReport) -> None:
        if report.applied_revision == 1:
            raise PortalRefused(Problem(title="no", status=status, code="x"))
        raise PortalAway("enough")

    return answer


@pytest.mark.parametrize(("status", "told"), [(422, [1, 2]), (401, [1]), (403, [1])])
def test_a_report_that_nobody_wants_does_not_block_the_next(status: int, told: list[int]) -> None:
    reports = Reports()
    reports.state(1, 0, "")
    mouth = Mouth(refuse(status))
    teller = Teller(Portal("http://127.0.0.1", Path("/")), reports, threading.Event())

    def later() -> None:
        if status == 422:
            eventually(lambda: not reports.wait(0))
            reports.state(2, 0, "")

    thread = threading.Thread(target=later)
    thread.start()
    with pytest.raises((PortalAway, PortalRefused)):
        teller._tell(mouth, lambda: None)  # type: ignore[arg-type]
    thread.join()
    assert [report.applied_revision for report in mouth.told] == told
    assert reports.wait(0)


def test_pauses_grow_and_differ_and_begin_anew_when_it_is_well() -> None:
    pause = Pause(first=1, longest=8)
    for most in (1, 2, 4, 8, 8):
        assert most / 2 <= pause.seconds() <= most
    pause.reset()
    assert pause.seconds() <= 1
