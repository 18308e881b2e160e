"""First packets that hubs noticed: whoever got a yes begins their time by them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from furka.dispatch.models import PlanEntry
from furka.errors import FurkaError
from furka.people.models import Person
from furka.plan.entries import ENTRY, Knock
from furka.tree.entering import begin_by_packet
from furka.tree.holdings import of_person
from furka.tunnel.models import Hub
from furka.wire.hub import KnockHeard

log = logging.getLogger(__name__)

#: A knock that comes later, because the portal was away, begins nothing: perhaps nobody is there any more.
FRESH = timedelta(seconds=30)


def take_knocks(hub: Hub, heard: Iterable[KnockHeard], at: datetime) -> None:
    """Begin what the first packets begin, each by itself.

    A hub is believed only about knocks that its own plan has, and only while they count; whether the yes still holds
    is looked at again, as if the person had pressed the button.
    """
    for each in heard:
        if at - each.at > FRESH:
            continue
        key = f"knock/{each.profile}/{each.site_name}/{each.name}"
        row = PlanEntry.objects.filter(hub=hub, key=key, gone=False).first()
        entry = ENTRY.validate_python(row.body) if row is not None else None
        if row is None or row.person_id is None or not isinstance(entry, Knock):
            continue
        if not entry.not_before <= at < entry.not_after:
            continue
        person = Person.objects.filter(pk=row.person_id).first()
        if person is None:
            continue
        try:
            begin_by_packet(of_person(person, at, f"hub {hub.name}"), entry.name)
        except FurkaError as refused:
            log.info("A first packet began nothing: %s", refused)
