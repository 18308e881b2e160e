"""The packet filter of a hub as nftables text: who may pass from which tunnel address to which site.

The filter holds no person, no right and no rule per grant, only collections that change all the time:

- `site_of`: virtual prefix → number of the site, written into the mark of the packet;
- the doors, each with the time it has left, in four sets, from the widest to the narrowest: `doors` (tunnel address,
  site), `door_hosts` (the same and a virtual address behind it), `door_ports` (the same as the first and a port
  anywhere at the site), `door_host_ports` (a port of one virtual address). Both directions of a connection are looked
  up here for every packet: a door that goes, or runs out, cuts connections that already run, and the kernel counts
  the time alone, whether or not our program is alive. All are hash sets: what a packet costs does not grow with them;
- `used` and `answered`: (tunnel address, site) → packets and bytes that passed to the site, and from it. They permit
  nothing.
- `knocks`: (tunnel address, site) where a first packet begins somebody's time; `knocked` keeps for some seconds which
  of these came. The packets are dropped like all others that no door lets through.

Pages of devices that are open in browsers are asked for by a program on the hub itself, each from an address of its
own: for that address the same doors count, in the hooks for what the machine sends and gets itself.

What passes between plants is decided by a table beside this one (`junction_nft`), which marks it; what the legs of
bridged links carry comes to the machine itself, from gateways only, and is marked there too.

Names are answered by the hub itself, at its own address, for persons' devices only and so many times a second.

Everything that comes out of the tunnel or would go into it is dropped unless a rule here says otherwise. Packets
that have nothing to do with the tunnel are left to whatever else filters on the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from math import inf

from furka.plan.addressing import PLAN
from furka.plan.doors import EVERY_HOST, DoorKey, FilterChange
from furka.plan.link_entries import SEGMENT_PORT

FAMILY = "inet"
TABLE = "furka"

#: The largest number of doors whose use is counted at once; more of them pass uncounted.
MOST_COUNTED = 262_144

#: The most first packets that are noticed at once, and for how many seconds one is kept.
MOST_KNOCKED, KNOCK_KEPT = 65_536, 5

#: What every packet from the tunnel is marked with before it is routed: routing drops those that bear no mark, so
#: that nothing passes while there is no filter at all.
SEEN = 0x8000_0000

#: What the table of links marks packets with that may pass between plants, or came by a leg; no site has that number.
LINKED = 0xC000_0000

_PER_LINE = 1000
_LONGEST = 100 * 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Layout:
    """What the rules of a hub need to know: its tunnel interface, its address there, and the ranges."""

    interface: str
    address: IPv4Address
    gateways: IPv4Network
    profiles: IPv4Network
    plants: IPv4Network
    pages: IPv4Network = PLAN.pages


def closed(interface: str) -> str:
    """A table that lets nothing pass through the tunnel interface, for a hub that knows nothing yet."""
    return _table(
        f"""\
    chain forward {{
        type filter hook forward priority filter; policy accept;
        iifname "{interface}" drop
        oifname "{interface}" drop
    }}

    chain input {{
        type filter hook input priority filter; policy accept;
        iifname "{interface}" drop
    }}

    chain output {{
        type filter hook output priority filter; policy accept;
        oifname "{interface}" drop
    }}
"""
    )


def whole(
    layout: Layout, prefixes: Mapping[IPv4Network, int], doors: Mapping[DoorKey, float], *, birth: int = 0
) -> str:
    """The complete table, from any state to this one in one transaction; what `used` has counted is kept.

    `birth` is a mark that tells this table from one that is made anew after it was lost; 0 leaves it as it is.
    """
    tunnel = f'"{layout.interface}"'
    rules = _table(
        f"""\
    chain seen {{
        type filter hook prerouting priority mangle; policy accept;
        iifname {tunnel} meta mark set {SEEN:#x}
    }}

    chain forward {{
        type filter hook forward priority filter; policy accept;
        iifname {tunnel} oifname {tunnel} jump through
        iifname {tunnel} drop
        oifname {tunnel} drop
    }}

    chain through {{
        meta nfproto != ipv4 drop
        ct state invalid drop
        meta mark {LINKED:#x} accept
        meta mark set 0
        ip saddr {layout.profiles} ip daddr {layout.plants} ct direction original goto to_site
        ip saddr {layout.plants} ip daddr {layout.profiles} ct direction reply goto from_site
        ip saddr {layout.gateways} ip daddr {layout.profiles} ct direction reply goto from_gateway
        drop
    }}

    chain to_site {{
        meta mark set ip daddr map @site_of
        ip saddr . meta mark @doors goto used_by_source
        ip saddr . meta mark . ip daddr @door_hosts goto used_by_source
        ip saddr . meta mark . ip daddr . meta l4proto . th dport @door_host_ports goto used_by_source
        ip saddr . meta mark . meta l4proto . th dport @door_ports goto used_by_source
        meta l4proto tcp tcp flags & (fin | syn | rst | ack) != syn drop comment "left over: no new connection"
        ip saddr . meta mark @knocks add @knocked {{ ip saddr . meta mark }}
        drop
    }}

    chain from_site {{
        meta mark set ip saddr map @site_of
        ip daddr . meta mark @doors goto used_by_destination
        ip daddr . meta mark . ip saddr @door_hosts goto used_by_destination
        ip daddr . meta mark . ip saddr . meta l4proto . th sport @door_host_ports goto used_by_destination
        ip daddr . meta mark . meta l4proto . th sport @door_ports goto used_by_destination
        drop
    }}

    chain used_by_source {{
        add @used {{ ip saddr . meta mark counter }} accept
        accept
    }}

    chain used_by_destination {{
        add @answered {{ ip daddr . meta mark counter }} accept
        accept
    }}

    chain from_gateway {{
        ct state != related drop
        icmp type != {{ destination-unreachable, time-exceeded, parameter-problem }} drop
        meta mark set ct original ip daddr map @site_of
        ct original ip saddr . meta mark @doors accept
        ct original ip saddr . meta mark . ct original ip daddr @door_hosts accept
        drop
    }}

    chain input {{
        type filter hook input priority filter; policy accept;
        iifname {tunnel} goto arriving
        ip daddr {layout.pages} drop
    }}

    chain arriving {{
        meta nfproto != ipv4 drop
        ip daddr {layout.pages} goto to_page
        ip daddr != {layout.address} drop
        ip saddr {layout.gateways} udp dport {SEGMENT_PORT} meta mark {LINKED:#x} accept
        ip saddr {layout.profiles} meta l4proto {{ tcp, udp }} th dport 53 goto naming
        icmp type != echo-request drop
        ip saddr {layout.gateways} goto asking
        ip saddr {layout.profiles} goto asking
        drop
    }}

    chain to_page {{
        ct state invalid drop
        ip saddr {layout.plants} ct direction reply goto from_site
        ip saddr {layout.gateways} ct direction reply goto from_gateway
        drop
    }}

    chain asking {{
        update @askers {{ ip saddr limit rate 5/second burst 10 packets }} accept
        drop
    }}

    chain naming {{
        ct state invalid drop
        update @namers {{ ip saddr limit rate 50/second burst 100 packets }} accept
        drop
    }}

    chain output {{
        type filter hook output priority filter; policy accept;
        oifname {tunnel} goto leaving
        ip saddr {layout.pages} drop
    }}

    chain leaving {{
        meta nfproto != ipv4 drop
        ip saddr {layout.pages} goto from_page
        ip saddr != {layout.address} drop
        ip daddr {layout.gateways} udp dport {SEGMENT_PORT} accept
        ip daddr {layout.profiles} meta l4proto {{ tcp, udp }} th sport 53 ct direction reply accept
        icmp type {{ echo-reply, destination-unreachable, time-exceeded, parameter-problem }} accept
        drop
    }}

    chain from_page {{
        ct state invalid drop
        ip protocol tcp ip daddr {layout.plants} ct direction original goto to_site
        drop
    }}
"""
    )
    lines = [rules.rstrip("\n"), *(f"flush {kind} {FAMILY} {TABLE} {name}" for kind, name in _REFILLED)]
    if birth:
        lines += [f"flush set {FAMILY} {TABLE} birth", f"add element {FAMILY} {TABLE} birth {{ {birth} }}"]
    lines += _elements("add", "site_of", _prefix_texts(prefixes))
    lines += _door_lines("add", doors, doors)
    return "\n".join(lines) + "\n"


def anew(script: str) -> str:
    """The same script, but the table, should there be one, is thrown away first, with all it has counted."""
    return f"add table {FAMILY} {TABLE}\ndelete table {FAMILY} {TABLE}\n{script}"


def change(wanted: FilterChange) -> str:
    """A change as one transaction, which may be repeated.

    nftables 1.0.6 fails on deleting what is absent, and older kernels ignore a new time for an element that is
    there: so everything is added, deleted and, if it is to stay, added again. It fails if a prefix leads to another
    site than `forget` says, or lies across one that is there.
    """
    doors = {*wanted.close, *wanted.open}
    lines = [*_door_lines("add", doors), *_door_lines("delete", doors)]
    lines += _elements("add", "site_of", _prefix_texts(wanted.forget))
    lines += _elements("delete", "site_of", map(str, sorted(wanted.forget)))
    lines += _elements("add", "site_of", _prefix_texts(wanted.learn))
    lines += _door_lines("add", wanted.open, wanted.open)
    return "\n".join(lines) + "\n"


def element_of(door: DoorKey) -> tuple[str, str]:
    """In which set a door is, and what it is called there."""
    return _set_of(door), _name(door)


def forget_used(doors: Iterable[DoorKey]) -> str:
    """Stop counting for doors that are closed."""
    names = [_name(door) for door in sorted(set(doors))]
    lines = [_elements(verb, name, names) for name in COUNTERS for verb in ("add", "delete")]
    return "\n".join(line for some in lines for line in some) + "\n"


def listen(visits: Iterable[DoorKey]) -> str:
    """Notice first packets exactly there; what is there already may be said again."""
    names = [_name(visit) for visit in sorted(visits)]
    return "\n".join([f"flush set {FAMILY} {TABLE} knocks", *_elements("add", "knocks", names)]) + "\n"


#: The sets of doors, with what an element of each is made of.
_DOOR_SETS = {
    "doors": "ipv4_addr . mark",
    "door_hosts": "ipv4_addr . mark . ipv4_addr",
    "door_ports": "ipv4_addr . mark . inet_proto . inet_service",
    "door_host_ports": "ipv4_addr . mark . ipv4_addr . inet_proto . inet_service",
}
DOOR_SETS = tuple(_DOOR_SETS)

#: The sets that count what passes doors, to the site and back.
COUNTERS = ("used", "answered")

_REFILLED = (*(("set", name) for name in DOOR_SETS), ("map", "site_of"))


def _table(chains: str) -> str:
    return f"""\
add table {FAMILY} {TABLE}
flush table {FAMILY} {TABLE}
table {FAMILY} {TABLE} {{
    map site_of {{
        type ipv4_addr : mark
        flags interval
    }}

{_declared_doors()}
    set used {{
        type ipv4_addr . mark
        size {MOST_COUNTED}
        flags dynamic
        counter
    }}

    set answered {{
        type ipv4_addr . mark
        size {MOST_COUNTED}
        flags dynamic
        counter
    }}

    set knocks {{
        type ipv4_addr . mark
    }}

    set knocked {{
        type ipv4_addr . mark
        size {MOST_KNOCKED}
        flags dynamic, timeout
        timeout {KNOCK_KEPT}s
    }}

    set askers {{
        type ipv4_addr
        size 65536
        flags dynamic, timeout
        timeout 1m
    }}

    set namers {{
        type ipv4_addr
        size 65536
        flags dynamic, timeout
        timeout 1m
    }}

    set birth {{
        type mark
    }}

{chains}}}
"""


def _elements(verb: str, name: str, texts: Iterable[str]) -> list[str]:
    every = list(texts)
    return [
        f"{verb} element {FAMILY} {TABLE} {name} {{ {', '.join(every[start : start + _PER_LINE])} }}"
        for start in range(0, len(every), _PER_LINE)
    ]


def _declared_doors() -> str:
    return "".join(
        f"    set {name} {{\n        type {parts}\n        flags timeout\n    }}\n\n"
        for name, parts in _DOOR_SETS.items()
    ).removesuffix("\n")


def _set_of(door: DoorKey) -> str:
    if door.host == EVERY_HOST:
        return "door_ports" if door.port else "doors"
    return "door_host_ports" if door.port else "door_hosts"


def _name(door: DoorKey) -> str:
    host = () if door.host == EVERY_HOST else (door.host,)
    port = (door.protocol, door.port) if door.port else ()
    return " . ".join(map(str, (door.address, door.site, *host, *port)))


def _door_lines(
    verb: str, doors: Iterable[DoorKey], seconds: Mapping[DoorKey, float] | None = None
) -> list[str]:
    """Lines for doors, each in its set; with the time they have left, if that is said."""
    texts: dict[str, list[str]] = {name: [] for name in DOOR_SETS}
    for door in sorted(doors):
        texts[_set_of(door)].append(_name(door) + (_timeout(seconds[door]) if seconds is not None else ""))
    return [line for name in DOOR_SETS for line in _elements(verb, name, texts[name])]


def _prefix_texts(prefixes: Mapping[IPv4Network, int]) -> list[str]:
    return [f"{network} : {prefixes[network]}" for network in sorted(prefixes)]


def _timeout(seconds: float) -> str:
    """Time left in nftables' words, to the millisecond; it reads no number above 32 bits, so it gets several."""
    if seconds == inf:
        return ""
    rest = max(1, int(min(seconds, _LONGEST) * 1000))
    text = ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        text += f"{count}{unit}" if count else ""
    return f" timeout {text}"
