"""What else is known of networks and devices: VLAN, hardware address, ports, link, note; and changing them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlsplit

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE
from furka.errors import Invalid
from furka.sites.models import Device, DeviceKind, Network
from furka.tree.operation import DevicesTouched, Work, operation
from furka.tree.texts import one_line

MOST_PORTS = 20
LONGEST_NOTE = 500
LONGEST_LINK = 300
#: VLAN 0 and 4095 are reserved (IEEE 802.1Q).
VLANS = range(1, 4095)

_MAC = re.compile(r"[0-9a-f]{12}")
_PORT = re.compile(r"([0-9]{1,5})(?:\s*/\s*(tcp|udp))?(?:\s+(.*))?", re.IGNORECASE)
_DECIDED = "the right was decided on the site"


@dataclass(frozen=True, slots=True)
class Port:
    """A door of a device: its number, tcp or udp, and what it is called."""

    number: int
    protocol: str = "tcp"
    name: str = ""

    def __str__(self) -> str:
        return f"{self.number}/{self.protocol} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What is known of a device beside its name, kind and address."""

    mac: str = ""
    ports: Sequence[Port] = ()
    link: str = ""
    note: str = ""


#: Of a device of which only name and address are known.
NOTHING_KNOWN = DeviceFacts()


def ports_of(device: Device) -> tuple[Port, ...]:
    """The ports of a device."""
    return tuple(Port(each["number"], each["protocol"], each["name"]) for each in device.ports)


def facts_of(device: Device) -> DeviceFacts:
    """What is known of a device."""
    return DeviceFacts(device.mac, ports_of(device), device.link, device.note)


def write_facts(device: Device, facts: DeviceFacts) -> None:
    """Put checked facts into a row that is saved afterwards."""
    device.mac, device.link, device.note = facts.mac, facts.link, facts.note
    device.ports = [
        {"number": each.number, "protocol": each.protocol, "name": each.name} for each in facts.ports
    ]


@operation(CONFIGURE)
def change_network(work: Work, network: Network, name: str, vlan: int | None, note: str) -> None:
    """Another name, VLAN or note. The subnet stays: the way to the devices hangs on it."""
    before = _told_of_network(network)
    name, vlan, note = _line("name", name, 60), checked_vlan(vlan), checked_note(note)
    network.name, network.vlan, network.note = name, vlan, note
    after = _told_of_network(network)
    changed = [key for key in after if before[key] != after[key]]
    if not changed:
        return
    network.save(update_fields=["name", "vlan", "note"])
    work.record(
        network.node,
        "network.changed",
        before={key: before[key] for key in ("subnet", *changed)},
        after={key: after[key] for key in ("subnet", *changed)},
    )


@operation(CONFIGURE)
def change_device(
    work: Work, device: Device, name: str, address: str, kind: str, web: bool, facts: DeviceFacts
) -> None:
    """Other facts about a device. An address that stays may lie in a network that was removed meanwhile."""
    before = told_of_device(device)
    name, facts = checked_name(name, kind), checked_facts(facts)
    if address.strip() != device.address:
        address = check_address(device.node_id, address, but=device.pk)
    device.name, device.address, device.kind, device.web = name, address.strip(), kind, web
    write_facts(device, facts)
    after = told_of_device(device)
    changed = [key for key in after if before[key] != after[key]]
    if not changed:
        return
    device.save()
    work.touch(DevicesTouched(device.node_id))  # its page may be open, too
    told = dict.fromkeys(("name", *changed))
    work.record(
        device.node,
        "device.changed",
        before={key: before[key] for key in told},
        after={key: after[key] for key in told},
    )


def checked_name(name: str, kind: str) -> str:
    """The name of a device as it is kept; its kind must exist. Raises Invalid."""
    name = one_line(name)
    if not name or len(name) > 80:
        raise Invalid.at("name", "name-wrong", _("Please enter a name of at most 80 characters."))
    if kind not in DeviceKind.values:
        raise Invalid.at("kind", "kind-unknown", _("This kind of device does not exist."))
    return name


def check_address(site_id: int, address: str, *, but: int | None = None) -> str:
    """An address in a network of the site that no other device has. Raises Invalid."""
    try:
        parsed = IPv4Address(address.strip())
    except ValueError:
        raise Invalid.at(
            "address", "address-wrong", _("Please enter an address such as 192.168.1.10.")
        ) from None
    others = Device.objects.everything(_DECIDED).filter(node_id=site_id, address=str(parsed))
    if but is not None:
        others = others.exclude(pk=but)
    if others.exists():
        raise Invalid.at("address", "address-taken", _("Another device of this site has this address."))
    networks = Network.objects.everything(_DECIDED).filter(node_id=site_id)
    if not any(parsed in network.real for network in networks):
        raise Invalid.at(
            "address", "address-outside", _("This address lies in none of the networks of the site.")
        )
    return str(parsed)


def checked_vlan(vlan: int | None) -> int | None:
    """The number of a VLAN, if it has one. Raises Invalid."""
    if vlan is not None and vlan not in VLANS:
        raise Invalid.at("vlan", "vlan-wrong", _("A VLAN has a number between 1 and 4094."))
    return vlan


def checked_note(note: str) -> str:
    """A note in one line. Raises Invalid."""
    return _line("note", note, LONGEST_NOTE)


def checked_facts(facts: DeviceFacts) -> DeviceFacts:
    """The same as it is kept. Raises Invalid."""
    return DeviceFacts(
        _checked_mac(facts.mac),
        tuple(_checked_ports(facts.ports)),
        _checked_link(facts.link),
        checked_note(facts.note),
    )


def ports_in(text: str) -> tuple[Port, ...]:
    """Ports as they are typed, one a line, such as `502/tcp Modbus`. Raises Invalid."""
    found = []
    for line in filter(None, (one_line(each) for each in text.splitlines())):
        read = _PORT.fullmatch(line)
        if read is None:
            raise _wrong_port(line[:60])
        found.append(Port(int(read[1]), (read[2] or "tcp").lower(), read[3] or ""))
    return tuple(found)


def _checked_mac(mac: str) -> str:
    plain = re.sub(r"[\s:.\-]", "", mac).lower()
    if not plain:
        return ""
    if not _MAC.fullmatch(plain):
        raise Invalid.at("mac", "mac-wrong", _("Please enter a MAC address such as 00:1a:2b:3c:4d:5e."))
    return ":".join(plain[at : at + 2] for at in range(0, 12, 2))


def _checked_ports(ports: Sequence[Port]) -> list[Port]:
    """Each once, in the order of their numbers."""
    found: dict[tuple[int, str], Port] = {}
    for each in ports:
        if not 1 <= each.number <= 65535 or each.protocol not in ("tcp", "udp"):
            raise _wrong_port(str(each)[:60])
        name = _line("ports", each.name, 40)
        found.setdefault((each.number, each.protocol), Port(each.number, each.protocol, name))
    if len(found) > MOST_PORTS:
        raise Invalid.at("ports", "too-many-ports", _("A device has at most 20 ports."))
    return [found[key] for key in sorted(found)]


def _checked_link(link: str) -> str:
    link = link.strip()
    if not link:
        return ""
    wrong = Invalid.at(
        "link", "link-wrong", _("Please enter an address with http:// or https://, or a path such as /login.")
    )
    # Browsers read a backslash as a slash and leave out what can not be seen.
    if len(link) > LONGEST_LINK or any(not each.isprintable() or each in " \\" for each in link):
        raise wrong
    if link.startswith("/") and not link.startswith("//"):
        return link
    try:
        parts = urlsplit(link)
        is_right = parts.port != 0
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or not is_right:
        raise wrong
    return link


def _line(field: str, text: str, longest: int) -> str:
    text = one_line(text)
    if len(text) > longest:
        raise Invalid.at(field, "too-long", _("This is too long."))
    return text


def _wrong_port(said: str) -> Invalid:
    text = _("“{said}” is no port. Write a number, tcp or udp, and a name, such as 502/tcp Modbus.")
    return Invalid.at("ports", "port-wrong", format_lazy(text, said=said))


def _told_of_network(row: Network) -> dict[str, Any]:
    return {"subnet": row.subnet, "name": row.name, "vlan": row.vlan, "note": row.note}


def told_of_device(row: Device) -> dict[str, Any]:
    """What the journal says of a device."""
    return {
        "name": row.name,
        "address": row.address,
        "kind": row.kind,
        "web": row.web,
        "mac": row.mac,
        "ports": [str(each) for each in ports_of(row)],
        "link": row.link,
        "note": row.note,
    }
