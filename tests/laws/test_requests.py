"""Law of access on request: asking, answering, beginning by button or first packet, giving back and time, in any order,
do exactly what a slow model says whose clocks are plain numbers; nothing is open outside of a yes that was used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from furka.dispatch import answer, upkeep
from furka.dispatch.knocks import take_knocks
from furka.errors import FurkaError
from furka.plan.entries import Door, Knock
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import answering, entering, requesting
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.operation import program
from furka.tree.requesting import Wish
from furka.tree.requests import AccessRequest
from furka.tunnel.models import Profile
from furka.wire.hub import KnockHeard
from tests.kept import built_once
from tests.laws.stories import AT_MOST, LOOKED_AT, Scene, a_scene, one_of
from tests.undoing import undone
from tests.world import NOW, by

EXAMPLES = min(settings().max_examples // 4, AT_MOST)
INSTANT, MINUTE, DAY = timedelta(microseconds=1), timedelta(minutes=1), timedelta(days=1)
WAITS = (INSTANT, MINUTE, 9 * MINUTE, 10 * MINUTE, 60 * MINUTE, DAY)


@pytest.fixture(scope="module")
def scene(database: None) -> Scene:
    return built_once(a_scene)


@dataclass
class Asked:
    """One request, as the model knows it: the four clocks, and what was said."""

    minutes: int
    begins: datetime
    open_until: datetime
    said: str = "open"
    use_until: datetime | None = None
    began: datetime | None = None
    ends: datetime | None = None

    def stage(self, at: datetime) -> str:
        if self.said == "open" and at < self.open_until:
            return "open"
        if self.said == "approved" and self.began is None and self.use_until and at < self.use_until:
            return "approved"
        if self.ends is not None and at < self.ends:
            return "running"
        return "over"

    def usable(self, at: datetime) -> bool:
        return self.stage(at) == "approved" and self.begins <= at


@dataclass
class Play:
    """The portal and the model side by side."""

    scene: Scene
    sites: list[Node]
    now: datetime = NOW
    model: dict[int, Asked] = field(default_factory=dict)  # by site: the newest request

    @property
    def dora(self) -> Acting:
        return by(self.scene.doubtful, self.now)

    def owner(self, site: Node) -> Acting:
        return by(self.scene.owners[self.sites.index(site)], self.now)

    def live(self, site: Node) -> str:
        known = self.model.get(site.pk)
        return known.stage(self.now) if known else "over"

    def row(self, site: Node) -> AccessRequest | None:
        rows = AccessRequest.objects.everything(LOOKED_AT).filter(node=site, person=self.scene.doubtful)
        return rows.order_by("-pk").first()

    def both(self, expected: bool, act: Callable[[], object]) -> bool:
        """The portal does it exactly if the model says that it may be done."""
        try:
            act()
        except FurkaError:
            assert not expected
            return False
        assert expected
        return True

    def ask(self, site: Node, a: int, b: int) -> None:
        begins = self.now + one_of((timedelta(0), timedelta(0), 10 * MINUTE), b)
        minutes = one_of((1, 10, 60), a)
        wish = Wish((USE_REMOTE_ACCESS.key,), minutes, "Law", None if begins == self.now else begins)
        if self.both(self.live(site) == "over", lambda: requesting.ask(self.dora, site, wish)):
            self.model[site.pk] = Asked(minutes, begins, begins + DAY)

    def approve(self, site: Node, a: int, b: int) -> None:
        row, known = self.row(site), self.model.get(site.pk)
        if row is None or known is None:
            return
        minutes = one_of((known.minutes, known.minutes, 1, known.minutes + 1), a)
        first = max(self.now, known.begins)
        until = one_of((None, first + 10 * MINUTE, first), b)
        expected = self.live(site) == "open" and minutes <= known.minutes and until != first
        if self.both(expected, lambda: answering.approve(self.owner(site), row, minutes, until)):
            known.said, known.minutes, known.use_until = "approved", minutes, until or first + DAY

    def decline(self, site: Node, a: int, b: int) -> None:
        row = self.row(site)
        if row is not None and self.both(
            self.live(site) == "open", lambda: answering.decline(self.owner(site), row)
        ):
            self.model[site.pk].said = "declined"

    def begin(self, site: Node, a: int, b: int) -> None:
        row, known = self.row(site), self.model.get(site.pk)
        if row is None or known is None:
            return
        if self.both(known.usable(self.now), lambda: entering.begin(self.dora, row.key)):
            self._begun(known)

    def knock(self, site: Node, a: int, b: int) -> None:
        """A hub tells of a first packet; perhaps late, perhaps made up."""
        row, known = self.row(site), self.model.get(site.pk)
        if row is None or known is None:
            return
        late = one_of((timedelta(0), timedelta(0), timedelta(seconds=31)), a)
        profile = Profile.objects.get(person=self.scene.doubtful)
        heard = KnockHeard(name=row.key, profile=profile.key, site_name=site.key, at=self.now - late)
        usable = known.usable(self.now)
        take_knocks(self.scene.hub, [heard], self.now)
        if usable and not late:
            self._begun(known)

    def withdraw(self, site: Node, a: int, b: int) -> None:
        row = self.row(site)
        expected = self.live(site) in ("open", "approved")
        if row is not None and self.both(expected, lambda: requesting.withdraw(self.dora, row.key)):
            self.model[site.pk].said = "withdrawn"

    def give_back(self, site: Node, a: int, b: int) -> None:
        row = self.row(site)
        expected = self.live(site) == "running"
        if row is not None and self.both(expected, lambda: entering.end(self.dora, row.key)):
            self.model[site.pk].ends = self.now

    def wait(self, site: Node, a: int, b: int) -> None:
        self.now += one_of(WAITS, a)

    def worker(self, site: Node, a: int, b: int) -> None:
        one_of((entering.note_time, upkeep.forget_ended), a)(program("worker", self.now))

    def check(self) -> None:
        """What may be entered, what the hub opens and where it listens is what the model says, now and later."""
        entries = answer.plan_since(self.scene.hub, 0, self.now).entries
        profile = Profile.objects.get(person=self.scene.doubtful)
        doors = [each for each in entries if isinstance(each, Door) and each.profile == profile.key]
        knocks = [each for each in entries if isinstance(each, Knock)]
        edges = {edge for each in self.model.values() for edge in (each.begins, each.use_until, each.ends)}
        later = sorted(edge for edge in edges if edge is not None and edge > self.now)
        for at in (self.now, *later, *(edge - INSTANT for edge in later)):
            acting = by(self.scene.doubtful, at)
            for site in self.sites:
                known = self.model.get(site.pk)
                inside = known is not None and known.began is not None and known.stage(at) == "running"
                assert acting.may(USE_REMOTE_ACCESS, site.place) == inside
                assert any(each.open_at(at) for each in doors if each.site == site.pk) == inside
                listens = [
                    each for each in knocks if each.site == site.pk and each.not_before <= at < each.not_after
                ]
                assert len(listens) == (known is not None and known.usable(at))

    def _begun(self, known: Asked) -> None:
        known.began, known.ends = self.now, self.now + timedelta(minutes=known.minutes)


ACTS = (
    Play.ask,
    Play.ask,
    Play.approve,
    Play.approve,
    Play.begin,
    Play.knock,
    Play.knock,
    Play.give_back,
    Play.withdraw,
    Play.decline,
    Play.wait,
    Play.wait,
    Play.worker,
)
_small = st.integers(0, 5)
_steps = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 1), _small, _small), min_size=3, max_size=14
)


@settings(max_examples=EXAMPLES)
@given(_steps)
def test_law_a_yes_opens_exactly_what_was_given_from_its_first_use(
    scene: Scene, steps: list[tuple[Callable[..., None], int, int, int]]
) -> None:
    with undone():
        rows = Node.objects.everything(LOOKED_AT).filter(kind=Kind.SITE, name__startswith="Schulhaus")
        play = Play(scene, list(rows.select_related("reseller", "customer").order_by("pk")))
        for act, where, a, b in steps:
            act(play, one_of(play.sites, where), a, b)
            play.check()
