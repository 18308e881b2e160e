"""How connection tests begin and end. Whether somebody may make one is decided by the service that lets them in."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv4Address

from django.utils.translation import gettext_lazy as _

from furka.access.narrowing import PortNumber
from furka.errors import Conflict
from furka.people.models import Person
from furka.plan.entries import DoorPort
from furka.sites.models import Device, Gateway
from furka.tree.models import Node
from furka.tree.operation import Work, own_operation
from furka.trials.models import LASTS, Trial
from furka.tunnel.models import Hub, Profile
from furka.wire.hub import TrialAsked, TrialDone

_REASON = "a hub is asked, and answers"
_MINUTE = timedelta(minutes=1)
#: So many tests within a minute: of one person, and at one site.
MOST_OF_PERSON, MOST_AT_SITE = 6, 20
#: So many ends of tunnels of one person are looked up, those that were used last first.
MOST_ENDS = 8
#: So many are handed to a hub at once.
MOST_AT_ONCE = 10
#: A test is remembered for so long; the journal tells of it.
KEPT = timedelta(days=7)


def begin(
    work: Work,
    site: Node,
    gateway: Gateway,
    person: Person,
    device: Device | None,
    address: IPv4Address,
    reached_at: IPv4Address,
    port: PortNumber,
) -> Trial:
    """Have the hub of a gateway test a port of a device, and a person's doors to it. Part of an operation."""
    rows = Trial.objects.everything("to count them").filter(asked_at__gt=work.at - _MINUTE)
    many = rows.filter(asked_by_id=work.acting_person_id).count() >= MOST_OF_PERSON
    if many or rows.filter(node=site).count() >= MOST_AT_SITE:
        raise Conflict("too-many-trials", _("Many tests were made just now. Please wait a minute."))
    row = Trial.objects.create(
        node=site,
        person=person,
        asked_by_id=work.acting_person_id,
        device=device,
        gateway=gateway,
        address=str(address),
        reached_at=str(reached_at),
        protocol=port.protocol,
        port=port.number,
        asked_at=work.at,
    )
    work.news.append((gateway.hub.topic, "trial"))
    work.record(site, "trial.asked", after=_told(row))
    return row


@own_operation("the hub's token is the proof")
def hand_out(work: Work, hub: Hub) -> tuple[TrialAsked, ...]:
    """What this hub shall test now; each is handed out once, and what came too late never."""
    waiting = (
        Trial.objects.everything(_REASON)
        .select_for_update(of=("self",), skip_locked=True)
        .filter(gateway__hub=hub, handed_at=None)
        .select_related("gateway", "node")
        .order_by("asked_at", "id")
    )
    asked = []
    for row in waiting[:MOST_AT_ONCE]:
        row.handed_at = work.at
        found = () if work.at > row.asked_at + LASTS else _ends_of(row.person_id, hub)
        row.ends = len(found)
        row.save(update_fields=["handed_at", "ends"])
        if work.at <= row.asked_at + LASTS and row.gateway.released_at is None:
            asked.append(
                TrialAsked(
                    name=row.key,
                    gateway=row.gateway.public_key,
                    device=IPv4Address(row.reached_at),
                    port=DoorPort.model_validate({"protocol": row.protocol, "number": row.port}),
                    ends=found,
                )
            )
    return tuple(asked)


@own_operation("the hub's token is the proof")
def take_done(work: Work, hub: Hub, done: TrialDone) -> None:
    """What a hub found. It is believed about tests that it was given, once, and in time."""
    rows = (
        Trial.objects.everything(_REASON).select_for_update(of=("self",)).filter(key=done.name, done_at=None)
    )
    rows = rows.filter(gateway__hub=hub, handed_at__isnull=False, asked_at__gt=work.at - 2 * LASTS)
    row = rows.select_related("node", "node__reseller", "node__customer", "device", "person").first()
    if row is None:
        return
    row.done_at = work.at
    if done.doors is not None:
        row.door = bool(done.doors)
        if done.doors and None not in done.doors:
            row.door_until = work.at + timedelta(seconds=max(each for each in done.doors if each is not None))
    row.tunnel, row.handshake_seconds = done.tunnel, done.handshake_seconds
    row.reply, row.milliseconds = done.reply, done.milliseconds
    row.save()
    found = {"door_open": row.door, "tunnel_up": row.tunnel, "reply": row.reply}
    work.record(row.node, "trial.done", after={**_told(row), **found})


def forget_old(at: datetime) -> int:
    """Drop tests that were made long ago."""
    return Trial.objects.everything(_REASON).filter(asked_at__lt=at - KEPT).delete()[0]


def _told(row: Trial) -> dict[str, str]:
    return {
        "person": row.person.email,
        "target": row.device.name if row.device is not None else row.address,
        "port": f"{row.protocol}/{row.port}",
    }


def _ends_of(person_id: int, hub: Hub) -> tuple[IPv4Address, ...]:
    rows = Profile.objects.filter(person_id=person_id, hub=hub, revoked_at=None)
    newest = sorted(rows, key=lambda row: (row.online, row.seen_at or row.created_at), reverse=True)
    return tuple(row.address for row in newest[:MOST_ENDS])
