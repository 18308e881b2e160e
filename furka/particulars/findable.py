"""What levels are found by besides their names: where they are, labels, and whom to call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from furka.finding.sources import Findable, source
from furka.particulars.models import Contact, Label, Particulars

_REASON = "entries are narrowed when they are read"


@source("contact", rank=60)
def contacts(nodes: Collection[int]) -> Iterable[Findable]:
    """Whom to call, by name, role, phone number and e-mail address."""
    rows = Contact.objects.everything(_REASON).filter(node_id__in=nodes)
    return [Findable(each.node_id, each.key, each.name, each.role, (each.phone, each.email)) for each in rows]


@source("address", rank=10)
def addresses(nodes: Collection[int]) -> Iterable[Findable]:
    """Levels by their address, their labels and their notes."""
    labels: dict[int, list[str]] = defaultdict(list)
    for label in Label.objects.everything(_REASON).filter(node_id__in=nodes):
        labels[label.node_id].append(label.name)
    rows = Particulars.objects.everything(_REASON).filter(node_id__in=nodes).select_related("node")
    known = {each.node_id: each for each in rows}
    found = []
    for node_id in {*known, *labels}:
        row = known.get(node_id)
        where = ", ".join(row.address_lines) if row else ""
        words = ", ".join(labels[node_id])
        texts = (row.company, row.phone, row.email, row.note) if row else ()
        if where or words or any(texts):
            found.append(Findable(node_id, "particulars", where or words, words if where else "", texts))
    return found
