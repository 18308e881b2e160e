"""Rows of grants as invitations, answers and time leave them, collected and then written together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from furka.access.roles import rights_of
from furka.access.windows import WeeklyWindow, windows_to_json
from furka.people.models import Person
from furka.tree import intervals
from furka.tree.grants import EndedBecause, Grant, GrantInterval, Invitation, Relation, State
from furka.tree.models import Node
from furka.vault import fingerprint, new_token, seal
from furka.world.ground import Ground, write


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody is offered, and what became of it."""

    role: str
    relation: Relation = Relation.SUPPORTER
    depth: int | None = 0
    since: datetime | None = None
    until: datetime | None = None
    over: EndedBecause | None = None
    windows: tuple[WeeklyWindow, ...] = ()
    reason: str = ""
    source_series: str = ""


@dataclass(slots=True)
class LettingIn:
    """Collects rows; `held` are the live ones that are written already, by person."""

    ground: Ground
    held: dict[int, list[Grant]] = field(default_factory=lambda: defaultdict(list))
    busy: set[int] = field(default_factory=set)  # persons
    _grants: list[Grant] = field(default_factory=list)
    _invitations: list[Invitation] = field(default_factory=list)

    def opened(self, node: Node, owner: Person) -> None:
        """Whoever opens a level owns it."""
        access = Access("owner", Relation.STAFF, depth=None)
        row = Grant(**self._common(node, None, owner.email, access), valid_from=node.created_at)
        self._begin(row, owner, node.created_at)

    def invited(self, node: Node, email: str, host: Person, access: Access) -> None:
        """An invitation that nobody has answered yet."""
        at, secret = self.ground.at, new_token()
        row = Grant(
            **self._common(node, host, email, access), valid_from=at, state=State.INVITED, begun_at=at
        )
        self._grants.append(row)
        self._invitations.append(
            Invitation(
                grant_series=row.series,
                secret_hash=fingerprint(secret),
                sealed_secret=seal(secret),
                expires_at=at + timedelta(days=14),
            )
        )
        self.ground.happened(node, "grant.invited", at, _told(row), (host.pk, str(host)))

    def accepted(self, node: Node, someone: Person, host: Person, access: Access) -> None:
        """The rows of an invitation that was taken up; perhaps it is over again."""
        at, draw = self.ground.at, self.ground.draw
        invited_at = max(access.since or draw.before(at, at - node.created_at), node.created_at)
        begun_at = invited_at + (at - invited_at) / 10
        ended_at = begun_at + (at - begun_at) / 2 if access.over else None
        expired = access.over == EndedBecause.EXPIRED
        common = self._common(node, host, someone.email, access) | {
            "valid_from": invited_at,
            "valid_until": ended_at if expired else access.until,
        }
        invited = Grant(**common, state=State.INVITED, begun_at=invited_at)
        invited.ended_at, invited.ended_because, invited.ended_by = begun_at, EndedBecause.CHANGED, someone
        row = Grant(**common)
        self._grants.append(invited)
        self._begin(row, someone, begun_at)
        self.ground.happened(node, "grant.invited", invited_at, _told(row), (host.pk, str(host)))
        self.ground.happened(node, "grant.accepted", begun_at, _told(row), (someone.pk, str(someone)))
        if access.over and ended_at:
            row.ended_at, row.ended_because, row.ended_by = ended_at, access.over, None if expired else host
            by = (None, "worker") if expired else (host.pk, str(host))
            self.ground.happened(node, f"grant.{access.over}", ended_at, _told(row), by)

    def store(self) -> None:
        """Write what was collected, with when it is in force."""
        found = list[GrantInterval]()
        for row in write(self._grants):
            if row.state != State.ACTIVE:
                continue
            found += _intervals(row)
            if row.ended_at is None and row.person_id is not None:
                self.held[row.person_id].append(row)
        write(found)
        write(self._invitations)
        self._grants, self._invitations = [], []

    def _begin(self, row: Grant, someone: Person, at: datetime) -> None:
        row.state, row.person, row.begun_at = State.ACTIVE, someone, at
        self._grants.append(row)
        self.busy.add(someone.pk)

    def _common(self, node: Node, host: Person | None, email: str, access: Access) -> dict[str, Any]:
        return {
            "series": self.ground.draw.key(),
            "node": node,
            "relation": access.relation,
            "email": email,
            "role": access.role,
            "rights": sorted(rights_of(access.role)),
            "depth": access.depth,
            "windows": windows_to_json(access.windows),
            "time_zone": node.time_zone,
            "reason": access.reason,
            "granted_by": host,
            "source_series": access.source_series,
        }


def _told(row: Grant) -> dict[str, Any]:
    return {"grant": row.series, "person": row.email, "role": row.role}


def _intervals(row: Grant) -> Iterator[GrantInterval]:
    """When a row was or will be in force: as it was reckoned when it began, and cut off where it ended."""
    end, row.ended_at = row.ended_at, None
    wanted = intervals.of_grant(row, row.begun_at)
    row.ended_at = end
    for each in wanted.intervals:
        if end is not None and each.begins_at >= end:
            return
        yield GrantInterval(
            grant=row,
            person=row.person,
            node=row.node,
            rights=sorted(wanted.rights),
            begins_at=each.begins_at,
            ends_at=min(filter(None, (each.ends_at, end)), default=None),
        )
