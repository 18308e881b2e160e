"""The gateway's hand on its machine: bring tunnel, routes and packet filter to where they should be, or take them away.

Bringing up begins with the packet filter and taking away ends with it: at no moment is the tunnel open unfiltered.
"""

from __future__ import annotations

import contextlib
import socket
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from pyroute2.netlink.exceptions import NetlinkError

from furka.clock import monotonic, now
from furka.gateway.desired import Tunnel, is_fresh
from furka.gateway.legs import Legs
from furka.kernel import links
from furka.kernel.links import Link, LinkError
from furka.kernel.nft import Nft, NftError
from furka.kernel.wireguard import (
    BackEnd,
    BackEndChoice,
    PeerState,
    PeerWish,
    WireGuardError,
    WireGuardInterface,
)
from furka.plan.render import gateway_nft
from furka.plan.render.gateway_nft import LinkEnds
from furka.wire.gateway import LegSeen

#: What can go wrong on the machine; it is tried again.
TROUBLE = (LinkError, NftError, WireGuardError, NetlinkError, OSError)

#: A hub that does not answer is looked up anew this often: its name may stand for another address now.
_LOOK_UP_EVERY = 30.0

_DISCARD = 9  # RFC 863
_IP_MTU = 14  # linux/in.h
_OVERHEAD = 60  # of WireGuard over IPv4
_SMALLEST = 576 - _OVERHEAD  # every IPv4 line takes packets of 576 bytes (RFC 791)


class Machine:
    """One gateway's tunnel on this machine."""

    def __init__(self, interface: str, back_end: BackEndChoice = "auto", *, router: bool = False) -> None:
        self.interface = interface
        self._choice = back_end
        self._router = router
        self._wireguard = WireGuardInterface(interface)
        self._link = Link(interface)
        self._nft = Nft()
        self._legs = Legs(self._nft)
        self._filter = ""  # the script in force
        self._filter_seen: str | None = None  # what nftables makes of it
        self._peer: tuple[str, str | None, str] | None = (
            None  # key, detour and endpoint as they were last set
        )
        self._peer_set_at = 0.0

    def lan_of(self, network: IPv4Network) -> str | None:
        """The interface that lies in a network of the site."""
        return links.interface_in(network, other_than=[self.interface])

    def bring_up(self, private_key: str, wanted: Tunnel, detour: str | None = None) -> BackEnd:
        """Have exactly this tunnel; what is so already is left alone. Raises one of TROUBLE.

        `detour` is where WireGuard sends to instead of the hub's own endpoint: our end of the relay's line.
        """
        self._set_filter(
            gateway_nft.render(
                self.interface,
                wanted.address,
                wanted.translations,
                router=self._router,
                links=LinkEnds(wanted.peers, next((leg.hub for leg in wanted.legs), None)),
            )
        )
        if not wanted.legs:
            self._legs.leave()
        back_end = self._wireguard.ensure(self._choice)
        self._wireguard.configure(private_key)
        links.switch_off_ipv6(self.interface)
        links.loosen_reverse_path(self.interface)
        links.forward_packets()
        for lan in {one.lan for one in wanted.translations}:
            # What we may not hand on now, devices shall not send elsewhere from then on.
            links.stop_redirects(lan)
        self._link.replace_addresses([IPv4Interface((wanted.address, 32))])
        self._link.bring_up(self._size_of_packets(wanted, detour))
        self._set_peer(wanted, detour)
        self._link.replace_routes(wanted.carried, wanted.address)
        return back_end

    def join_legs(self, wanted: Tunnel) -> tuple[LegSeen, ...]:
        """Have exactly these legs; tells how each of them is. The tunnel stands whatever becomes of them."""
        trouble: dict[int, str] = {}
        if wanted.legs:
            try:
                trouble = self._legs.join(wanted.address, wanted.legs)
            except TROUBLE as error:
                trouble = {leg.segment: str(error) for leg in wanted.legs}
        seen = []
        for leg in wanted.legs:
            why = trouble.get(leg.segment, "").strip().partition("\n")[0][:300]
            if leg.lan is None:
                why = f"no interface of the gateway lies in {leg.network}"
            seen.append(LegSeen(segment=leg.segment, joined=not why, interface=leg.lan or "", trouble=why))
        return tuple(seen)

    def take_down(self) -> None:
        """Have no tunnel; may be called when there is none. Raises one of TROUBLE."""
        self._legs.leave()
        self._wireguard.remove()
        self._nft.run(gateway_nft.remove())
        self._filter, self._filter_seen, self._peer = "", None, None

    def hub_state(self) -> PeerState | None:
        """What WireGuard knows about the hub; None without a tunnel. Raises one of TROUBLE."""
        if not self._wireguard.exists():
            return None
        self._wireguard.ensure()
        return next(iter(self._wireguard.peers().values()), None)

    def nudge(self, wanted: Tunnel) -> None:
        """Send one packet that nobody answers into the tunnel.

        WireGuard notices that the other end has lost its session (a hub that was switched off and on) only when data
        stays without any sign of life for 15 seconds; keepalive packets are not data.
        """
        if wanted.hub.allowed:
            with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(b"\0", (str(_first_address(wanted.hub.allowed[0])), _DISCARD))

    def _set_filter(self, script: str) -> None:
        """Load the packet filter unless exactly this one is in force, also if somebody else has changed it since."""
        seen = self._nft.skeleton("ip", gateway_nft.TABLE)
        if script != self._filter or seen is None or seen != self._filter_seen:
            self._nft.run(script)
            self._filter_seen = self._nft.skeleton("ip", gateway_nft.TABLE)
            self._filter = script

    def listen_port(self) -> int:
        """Where WireGuard listens on this machine; 0 while there is no tunnel. Raises one of TROUBLE."""
        return self._wireguard.listen_port() if self._wireguard.exists() else 0

    def _set_peer(self, wanted: Tunnel, detour: str | None) -> None:
        hub = wanted.hub
        wish = PeerWish(wanted.carried, detour or hub.endpoint, hub.keepalive_seconds)
        known = self._peer
        if known is not None and known[0] == hub.public_key and known[1] != detour:
            # Another way: a new session, so that it shows at once whether that way works.
            self._wireguard.drop_peer(hub.public_key)
        self._wireguard.sync_peers({hub.public_key: wish})
        # A peer that is there keeps the endpoint at which it was last heard; a new one has to be set by name.
        peer = hub.public_key, detour, hub.endpoint
        strayed = detour is not None and self._endpoint_of(hub.public_key) != detour
        if known != peer or strayed or self._silent_too_long(hub.public_key):
            self._wireguard.put_peer(hub.public_key, wish.allowed_ips, wish.endpoint, wish.keepalive)
            self._peer = peer
            self._peer_set_at = monotonic()

    def _endpoint_of(self, hub: str) -> str | None:
        state = self._wireguard.peers().get(hub)
        return state.endpoint if state is not None else None

    def _size_of_packets(self, wanted: Tunnel, detour: str | None) -> int:
        """As large as fits through the line without being cut: a stream takes what it gets, a mobile line does not."""
        if detour is not None:
            return links.TUNNEL_MTU
        known = self._outer_mtu(wanted.hub.endpoint)
        return min(links.TUNNEL_MTU, max(_SMALLEST, known - _OVERHEAD)) if known else links.TUNNEL_MTU

    def _outer_mtu(self, endpoint: str) -> int | None:
        """The largest packet that the kernel knows to fit on the way to the hub; None if it knows no way."""
        host, _, port = endpoint.rpartition(":")
        with (
            contextlib.suppress(OSError, ValueError),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            udp.connect((host, int(port)))
            return udp.getsockopt(socket.IPPROTO_IP, _IP_MTU)
        return None

    def _silent_too_long(self, hub: str) -> bool:
        if monotonic() - self._peer_set_at < _LOOK_UP_EVERY:
            return False
        state = self._wireguard.peers().get(hub)
        return state is None or not is_fresh(state.handshake_at, now())


def _first_address(network: IPv4Network) -> IPv4Address:
    return network.network_address + (1 if network.prefixlen < 31 else 0)
