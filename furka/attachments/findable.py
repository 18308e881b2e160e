"""What sites are found by: the names of their documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from furka.attachments.models import Attachment
from furka.finding.sources import Findable, source


@source("attachment", rank=70)
def attachments(nodes: Collection[int]) -> Iterable[Findable]:
    """Documents, by the name of their newest version."""
    rows = Attachment.objects.everything("entries are narrowed when they are read").filter(
        node_id__in=nodes, replaced_at=None
    )
    return [Findable(node_id, key, name) for node_id, key, name in rows.values_list("node_id", "key", "name")]
