"""The packet filter of a gateway as nftables text: translate between real and virtual addresses, let in nothing else.

Packets that come out of the tunnel may go, once translated, to the interface in whose network they end, and their
replies may come back. Nothing at the site opens a connection into the tunnel, and the gateway itself answers
nothing from there but pings to its tunnel address, and what it has asked itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

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


def render(
    tunnel: str, address: IPv4Address, translations: Iterable[Translation], *, router: bool = False
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
        *_translate(tunnel, wanted),
        *_forward(tunnel, wanted, router),
        *_input(tunnel, address),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _translate(tunnel: str, translations: list[Translation]) -> list[str]:
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
    return [
        *ways,
        "  chain hide {",
        "    type nat hook postrouting priority srcnat; policy accept;",
        *([hidden] if names else []),
        "  }",
    ]


def _forward(tunnel: str, translations: list[Translation], router: bool) -> list[str]:
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
        "    drop",
        "  }",
        "  chain to_tunnel {",
        *(
            f'    iifname "{one.lan}" ct direction reply ct original ip daddr {one.virtual} ct status dnat accept'
            for one in translations
        ),
        "    drop",
        "  }",
    ]


def _input(tunnel: str, address: IPv4Address) -> list[str]:
    return [
        "  chain input {",
        "    type filter hook input priority filter; policy accept;",
        f'    iifname "{tunnel}" ip daddr {address} icmp type echo-request accept',
        f'    iifname "{tunnel}" ct direction reply ct state established,related accept',
        f'    iifname "{tunnel}" drop',
        "  }",
    ]
