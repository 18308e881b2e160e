"""Bridges of this machine and their legs: VXLAN interfaces (RFC 7348), each to one other machine, through a tunnel.

The other machine is the only one that a leg speaks with; nothing is learned about others. Frames of 1500 bytes
are taken, and cut into parts where the tunnel takes less.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from furka.kernel.links import LinkError, switch_off_ipv6

_MTU = 1500
_UP = 1
_FILTERS = Path("/proc/sys/net/bridge")


@dataclass(frozen=True, slots=True)
class Segment:
    """A leg: by which number both machines know it, who they are, and the bridge that it is part of, if any."""

    number: int
    local: IPv4Address
    remote: IPv4Address
    port: int
    bridge: str = ""


def keep_segments(prefix: str, wanted: Mapping[str, Segment]) -> int:
    """Of all legs whose name begins with `prefix`, have exactly these; returns how many were changed.

    One that is as it should be is not touched. The bridges that they are part of have to be there.
    """
    changed = 0
    with _kernel("the legs of links") as kernel:
        links = _links(kernel)
        names = {int(link["index"]): name for name, link in links.items()}
        for name, link in links.items():
            if name.startswith(prefix) and _kind(link) == "vxlan":
                wish = wanted.get(name)
                if wish is None or _segment(link, names) != wish or not link["flags"] & _UP:
                    kernel.link("del", index=link["index"])
                    changed += 1
        present = _links(kernel)
        for name, wish in wanted.items():
            if name not in present:
                _add(kernel, name, wish, present)
                changed += 1
    return changed


def keep_bridges(prefix: str, wanted: Iterable[str]) -> int:
    """Of all bridges whose name begins with `prefix`, have exactly these; returns how many were changed.

    They forward at once, and take no part in anything that bridges do among themselves.
    """
    wishes = set(wanted)
    changed = 0
    with _kernel("the bridges of links") as kernel:
        links = _links(kernel)
        bridges = {
            name for name, link in links.items() if name.startswith(prefix) and _kind(link) == "bridge"
        }
        for name in bridges - wishes:
            kernel.link("del", index=links[name]["index"])
            changed += 1
        for name in sorted(wishes - bridges):
            kernel.link(
                "add", ifname=name, kind="bridge", br_mcast_snooping=0, br_stp_state=0, br_forward_delay=0
            )
            changed += 1
        for name in sorted(wishes):
            switch_off_ipv6(name)
        links = _links(kernel)
        for name in sorted(wishes):
            if not links[name]["flags"] & _UP:
                kernel.link("set", index=links[name]["index"], mtu=_MTU, state="up")
    return changed


def keep_tagged(prefix: str, wanted: Mapping[str, tuple[str, int]]) -> None:
    """Of all interfaces for one VLAN (IEEE 802.1Q) whose name begins with `prefix`, have exactly these: name → the
    interface whose frames bear the tag, and the tag. Raises LinkError where the kernel knows no VLANs."""
    with _kernel("the VLANs of links") as kernel:
        links = _links(kernel)
        names = {int(link["index"]): name for name, link in links.items()}
        for name, link in links.items():
            if name.startswith(prefix) and _kind(link) == "vlan":
                data = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA")
                is_ = names.get(link.get_attr("IFLA_LINK") or 0, ""), int(data.get_attr("IFLA_VLAN_ID"))
                if wanted.get(name) != is_:
                    kernel.link("del", index=link["index"])
        present = _links(kernel)
        for name, (lan, tag) in wanted.items():
            if name not in present:
                kernel.link("add", ifname=name, kind="vlan", link=present[lan]["index"], vlan_id=tag)
                switch_off_ipv6(name)
            (index,) = kernel.link_lookup(ifname=name)
            kernel.link("set", index=index, state="up")


def leave_bridges_alone() -> None:
    """Frames that a bridge passes on are no business of the packet filter above it; nothing where there are none."""
    for which in ("iptables", "ip6tables", "arptables"):
        switch = _FILTERS / f"bridge-nf-call-{which}"
        with contextlib.suppress(FileNotFoundError):
            if switch.read_text().strip() != "0":
                try:
                    switch.write_text("0")
                except OSError as error:
                    raise LinkError(f"the switch {switch} can't be set to 0: {error}") from error


def listen_to_all(name: str, wanted: bool) -> None:
    """Take frames that are for others too, or no longer. The kernel counts who wants that; we want it once."""
    with _kernel(name) as kernel:
        link = _links(kernel).get(name)
        if link is None:
            raise LinkError(f"there is no interface {name}")
        if bool(link["flags"] & _PROMISCUOUS) != wanted:
            change = _PROMISCUOUS if wanted else 0
            kernel.link("set", index=link["index"], flags=change, change=_PROMISCUOUS)


_PROMISCUOUS = 0x100  # linux/if.h


def _add(kernel: Any, name: str, wish: Segment, present: Mapping[str, Any]) -> None:
    if wish.bridge and wish.bridge not in present:
        raise LinkError(f"there is no bridge {wish.bridge}")
    kernel.link(
        "add",
        ifname=name,
        kind="vxlan",
        vxlan_id=wish.number,
        vxlan_local=str(wish.local),
        vxlan_group=str(wish.remote),
        vxlan_port=wish.port,
        vxlan_learning=0,
        vxlan_df=0,
    )
    switch_off_ipv6(name)
    (index,) = kernel.link_lookup(ifname=name)
    joined = {"master": present[wish.bridge]["index"]} if wish.bridge else {}
    kernel.link("set", index=index, mtu=_MTU, state="up", **joined)


def _links(kernel: Any) -> dict[str, Any]:
    return {str(link.get_attr("IFLA_IFNAME")): link for link in kernel.get_links()}


def _kind(link: Any) -> str:
    return str(link.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") or "")


def _segment(link: Any, names: Mapping[int, str]) -> Segment | None:
    data = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA")
    local, remote = data.get_attr("IFLA_VXLAN_LOCAL"), data.get_attr("IFLA_VXLAN_GROUP")
    if local is None or remote is None:
        return None
    return Segment(
        int(data.get_attr("IFLA_VXLAN_ID")),
        IPv4Address(local),
        IPv4Address(remote),
        int(data.get_attr("IFLA_VXLAN_PORT")),
        names.get(link.get_attr("IFLA_MASTER") or 0, ""),
    )


@contextmanager
def _kernel(what: str) -> Iterator[Any]:
    try:
        with IPRoute() as kernel:
            yield kernel
    except NetlinkError as error:
        raise LinkError(f"{what}: {error}") from error
