"""Says in plain words how links and the sites in them are, and why somebody reaches somebody in a link, or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.links.models import Link, LinkMember, Mode
from furka.plan.links import Because
from furka.portal import words
from furka.services.sitelink.queries import EndView, MemberView, Verdict
from furka.sites.models import Network

#: How the sites are joined, in two or three words.
MODES: Mapping[str, Promise] = {
    Mode.BRIDGED: _("One network"),
    Mode.ROUTED: _("Each its own network"),
    Mode.CENTRAL: _("One central site"),
}
#: What that means.
MEANINGS: Mapping[str, Promise] = {
    Mode.BRIDGED: _(
        "The chosen networks behave as if all devices hung on one switch: also searches and broadcasts, such as of KNX "
        "or BACnet, reach all of them. All sites need the same subnet."
    ),
    Mode.ROUTED: _(
        "Every site keeps its network, even where two have the same addresses: each gets addresses of its own in the "
        "link. Nothing passes until a rule allows it."
    ),
    Mode.CENTRAL: _(
        "One site, such as a control centre, reaches chosen devices at many sites, permanently. The others do not "
        "reach each other."
    ),
}

#: State of a site in a link: kind of the status component, word.
STATES: Mapping[str, tuple[str, Promise]] = {
    "up": ("ok", _("Connected")),
    "paused": ("off", _("Paused")),
    "offline": ("bad", _("Offline")),
    "unknown": ("warn", _("Unknown")),
    "without-gateway": ("off", _("Without gateway")),
    "own-router": ("warn", _("Own router")),
    "without-network": ("warn", _("Without network")),
    "collides": ("bad", _("Addresses collide")),
    "other-hub": ("bad", _("On another hub")),
    "not-joined": ("bad", _("Not joined")),
}
#: What is in the way, and what to do.
HINTS: Mapping[str, Promise] = {
    "offline": _("The gateway is offline. It comes back into the link by itself."),
    "unknown": _("The hub has not been heard of for a while, so nobody knows."),
    "without-gateway": _("Connect a gateway to this site; then it joins by itself."),
    "own-router": _("A router of your own can not take part. A gateway with our program can."),
    "without-network": _("This site has no network that takes part. Add one at the site."),
    "collides": _("The range of the link overlaps a network of this site. Choose another range."),
    "other-hub": _("This site is on another hub than most others in the link, so it is not joined."),
    "not-joined": _("The gateway could not join this network to the link."),
}

_BECAUSE: Mapping[str, Promise] = {
    Because.PAUSED: _("The link is paused: nothing passes."),
    Because.SAME_SITE: _("Both are at the same site. That does not go through the link."),
    Because.SOURCE_NOT_JOINED: _("The first site is not joined at the moment, see its state."),
    Because.DESTINATION_NOT_JOINED: _("The second site is not joined at the moment, see its state."),
    Because.OUTSIDE: _("This device lies in none of the networks that take part."),
    Because.FROM_SPOKE: _("Only the central site opens connections in this link."),
    Because.NOT_MAPPED: _("The central site reaches chosen devices only, and this one is not among them."),
    Because.WITHOUT_CENTRE: _("The link has no central site that is joined."),
    Because.NO_RULE: _("No rule allows it, and without a rule nothing passes between these sites."),
}


def because(link: Link, verdict: Verdict) -> str:
    """Why the answer is what it is, in a sentence."""
    if verdict.answer.because == Because.RULE:
        if verdict.answer.allowed:
            return gettext("This rule allows it:")
        return gettext("This rule forbids it; what forbids wins over everything that allows:")
    if verdict.answer.because == Because.OPEN:
        if link.mode == Mode.CENTRAL:
            return gettext("The central site reaches this device, and no rule forbids it.")
        return gettext("In one network everything is open, and no rule forbids it.")
    return str(_BECAUSE[verdict.answer.because])


def end_words(end: EndView) -> str:
    """An end of a rule: everybody, a site, or a device there."""
    if end.site is None:
        return gettext("Everybody in the link")
    if end.device is not None:
        return f"{end.device.name} ({end.device.address}), {end.site.name}"
    return end.site.name if end.counts else gettext("%(site)s (not in the link)") % {"site": end.site.name}


def traffic_words(protocol: str, ports: str) -> str:
    """What a rule is about."""
    if not protocol:
        return gettext("everything")
    name = {"tcp": "TCP", "udp": "UDP", "icmp": gettext("Ping (ICMP)")}[protocol]
    if protocol == "icmp":
        return name
    return f"{name} {ports}" if ports else gettext("%(protocol)s, all ports") % {"protocol": name}


def network_words(link: Link, view: MemberView) -> list[str]:
    """The networks of a site in a link as one reads them, with the addresses under which others see them."""
    return [_network(link, view, each) for each in view.networks]


def _network(link: Link, view: MemberView, network: Network) -> str:
    if link.mode == Mode.ROUTED:
        return f"{network.subnet} → {network.virtual_subnet}"
    if view.member.vlan is not None:
        return gettext("%(subnet)s, VLAN %(number)s") % {
            "subnet": network.subnet,
            "number": str(view.member.vlan),
        }
    return str(network.subnet)


def flow_words(member: LinkMember) -> str:
    """What a site has moved through the link, as its hub counts it; "" while nothing was counted."""
    if member.seen_at is None:
        return ""
    told = {"sent": words.size(member.sent_bytes), "got": words.size(member.got_bytes)}
    return gettext("%(sent)s sent, %(got)s received") % told


def trouble_of(views: Sequence[MemberView]) -> int:
    """How many sites are not connected though they should be."""
    return sum(1 for view in views if view.word not in ("up", "paused"))
