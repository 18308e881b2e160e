"""The links between sites of a sample world: two plants of a town with equal networks, and a centre reading meters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from furka.links import mapping, rules
from furka.links import operations as links
from furka.links.models import Mode
from furka.links.operations import LinkTerms
from furka.links.rules import RuleTerms
from furka.sandbox.plants import FIRST_SITE, SECOND_SITE
from furka.sites.models import Device, DeviceKind
from furka.tree.acting import Acting
from furka.tree.models import Node

#: Where the control centre of the sample stands, and which sites it reads.
CENTRE = "Werkhof"
READ = (FIRST_SITE, SECOND_SITE, "Haus A, Horw")

_REASON = "a sample world links its own sites"


def link_sites(
    acting: Callable[[timedelta], Acting],
    reseller: Node,
    customer: Node,
    by_name: Mapping[str, Node],
) -> None:
    """Make both links; `acting` is the owner of the reseller so long ago."""
    terms = LinkTerms("Fernwärme", "Der Kesselregler gibt dem Schulhaus die Vorlauftemperatur vor.")
    routed = links.create_link(acting(timedelta(days=30)), customer, Mode.ROUTED, terms)
    for name in (FIRST_SITE, SECOND_SITE):
        links.add_member(acting(timedelta(days=30)), routed, by_name[name])
    modbus = RuleTerms(
        True,
        by_name[FIRST_SITE],
        None,
        by_name[SECOND_SITE],
        _device(by_name[SECOND_SITE], DeviceKind.CONTROLLER),
        "tcp",
        ((502, 502),),
        "Modbus (Beispiel)",
    )
    rules.add_rule(acting(timedelta(days=29)), routed, modbus)

    terms = LinkTerms("Zählerablesung", "Der Werkhof liest die Zähler und Regler der Anlagen ab.")
    central = links.create_link(acting(timedelta(days=20)), reseller, Mode.CENTRAL, terms)
    links.add_member(acting(timedelta(days=20)), central, by_name[CENTRE], central=True)
    for name in READ:
        site = by_name[name]
        links.add_member(acting(timedelta(days=20)), central, site)
        for kind in (DeviceKind.METER, DeviceKind.CONTROLLER):
            device = _device(site, kind)
            if device is not None:
                mapping.map_device(acting(timedelta(days=20)), central, device)


def _device(site: Node, kind: str) -> Device | None:
    rows = Device.objects.everything(_REASON).filter(node=site, kind=kind).order_by("pk")
    return rows.select_related("node", "node__customer", "node__reseller").first()
