"""The packet filter of a gateway as nftables text: translate between real and virtual addresses, let in nothing else.

Packets that come out of the tunnel may go, once translated, to the interface in whose network they end, and their
replies may come back. Devices at the site open connections into the tunnel only to networks of other sites that links
name; there they are seen under their own virtual addresses (1:1). The gateway itself answers nothing from the tunnel
but pings to its tunnel address, and the hub where bridged links have a leg here; and it hears what it has asked itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from furka.plan.link_entries import SEGMENT_PORT

TABLE = "furka_gateway"


@dataclass(frozen=True, slots=True, order=True)
class Translation:
    """A network of the site, the interface that lies in it, and the prefix under which the tunnel knows it (1:1)."""

    virtual: IPv4Network
    real: IPv4Network
    lan: str


def remove() -> str:
    """The script that takes everything away; it may be run when nothing is there."""
    return f"add table ip {TABLE}\ndelete table ip {TABLE}\n"


@dataclass(frozen=True, slots=True)
class LinkEnds:
    """What links between sites need: to where devices may open connections, and the hub if it sends frames of legs."""

    peers: tuple[IPv4Network, ...] = ()
    hub: IPv4Address | None = None


NO_LINKS = LinkEnds()


def render(
    tunnel: str,
    address: IPv4Address,
    translations: Iterable[Translation],
    *,
    router: bool = False,
    links: LinkEnds = NO_LINKS,
) -> str:
    """The script that replaces the whole filter in one step.

    `tunnel` is the name of the tunnel's interface, `address` our end of it. Connections that are already translated
    keep their translation; those that no rule allows any more are cut. Packets that have nothing to do with the tunnel
    are not forwarded either, unless the machine is a `router` for others as well.
    """
    wanted = sorted(translations)
    lines = [
        remove().rstrip(),
        f"table ip {TABLE} {{",
        *_translate(tunnel, wanted, links.peers),
        *_forward(tunnel, wanted, router, links.peers),
        *_input(tunnel, address, links.hub),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _translate(tunnel: str, translations: list[Translation], peers: tuple[IPv4Network, ...]) -> list[str]:
    pairs = ", ".join(f"{one.virtual} : {one.real}" for one in translations)
    ways = [
        "  chain translate {",
        "    type nat hook prerouting priority dstnat; policy accept;",
        *([f'    iifname "{tunnel}" dnat ip prefix to ip daddr map {{ {pairs} }}'] if pairs else []),
        "  }",
    ]
    # Devices see the gateway as the one that asks: they need no way back of their own.
    names = ", ".join(f'"{name}"' for name in sorted({one.lan for one in translations}))
    hidden = f'    iifname "{tunnel}" oifname {{ {names} }} ct status dnat masquerade'
    # Elsewhere devices of the site are known by their virtual addresses.
    back = ", ".join(f"{one.real} : {one.virtual}" for one in translations)
    known = f'    oifname "{tunnel}" ip daddr {_set(peers)} snat ip prefix to ip saddr map {{ {back} }}'
    return [
        *ways,
        "  chain hide {",
        "    type nat hook postrouting priority srcnat; policy accept;",
        *([hidden] if names else []),
        *([known] if names and peers else []),
        "  }",
    ]


def _forward(
    tunnel: str, translations: list[Translation], router: bool, peers: tuple[IPv4Network, ...]
) -> list[str]:
    opened = translations if peers else []
    to_peers = f"ct original ip daddr {_set(peers)}"
    return [
        "  chain clamp {",
        "    type filter hook forward priority mangle; policy accept;",
        f'    iifname "{tunnel}" tcp flags syn tcp option maxseg size set rt mtu',
        f'    oifname "{tunnel}" tcp flags syn tcp option maxseg size set rt mtu',
        "  }",
        "  chain forward {",
        f"    type filter hook forward priority filter; policy {'accept' if router else 'drop'};",
        f'    iifname "{tunnel}" goto from_tunnel',
        f'    oifname "{tunnel}" goto to_tunnel',
        "  }",
        "  chain from_tunnel {",
        *(
            f'    oifname "{one.lan}" ip daddr {one.real} ct original ip daddr {one.virtual} ct status dnat accept'
            for one in translations
        ),
        *(
            f'    oifname "{one.lan}" ip daddr {one.real} ct original ip saddr {one.real} {to_peers} {which} accept'
            for one in opened
            for which in ("ct direction reply", f"ct state related {_ERRORS}")
        ),
        "    drop",
        "  }",
        "  chain to_tunnel {",
        *(
            f'    iifname "{one.lan}" ct direction reply ct original ip daddr {one.virtual} ct status dnat accept'
            for one in translations
        ),
        *(
            f'    iifname "{one.lan}" ip saddr {one.real} ct direction original {to_peers} accept'
            for one in opened
        ),
        "    drop",
        "  }",
    ]


#: Word that something could not be delivered.
_ERRORS = "icmp type { destination-unreachable, time-exceeded, parameter-problem }"


def _set(networks: Iterable[IPv4Network]) -> str:
    return f"{{ {', '.join(map(str, collapse_addresses(networks)))} }}"


def _input(tunnel: str, address: IPv4Address, hub: IPv4Address | None) -> list[str]:
    legs = (
        [
            f'    iifname != "{tunnel}" udp dport {SEGMENT_PORT} drop',
            f'    iifname "{tunnel}" ip saddr {hub} udp dport {SEGMENT_PORT} accept',
        ]
        if hub is not None
        else []
    )
    return [
        "  chain input {",
        "    type filter hook input priority filter; policy accept;",
        *legs,
        f'    iifname "{tunnel}" ip daddr {address} icmp type echo-request accept',
        f'    iifname "{tunnel}" ct direction reply ct state established,related accept',
        f'    iifname "{tunnel}" drop',
        "  }",
    ]
