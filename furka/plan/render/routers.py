"""The systems of routers for which there is a configuration, and the texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from furka.plan.render.router import TUNNEL, RouterWorld
from furka.plan.render.router_linux import linux, openwrt, openwrt_iptables
from furka.plan.render.router_others import other, routeros, sense


@dataclass(frozen=True, slots=True)
class RouterSystem:
    """A system: what it is called, how its text is made and saved, and whether the text was tried with packets."""

    key: str
    name: str
    render: Callable[[RouterWorld], str]
    file_name: str
    translates: bool = True  # the text sets up the 1:1 translation too
    tried: bool = False


_ALL = (
    RouterSystem("linux", "Linux (wg-quick, nftables)", linux, f"{TUNNEL}.conf", tried=True),
    RouterSystem("openwrt", "OpenWrt ≥ 22.03", openwrt, f"{TUNNEL}-openwrt.sh"),
    RouterSystem(
        "openwrt-iptables", "OpenWrt ≤ 21.02, Teltonika RutOS", openwrt_iptables, f"{TUNNEL}-rutos.sh"
    ),
    RouterSystem("routeros", "MikroTik RouterOS 7", routeros, f"{TUNNEL}.rsc"),
    RouterSystem("sense", "pfSense, OPNsense", sense, f"{TUNNEL}.txt"),
    RouterSystem("other", "WireGuard", other, f"{TUNNEL}.conf", translates=False),
)

#: By the word that is kept with a gateway.
SYSTEMS: Final = MappingProxyType({system.key: system for system in _ALL})
