"""Laws of a hub: it ends in the wanted state from anywhere, and on the way nothing is open that no plan allows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from furka import clock
from furka.clock import FakeClock
from furka.hub.machine import MachineError
from furka.hub.memory_machine import MemoryMachine
from furka.hub.reconcile import Reconciler
from furka.hub.touched import Touched
from tests.laws.hub_worlds import (
    GROUND,
    NOW,
    Path,
    Plan,
    allowed,
    changes,
    difference,
    everything,
    hub_with,
    moments,
    plans,
    scramble,
)

#: The worlds are small, so there can be many; they come from seeds, which do not shrink.
MANY = settings(max_examples=3 * settings().max_examples, phases=[Phase.reuse, Phase.generate])

#: No plan that is drawn needs many more steps than this.
STEPS = st.integers(1, 7)


class Hub:
    """A hub and its machine, and everything that was ever open on it."""

    def __init__(self, plan: Plan, *, scrambled: Random | None = None) -> None:
        self.machine = MemoryMachine()
        if scrambled:
            scramble(self.machine, scrambled)
        self.machine.stand_up(GROUND)
        self.desired = hub_with(plan)
        self.reconciler = Reconciler(self.machine, self.desired)
        self.seen: set[Path] = set()
        self.machine.watch = self._look

    def _look(self) -> None:
        self.seen |= self.machine.open_paths()

    def secrets_fit(self) -> bool:
        """Whether every peer has to know the secret that the plan says, and no other."""
        peers, known = self.machine.in_force.peers, self.machine.in_force.preshared
        return {key: known.get(key, "") for key in peers} == {
            key: self.desired.preshared_key(key) for key in peers
        }

    def run_to_the_end(self, run: Callable[[], int]) -> None:
        """As the program does: after a failure anything makes it look at everything again."""
        try:
            run()
        except MachineError:
            self.reconciler.quick(Touched())


@MANY
@given(plans(), st.randoms(use_true_random=False))
def test_law_a_hub_converges_from_any_state(plan: Plan, chance: Random) -> None:
    with clock.using(FakeClock(NOW)):
        hub = Hub(plan, scrambled=chance)
        hub.reconciler.full()
        assert hub.machine.open_paths() == allowed(plan, 0)
        assert hub.secrets_fit()


@MANY
@given(plans(), st.randoms(use_true_random=False))
def test_law_a_second_run_touches_nothing(plan: Plan, chance: Random) -> None:
    with clock.using(FakeClock(NOW)) as at:
        hub = Hub(plan, scrambled=chance)
        hub.reconciler.full()
        steps = hub.machine.steps
        assert hub.reconciler.full() == 0
        assert isinstance(at, FakeClock)
        at.advance(timedelta(milliseconds=300))
        assert hub.reconciler.full() == 0
        assert hub.machine.steps == steps


@MANY
@given(changes(), STEPS, st.booleans(), st.booleans())
def test_law_a_hub_converges_after_a_failure_at_any_step(
    change: tuple[Plan, Plan], step: int, late: bool, at_once: bool
) -> None:
    old, new = change
    with clock.using(FakeClock(NOW)):
        hub = Hub(old)
        hub.reconciler.full()
        touched = hub.desired.hear(difference(old, new), 0)
        hub.machine.fail_at, hub.machine.fail_late = hub.machine.steps + step, late
        hub.run_to_the_end(hub.reconciler.full if at_once else lambda: hub.reconciler.quick(touched))
        assert hub.machine.open_paths() == allowed(new, 0)
        assert hub.secrets_fit()


@MANY
@given(changes(), STEPS, st.booleans(), st.booleans())
def test_law_nothing_is_open_that_neither_plan_allows(
    change: tuple[Plan, Plan], step: int, late: bool, at_once: bool
) -> None:
    old, new = change
    with clock.using(FakeClock(NOW)):
        hub = Hub(old)
        hub.reconciler.full()
        hub.seen.clear()
        touched = hub.desired.hear(difference(old, new), 0)
        hub.machine.fail_at, hub.machine.fail_late = hub.machine.steps + step, late
        hub.run_to_the_end(hub.reconciler.full if at_once else lambda: hub.reconciler.quick(touched))
        assert hub.seen - allowed(old, 0) - allowed(new, 0) == set()


@MANY
@given(changes())
def test_law_what_both_plans_allow_is_never_cut_unless_its_ends_move(change: tuple[Plan, Plan]) -> None:
    old, new = change
    same = {key: entry for key, entry in old.items() if new.get(key) == entry}
    with clock.using(FakeClock(NOW)):
        if any(entry.kind == "peer" for key, entry in {**old, **new}.items() if key not in same):
            return
        hub = Hub(old)
        hub.reconciler.full()
        steady = allowed(old, 0) & allowed(new, 0) & allowed(same, 0)
        kept = []
        hub.machine.watch = lambda: kept.append(steady <= hub.machine.open_paths())
        hub.reconciler.quick(hub.desired.hear(difference(old, new), 0))
        assert all(kept)


@MANY
@given(changes())
def test_law_the_quick_way_ends_where_the_full_one_does(change: tuple[Plan, Plan]) -> None:
    old, new = change
    with clock.using(FakeClock(NOW)):
        hub = Hub(old)
        hub.reconciler.full()
        for revision, (is_, shall) in enumerate([(old, new), (new, old), (old, new)], 2):
            hub.reconciler.quick(hub.desired.hear(difference(is_, shall, revision), 0))
            assert hub.machine.open_paths() == allowed(shall, 0)
        assert hub.reconciler.full() == 0


@MANY
@given(plans(), st.randoms(use_true_random=False))
def test_law_the_order_of_entries_does_not_matter(plan: Plan, chance: Random) -> None:
    shuffled = list(plan)
    chance.shuffle(shuffled)
    states = []
    with clock.using(FakeClock(NOW)):
        for order in (list(plan), shuffled):
            hub = Hub({key: plan[key] for key in order})
            hub.reconciler.full()
            states.append(hub.machine.observe())
    assert states[0] == states[1]


@MANY
@given(plans(), moments())
def test_law_at_every_moment_exactly_the_doors_of_that_moment_are_open(
    plan: Plan, seconds: list[float]
) -> None:
    with clock.using(FakeClock(NOW)) as at:
        assert isinstance(at, FakeClock)
        hub = Hub(plan)
        hub.reconciler.full()
        contact = 0.0
        for second in seconds:
            at.advance(timedelta(seconds=second - at.monotonic()))
            hub.reconciler.quick(hub.desired.due(at.monotonic()))
            assert hub.machine.open_paths() == allowed(plan, second, contact)
            if second > contact + 20:
                hub.reconciler.quick(hub.desired.hear(difference(plan, plan, at=second), second))
                contact = second
                assert hub.machine.open_paths() == allowed(plan, second, contact)


@MANY
@given(changes(), moments())
def test_law_with_the_program_dead_nothing_stays_open_too_long(
    change: tuple[Plan, Plan], seconds: list[float]
) -> None:
    old, new = change
    with clock.using(FakeClock(NOW)) as at:
        assert isinstance(at, FakeClock)
        hub = Hub(old)
        hub.reconciler.full()
        hub.reconciler.quick(hub.desired.hear(difference(old, new), 0))
        for second in seconds:
            at.advance(timedelta(seconds=second - at.monotonic()))
            assert hub.machine.open_paths() - allowed(new, second) == set()


@MANY
@given(plans(), moments())
def test_law_nothing_is_due_before_the_next_moment(plan: Plan, seconds: list[float]) -> None:
    desired = hub_with(plan)
    desired.due(0)
    for second in seconds:
        before = second - 0.001
        quiet = desired.next_moment(0) > before
        assert quiet == (not desired.due(before))


@MANY
@given(changes())
def test_law_a_complete_answer_forgets_what_was_before(change: tuple[Plan, Plan]) -> None:
    old, new = change
    with clock.using(FakeClock(NOW)):
        hub = Hub(old)
        hub.reconciler.full()
        hub.reconciler.quick(hub.desired.hear(everything(new, revision=7), 0))
        assert hub.machine.open_paths() == allowed(new, 0)
        assert hub.reconciler.full() == 0
