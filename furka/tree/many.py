"""Many new levels in one step, as an import brings them: the same rows and events as one by one, in a few queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE, STRUCTURE, Right
from furka.errors import Invalid, NotThere, Refused
from furka.manyrows import insert_all, update_all
from furka.tree import placements
from furka.tree.models import MAY_HANG_ON, Kind, Node
from furka.tree.operation import NamesTouched, Work, operation
from furka.tree.operations import checked_name, checked_zone
from furka.tree.reasons import sentence
from furka.tree.texts import one_line

LONGEST_REFERENCE = 60


@dataclass(frozen=True, slots=True)
class NewLevel:
    """A level to be: where it hangs and what it is called."""

    parent: Node
    kind: Kind
    name: str
    time_zone: str = ""
    reference: str = ""


@operation(STRUCTURE)
def create_levels(work: Work, top: Node, levels: Sequence[NewLevel]) -> list[Node]:
    """Many levels at or below one; each is decided at the level that it hangs on."""
    del top  # it was decided there, and is decided again wherever else something hangs
    allowed: dict[int, None] = {}
    made = []
    for level in levels:
        parent = level.parent
        if parent.pk not in allowed:
            decision = work.by.decide(STRUCTURE, parent.place)
            if not decision.allowed:
                raise Refused(decision.reason, sentence(decision.reason, STRUCTURE))
            allowed[parent.pk] = None
        if parent.kind not in MAY_HANG_ON[level.kind]:
            raise Invalid("wrong-parent", _("This can not be created here."))
        made.append(
            Node(
                kind=level.kind,
                name=checked_name(level.name),
                reference=checked_reference(level.reference),
                parent=parent,
                # The levels themselves and not their ids: each event asks for the one at the top.
                reseller=parent if parent.kind == Kind.RESELLER else parent.reseller,
                customer=parent if parent.kind == Kind.CUSTOMER else parent.customer,
                time_zone=checked_zone(level.time_zone or parent.time_zone),
                created_at=work.at,
            )
        )
    insert_all(made)
    placements.begin_all(made)
    for node in made:
        assert node.parent is not None
        told = {"name": node.name, "parent": node.parent.key, "reference": node.reference}
        work.record(node, f"{node.kind}.created", after=told, is_new=True)
    return made


@dataclass(frozen=True, slots=True)
class ChangedLevel:
    """A level that is there, and what it is called from now on; None: as before."""

    node: Node
    name: str | None = None
    reference: str | None = None
    time_zone: str | None = None


@operation(STRUCTURE)
def change_levels(work: Work, top: Node, changes: Sequence[ChangedLevel]) -> None:
    """Many levels at or below one; each change is decided at its own level, and leaves the events of one by one."""
    del top
    renamed, changed = [], []
    for change in changes:
        node, had = change.node, len(work.happenings)
        if change.name is not None and (name := checked_name(change.name)) != node.name:
            _must(work, STRUCTURE, node)
            work.record(node, "node.renamed", before={"name": node.name}, after={"name": name})
            node.name = name
            renamed.append(node)
        if change.reference is not None and (ref := checked_reference(change.reference)) != node.reference:
            _must(work, STRUCTURE, node)
            work.record(
                node, "node.reference", before={"reference": node.reference}, after={"reference": ref}
            )
            node.reference = ref
        if change.time_zone is not None and (zone := checked_zone(change.time_zone)) != node.time_zone:
            _must(work, CONFIGURE, node)
            work.record(
                node, "node.time-zone", before={"time_zone": node.time_zone}, after={"time_zone": zone}
            )
            node.time_zone = zone
        if len(work.happenings) > had:
            changed.append(node)
    update_all(changed, ["name", "sort_key", "reference", "time_zone"])
    placements.follow(renamed, work.at)
    work.touch(*(NamesTouched(node.pk) for node in renamed))


def _must(work: Work, right: Right, node: Node) -> None:
    """Raises NotThere or Refused if this may not be done at that level."""
    decision = work.by.decide(right, node.place)
    if not decision.visible or node.deleted_at is not None:
        raise NotThere("not-there", sentence("not-visible"))
    if not decision.allowed:
        raise Refused(decision.reason, sentence(decision.reason, right))


@operation(STRUCTURE)
def set_reference(work: Work, node: Node, reference: str) -> None:
    """What a level is called in the books of whoever looks after it."""
    before, node.reference = node.reference, checked_reference(reference)
    if node.reference == before:
        return
    node.save(update_fields=["reference"])
    work.record(node, "node.reference", before={"reference": before}, after={"reference": node.reference})


def checked_reference(reference: str) -> str:
    """A reference as it is kept. Raises Invalid."""
    reference = one_line(reference)
    if len(reference) > LONGEST_REFERENCE:
        raise Invalid.at("reference", "reference-too-long", _("At most 60 characters."))
    return reference
