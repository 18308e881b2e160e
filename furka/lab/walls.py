"""What the router of a plant lets out: everything, TCP 443 only, or nothing but what goes through its HTTP proxy.

The lab's portal has no TLS: its port 80 stands for the 443 that a real one has.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from furka.lab.running import LabError, RunningLab
from furka.lab.topology import PORTAL


class Wall(StrEnum):
    """How a router is set."""

    OPEN = "open"
    TLS = "tls"
    PROXY = "proxy"


_ANSWERS = 'iifname "wan" ct state established,related accept'

#: The rules of the chain that forwards; what none of them accepts is dropped.
_RULES: Mapping[Wall, tuple[str, ...]] = {
    Wall.OPEN: ('iifname "lan" accept', _ANSWERS),
    Wall.TLS: (
        "meta l4proto udp drop",
        'iifname "lan" tcp dport 443 accept',
        f'iifname "lan" ip daddr {PORTAL} tcp dport 80 accept',
        _ANSWERS,
    ),
    Wall.PROXY: (),
}


def set_wall(lab: RunningLab, plant: str, wall: Wall) -> None:
    """From now on, also for connections that run already. Raises LabError."""
    rules = "".join(f"; add rule ip router forward {rule}" for rule in _RULES[wall])
    _nft(lab, plant, f"flush chain ip router forward{rules}")


def set_loss(lab: RunningLab, plant: str, percent: int) -> None:
    """Of all packets that come to the router, in either direction, so many are lost. Raises LabError."""
    lose = f"; add rule ip router loss numgen random mod 100 < {percent} drop" if percent else ""
    chain = "add chain ip router loss { type filter hook prerouting priority raw; }"
    _nft(lab, plant, f"{chain}; flush chain ip router loss{lose}")


def _nft(lab: RunningLab, plant: str, script: str) -> None:
    done = lab.run(f"router-{plant}", ["nft", script])
    if done.returncode != 0:
        raise LabError(f"the router of plant {plant} can't be set: {done.stderr.strip()}")
