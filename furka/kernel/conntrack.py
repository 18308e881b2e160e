"""Connections that this machine keeps track of: forgetting some, so that they are translated anew or not at all."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network
from socket import AF_INET

from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink.nfctsocket import NFCTAttrTuple, NFCTSocket


class ConntrackError(Exception):
    """The kernel did not say or do what was asked."""


def forget_connections(source: IPv4Address, destinations: Collection[IPv4Network]) -> int:
    """Forget the connections from an address to networks, as they were before any translation; how many there were.

    A TCP connection that goes on is picked up in the middle by the next packet of the one who began it.
    """
    try:
        with NFCTSocket() as kernel:
            wanted = NFCTAttrTuple(saddr=str(source))
            found = [
                NFCTAttrTuple.from_netlink(AF_INET, message.get_attr("CTA_TUPLE_ORIG"))
                for message in kernel.dump(tuple_orig=wanted)
                if message.get("nfgen_family") == AF_INET
            ]
            chosen = [one for one in found if _leads(one, source, destinations)]
            for one in chosen:
                _forget(kernel, one)
    except (NetlinkError, OSError) as error:
        raise ConntrackError(f"connections can't be forgotten: {error}") from error
    return len(chosen)


def _leads(one: NFCTAttrTuple, source: IPv4Address, destinations: Collection[IPv4Network]) -> bool:
    """Older kernels do not choose for us, so everything is looked at."""
    if one.saddr != str(source):
        return False
    return any(IPv4Address(one.daddr) in network for network in destinations)


def _forget(kernel: NFCTSocket, one: NFCTAttrTuple) -> None:
    try:
        list(kernel.entry("del", tuple_orig=one))
    except NetlinkError as error:
        if error.code != 2:  # ENOENT: it has ended meanwhile
            raise
