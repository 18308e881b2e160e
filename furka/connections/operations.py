"""How connections begin and end: as hubs see them, and by whoever ends one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from furka.catalogue.service import visit_rights
from furka.connections.letters import tell_first_access
from furka.connections.models import Connection, Way
from furka.devicepages.models import OpenPage
from furka.devicepages.operations import end_pages_of
from furka.people.models import Person
from furka.sites.models import Gateway, PathKind
from furka.tree import keeping_out
from furka.tree.models import Node
from furka.tree.operation import Work, own_operation
from furka.tree.texts import one_line
from furka.tunnel.models import Hub, Profile
from furka.wire.hub import AccessSeen

_REASON = "a hub reports what it sees of all plants"
_NUMBER_AT_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class End:
    """From where somebody enters: a device of theirs, or a page that they have open in a browser."""

    key: str
    person: Person
    way: Way
    begun_with: str = ""
    page_of: str = ""

    @property
    def told(self) -> Mapping[str, str]:
        """For the journal."""
        return {"device": self.begun_with, **({"page": self.page_of} if self.page_of else {})}


def end_named(key: str) -> End | None:
    """The end that a hub names."""
    profile = Profile.objects.filter(key=key).select_related("person").first()
    if profile is not None:
        return End(key, profile.person, Way.TUNNEL, begun_with=profile.name)
    page = OpenPage.objects.everything(_REASON).filter(key=key).select_related("person", "device").first()
    return None if page is None else End(key, page.person, Way.PAGE, page_of=page.device.name)


def take_seen(work: Work, hub: Hub, end: End, site: Node, seen: AccessSeen) -> None:
    """What a hub says of one connection; said twice it counts once. Part of an operation.

    That the hub's plan had such a door was looked at.
    """
    row, created = Connection.objects.everything(_REASON).get_or_create(
        hub=hub,
        token=seen.token,
        defaults={
            "node": site,
            "reseller_id": site.place.reseller_id,
            "customer_id": site.place.customer_id,
            "person": end.person,
            "way": end.way,
            "relayed": _is_relayed(site),
            "begun_with": end.begun_with,
            "page_of": end.page_of,
            "began_at": min(seen.began_at, work.at),
            "told_at": work.at,
        },
    )
    if (row.node_id, row.person_id) != (site.pk, end.person.pk):
        return
    who = {"person": end.person.email, "name": str(end.person), **end.told}
    if created:
        work.record(site, "access.began", at=row.began_at, after=who)
        tell_first_access(work, row, end.person, site)
    if row.ended_at is not None:
        return
    carried = _counted(seen.bytes)
    row.from_site = min(_counted(seen.answered_bytes), carried)
    row.to_site, row.told_at = carried - row.from_site, work.at
    if seen.ended_at is not None:
        row.ended_at = max(row.began_at, min(seen.ended_at, work.at))
        row.ended_by = one_line(seen.ended_by)[:20]
        told = {**who, "bytes": carried, "because": row.ended_by, "began": row.began_at.isoformat()}
        work.record(site, "access.ended", at=row.ended_at, after=told)
    elif not created:
        work.tell(site, "connection")
    row.save(update_fields=["from_site", "to_site", "told_at", "ended_at", "ended_by"])
    work.tell_person(end.person.pk, "connection")


@own_operation("keeping somebody out, or leaving, is decided on its own")
def end_connection(work: Work, connection: Connection, lasts: timedelta | None = None) -> None:
    """End what somebody does at a site, at once, and keep them out for so long (None: until they are let in again).

    One's own ends until one comes back by oneself. Pages that are open there close for good.
    """
    site, person_id = connection.node, connection.person_id
    if person_id == work.by.person_id:
        keeping_out.leave(work.by, site, visit_rights())
    else:
        keeping_out.keep_out(work.by, site, connection.person, visit_rights(), lasts)
    end_pages_of(work, person_id, site)


def _is_relayed(site: Node) -> bool:
    gateways = Gateway.objects.everything(_REASON).filter(node=site, released_at=None)
    return gateways.filter(path__in=(PathKind.TLS, PathKind.TLS_PROXY)).exists()


def _counted(number: int) -> int:
    """What fits into the database of a number that a hub says."""
    return max(0, min(number, _NUMBER_AT_MOST))
