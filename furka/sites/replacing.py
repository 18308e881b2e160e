"""A new box takes the place of a gateway: the old one works until then, addresses and prefixes stay the same."""

from __future__ import annotations

from furka.sites.gateway_log import Change, note
from furka.sites.models import Gateway
from furka.tree.operation import Work
from furka.tunnel.addresses import draw


def make_way(work: Work, old: Gateway) -> int:
    """The old box is shut out and forgets everything when it next asks; returns its number, for the new one.

    It keeps its row for the record, under a number that nobody else ever had.
    """
    number = old.number
    old.number = draw("gateways")
    old.released_at, old.online = work.at, False
    old.save(update_fields=["number", "released_at", "online"])
    note(old, Change.UNLINKED, old.hostname, work.at)
    work.news.append((old.topic, "released"))
    return number
