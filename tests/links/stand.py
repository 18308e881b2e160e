"""What tests of links begin with."""

from __future__ import annotations

from furka.dispatch import answer
from furka.links import operations as links
from furka.links.models import Link, LinkMember, Mode
from furka.links.operations import LinkTerms
from furka.plan.entries import Entry
from furka.plan.link_entries import Bridge, Junction, Leg, LinkRule, Mapped
from furka.sites import operations as sites
from furka.sites.models import Device, Gateway, Network
from furka.sites.queries import devices_of, networks_of
from furka.tree.models import Node
from furka.tree.operations import create_site
from furka.wire.gateway import GatewaySettings
from tests.world import NOW, World, a_gateway, by


def a_link(
    world: World, mode: Mode = Mode.ROUTED, name: str = "Technik", level: Node | None = None, range_: str = ""
) -> Link:
    """A link of our reseller, without members."""
    return links.create_link(
        by(world.rita), level or world.ours.reseller, mode, LinkTerms(name, "Leitstelle"), range_
    )


def joined(world: World, link: Link, *sites_: Node, central: bool = False) -> list[LinkMember]:
    """These sites in the link: in a bridge with the first of their networks, else with all of them."""
    rita = by(world.rita)
    return [
        links.add_member(
            rita,
            link,
            site,
            networks_of(rita, site)[0] if link.mode == Mode.BRIDGED else None,
            central=central,
        )
        for site in sites_
    ]


def a_plant(world: World, name: str, device: str = "192.168.1.10", level: Node | None = None) -> Node:
    """One more site of our reseller, with a gateway and a device in the same network as the others."""
    rita = by(world.rita)
    site = create_site(rita, level or world.ours.reseller, name)
    sites.add_network(rita, site, "192.168.1.0/24")
    sites.add_device(rita, site, f"Regler {name}", device, "controller")
    a_gateway(site, world.rita)
    return site


def plan_of_links(world: World) -> list[Entry]:
    """What the hub is told of links."""
    told = answer.plan_since(world.hub, 0, NOW).entries
    found = [each for each in told if isinstance(each, Bridge | Leg | Junction | LinkRule | Mapped)]
    return sorted(found, key=lambda each: each.key)


def sites_joined(world: World) -> set[str]:
    """The keys of the sites whose packets pass a link, by the plan."""
    return {each.site_name for each in plan_of_links(world) if isinstance(each, Leg | Junction)}


def settings_of(site: Node) -> GatewaySettings:
    """What the gateway of a site is told."""
    gateway = Gateway.objects.everything("a test").get(node=site, released_at=None)
    return answer.gateway_settings(gateway, NOW)


def network_of(world: World, site: Node) -> Network:
    """The first network of a site."""
    return networks_of(by(world.rita), site)[0]


def device_of(world: World, site: Node) -> Device:
    """The first device of a site."""
    return devices_of(by(world.rita), site)[0].device
