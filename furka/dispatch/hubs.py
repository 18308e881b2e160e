"""What happens to hubs: enrolled by the operator, heard from, and what they saw taken into the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.connections.operations import End, end_named, take_seen
from furka.devicepages.operations import take_closed
from furka.dispatch.models import PlanEntry
from furka.dispatch.settle import lock_plans
from furka.errors import Conflict
from furka.links.seen import take_counted
from furka.sites.gateway_log import Change, note
from furka.sites.keys import take_over
from furka.sites.models import Gateway
from furka.sites.traffic import count
from furka.status.hub_canary import take_canary
from furka.tree.models import Node
from furka.tree.operation import SiteTouched, Work, own_operation
from furka.tree.queries import operator
from furka.tree.texts import one_line
from furka.trials.operations import take_done
from furka.tunnel.addresses import draw
from furka.tunnel.models import Hub, Profile
from furka.vault import fingerprint, fingerprints, new_token
from furka.wire.hub import AccessSeen, HubHello, HubReport, PeerSeen

#: So many addresses are kept from which a person's device has come.
MOST_ADDRESSES = 5

#: So many gateways that try a new key are told at once; the others try it a little later by themselves.
MOST_KEYS_ON_TRIAL = 200

_REASON = "a hub reports what it sees of all plants"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A hub and the token that its program shows; the token is not kept."""

    hub: Hub
    token: str


@own_operation("only who runs the installation can call this, on its machine")
def enrol(work: Work, name: str) -> Enrolled:
    """Make a hub known. Said again for the same name, the hub gets a new token and the old one stops working."""
    token = new_token()
    hub, created = Hub.objects.get_or_create(
        name=name,
        defaults={"token_hash": fingerprint(token), "number": draw("hubs"), "created_at": work.at},
    )
    if not created:
        hub.token_hash = fingerprint(token)
        hub.save(update_fields=["token_hash"])
    work.record(operator(), "hub.enrolled", after={"hub": name})
    return Enrolled(hub, token)


def hub_of_token(token: str) -> Hub | None:
    """The hub that shows this token."""
    return Hub.objects.filter(token_hash__in=fingerprints(token)).first()


@own_operation("the hub's token is the proof")
def say_hello(work: Work, hub: Hub, hello: HubHello) -> None:
    """A hub program has started. If its key or its endpoint is another now, every gateway is told."""
    [row] = [each for each in lock_plans() if each.pk == hub.pk]
    if Hub.objects.filter(public_key=hello.public_key).exclude(pk=row.pk).exists():
        raise Conflict("hub-key-taken", _("Another hub has this key."))
    relay = (hello.relay.endpoint, hello.relay.certificate) if hello.relay else ("", "")
    moved = (row.public_key, row.endpoint) != (hello.public_key, hello.endpoint)
    relay_moved = (row.relay_endpoint, row.relay_certificate) != relay
    row.public_key, row.endpoint = hello.public_key, hello.endpoint
    row.relay_endpoint, row.relay_certificate = relay
    row.back_end, row.version = one_line(hello.back_end)[:20], one_line(hello.version)[:40]
    row.seen_at, row.pages = work.at, hello.pages
    written = ["public_key", "endpoint", "relay_endpoint", "relay_certificate", "pages"]
    row.save(update_fields=[*written, "back_end", "version", "seen_at"])
    if moved:
        work.record(operator(), "hub.moved", after={"hub": row.name, "endpoint": hello.endpoint})
    if relay_moved:
        work.record(operator(), "hub.relay-moved", after={"hub": row.name, "endpoint": relay[0]})
    if moved or relay_moved:
        for gateway in Gateway.objects.everything(_REASON).filter(hub=row, released_at=None):
            work.touch(SiteTouched(gateway.node_id))


#: A hub that asks again and again is noted as heard of this often.
NOTE_EVERY = timedelta(seconds=10)


def heard_of(hub: Hub, at: datetime) -> None:
    """A hub has asked for its plan; cheap, so that it can be called for every question."""
    due = Q(seen_at=None) | Q(seen_at__lt=at - NOTE_EVERY)
    Hub.objects.filter(due, pk=hub.pk).update(seen_at=at)


@own_operation("the hub's token is the proof")
def take_report(work: Work, hub: Hub, report: HubReport) -> None:
    """Take what a hub saw into the record; a report that comes twice counts once.

    A hub is believed about its own peers and about doors that its own plan had; everything else is ignored.
    """
    for peer in sorted(report.peers, key=lambda each: each.public_key):
        _take_peer(work, hub, peer)
    for access in report.accesses:
        _take_access(work, hub, access)
    for closed in report.pages:
        take_closed(work.by, hub, closed)
    for done in report.trials:
        take_done(work.by, hub, done)
    if report.canary is not None:
        take_canary(work.by, hub, report.canary)
    if report.applied_revision != hub.applied_revision:
        _tell_of_new_keys(work, hub)
    # Last: whoever changes a plan locks the rows of hubs after those of gateways and profiles.
    Hub.objects.filter(pk=hub.pk).update(
        seen_at=work.at,
        applied_revision=_counted(report.applied_revision),
        trouble=one_line(report.trouble)[:300],
    )
    # Behind that lock, as whoever changes who is in a link.
    take_counted(work.by, hub, report.links)


def _tell_of_new_keys(work: Work, hub: Hub) -> None:
    """The hub has more of its plan now, perhaps the new key of a gateway that waits for it."""
    rows = Gateway.objects.everything(_REASON).exclude(next_until=None)
    for gateway in rows.filter(hub=hub, released_at=None)[:MOST_KEYS_ON_TRIAL]:
        work.news.append((gateway.topic, "key"))


def _take_peer(work: Work, hub: Hub, seen: PeerSeen) -> None:
    gateways = Gateway.objects.everything(_REASON).select_for_update(of=("self",)).select_related("node")
    gateway = gateways.filter(hub=hub, public_key=seen.public_key, released_at=None).first()
    if gateway is None and seen.online:
        gateway = gateways.filter(hub=hub, next_public_key=seen.public_key, released_at=None).first()
        if gateway is not None:
            take_over(work, gateway)
    if gateway is not None:
        changed, at = gateway.online != seen.online, min(seen.at, work.at)
        before, endpoint = gateway.endpoint, _from_outside(one_line(seen.endpoint)[:80])
        gateway.online, gateway.endpoint = seen.online, endpoint
        if _host_of(endpoint) not in ("", _host_of(before)):
            note(gateway, Change.ADDRESS, _host_of(endpoint), at)
        gateway.handshake_at = _not_later(seen.handshake_at, work.at) or gateway.handshake_at
        if changed:
            gateway.online_changed_at = at
            what = "gateway.online" if seen.online else "gateway.offline"
            work.record(gateway.node, what, at=at)
            note(gateway, Change.ONLINE if seen.online else Change.OFFLINE, "", at)
        counted = count(work, gateway, seen.received_bytes, seen.sent_bytes)
        gateway.save(update_fields=["online", "endpoint", "handshake_at", "online_changed_at", *counted])
        return
    profiles = Profile.objects.select_for_update().filter(hub=hub, revoked_at=None)
    profile = profiles.filter(public_key=seen.public_key).first()
    if profile is not None:
        if profile.online != seen.online:
            work.tell_person(profile.person_id, "profile")
        profile.online = seen.online
        profile.seen_at = min(seen.at, work.at) if seen.online else profile.seen_at
        profile.handshake_at = _not_later(seen.handshake_at, work.at) or profile.handshake_at
        _note_endpoint(profile, _from_outside(one_line(seen.endpoint)[:80]), work.at)
        profile.save(update_fields=["online", "seen_at", "handshake_at", "endpoint", "lately"])


def _note_endpoint(profile: Profile, endpoint: str, at: datetime) -> None:
    """From where a person's device comes: the last few addresses, the newest first."""
    host = endpoint.rpartition(":")[0].strip("[]")
    if not host:
        return
    profile.endpoint = host
    others = [each for each in profile.lately if each["address"] != host]
    profile.lately = [{"address": host, "at": at.isoformat()}, *others][:MOST_ADDRESSES]


def _take_access(work: Work, hub: Hub, seen: AccessSeen) -> None:
    end, site = end_named(seen.profile), _site(seen.site_name)
    if end is not None and site is not None and _had_door(hub, end, site):
        take_seen(work, hub, end, site, seen)


def _had_door(hub: Hub, end: End, site: Node) -> bool:
    """Whether the hub's plan lets them into that site from there, or lately did."""
    doors = PlanEntry.objects.filter(hub=hub, site_id=site.pk, person_id=end.person.pk)
    return doors.filter(key__startswith=f"door/{end.key}/").exists()


def _from_outside(endpoint: str) -> str:
    """From where a tunnel comes; whoever comes through the relay comes, for the hub, from its own machine."""
    return "" if endpoint.startswith("127.") else endpoint


def _host_of(endpoint: str) -> str:
    """Without the port, which changes all the time behind a carrier's translation."""
    return endpoint.rpartition(":")[0]


def _counted(number: int) -> int:
    """What fits into the database of a number that a hub says."""
    return max(0, min(number, 2**63 - 1))


def _not_later(moment: datetime | None, at: datetime) -> datetime | None:
    """A clock in the field may be ahead."""
    return None if moment is None else min(moment, at)


def _site(key: str) -> Node | None:
    return Node.objects.everything(_REASON).filter(key=key).select_related("reseller", "customer").first()
