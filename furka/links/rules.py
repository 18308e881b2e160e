"""Changes of a link's rules: who may open connections to whom. An explicit deny wins over every allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from furka.access.rights import LOOK
from furka.errors import Conflict, Invalid, NotThere
from furka.links.leaving import touch_link
from furka.links.models import Link, LinkMember, LinkRule
from furka.links.operations import locked_link
from furka.links.rights import MANAGE_LINKS
from furka.sites.models import Device
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.texts import one_line

MOST_RULES = 200
MOST_PORTS = 15
PROTOCOLS = ("", "tcp", "udp", "icmp")

_DECIDED = "the right was decided on the level of the link"


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """A rule. A site of None is everybody in the link; a device narrows its end to that one, and brings its site.

    `protocol` is tcp, udp, icmp or empty for any; `ports` are those of the destination, pairs of first and last.
    """

    allow: bool
    source_site: Node | None = None
    source_device: Device | None = None
    destination_site: Node | None = None
    destination_device: Device | None = None
    protocol: str = ""
    ports: Sequence[tuple[int, int]] = ()
    note: str = ""


@operation(MANAGE_LINKS)
def add_rule(work: Work, link: Link, terms: RuleTerms) -> LinkRule:
    """One more rule, shown behind the others; the order makes no difference."""
    link = locked_link(link)
    rows = LinkRule.objects.everything(_DECIDED).filter(link=link)
    if rows.count() >= MOST_RULES:
        raise _too_many()
    row = _row(work, link, terms, (rows.aggregate(last=Max("place"))["last"] or 0) + 1)
    row.save()
    touch_link(work, link)
    work.record(link.node, "link.rule-added", after={"site_link": link.name, **told_of_rule(row)})
    return row


@operation(MANAGE_LINKS)
def remove_rule(work: Work, link: Link, rule: LinkRule) -> None:
    """Remove a rule; what only it allowed is cut at once."""
    link = locked_link(link)
    row = LinkRule.objects.everything(_DECIDED).filter(link=link, pk=rule.pk).first()
    if row is None:
        raise NotThere("not-there", _("This rule does not exist any more."))
    work.record(link.node, "link.rule-removed", before={"site_link": link.name, **told_of_rule(row)})
    row.delete()
    touch_link(work, link)


@operation(MANAGE_LINKS)
def set_rules(work: Work, link: Link, rules: Sequence[RuleTerms]) -> list[LinkRule]:
    """These rules instead of those that the link has, in this order, in one step."""
    link = locked_link(link)
    if len(rules) > MOST_RULES:
        raise _too_many()
    fresh = [_row(work, link, terms, place) for place, terms in enumerate(rules, start=1)]
    rows = LinkRule.objects.everything(_DECIDED).filter(link=link)
    before = [told_of_rule(row) for row in rows.order_by("place")]
    after = [told_of_rule(row) for row in fresh]
    if before == after:
        return list(rows.order_by("place"))
    rows.delete()
    LinkRule.objects.bulk_create(fresh)
    touch_link(work, link)
    work.record(
        link.node,
        "link.rules-set",
        before={"site_link": link.name, "rules": before},
        after={"site_link": link.name, "rules": after},
    )
    return fresh


def told_of_rule(row: LinkRule) -> dict[str, Any]:
    """What the journal says of a rule."""
    return {
        "allow": row.allow,
        "source": _told_of_end(row.source_site, row.source_device),
        "destination": _told_of_end(row.destination_site, row.destination_device),
        "protocol": row.protocol,
        "ports": [f"{first}-{last}" if last != first else str(first) for first, last in row.ports],
        "note": row.note,
    }


def _told_of_end(site: Node | None, device: str) -> str:
    if site is None:
        return ""
    found = Device.objects.everything(_DECIDED).filter(key=device).first() if device else None
    return f"{site.name}, {found.name}" if found is not None else site.name


def _row(work: Work, link: Link, terms: RuleTerms, place: int) -> LinkRule:
    """A checked rule that is not saved yet."""
    source, source_device = _end(work, link, terms.source_site, terms.source_device, "source")
    destination, destination_device = _end(
        work, link, terms.destination_site, terms.destination_device, "destination"
    )
    if source is not None and destination is not None and source.pk == destination.pk:
        raise Invalid.at(
            "destination",
            "same-site",
            _("Within one site nothing goes through the link. Choose another one."),
        )
    note = one_line(terms.note)
    if len(note) > 200:
        raise Invalid.at("note", "too-long", _("This is too long."))
    return LinkRule(
        link=link,
        node=link.node,
        place=place,
        allow=terms.allow,
        source_site=source,
        source_device=source_device,
        destination_site=destination,
        destination_device=destination_device,
        protocol=_checked_protocol(terms),
        ports=_checked_ports(terms),
        note=note,
        created_at=work.at,
    )


def _end(
    work: Work, link: Link, site: Node | None, device: Device | None, field: str
) -> tuple[Node | None, str]:
    if device is not None:
        if site is not None and device.node_id != site.pk:
            raise Invalid.at(field, "device-elsewhere", _("This device is at another site."))
        site = device.node
    if site is None:
        return None, ""
    members = LinkMember.objects.everything(_DECIDED).filter(link=link, node=site)
    if not members.exists() or not work.by.may(LOOK, site.place):
        raise Invalid.at(field, "not-in-link", _("This site is not in the link."))
    return site, device.key if device is not None else ""


def _checked_protocol(terms: RuleTerms) -> str:
    if terms.protocol not in PROTOCOLS:
        raise Invalid.at("protocol", "protocol-unknown", _("Please choose one of these."))
    if terms.ports and terms.protocol not in ("tcp", "udp"):
        raise Invalid.at("protocol", "protocol-needed", _("Ports are of TCP or UDP. Please choose one."))
    return terms.protocol


def _checked_ports(terms: RuleTerms) -> list[list[int]]:
    """Each range once, in order."""
    if len(terms.ports) > MOST_PORTS:
        raise Invalid.at("ports", "too-many-ports", _("A rule has at most 15 ports or ranges."))
    for first, last in terms.ports:
        if not 1 <= first <= last <= 65_535:
            raise Invalid.at(
                "ports", "port-wrong", _("Ports are numbers from 1 to 65535, ranges such as 5000-5010.")
            )
    return [list(pair) for pair in sorted(set(terms.ports))]


def _too_many() -> Conflict:
    return Conflict("too-many-rules", _("A link has at most 200 rules."))
