"""Routed and central links of a hub as nftables text: a table beside the hub's filter, which marks what may pass.

The hub's own filter lets packets between two plants pass only if this table has marked them, and what legs of bridged
links carry only if it comes from the gateway whose leg it is. Without this table nothing of that passes.

A packet is judged by the connection that it belongs to, as it was opened: in which link both ends are, whether a rule
forbids it, whether one allows it. Both directions ask the same, for every packet, so what changes counts at once. In
a central link the centre's packets to an address of the link go to the device behind it (1:1, on the hub); the
connection counts only as long as exactly this address leads to exactly this device.

Sets of counters, by number of the site, outlive a change of the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from furka.plan.gathered import JoinedLink, Links, merged
from furka.plan.link_entries import SEGMENT_PORT, LinkRule
from furka.plan.render.bridge_nft import NOTHING_KEPT, Kept
from furka.plan.render.hub_nft import LINKED, Layout

FAMILY = "inet"
TABLE = "furka_links"

COUNTERS = ("sent", "got", "refused")

_PER_LINE = 500

#: What nobody opens and yet belongs to a connection: word that something could not be delivered.
_ERRORS = "icmp type { destination-unreachable, time-exceeded, parameter-problem }"


def remove() -> str:
    """The script that takes it away; it may be run when nothing is there."""
    return f"add table {FAMILY} {TABLE}\ndelete table {FAMILY} {TABLE}\n"


def render(layout: Layout, links: Links, kept: Kept = NOTHING_KEPT) -> str:
    """The script from what is there to exactly these links, in one step."""
    chains = dict(_chains(layout, links))
    sets, maps = dict(_sets(links)), _MAPS
    lines = [f"add table {FAMILY} {TABLE}", f"flush table {FAMILY} {TABLE}"]
    lines += [f"delete chain {FAMILY} {TABLE} {name}" for name in kept.chains if name not in chains]
    lines += [f"delete set {FAMILY} {TABLE} {name}" for name in kept.sets if name not in sets]
    lines += [f"delete map {FAMILY} {TABLE} {name}" for name in kept.maps if name not in maps]
    lines += [f"table {FAMILY} {TABLE} {{"]
    for kind, some in (("set", sets), ("map", maps), ("chain", chains)):
        for name, content in some.items():
            lines += [f"  {kind} {name} {{", *(f"    {line}" for line in content), "  }"]
    lines += ["}"]
    for name, elements in _elements(links):
        kind = "map" if name in maps else "set"
        lines.append(f"flush {kind} {FAMILY} {TABLE} {name}")
        lines += [
            f"add element {FAMILY} {TABLE} {name} {{ {', '.join(elements[start : start + _PER_LINE])} }}"
            for start in range(0, len(elements), _PER_LINE)
        ]
    return "\n".join(lines) + "\n"


_MAPS = {
    "site_of": ["type ipv4_addr : mark", "flags interval"],
    "named": ["type mark . ipv4_addr : ipv4_addr"],
}


def _sets(links: Links) -> Iterator[tuple[str, list[str]]]:
    for link in links.joined:
        yield f"in_{link.number}", ["type ipv4_addr", "flags interval"]
        for name in COUNTERS:
            yield f"{name}_{link.number}", ["type mark", "size 65536", "flags dynamic", "counter"]
        if link.central:
            yield f"centre_{link.number}", ["type ipv4_addr", "flags interval"]
            yield f"mapped_{link.number}", ["type ipv4_addr . ipv4_addr"]


def _elements(links: Links) -> Iterator[tuple[str, list[str]]]:
    sites = {prefix: one.site for link in links.joined for one in link.junctions for prefix in one.prefixes}
    yield "site_of", [f"{prefix} : {site}" for prefix, site in sorted(sites.items())]
    named: dict[str, IPv4Address] = {}
    for link in links.joined:
        yield f"in_{link.number}", _texts(link.prefixes())
        if link.central:
            yield f"centre_{link.number}", _texts(link.prefixes(centre=True))
            yield f"mapped_{link.number}", [f"{one.address} . {one.device}" for one in link.mapped]
            for centre in (one for one in link.junctions if one.central):
                named |= {f"{centre.site} . {one.address}": one.device for one in link.mapped}
    yield "named", [f"{where} : {device}" for where, device in sorted(named.items())]


def _chains(layout: Layout, links: Links) -> Iterator[tuple[str, list[str]]]:
    tunnel = f'"{layout.interface}"'
    for link in links.joined:
        yield f"pass_{link.number}", _pass(link)
        yield f"refuse_{link.number}", _count_source("refused", link)
        yield f"link_{link.number}", list(_link(link))
    sites: dict[int, list[int]] = {}
    for link in links.joined:
        for site in sorted({one.site for one in link.junctions}):
            sites.setdefault(site, []).append(link.number)
    for site, numbers in sorted(sites.items()):
        yield (
            f"site_{site}",
            [f"ct original ip saddr @in_{n} ct reply ip saddr @in_{n} jump link_{n}" for n in numbers],
        )
    jumps = ", ".join(f"{site} : jump site_{site}" for site in sorted(sites))
    yield (
        "plain",
        [
            "type filter hook prerouting priority raw; policy accept;",
            f"iifname {tunnel} udp dport {SEGMENT_PORT} notrack",
        ],
    )
    yield (
        "plain_out",
        [
            "type filter hook output priority raw; policy accept;",
            f"oifname {tunnel} udp dport {SEGMENT_PORT} notrack",
        ],
    )
    yield (
        "arriving",
        [
            "type filter hook input priority filter - 1; policy accept;",
            f"iifname != {tunnel} udp dport {SEGMENT_PORT} drop",
            f"iifname {tunnel} udp dport {SEGMENT_PORT} goto of_leg",
        ],
    )
    # The number of a segment stands in the upper 24 bits of a word whose rest is zero (RFC 7348).
    legs = ", ".join(f"{leg.gateway} . {leg.segment << 8:#x}" for leg in links.legs())
    accepted = f"ip saddr . @th,96,32 {{ {legs} }} meta mark set {LINKED:#x} accept"
    yield "of_leg", [*([accepted] if legs else []), "drop"]
    yield (
        "naming",
        [
            "type nat hook prerouting priority dstnat; policy accept;",
            f"iifname {tunnel} meta mark set ip saddr map @site_of",
            f"iifname {tunnel} dnat ip to meta mark . ip daddr map @named",
        ],
    )
    yield (
        "crossing",
        [
            "type filter hook forward priority filter - 1; policy accept;",
            f"iifname {tunnel} oifname {tunnel} meta nfproto ipv4 ct state != invalid "
            f"ct original ip saddr {layout.plants} ct reply ip saddr {layout.plants} jump between",
        ],
    )
    yield (
        "between",
        [
            "meta mark set 0",
            "meta mark set ct original ip saddr map @site_of",
            *([f"meta mark vmap {{ {jumps} }}"] if jumps else []),
            "meta mark set 0",
        ],
    )


def _link(link: JoinedLink) -> Iterator[str]:
    """What of the connections between members of a link passes; whatever returns is looked for in other links."""
    number = link.number
    if link.central:
        yield f"ct original ip saddr != @centre_{number} goto refuse_{number}"
        yield f"ct original ip daddr . ct reply ip saddr != @mapped_{number} goto refuse_{number}"
    yield f"ct state related {_ERRORS} goto pass_{number}"
    yield f"ct state related goto refuse_{number}"
    for rule in link.rules:
        if not rule.allow:
            yield from (f"{text} goto refuse_{number}" for text in _matches(link, rule))
    if link.central:
        yield f"goto pass_{number}"
        return
    for rule in link.rules:
        if rule.allow:
            yield from (f"{text} goto pass_{number}" for text in _matches(link, rule))
    yield f"goto refuse_{number}"


def _matches(link: JoinedLink, rule: LinkRule) -> list[str]:
    """What packets a rule is about, in either direction; nothing if it names members or addresses that are none."""
    parts = []
    for which, members, networks in (
        ("original", rule.source_members, rule.sources),
        ("reply", rule.destination_members, rule.destinations),
    ):
        named = None if members is None else link.prefixes(members)
        for some in (named, networks):
            if some is not None:
                if not some:
                    return []
                parts.append(f"ct {which} ip saddr {{ {', '.join(_texts(some))} }}")
    if rule.protocol is None:
        return [" ".join(parts)]
    if not rule.ports:
        return [" ".join([*parts, f"meta l4proto {rule.protocol}"])]
    ports = ", ".join(f"{first}-{last}" for first, last in merged(rule.ports))
    return [
        " ".join([*parts, f"ct direction {way} meta l4proto {rule.protocol} th {port} {{ {ports} }}"])
        for way, port in (("original", "dport"), ("reply", "sport"))
    ]


def _count_source(name: str, link: JoinedLink) -> list[str]:
    return [
        "meta mark set ip saddr map @site_of",
        f"add @{name}_{link.number} {{ meta mark counter }}",
    ]


def _pass(link: JoinedLink) -> list[str]:
    return [
        *_count_source("sent", link),
        "meta mark set ip daddr map @site_of",
        f"add @got_{link.number} {{ meta mark counter }}",
        f"meta mark set {LINKED:#x}",
        "accept",
    ]


def _texts(networks: Iterable[IPv4Network]) -> list[str]:
    return list(map(str, collapse_addresses(networks)))
