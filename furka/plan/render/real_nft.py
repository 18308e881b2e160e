"""A small table beside a hub's filter: real addresses of one plant for one person's device.

Packets of a tunnel address to a real network of the plant that it has at hand go to the virtual prefix of that network,
1:1. It opens nothing: the filter sees where they go then, and doors count as for everybody. A map is looked up once for
each connection, so that the table costs nothing however many devices have a plant at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network

FAMILY = "ip"
TABLE = "furka_real"
MAP = "networks"

#: Tunnel address and real network → virtual prefix.
RealNetworks = Mapping[tuple[IPv4Address, IPv4Network], IPv4Network]

_PER_LINE = 500


def render(interface: str, networks: RealNetworks) -> str:
    """The script that replaces the table in one step; `interface` is the tunnel's."""
    lines = [
        remove().rstrip("\n"),
        f"table {FAMILY} {TABLE} {{",
        f"  map {MAP} {{",
        "    type ipv4_addr . ipv4_addr : interval ipv4_addr",
        "    flags interval",
        "  }",
        "  chain at_hand {",
        "    type nat hook prerouting priority dstnat; policy accept;",
        f'    iifname "{interface}" dnat ip prefix to ip saddr . ip daddr map @{MAP}',
        "  }",
        "}",
    ]
    elements = [f"{address} . {real} : {networks[address, real]}" for address, real in sorted(networks)]
    lines += [
        f"add element {FAMILY} {TABLE} {MAP} {{ {', '.join(elements[start : start + _PER_LINE])} }}"
        for start in range(0, len(elements), _PER_LINE)
    ]
    return "\n".join(lines) + "\n"


def remove() -> str:
    """The script that takes it away; it may be run when nothing is there."""
    return f"add table {FAMILY} {TABLE}\ndelete table {FAMILY} {TABLE}\n"
