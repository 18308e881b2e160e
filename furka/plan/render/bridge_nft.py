"""What may cross the bridges of a hub, as nftables text of the family bridge: one table for all bridged links.

Frames come in by legs (`fl<segment>`) and leave by other legs of the same bridge. On its way a frame is looked at
twice:

- when it comes in, before the bridge learns anything: by what the leg may send at all. The control frames of switches,
  frames with VLAN tags, the assignment of addresses, ARP for what each site keeps for itself, and more of anything than
  the link allows end here. A device has one place: what comes by another leg than the one by which its address was last
  heard comes from a loop, or from somebody who wants to be somebody else;
- when it goes out by a leg: by the rules of the link. Not every kernel tracks connections on bridges,
  so the table itself remembers who opened what (`tcp_…`, `udp_…`), so that a rule says who may *open* and replies pass.

What comes in by a leg that the table doesn't know is dropped, and nothing of the machine itself speaks or listens
there. Sets and maps outlive a change of the rules, so nothing that runs is disturbed by it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from ipaddress import collapse_addresses
from typing import NamedTuple

from furka.plan.gathered import BridgedLink, merged
from furka.plan.link_entries import Leg, LinkRule

FAMILY = "bridge"
TABLE = "furka_links"

#: Names of interfaces begin with these: the leg, by its segment, and the bridge, by the number of its link.
LEG, BRIDGE = "fl", "fb"

#: Frames of 1500 bytes cross a tunnel that takes less in two parts; TCP is told to send what fits through in one.
TCP_SEGMENT = 1330

#: Packets up to this length go through the tunnel in one.
WHOLE = TCP_SEGMENT + 40

#: For so many seconds a device is believed to be where it was last heard.
PLACE_KEPT = 10

#: Sets of counters, by leg: what came in and was let pass, what went out, what was dropped.
COUNTERS = ("sent", "got", "refused")

_MOST_LEGS = 65_536
_PER_LINE = 500


class Kept(NamedTuple):
    """What is in the table and outlives a change of it: names of chains, of sets and of maps; and what is counted."""

    chains: Collection[str] = ()
    sets: Collection[str] = ()
    maps: Collection[str] = ()
    counted: Collection[tuple[str, str]] = ()  # set, leg


NOTHING_KEPT = Kept()


def leg_name(leg: Leg) -> str:
    return f"{LEG}{leg.segment}"


def bridge_name(link: BridgedLink) -> str:
    return f"{BRIDGE}{link.bridge.number}"


def names_in(skeleton: str) -> Kept:
    """What a table has, from nftables' own text of it."""
    found: dict[str, list[str]] = {"chain": [], "set": [], "map": []}
    for kind, name in re.findall(r"^\t(chain|set|map) (\w+) \{$", skeleton, re.MULTILINE):
        found[kind].append(name)
    return Kept(found["chain"], found["set"], found["map"])


def remove() -> str:
    """The script that takes it away; it may be run when nothing is there."""
    return f"add table {FAMILY} {TABLE}\ndelete table {FAMILY} {TABLE}\n"


def render(links: Iterable[BridgedLink], kept: Kept = NOTHING_KEPT) -> str:
    """The script from what is there to exactly these links, in one step."""
    found = [link for link in links if link.legs]
    chains = {**_base(found), **{name: rules for link in found for name, rules in _of_link(link).items()}}
    sets, maps = _sets(found), _maps(found)
    legs = {leg_name(leg) for link in found for leg in link.legs}
    stale = [(name, leg) for name, leg in kept.counted if leg not in legs]
    lines = [f"add table {FAMILY} {TABLE}", f"flush table {FAMILY} {TABLE}"]
    lines += [f"delete chain {FAMILY} {TABLE} {name}" for name in kept.chains if name not in chains]
    lines += [f"delete set {FAMILY} {TABLE} {name}" for name in kept.sets if name not in sets]
    lines += [f"delete map {FAMILY} {TABLE} {name}" for name in kept.maps if name not in maps]
    lines += [f'delete element {FAMILY} {TABLE} {name} {{ "{leg}" }}' for name, leg in stale]
    lines += [f"table {FAMILY} {TABLE} {{"]
    for kind, some in (("set", sets), ("map", maps), ("chain", chains)):
        for name, content in some.items():
            lines += [f"  {kind} {name} {{", *(f"    {line}" for line in content), "  }"]
    return "\n".join([*lines, "}"]) + "\n"


def _base(links: list[BridgedLink]) -> dict[str, list[str]]:
    legs = [(leg_name(leg), link) for link in links for leg in link.legs]
    arriving = ", ".join(f'"{name}" : goto from_{name}' for name, _ in legs)
    ruled = ", ".join(f'"{name}" : jump rules_{link.bridge.number}' for name, link in legs if _denies(link))
    return {
        # Chains are named before they are led to.
        **{f"known_{name}": [] for name, _ in legs},
        **{f"from_{name}": [] for name, _ in legs},
        **{f"rules_{link.bridge.number}": [] for link in links if _denies(link)},
        "refuse": ["add @refused { iifname counter }", "drop"],
        "arriving": [
            "type filter hook prerouting priority dstnat; policy accept;",
            *([f"iifname vmap {{ {arriving} }}"] if arriving else []),
            f'iifname "{LEG}*" drop',
        ],
        "crossing": [
            "type filter hook forward priority filter; policy accept;",
            f'iifname "{LEG}*" oifname "{LEG}*" goto between',
            f'iifname "{LEG}*" drop',
            f'oifname "{LEG}*" drop',
        ],
        "between": [
            *([f"iifname vmap {{ {ruled} }}"] if ruled else []),
            "add @got { oifname counter }",
            "accept",
        ],
        "inward": ["type filter hook input priority filter; policy accept;", f'iifname "{LEG}*" drop'],
        "outward": ["type filter hook output priority filter; policy accept;", f'oifname "{LEG}*" drop'],
    }


def _sets(links: list[BridgedLink]) -> dict[str, list[str]]:
    counters = ["type ifname", f"size {_MOST_LEGS}", "flags dynamic", "counter"]
    return {
        **dict.fromkeys(COUNTERS, counters),
        **{
            _macs(link, leg): [
                "type ether_addr",
                f"size {link.bridge.most_macs}",
                "flags dynamic, timeout",
                "timeout 5m",
            ]
            for link in links
            for leg in link.legs
        },
        **{
            f"{one}_{link.bridge.number}": [
                "type iface_index . ipv4_addr . ipv4_addr . inet_service . inet_service",
                "size 65536",
                "flags dynamic, timeout",
                "timeout 10m",
            ]
            for link in links
            if _denies(link)
            for one in _TRACKED
        },
    }


def _maps(links: list[BridgedLink]) -> dict[str, list[str]]:
    return {
        f"places_{link.bridge.number}": [
            "type ether_addr : mark",
            "size 65536",
            "flags dynamic, timeout",
            f"timeout {PLACE_KEPT}s",
        ]
        for link in links
    }


def _macs(link: BridgedLink, leg: Leg) -> str:
    return f"macs_{leg.segment}_{link.bridge.most_macs}"


def macs_of(name: str) -> int | None:
    """The segment of the leg whose devices are in the set with that name, if it is one of these."""
    parts = name.split("_")
    return int(parts[1]) if parts[0] == "macs" and len(parts) == 3 else None


def _of_link(link: BridgedLink) -> dict[str, list[str]]:
    chains = {f"from_{leg_name(leg)}": _from_leg(link, leg) for leg in link.legs}
    chains |= {f"known_{leg_name(leg)}": _known(link, leg) for leg in link.legs}
    if _denies(link):
        chains[f"rules_{link.bridge.number}"] = _rules(link)
    return chains


def _from_leg(link: BridgedLink, leg: Leg) -> list[str]:
    bridge = link.bridge
    places = f"places_{bridge.number}"
    guarded = ", ".join(map(str, sorted(bridge.guarded)))
    return [
        "meta mark set 0",  # what it had as a packet of the tunnel
        "ether type { 8021q, 8021ad } goto refuse",
        "vlan id 0-4095 goto refuse",
        "ether daddr & ff:ff:ff:ff:ff:c0 == 01:80:c2:00:00:00 goto refuse",  # spanning tree and all its kind
        "ether type 0x88cc goto refuse",  # LLDP
        "ether saddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 goto refuse",
        f"meta mark set ether saddr map @{places}",
        f"meta mark != {{ 0, {leg.segment} }} goto refuse",
        *(
            [
                "ether type ip udp dport { 67, 68 } goto refuse",
                "ether type ip6 udp dport { 546, 547 } goto refuse",
                "ether type ip6 icmpv6 type { nd-router-advert, nd-redirect } goto refuse",
            ]
            if bridge.dhcp_filter
            else []
        ),
        *(
            [f"arp daddr ip {{ {guarded} }} goto refuse", f"arp saddr ip {{ {guarded} }} goto refuse"]
            if guarded
            else []
        ),
        "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 "
        f"limit rate over {bridge.storm_per_second}/second burst {bridge.storm_per_second} packets goto refuse",
        f"update @{_macs(link, leg)} {{ ether saddr }} goto known_{leg_name(leg)}",
        "goto refuse",
    ]


def _known(link: BridgedLink, leg: Leg) -> list[str]:
    return [
        f"update @places_{link.bridge.number} {{ ether saddr : {leg.segment} }}",
        f"ether type {{ ip, ip6 }} tcp flags syn tcp option maxseg size set {TCP_SEGMENT}",
        # The tunnel cuts what is too large for it, and puts it together again: nobody needs to be told to send less.
        f"ether type ip ip frag-off 0x4000 ip length > {WHOLE} ip frag-off set 0",
        "add @sent { iifname counter }",
        "accept",
    ]


def _rules(link: BridgedLink) -> list[str]:
    number = link.bridge.number
    denied = [f"{text} goto refuse" for rule in link.rules if not rule.allow for text in _matches(link, rule)]
    return [
        "ether type arp return",
        "ether type ip6 goto refuse",  # a rule that names addresses would not see who is who
        *(f"ether type ip ip protocol {one} {_AS_ANSWER} @{one}_{number} return" for one in _TRACKED),
        f"ether type ip icmp type {_ANSWERS} return",
        *denied,
        f"ether type ip tcp flags & (syn | ack) != syn {_AS_QUESTION} != @tcp_{number} return",
        *(f"ether type ip ip protocol {one} update @{one}_{number} {{ {_AS_QUESTION} }}" for one in _TRACKED),
    ]


#: Of what it is remembered who opened it; a set each, since nftables 1.0.6 has no room for more in one key.
_TRACKED = ("tcp", "udp")

#: Of ICMP, what answers something or tells that it could not be delivered.
_ANSWERS = "{ echo-reply, destination-unreachable, time-exceeded, parameter-problem }"

#: How a connection is remembered: by which leg and between which ends its answers come; as seen in a packet of the one
#: who opened it, and in an answer. The leg stands in it, so that nobody opens one in the name of somebody elsewhere.
_AS_QUESTION = "oif . ip daddr . ip saddr . th dport . th sport"
_AS_ANSWER = "iif . ip saddr . ip daddr . th sport . th dport"


def _matches(link: BridgedLink, rule: LinkRule) -> list[str]:
    """What frames a rule is about; nothing if it names members or addresses that are none."""
    parts = []
    for members, name in ((rule.source_members, "iifname"), (rule.destination_members, "oifname")):
        if members is not None:
            legs = [f'"{leg_name(leg)}"' for leg in link.legs if leg.member in members]
            if not legs:
                return []
            parts.append(f"{name} {{ {', '.join(legs)} }}")
    for networks, name in ((rule.sources, "saddr"), (rule.destinations, "daddr")):
        if networks is not None:
            if not networks:
                return []
            parts.append(f"ip {name} {{ {', '.join(map(str, collapse_addresses(networks)))} }}")
    if rule.protocol is not None:
        parts.append(f"ip protocol {rule.protocol}")
    if rule.ports:
        parts.append(f"th dport {{ {', '.join(f'{first}-{last}' for first, last in merged(rule.ports))} }}")
    return [" ".join(parts) or "meta mark 0-0xffffffff"]


def _denies(link: BridgedLink) -> bool:
    return any(not rule.allow for rule in link.rules)
