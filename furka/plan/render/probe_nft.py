"""A small table beside a hub's filter: questions whether UDP gets through come to WireGuard's port, the relay answers.

Only datagrams that begin with the mark go elsewhere, and only the first of each conversation is looked at. Nobody's
tunnel is touched by it.
"""

from __future__ import annotations

FAMILY = "ip"
TABLE = "furka_probe"


def render(interface: str, wireguard_port: int, mark: bytes, answer_port: int) -> str:
    """The script that replaces the table; `interface` is the tunnel's, from which nothing is taken."""
    return (
        f"{remove()}table {FAMILY} {TABLE} {{\n"
        "  chain questions {\n"
        "    type nat hook prerouting priority dstnat; policy accept;\n"
        f'    iifname != "{interface}" udp dport {wireguard_port} @th,64,32 {int.from_bytes(mark, "big"):#x} '
        f"redirect to :{answer_port}\n"
        "  }\n"
        "}\n"
    )


def remove() -> str:
    """The script that takes it away; it may be run when nothing is there."""
    return f"add table {FAMILY} {TABLE}\ndelete table {FAMILY} {TABLE}\n"
