"""What is noted about many levels in one step, as an import brings it: the same rows and events as one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from furka.access.rights import CONFIGURE, STRUCTURE
from furka.errors import NotThere, Refused
from furka.manyrows import insert_all, update_all
from furka.particulars.models import Label, Particulars
from furka.particulars.operations import Noted, as_told, checked_noted
from furka.tree.labels import checked_labels
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.reasons import sentence

_DECIDED = "each change is decided at its own level"
#: So many levels are read at once.
_AT_ONCE = 500
_NAMES = tuple(Noted.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Notes:
    """What changes about a level: some of the values of `Noted`, and its labels; None: as before."""

    node: Node
    values: Mapping[str, Any] = field(default_factory=dict)
    labels: Sequence[str] | None = None


@operation(STRUCTURE)
def note_all(work: Work, top: Node, notes: Sequence[Notes]) -> None:
    """Note something about many levels at or below one; each is decided at its own level."""
    del top
    work.by.foresee([each.node.place for each in notes])
    rows, labels = _there([each.node.pk for each in notes])
    new: list[Particulars] = []
    changed: list[Particulars] = []
    fresh: list[Label] = []
    gone: list[int] = []
    for each in notes:
        _must_configure(work, each.node)
        row = rows.get(each.node.pk) or Particulars(node=each.node)
        before = Noted(**{name: getattr(row, name) for name in _NAMES})
        after = checked_noted(replace(before, **each.values))
        different = [name for name in _NAMES if getattr(before, name) != getattr(after, name)]
        if different:
            for name in different:
                setattr(row, name, getattr(after, name))
            (changed if row.pk else new).append(row)
            work.record(
                each.node,
                "particulars.changed",
                before={name: as_told(getattr(before, name)) for name in different},
                after={name: as_told(getattr(after, name)) for name in different},
            )
        if each.labels is not None:
            wanted = checked_labels(each.labels)
            had = {label.folded: label for label in labels[each.node.pk]}
            if sorted(wanted.values()) == sorted(label.name for label in had.values()):
                continue
            kept = {key for key, label in had.items() if wanted.get(key) == label.name}
            gone += [label.pk for key, label in had.items() if key not in kept]
            fresh += [
                Label(node=each.node, name=name, folded=key)
                for key, name in wanted.items()
                if key not in kept
            ]
            work.record(
                each.node,
                "labels.changed",
                before={"labels": sorted(label.name for label in had.values())},
                after={"labels": sorted(wanted.values())},
            )
    for begin in range(0, len(gone), _AT_ONCE):
        Label.objects.everything(_DECIDED).filter(pk__in=gone[begin : begin + _AT_ONCE]).delete()
    insert_all(new)
    update_all(changed, _NAMES)
    insert_all(fresh)


def _there(ids: Sequence[int]) -> tuple[dict[int, Particulars], dict[int, list[Label]]]:
    rows: dict[int, Particulars] = {}
    labels: dict[int, list[Label]] = defaultdict(list)
    for begin in range(0, len(ids), _AT_ONCE):
        some = ids[begin : begin + _AT_ONCE]
        found = Particulars.objects.everything(_DECIDED).filter(node_id__in=some)
        rows |= {row.node_id: row for row in found}
        for label in Label.objects.everything(_DECIDED).filter(node_id__in=some):
            labels[label.node_id].append(label)
    return rows, labels


def _must_configure(work: Work, node: Node) -> None:
    decision = work.by.decide(CONFIGURE, node.place)
    if not decision.visible or node.deleted_at is not None:
        raise NotThere("not-there", sentence("not-visible"))
    if not decision.allowed:
        raise Refused(decision.reason, sentence(decision.reason, CONFIGURE))
