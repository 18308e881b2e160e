"""An access to a part of a site: what it opens in the plan, what one sees, and how it is passed on and changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from furka.access.narrowing import WHOLE, Narrowing, PortNumber
from furka.access.rights import CONFIGURE
from furka.dispatch import answer
from furka.errors import Invalid, Refused
from furka.finding.queries import find
from furka.journal.models import Event
from furka.plan.entries import Door
from furka.services.connect import queries
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.sites.equipment import NOTHING_KNOWN, change_device
from furka.sites.labels import label_device, label_devices, labels_of
from furka.sites.models import Device
from furka.sites.operations import add_device, remove_device
from furka.sites.queries import devices_of
from furka.tree import changing
from furka.tree.accesses import who_may
from furka.tree.changing import Longer
from furka.tree.granting import Terms, invite
from furka.tree.queries import grant_of_key, grants_on
from tests.world import NOW, TONIGHT, YESTERDAY, World, a_profile, by, let_in, person

pytestmark = pytest.mark.django_db

WEB = PortNumber("tcp", 80)
HEATING = Narrowing(labels=frozenset({frozenset({"heizung"})}))


def device(world: World, name: str = "Heizung") -> Device:
    rows = Device.objects.visible_to(by(world.rita), CONFIGURE).select_related("node")
    return rows.get(node=world.ours.school, name=name)


def a_camera(world: World) -> Device:
    return add_device(by(world.rita), world.ours.school, "Kamera", "192.168.1.20", "camera", web=True)


def narrow(world: World, part: Narrowing) -> str:
    """Sonja's access leads to a part of the school from now on; the key of her grant."""
    [key] = [
        each.key for each in grants_on(by(world.rita), world.ours.school) if each.email == world.sonja.email
    ]
    row = grant_of_key(by(world.rita), world.ours.school, key)
    assert row is not None
    changing.change(by(world.rita), row, replace(changing.terms_of(row), narrowing=part))
    return key


def doors(world: World) -> list[Door]:
    entries = answer.plan_since(world.hub, 0, NOW).entries
    profile = queries.profiles_of(by(world.sonja))[0]
    return [each for each in entries if isinstance(each, Door) and each.profile == profile.key]


def hosts(world: World) -> set[str]:
    """Where Sonja's doors lead, as ends of the address."""
    return {str(host).rpartition(".")[2] for door in doors(world) for host in door.hosts or ()}


def test_chosen_devices_and_ports_are_doors_of_their_own(world: World) -> None:
    a_camera(world)
    narrow(world, Narrowing(devices=frozenset({device(world).key}), ports=frozenset({WEB})))

    [door] = doors(world)

    assert hosts(world) == {"10"}
    assert [(each.protocol, each.number) for each in door.ports or ()] == [("tcp", 80)]
    assert door.not_after == TONIGHT


def test_a_label_opens_and_closes_at_once_and_moves_with_the_address(world: World) -> None:
    a_camera(world)
    narrow(world, HEATING)
    assert doors(world) == []  # nothing carries it yet

    label_device(by(world.rita), device(world), ["Heizung"])
    assert hosts(world) == {"10"}
    label_devices(by(world.rita), world.ours.school, [device(world, "Kamera").key], ["HEIZUNG"])
    assert hosts(world) == {"10", "20"}
    change_device(
        by(world.rita), device(world, "Kamera"), "Kamera", "192.168.1.21", "camera", True, NOTHING_KNOWN
    )
    assert hosts(world) == {"10", "21"}
    label_device(by(world.rita), device(world), [])
    assert hosts(world) == {"21"}
    remove_device(by(world.rita), device(world, "Kamera"))
    assert doors(world) == []


def test_what_others_hold_is_not_compiled_when_a_label_changes(world: World) -> None:
    narrow(world, HEATING)
    before = answer.plan_since(world.hub, 0, NOW)

    label_device(by(world.rita), device(world), ["Heizung"])

    news = answer.plan_since(world.hub, before.revision, NOW)
    assert [entry.key for entry in news.entries] == [doors(world)[0].key]


def test_one_sees_reaches_and_finds_only_the_part(world: World) -> None:
    camera, school = a_camera(world), world.ours.school
    narrow(world, Narrowing(devices=frozenset({camera.key}), ports=frozenset({PortNumber("tcp", 554)})))
    sonja = by(world.sonja)

    assert [view.device.name for view in devices_of(sonja, school)] == ["Kamera"]
    [found] = queries.reachable_by(sonja)
    [reached] = found.devices
    assert (reached.device.name, reached.ports, reached.link) == ("Kamera", (PortNumber("tcp", 554),), "")
    assert found.networks == ()
    assert [entry.name for entry in find(sonja, "heizung", 5)] == []
    assert [entry.name for entry in find(sonja, "kamera", 5)] == ["Kamera"]
    assert {entry.name for entry in find(by(world.rita), "heizung", 5)} == {"Heizung"}


def test_a_narrow_and_a_wide_access_add_up(world: World) -> None:
    a_camera(world)
    narrow(world, Narrowing(devices=frozenset({device(world).key})))
    until = NOW + timedelta(hours=1)
    let_in(world.ours.customer, world.sonja, Terms(role="supporter", valid_until=until), world.rita)

    assert {(door.hosts is None, door.not_after) for door in doors(world)} == {
        (True, until),
        (False, TONIGHT),
    }
    assert len(devices_of(by(world.sonja), world.ours.school)) == 2
    assert [view.device.name for view in devices_of(by(world.sonja, until), world.ours.school)] == ["Heizung"]


def test_a_part_stays_when_the_end_moves(world: World) -> None:
    key = narrow(world, Narrowing(devices=frozenset({device(world).key})))
    row = grant_of_key(by(world.rita), world.ours.school, key)
    assert row is not None

    changing.extend(by(world.rita), row, Longer(span=timedelta(hours=1)))

    [door] = doors(world)
    assert (hosts(world), door.not_after) == ({"10"}, TONIGHT + timedelta(hours=1))


@pytest.mark.parametrize(
    ("part", "role", "code"),
    [
        (Narrowing(devices=frozenset({"nix"})), "supporter", "device-unknown"),
        (Narrowing(devices=frozenset()), "supporter", "devices-chosen"),
        (Narrowing(ports=frozenset()), "supporter", "ports-chosen"),
        (Narrowing(labels=frozenset({frozenset()})), "supporter", "labels-chosen"),
        (HEATING, "technician", "needs-whole"),
    ],
)
def test_a_part_that_makes_no_sense_is_refused(world: World, part: Narrowing, role: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        invite(by(world.rita), world.ours.school, "x@example.org", Terms(role=role, narrowing=part))
    assert refused.value.code == code


def test_devices_of_a_customer_are_chosen_by_label_only(world: World) -> None:
    single = Narrowing(devices=frozenset({device(world).key}))
    with pytest.raises(Invalid, match="label"):
        invite(
            by(world.rita), world.ours.customer, "x@example.org", Terms(role="supporter", narrowing=single)
        )
    somebody = person("Anna")
    a_profile(somebody)
    let_in(world.ours.customer, somebody, Terms(role="supporter", narrowing=HEATING), world.rita)
    label_device(by(world.rita), device(world), ["Heizung"])
    assert [view.device.name for view in devices_of(by(somebody), world.ours.school)] == ["Heizung"]


def test_nobody_passes_on_more_than_their_part(world: World) -> None:
    """Paula lets in others to the heating; what she gives falls with what she holds."""
    a_camera(world)
    label_device(by(world.rita), device(world), ["Heizung"])
    paula, anna = person("Paula"), person("Anna")
    rights = ("people", "connect.use")
    let_in(world.ours.school, paula, Terms(rights=rights, depth=1, narrowing=HEATING), world.rita)
    offered = Terms(rights=("connect.use",))

    with pytest.raises(Invalid) as refused:
        invite(by(paula), world.ours.school, anna.email, offered)
    assert "part" in refused.value.fields
    camera = Narrowing(devices=frozenset({device(world, "Kamera").key}))
    with pytest.raises(Invalid):  # she does not even see it
        invite(by(paula), world.ours.school, anna.email, replace(offered, narrowing=camera))
    chosen = Narrowing(devices=frozenset({device(world).key}))
    let_in(world.ours.school, anna, replace(offered, narrowing=chosen), paula)
    spot = [view.device.name for view in devices_of(by(anna), world.ours.school)]
    label_device(by(world.rita), device(world), [])

    assert spot == ["Heizung"]
    assert devices_of(by(anna), world.ours.school) == []
    assert queries.parts_reached(by(anna), world.ours.school) != (WHOLE,)


def test_to_widen_one_must_hold_it_and_the_journal_says_which_devices(world: World) -> None:
    key = narrow(world, Narrowing(devices=frozenset({device(world).key})))
    paula = person("Paula")
    let_in(world.ours.school, paula, Terms(rights=("people",), depth=1), world.rita, YESTERDAY)
    row = grant_of_key(by(paula), world.ours.school, key)
    assert row is not None

    with pytest.raises((Invalid, Refused)):
        changing.change(by(paula), row, replace(changing.terms_of(row), narrowing=WHOLE))

    told = Event.objects.filter(action="grant.changed").order_by("-pk")[0]
    assert told.after["part"] == {"devices": ["Heizung"]}
    [access] = [
        each
        for each in who_may(by(world.rita), world.ours.school, NOW, USE_REMOTE_ACCESS)
        if each.name == "Sonja"
    ]
    assert access.narrowing.devices == frozenset({device(world).key})


def test_labels_are_told_and_counted_in_one_query(world: World) -> None:
    with pytest.raises(Invalid):
        label_device(by(world.rita), device(world), ["a, b"])
    with pytest.raises(Refused):
        label_device(by(world.sonja), device(world), ["Heizung"])
    label_device(by(world.rita), device(world), ["Heizung", "Keller"])
    assert labels_of(by(world.rita), [device(world)]) == {device(world).pk: ["Heizung", "Keller"]}
    assert [entry.name for entry in find(by(world.rita), "keller", 5)] == ["Heizung"]
