"""The gateway's legs of bridged links: a VXLAN to the hub each, joined with the interface in the plant's network."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from furka.kernel import links, segments
from furka.kernel.links import LinkError
from furka.kernel.nft import Nft
from furka.kernel.segments import Segment
from furka.plan.link_entries import SEGMENT_PORT
from furka.plan.render import leg_nft
from furka.plan.render.leg_nft import Joint

#: Names of legs begin with this, and names of interfaces for one VLAN with that.
LEG, TAGGED = "fl", "fv"


@dataclass(frozen=True, slots=True, order=True)
class WantedLeg:
    """A leg, with the interface that lies in its network; None: none does."""

    segment: int
    hub: IPv4Address
    network: IPv4Network
    vlan: int | None
    lan: str | None

    @property
    def name(self) -> str:
        return f"{LEG}{self.segment}"

    @property
    def interface(self) -> str:
        """Where its frames come and go, without a tag."""
        return f"{TAGGED}{self.segment}" if self.vlan is not None else self.lan or ""


class Legs:
    """The legs of one gateway on this machine."""

    def __init__(self, nft: Nft) -> None:
        self._nft = nft
        self._in_force = ""
        self._seen: str | None = None
        self._listening: set[str] = set()

    def join(self, address: IPv4Address, wanted: tuple[WantedLeg, ...]) -> dict[int, str]:
        """Have exactly those for which there is an interface; what is so already is not touched.

        Returns what is wrong with single ones, by the numbers of their segments: a leg with a tag is left out where the
        kernel knows no VLANs, and never joined without.
        """
        found = [leg for leg in wanted if leg.lan is not None]
        troubles: dict[int, str] = {}
        try:
            segments.keep_tagged(
                TAGGED, {leg.interface: (leg.lan or "", leg.vlan) for leg in found if leg.vlan is not None}
            )
        except LinkError as error:
            troubles = {leg.segment: str(error) for leg in found if leg.vlan is not None}
            found = [leg for leg in found if leg.vlan is None]
        if not found:
            self.leave()
            return troubles
        segments.leave_bridges_alone()
        legs = {leg.name: Segment(leg.segment, address, leg.hub, SEGMENT_PORT) for leg in found}
        changed = segments.keep_segments(LEG, legs)
        joints = tuple(Joint(leg.name, leg.interface) for leg in found)
        script = leg_nft.render(joints)
        stands = self._nft.skeleton(leg_nft.FAMILY, leg_nft.TABLE)
        if changed or script != self._in_force or stands is None or stands != self._seen:
            self._in_force = ""
            self._nft.run(script)
            self._seen = self._nft.skeleton(leg_nft.FAMILY, leg_nft.TABLE)
            self._in_force = script
        self._listen({joint.lan for joint in joints})
        return troubles

    def leave(self) -> None:
        """Have none; nothing happens if there is none."""
        if self._nft.skeleton(leg_nft.FAMILY, leg_nft.TABLE) is not None:
            self._nft.run(leg_nft.remove())
        self._in_force, self._seen = "", None
        segments.keep_segments(LEG, {})
        segments.keep_tagged(TAGGED, {})
        self._listen(set())

    def _listen(self, lans: set[str]) -> None:
        """Frames for devices elsewhere are addressed to these, not to this machine."""
        for name in self._listening - lans:
            if links.Link(name).exists():
                segments.listen_to_all(name, wanted=False)
        self._listening &= lans
        for name in sorted(lans):
            segments.listen_to_all(name, wanted=True)
            self._listening.add(name)
