"""Links between sites on the real machine of a hub: two tables of the packet filter, bridges and their legs.

The filters come first and know every leg before it is there; a leg that they don't know carries nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from furka.hub.machine import LinkUse
from furka.kernel import segments
from furka.kernel.nft import Nft, NotFound
from furka.kernel.segments import Segment
from furka.plan.gathered import Links
from furka.plan.link_entries import SEGMENT_PORT
from furka.plan.render import bridge_nft, junction_nft
from furka.plan.render.bridge_nft import BRIDGE, LEG, Kept, bridge_name, leg_name, macs_of, names_in
from furka.plan.render.hub_nft import Layout

_TABLES = ((bridge_nft.FAMILY, bridge_nft.TABLE), (junction_nft.FAMILY, junction_nft.TABLE))


class LinuxLinks:
    """The links of one hub."""

    def __init__(self, nft: Nft) -> None:
        self._nft = nft
        self._in_force: tuple[Layout, Links] | None = None
        self._seen: tuple[str | None, ...] = ()  # what nftables makes of the tables
        self._links = Links()

    def put(self, layout: Layout, links: Links) -> None:
        """Have exactly these; what is so already is not touched."""
        if not links and self._skeletons() == (None, None):
            self._sweep(layout, links)
            return
        if self._in_force != (layout, links) or self._seen != self._skeletons():
            self._in_force = None
            if links:
                segments.leave_bridges_alone()
                bridged = bridge_nft.render(links.bridged, self._kept(*_TABLES[0], self._counted))
                self._nft.run(bridged + junction_nft.render(layout, links, self._kept(*_TABLES[1])))
            self._sweep(layout, links)
            if not links:
                self._nft.run(bridge_nft.remove() + junction_nft.remove())
            self._in_force, self._seen, self._links = (layout, links), self._skeletons(), links
        else:
            self._sweep(layout, links)

    def uses(self) -> dict[tuple[str, str], LinkUse]:
        """What each member of each link has moved; nothing for what can't be read."""
        found: dict[tuple[str, str], LinkUse] = {}
        if self._links.bridged:
            counted = [self._counters("bridge", name, str) for name in bridge_nft.COUNTERS]
            macs = self._macs()
            for link in self._links.bridged:
                for leg in link.legs:
                    sent, got, refused = (some.get(leg_name(leg), (0, 0)) for some in counted)
                    key = leg.link, leg.member
                    found[key] = LinkUse(*sent, *got, refused[0], macs.get(leg.segment, 0))
        for joined in self._links.joined:
            counted = [
                self._counters("inet", f"{name}_{joined.number}", int) for name in junction_nft.COUNTERS
            ]
            for one in joined.junctions:
                sent, got, refused = (some.get(one.site, (0, 0)) for some in counted)
                found[one.link, one.member] = LinkUse(*sent, *got, refused[0])
        return found

    def _sweep(self, layout: Layout, links: Links) -> None:
        segments.keep_bridges(BRIDGE, (bridge_name(link) for link in links.bridged if link.legs))
        wanted = {
            leg_name(leg): Segment(leg.segment, layout.address, leg.gateway, SEGMENT_PORT, bridge_name(link))
            for link in links.bridged
            for leg in link.legs
        }
        segments.keep_segments(LEG, wanted)

    def _skeletons(self) -> tuple[str | None, ...]:
        return tuple(self._nft.skeleton(*table) for table in _TABLES)

    def _kept(self, family: str, table: str, counted: Callable[[], list[tuple[str, str]]] = list) -> Kept:
        skeleton = self._nft.skeleton(family, table)
        return names_in(skeleton)._replace(counted=counted()) if skeleton is not None else Kept()

    def _counted(self) -> list[tuple[str, str]]:
        return [(name, leg) for name in bridge_nft.COUNTERS for leg in self._counters("bridge", name, str)]

    def _counters(self, family: str, name: str, key: Callable[[Any], Any]) -> dict[Any, tuple[int, int]]:
        """Key of each element of a set of counters → bytes and packets."""
        try:
            told = self._nft.elements(family, bridge_nft.TABLE, name)
        except NotFound:
            return {}
        elements = (one["elem"] for one in told)
        return {key(one["val"]): (one["counter"]["bytes"], one["counter"]["packets"]) for one in elements}

    def _macs(self) -> dict[int, int]:
        skeleton = self._nft.skeleton(*_TABLES[0])
        names = names_in(skeleton).sets if skeleton is not None else ()
        return {
            segment: len(self._nft.elements(*_TABLES[0], name))
            for name in names
            if (segment := macs_of(name)) is not None
        }
