"""Interfaces of this machine by name: address, state, size of packets, routes, switches of the kernel.

Every call may be repeated; what is so already is not touched. IPv4 only, like the tunnels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

#: WireGuard takes 80 bytes of a packet at most; 1420 fits through every usual line (1500 bytes).
TUNNEL_MTU = 1420

_SWITCHES = Path("/proc/sys/net")
_MAIN_TABLE = 254
_LOCAL_TABLE = 255
_UNICAST = 1
_IPV4 = 2
_UP = 1
_ANY_SCOPE = 255
_RULE = 5180  # after the rule for our own addresses (0), before those for everything else (32766)
_FROM_ADDRESSES = 2  # routes that the kernel makes itself


class LinkError(Exception):
    """An interface could not be changed or read; the message says which and why."""


class Link:
    """One network interface."""

    def __init__(self, name: str) -> None:
        self.name = name

    def exists(self) -> bool:
        with _kernel(self.name) as kernel:
            return bool(kernel.link_lookup(ifname=self.name))

    def bring_up(self, mtu: int = TUNNEL_MTU) -> None:
        """Set the size of its packets and switch it on."""
        with _kernel(self.name) as kernel:
            index = self._index(kernel)
            (link,) = kernel.get_links(index)
            if link.get_attr("IFLA_MTU") != mtu:
                kernel.link("set", index=index, mtu=mtu)
            if not link["flags"] & _UP:
                kernel.link("set", index=index, state="up")

    def addresses(self) -> set[IPv4Interface]:
        """Its IPv4 addresses."""
        with _kernel(self.name) as kernel:
            return self._addresses(kernel, self._index(kernel))

    def replace_addresses(self, wanted: Iterable[IPv4Interface]) -> None:
        """Have exactly these IPv4 addresses."""
        wishes = set(wanted)
        with _kernel(self.name) as kernel:
            index = self._index(kernel)
            present = self._addresses(kernel, index)
            for one in wishes - present:
                kernel.addr("add", index=index, address=str(one.ip), prefixlen=one.network.prefixlen)
            for one in present - wishes:
                kernel.addr("del", index=index, address=str(one.ip), prefixlen=one.network.prefixlen)

    def routes(self) -> set[IPv4Network]:
        """The IPv4 networks sent through it (main table; not those that follow from its addresses)."""
        with _kernel(self.name) as kernel:
            return self._routes(kernel, self._index(kernel))

    def replace_routes(self, wanted: Iterable[IPv4Network], source: IPv4Address | None = None) -> None:
        """Send exactly these networks through it; `source` is the address our own packets there carry.

        The interface has to be up. A network that another interface carries is left to it, and is an error.
        """
        wishes = set(wanted)
        preferred = {} if source is None else {"prefsrc": str(source)}
        with _kernel(self.name) as kernel:
            index = self._index(kernel)
            present = self._routes(kernel, index)
            for network in sorted(present - wishes):
                kernel.route("del", dst=str(network), oif=index, scope=_ANY_SCOPE)
            for network in sorted(wishes - present):
                kernel.route("add", dst=str(network), oif=index, scope="link", **preferred)

    def _index(self, kernel: Any) -> int:
        found = kernel.link_lookup(ifname=self.name)
        if not found:
            raise LinkError(f"there is no interface {self.name}")
        return int(found[0])

    @staticmethod
    def _addresses(kernel: Any, index: int) -> set[IPv4Interface]:
        return {
            IPv4Interface((one.get_attr("IFA_LOCAL") or one.get_attr("IFA_ADDRESS"), one["prefixlen"]))
            for one in kernel.get_addr(family=_IPV4, index=index)
        }

    @staticmethod
    def _routes(kernel: Any, index: int) -> set[IPv4Network]:
        return {
            IPv4Network((one.get_attr("RTA_DST") or 0, one["dst_len"]))
            for one in kernel.get_routes(family=_IPV4, oif=index, table=_MAIN_TABLE)
            if one["type"] == _UNICAST and one["proto"] != _FROM_ADDRESSES
        }


def interface_in(network: IPv4Network, *, other_than: Iterable[str] = ()) -> str | None:
    """The interface through which that network is met directly, by name; None without one.

    It is up, and its own network is that network, or holds it, or its address lies in it; /32 aside. Of several, the
    one whose own network fits most closely.
    """
    excluded = set(other_than)
    fitting: list[tuple[int, str]] = []
    with _kernel("the interfaces") as kernel:
        names = {
            link["index"]: link.get_attr("IFLA_IFNAME") for link in kernel.get_links() if link["flags"] & _UP
        }
        for one in kernel.get_addr(family=_IPV4):
            name = names.get(one["index"])
            own = IPv4Interface((one.get_attr("IFA_LOCAL") or one.get_attr("IFA_ADDRESS"), one["prefixlen"]))
            if name is None or name in excluded or own.network.prefixlen == 32:
                continue
            if own.ip in network or network.subnet_of(own.network):
                fitting.append((-own.network.prefixlen, str(name)))
    return min(fitting)[1] if fitting else None


def own_range(network: IPv4Network) -> None:
    """Have every address of a range as our own, so that programs of this machine may speak from each of them."""
    with _kernel("the addresses for pages of devices") as kernel:
        (index,) = kernel.link_lookup(ifname="lo")
        for route in kernel.get_routes(family=_IPV4, table=_LOCAL_TABLE, oif=index):
            if route.get_attr("RTA_DST") == str(network.network_address) and (
                route["dst_len"] == network.prefixlen
            ):
                return
        kernel.route("add", dst=str(network), oif=index, table=_LOCAL_TABLE, type="local", scope="host")


def forward_packets() -> None:
    """Let the machine forward IPv4 packets between its interfaces."""
    _switch("ipv4/ip_forward", "1")


def stop_redirects(name: str) -> None:
    """Send no ICMP redirects when packets leave as they came; the kernel takes the OR of these switches."""
    for which in ("all", "default", name):
        _switch(f"ipv4/conf/{which}/send_redirects", "0")


def loosen_reverse_path(name: str) -> None:
    """Accept packets on the interface whose way back may be another one (RFC 3704, loose)."""
    _switch(f"ipv4/conf/{name}/rp_filter", "2")


def drop_unmarked(name: str) -> None:
    """Forward no packet that came in there without a mark: the packet filter sets one on all that it has seen.

    So nothing is forwarded while there is no filter, whoever took it away. The rule stays when the interface goes.
    """
    _switch(f"ipv4/conf/{name}/src_valid_mark", "1")  # the way back is looked up under the same mark
    with _kernel("the routing rules") as kernel:
        for rule in kernel.get_rules(family=_IPV4):
            if rule.get_attr("FRA_PRIORITY") == _RULE and rule.get_attr("FRA_IIFNAME") == name:
                return
        kernel.rule(
            "add",
            family=_IPV4,
            priority=_RULE,
            iifname=name,
            fwmark=0,
            fwmask=0xFFFF_FFFF,
            action="FR_ACT_BLACKHOLE",
        )


def switch_off_ipv6(name: str) -> None:
    """Speak no IPv6 on the interface; nothing happens where the kernel has none."""
    if (_SWITCHES / f"ipv6/conf/{name}").exists():
        _switch(f"ipv6/conf/{name}/disable_ipv6", "1")


def _switch(which: str, value: str) -> None:
    place = _SWITCHES / which
    try:
        if place.read_text().strip() != value:
            place.write_text(value)
    except OSError as error:
        raise LinkError(f"the switch {place} can't be set to {value}: {error}") from error


@contextmanager
def _kernel(what: str) -> Iterator[Any]:
    try:
        with IPRoute() as kernel:
            yield kernel
    except NetlinkError as error:
        raise LinkError(f"{what}: {error}") from error
