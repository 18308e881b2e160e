"""Takes what was measured: the state of each part, the sums, and the incidents that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import Q

from furka.probes.found import Found, Level, worst
from furka.probes.steadiness import step
from furka.status import incidents, spans
from furka.status.kinds import EVERY, KEEP_DAYS, KEEP_HOURS, KEEP_RESULTS, RETIRED_AFTER, STALE, Kind
from furka.status.models import Component, Result, Round, Span
from furka.tree.operation import Work, own_operation
from furka.tunnel.models import Hub


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at one part found, in all that was looked at."""

    kind: Kind
    found: Sequence[Found]
    hub_id: int | None = None

    @property
    def level(self) -> Level:
        """The part is as its worst finding."""
        return worst([each.level for each in self.found])

    @property
    def ms(self) -> int | None:
        """How long it took to answer; the first that has a time counts."""
        return next((each.ms for each in self.found if each.ms is not None), None)


def claim_round(at: datetime) -> tuple[bool, float]:
    """Whether this worker looks now, and by how many seconds that is late."""
    row, created = Round.objects.get_or_create(id=1, defaults={"due_at": at + EVERY})
    if created:
        return True, 0.0
    if row.due_at > at:
        return False, 0.0
    claimed = Round.objects.filter(id=1, due_at=row.due_at).update(due_at=at + EVERY)
    return bool(claimed), max(0.0, (at - row.due_at).total_seconds())


@own_operation("the installation measures itself")
def take(work: Work, looks: Iterable[Look]) -> None:
    """What was found at one moment. A moment that is not after the last one is known already."""
    round_, _created = Round.objects.select_for_update(no_key=True).get_or_create(
        id=1, defaults={"due_at": work.at}
    )
    if round_.done_at is not None and round_.done_at >= work.at:
        return  # another worker has told of this time already
    if round_.done_at is not None and work.at - round_.done_at > STALE:
        _note_gap(work, round_.done_at)
    known = {row.key: row for row in Component.objects.select_related("hub")}
    names = dict(Hub.objects.values_list("pk", "key"))
    rows = []
    for look in looks:
        if not look.found or (look.hub_id is not None and look.hub_id not in names):
            continue
        if look.kind is Kind.RELAY and look.level is Level.BAD and _key(look, names) not in known:
            continue  # what never answered the worker may lie where the worker can't look
        component = _component(look, names, known)
        rows.append(_result(component, look, work.at))
        _take_one(work, component, look)
    Result.objects.bulk_create(rows)
    Round.objects.filter(id=1).update(done_at=work.at)


def _key(look: Look, names: dict[int, str]) -> str:
    return look.kind.value if look.hub_id is None else f"{look.kind.value}-{names[look.hub_id]}"


def _component(look: Look, names: dict[int, str], known: dict[str, Component]) -> Component:
    key = _key(look, names)
    if key not in known:
        row = Component.objects.create(key=key, kind=look.kind, hub_id=look.hub_id)
        known[key] = Component.objects.select_related("hub").get(pk=row.pk)
    return known[key]


def _result(component: Component, look: Look, at: datetime) -> Result:
    noted = [asdict(each) for each in look.found if each.level is not Level.OK]
    return Result(component=component, at=at, level=look.level, ms=look.ms, findings=noted)


def _take_one(work: Work, component: Component, look: Look) -> None:
    spans.add(component, look.level, look.ms, work.at)
    before = component.state
    after = step(component.standing, look.level, work.at)
    component.stand(after)
    component.measured_at, component.ms, component.retired_at = work.at, look.ms, None
    component.findings = [asdict(each) for each in look.found]
    component.save()
    if after.state == before:
        return
    work.news.append((incidents.TOPIC, "state"))
    if after.state is Level.BAD:
        incidents.begins(work, component)
    elif before == Level.BAD:
        incidents.ends(work, component)


def _note_gap(work: Work, since: datetime) -> None:
    """Nobody looked for a while: that counts against whoever should have."""
    component, _created = Component.objects.get_or_create(
        key=Kind.WORKER.value, defaults={"kind": Kind.WORKER}
    )
    spans.add_missed(component, since, work.at, EVERY)
    incidents.was(work, component, since, work.at)


@own_operation("the installation measures itself")
def forget_old(work: Work) -> int:
    """Drop single looks and sums that were kept for long enough; parts that nobody looks at any more retire."""
    done_at = Round.objects.values_list("done_at", flat=True).first()
    if done_at is not None:
        for left in Component.objects.filter(retired_at=None, measured_at__lt=done_at - RETIRED_AFTER):
            left.retired_at = left.since = work.at
            left.state, left.against = Level.OK, []
            left.save(update_fields=["retired_at", "since", "state", "against"])
            incidents.ends(work, left)
    old = Q(is_day=False, begins_at__lt=work.at - KEEP_HOURS) | Q(begins_at__lt=work.at - KEEP_DAYS)
    gone = Result.objects.filter(at__lt=work.at - KEEP_RESULTS)
    return gone.delete()[0] + Span.objects.filter(old).delete()[0]
