"""What links between sites move, as messages for the portal: what changed, not more often than somebody can look.

Pure: it is shown counters and told the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from furka.hub.machine import LinkUse
from furka.wire.hub import LinkSeen

#: Seconds between two messages about one member of a link.
TOLD_EVERY = 10.0


class LinkWatch:
    """Compares counters with those that were told last."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], tuple[float, LinkUse]] = {}

    def look(
        self, uses: Mapping[tuple[str, str], LinkUse], at: float, portal_now: datetime
    ) -> list[LinkSeen]:
        """What is worth telling at that moment of this machine."""
        for gone in self._told.keys() - uses.keys():
            del self._told[gone]
        seen = []
        for (link, member), use in uses.items():
            told_at, told = self._told.get((link, member), (-TOLD_EVERY, None))
            if use != told and at - told_at >= TOLD_EVERY:
                self._told[link, member] = at, use
                seen.append(
                    LinkSeen(
                        link=link,
                        member=member,
                        at=portal_now,
                        sent_bytes=use.sent_bytes,
                        sent_packets=use.sent_packets,
                        got_bytes=use.got_bytes,
                        got_packets=use.got_packets,
                        refused_packets=use.refused_packets,
                        macs=use.macs,
                    )
                )
        return seen
