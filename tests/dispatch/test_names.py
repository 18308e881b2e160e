"""Names in the plan: given once, kept, and told apart."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from furka.access.rights import LOOK
from furka.dispatch import answer
from furka.dispatch.models import GivenName
from furka.dispatch.naming import names_known
from furka.dispatch.upkeep import check_all
from furka.plan.entries import Names
from furka.services.connect.queries import reachable_by
from furka.sites import operations as sites
from furka.sites.equipment import NOTHING_KNOWN, change_device
from furka.sites.models import Device
from furka.tree import operations
from furka.tree.models import Node
from furka.tree.moving import move
from furka.tree.operation import program
from tests.world import NOW, World, a_gateway, by

pytestmark = pytest.mark.django_db

HEATING = "heizung.schulhaus-muster.gemeinde-muster.furka.internal"


def names_of(world: World, site: Node) -> list[str]:
    """What the hub is told about a site."""
    found = [each for each in answer.plan_since(world.hub, 0, NOW).entries if isinstance(each, Names)]
    [entry] = [each for each in found if each.site_name == site.key]
    return [f"{host.label}.{'.'.join(entry.labels)} {host.address}" for host in entry.hosts]


def heating(world: World) -> Device:
    rows = Device.objects.visible_to(by(world.rita), LOOK).select_related("node")
    return rows.get(node=world.ours.school, name="Heizung")


def test_device_is_called_after_itself_its_site_and_its_owner(world: World) -> None:
    [reached] = reachable_by(by(world.sonja))
    [device] = reached.devices
    assert device.name == HEATING
    assert names_of(world, world.ours.school) == [
        f"heizung.schulhaus-muster.gemeinde-muster {device.address}"
    ]
    # The depot is the reseller's own.
    assert names_of(world, world.ours.depot)[0].startswith("heizung.werkhof-muster.muster-ag ")


def test_what_is_called_the_same_is_told_apart_and_keeps_its_name(world: World) -> None:
    rita, school = by(world.rita), world.ours.school
    second = sites.add_device(rita, school, "heizung!", "192.168.1.11")
    twin = operations.create_site(rita, world.ours.customer, "Schulhaus Muster")
    sites.add_network(rita, twin, "192.168.1.0/24")
    sites.add_device(rita, twin, "Heizung", "192.168.1.10")
    a_gateway(twin, world.rita)

    known = names_known([school.pk, twin.pk])
    assert known[school.pk, heating(world).key] == HEATING
    assert known[school.pk, second.key] == HEATING.replace("heizung", f"heizung-{second.key[:4]}", 1)
    assert known[twin.pk, ""] == f"schulhaus-muster-{twin.key[:4]}.gemeinde-muster.furka.internal"

    sites.remove_device(rita, heating(world))
    assert names_known([school.pk])[school.pk, second.key].startswith(f"heizung-{second.key[:4]}.")


def test_other_names_of_device_site_and_owner_are_told_at_once(world: World) -> None:
    rita, school, customer = by(world.rita), world.ours.school, world.ours.customer
    device = heating(world)
    change_device(rita, device, "Lüftung", device.address, device.kind, device.web, NOTHING_KNOWN)
    operations.rename(rita, school, "Turnhalle")
    operations.rename(by(world.rita), customer, "Zürich")
    assert [name.split()[0] for name in names_of(world, school)] == ["lueftung.turnhalle.zuerich"]
    assert check_all(program("worker", NOW)) in (0, 1)  # Ernst's door has ended
    assert check_all(program("worker", NOW)) == 0


def test_moved_site_is_called_after_its_new_owner(world: World) -> None:
    move(by(world.rita), world.ours.depot, world.ours.customer)
    assert names_of(world, world.ours.depot)[0].startswith("heizung.werkhof-muster.gemeinde-muster ")


def test_without_gateway_nothing_is_called_anything(world: World) -> None:
    sites.release_gateway(by(world.rita), world.ours.school)
    found = [each for each in answer.plan_since(world.hub, 0, NOW).entries if isinstance(each, Names)]
    assert world.ours.school.key not in {each.site_name for each in found}
    assert GivenName.objects.filter(site_id=world.ours.school.pk).exists()  # kept for the next one


def test_renaming_an_owner_takes_no_more_queries_with_more_sites(world: World) -> None:
    rita, customer = by(world.rita), world.ours.customer
    operations.rename(rita, customer, "Vorher")
    with CaptureQueriesContext(connection) as few:
        operations.rename(rita, customer, "Nachher")
    twins = [operations.create_site(rita, customer, "Schulhaus Muster") for _each in range(6)]
    for each in twins:
        a_gateway(each, world.rita)
    operations.rename(rita, customer, "Vorher")
    with CaptureQueriesContext(connection) as many:
        operations.rename(rita, customer, "Nachher")
    known = names_known([world.ours.school.pk, *(each.pk for each in twins)])
    assert len(set(known.values())) == len(known)
    assert {name.split(".")[-3] for (_site, device), name in known.items() if not device} == {"nachher"}
    # Each row of a name is written by a statement of its own, which the database gets all at once.
    assert len(_asked(many)) == len(_asked(few))


def _asked(queries: CaptureQueriesContext) -> list[str]:
    return [each["sql"] for each in queries if 'UPDATE "dispatch_givenname"' not in each["sql"]]
