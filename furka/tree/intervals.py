"""Turns grants into plain intervals: windows, validity and the grant behind them reckoned together, once.

Weekly windows are expanded for the weeks ahead; a loop of the worker moves that horizon on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max, Q

from furka.access.delegation import Effective, effective
from furka.access.narrowing import WHOLE, narrowing_from_json
from furka.access.rights import LOOK
from furka.access.windows import Interval, expand, windows_from_json
from furka.tree.grants import Grant, GrantInterval, State
from furka.tree.operation import AccessTouched, Work

#: Windows are expanded this far ahead …
HORIZON = timedelta(days=35)
#: … and again when less than that is left.
LEAST_AHEAD = timedelta(days=28)

_REASON = "when grants are in force is reckoned for everybody"


def of_grant(grant: Grant, at: datetime) -> Effective:
    """When a grant is in force from that moment on, and with which rights."""
    if grant.state != State.ACTIVE or grant.ended_at is not None:
        return Effective((), frozenset(grant.rights))
    own = _own_intervals(grant, at)
    granted = frozenset({LOOK.key} if grant.on_request else grant.rights)
    narrowing = narrowing_from_json(grant.narrowing)
    if not grant.source_series:
        return Effective(own, granted, narrowing)
    rows = (
        GrantInterval.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=at), grant__series=grant.source_series, grant__ended_at=None
        )
        .select_related("grant")
        .order_by("begins_at")
    )
    source = [Interval(row.begins_at, row.ends_at) for row in rows]
    rights = frozenset().union(*map(_passed_on, rows)) if rows else frozenset()
    # All rows of one grant that runs lead to the same part; without any, nothing is in force.
    theirs = narrowing_from_json(rows[0].narrowing) if rows else WHOLE
    return effective(own, granted, source, rights, narrowing, theirs)


def _passed_on(row: GrantInterval) -> frozenset[str]:
    """What falls with a grant has at most its rights; what it may only ask for is given by a yes to that."""
    return frozenset(row.grant.rights if row.grant.on_request else row.rights)


def _own_intervals(grant: Grant, at: datetime) -> tuple[Interval, ...]:
    begin = max(grant.valid_from, at)
    if grant.valid_until is not None and grant.valid_until <= begin:
        return ()
    windows = windows_from_json(grant.windows)
    if not windows:
        return (Interval(begin, grant.valid_until),)
    end = min(grant.valid_until or at + HORIZON, at + HORIZON)
    return expand(windows, ZoneInfo(grant.time_zone), Interval(begin, end)) if end > begin else ()


def rewrite(work: Work, grant: Grant) -> None:
    """Bring the intervals of a grant, and of all that fall with it, to what holds from now on; the past stays.

    The row of the grant must be new or locked, so that nobody ends it meanwhile.
    """
    wanted = of_grant(grant, work.at)
    rights, narrowing = sorted(wanted.rights), wanted.narrowing.to_json()
    running = GrantInterval.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=work.at), grant__series=grant.series
    )
    rest: Sequence[Interval] = wanted.intervals
    running.filter(begins_at__gte=work.at).delete()
    for row in running.select_related("grant"):
        same = row.rights == rights and row.narrowing == narrowing and row.grant_id == grant.pk
        goes_on = rest and rest[0].begins_at == work.at and same
        row.ends_at = rest[0].ends_at if goes_on else work.at
        rest = rest[1:] if goes_on else rest
        row.save(update_fields=["ends_at"])
    assert grant.person_id is not None or not rest  # only what somebody holds is ever in force
    GrantInterval.objects.bulk_create(
        GrantInterval(
            grant=grant,
            person_id=grant.person_id or 0,
            node_id=grant.node_id,
            rights=rights,
            narrowing=narrowing,
            begins_at=interval.begins_at,
            ends_at=interval.ends_at,
        )
        for interval in rest
    )
    if grant.person_id is not None:
        work.touch(AccessTouched(grant.person_id, grant.node_id))
        work.tell_person(grant.person_id, "access")
    children = Grant.objects.everything(_REASON).select_for_update(of=("self",)).select_related("node")
    for child in children.filter(source_series=grant.series, ended_at=None, state=State.ACTIVE).order_by(
        "pk"
    ):
        rewrite(work, child)


def running_short(at: datetime) -> list[str]:
    """The keys of grants with windows whose intervals end too soon for the time ahead."""
    active = Grant.objects.everything(_REASON).filter(ended_at=None, state=State.ACTIVE).exclude(windows=[])
    lasting = active.filter(Q(valid_until=None) | Q(valid_until__gt=at + LEAST_AHEAD))
    known = lasting.annotate(last=Max("intervals__ends_at")).order_by("pk")
    short = known.filter(Q(last=None) | Q(last__lt=at + LEAST_AHEAD))
    return list(short.values_list("series", flat=True))
