"""How networks of a plant take part in bridged links, as nftables text of the family netdev: a table on the gateway.

What is received on the interface in the plant's network goes into the leg as well, and what comes by the leg goes out
there. The box keeps its interface and its addresses; nobody in the link sees them, and its own frames stay in the
plant. Who was heard in the plant is not looked for elsewhere, and who was heard elsewhere is not taken for somebody of
the plant: so a loop ends here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FAMILY = "netdev"
TABLE = "furka_legs"

#: For so many seconds it is remembered where somebody was heard.
PLACE_KEPT = 30

_MOST_KNOWN = 4096


@dataclass(frozen=True, slots=True, order=True)
class Joint:
    """A leg and the interface in the plant's network that it belongs to."""

    leg: str
    lan: str


def remove() -> str:
    """The script that takes it away; it may be run when nothing is there."""
    return f"add table {FAMILY} {TABLE}\ndelete table {FAMILY} {TABLE}\n"


def render(joints: Iterable[Joint]) -> str:
    """The script that replaces the table in one step. The interfaces have to be there."""
    lines = [remove().rstrip("\n"), f"table {FAMILY} {TABLE} {{"]
    for joint in sorted(joints):
        for where in ("here", "there"):
            lines += [
                f"  set {where}_{joint.leg} {{",
                "    type ether_addr",
                f"    size {_MOST_KNOWN}",
                "    flags dynamic, timeout",
                f"    timeout {PLACE_KEPT}s",
                "  }",
            ]
        lines += [
            f"  chain into_{joint.leg} {{",
            f'    type filter hook ingress device "{joint.lan}" priority filter; policy accept;',
            "    ether type { 8021q, 8021ad } return",  # of other networks on the same cable
            f"    ether saddr @there_{joint.leg} return",
            f"    update @here_{joint.leg} {{ ether saddr }}",
            "    meta pkttype host return",
            f"    ether daddr @here_{joint.leg} return",
            f'    dup to "{joint.leg}"',
            "  }",
            f"  chain out_of_{joint.leg} {{",
            f'    type filter hook ingress device "{joint.leg}" priority filter; policy drop;',
            f"    ether saddr @here_{joint.leg} drop",
            f"    update @there_{joint.leg} {{ ether saddr }}",
            f'    fwd to "{joint.lan}"',
            "  }",
        ]
    return "\n".join([*lines, "}"]) + "\n"
