"""Links between the sites of the sample, one of each kind, before the pictures are taken.

Django has to be set up before this module is imported.
"""

from __future__ import annotations

from furka.links import mapping, operations, rules
from furka.links.models import Mode
from furka.links.operations import LinkTerms
from furka.links.rules import RuleTerms
from furka.sites.operations import add_network
from furka.sites.queries import devices_of
from furka.tree.acting import Acting
from furka.tree.models import Node


def join(reseller: Node, nodes: dict[str, Node], rita: Acting) -> dict[str, str]:
    """A routed link, one with a central site, and a bridged one; their keys for the addresses of scenes."""
    pool, house = nodes["Hallenbad Thun (Beispiel)"], nodes["Haus B, Horw"]
    clinic, staff = nodes["Haus A, Horw"], nodes["Personalhaus, Kriens"]
    routed = operations.create_link(
        rita, reseller, Mode.ROUTED, LinkTerms("Messwerte", "Haus A liest die Zähler der anderen ab")
    )
    member = operations.add_member(rita, routed, clinic)
    for site in (house, staff, pool):
        operations.add_member(rita, routed, site)
    meter = devices_of(rita, staff)[1].device
    rules.add_rule(
        rita, routed, RuleTerms(True, clinic, None, None, meter, "tcp", ((502, 502),), "Ablesung stündlich")
    )
    rules.add_rule(rita, routed, RuleTerms(False, pool, None, None, None, note="Nur Lesen von aussen"))
    central = operations.create_link(
        rita, reseller, Mode.CENTRAL, LinkTerms("Leitstelle", "Zentrale Erfassung der Zähler"), "10.64.0.0/24"
    )
    operations.add_member(rita, central, clinic, central=True)
    for site in (house, pool, staff):
        operations.add_member(rita, central, site)
        for view in devices_of(rita, site)[:2]:
            mapping.map_device(rita, central, view.device)
    bridged = operations.create_link(
        rita, reseller, Mode.BRIDGED, LinkTerms("KNX", "Ein Netz für alle Taster")
    )
    for number, site in enumerate((house, pool, staff)):
        network = add_network(rita, site, "10.50.0.0/24", "KNX")
        operations.add_member(rita, bridged, site, network, vlan=20 if number == 1 else None)
    ends = f"source=site:{clinic.key}&destination=device:{meter.key}"
    empty = operations.create_link(rita, reseller, Mode.ROUTED, LinkTerms("Test"))
    return {
        "link": routed.key,
        "link_member": member.key,
        "link_central": central.key,
        "link_bridged": bridged.key,
        "link_empty": empty.key,
        "link_site": clinic.key,
        "question": f"{ends}&protocol=tcp&port=502",
    }
