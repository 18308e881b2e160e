"""Named reads of diagnoses."""

from __future__ import annotations

from django.db.models import QuerySet

from furka.access.rights import DIAGNOSE
from furka.diagnoses.models import Diagnosis
from furka.diagnoses.reach import is_whole
from furka.errors import NotThere
from furka.sites.models import Gateway
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.reasons import sentence


def diagnoses_of(by: Acting, site: Node) -> QuerySet[Diagnosis]:
    """The diagnoses at a site, newest first; of a part of it one's own. What they found is not read with them."""
    rows = Diagnosis.objects.visible_to(by, DIAGNOSE).filter(node=site)
    if not is_whole(by, site):
        rows = rows.filter(asked_by_id=by.person_id)
    return rows.select_related("asked_by").defer("results").order_by("-asked_at", "-id")


def diagnosis_of_key(by: Acting, site: Node, key: str) -> Diagnosis:
    """One of them, with what it found. Raises NotThere."""
    row = diagnoses_of(by, site).defer(None).select_related("asked_by", "gateway").filter(key=key).first()
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    row.node = site
    return row


def is_due(gateway: Gateway) -> bool:
    """Whether this gateway has something to hear; asked with every question of a gateway, so it costs little."""
    return (
        Diagnosis.objects.everything("a gateway asks what to do").filter(gateway=gateway, due=True).exists()
    )
