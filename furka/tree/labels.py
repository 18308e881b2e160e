"""Labels as people type them: how they are kept and compared, wherever they hang."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from furka.errors import Invalid
from furka.tree.texts import folded, one_line

MOST_LABELS = 20
LONGEST_LABEL = 30


def checked_labels(names: Iterable[str]) -> dict[str, str]:
    """Labels as they are kept, by how they are compared. Raises Invalid."""
    cleaned = [one for name in names if (one := one_line(name))]
    if any(len(name) > LONGEST_LABEL for name in cleaned):
        raise Invalid.at("labels", "label-too-long", _("A label has at most 30 characters."))
    if any("," in name for name in cleaned):
        raise Invalid.at("labels", "label-comma", _("A label contains no comma."))
    wanted: dict[str, str] = {}
    for name in cleaned:
        wanted.setdefault(folded(name), name)
    if len(wanted) > MOST_LABELS:
        raise Invalid.at("labels", "too-many-labels", _("At most 20 labels."))
    return wanted
