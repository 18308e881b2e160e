"""Answers that are kept: whoever takes one along leaves its hash in the journal, so that a print can be checked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from furka.access.rights import PEOPLE, Right
from furka.journal.models import Event
from furka.people.models import Person
from furka.tree.accesses import Access
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.operation import Work, operation

#: The name of the event that a taken answer leaves.
TAKEN = "record.taken"


@dataclass(frozen=True, slots=True)
class Record:
    """An answer to "who has access?" as it is hashed: plain values, the same in every language."""

    content: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """SHA-256 over the content as JSON: keys sorted, no blanks, UTF-8."""
        text = json.dumps(self.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def record_of(
    by: Acting,
    node: Node,
    moment: datetime,
    accesses: Sequence[Access],
    *,
    person: Person | None = None,
    right: Right | None = None,
) -> Record:
    """What is taken along: the question, who asked it and when, and each access."""
    return Record(
        {
            "level": {"key": node.key, "kind": node.kind, "name": node.name},
            "moment": moment.isoformat(),
            "asked_at": by.at.isoformat(),
            "asked_by": by.name,
            "person": {"key": person.key, "name": str(person), "email": person.email} if person else None,
            "right": right.key if right else None,
            "accesses": [_plain(each) for each in accesses],
        }
    )


@operation(PEOPLE)
def take(work: Work, node: Node, record: Record) -> None:
    """Note that somebody took an answer along."""
    content = record.content
    about = content["person"]
    told = {
        "hash": record.hash,
        "moment": content["moment"],
        "number": len(content["accesses"]),
        "person": about["email"] if about else None,
        "rights": [content["right"]] if content["right"] else [],
    }
    work.record(node, TAKEN, after=told)


@dataclass(frozen=True, slots=True)
class Taken:
    """When an answer was taken along, by whom, and about which moment."""

    at: datetime
    by: str
    moment: datetime


def taken(by: Acting, node: Node, written: str) -> Taken | None:
    """The answer that carries a hash (its beginning is enough), if it was taken at this level; for whoever administers
    people there."""
    text = re.sub(r"\s", "", written).lower()
    if not by.may(PEOPLE, node.place) or not re.fullmatch(r"[0-9a-f]{16,64}", text):
        return None
    row = Event.objects.filter(node_id=node.pk, action=TAKEN, after__hash__startswith=text).first()
    if row is None:
        return None
    return Taken(row.at, row.actor_name, datetime.fromisoformat(row.after["moment"]))


def _plain(access: Access) -> dict[str, Any]:
    return {
        "person": {"key": access.person_key, "name": access.name, "email": access.email},
        "grant": access.grant_key,
        "relation": access.relation,
        "role": access.role,
        "rights": list(access.rights),
        "level": {"key": access.level.key, "kind": access.level.kind, "name": access.level_name},
        "inherited": access.is_inherited,
        "granted_by": access.granted_by,
        "reason": access.reason,
        "valid_from": access.valid_from.isoformat(),
        "valid_until": access.valid_until.isoformat() if access.valid_until else None,
        "windows": list(access.windows),
        "part": access.narrowing.to_json(),
        "time_zone": access.time_zone,
    }
