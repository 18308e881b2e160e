"""A made-up world is what operations would have left: nothing in it has to be mended, whatever its seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
import pytest_django
from django.db.models import Count, F

from furka.access.facts import Kind as PlaceKind
from furka.access.rights import LOOK
from furka.access.windows import Interval, cut_after
from furka.dispatch.models import PlanEntry
from furka.dispatch.upkeep import check_all
from furka.finding.index import renew_all
from furka.finding.queries import find
from furka.journal.chain import verify
from furka.journal.models import Chain, Event
from furka.particulars.models import Contact, Label, Particulars
from furka.people.models import Person
from furka.plan.addressing import PLAN, SHARE_OF_PLANTS
from furka.sites.lists import STATES, sites_of
from furka.sites.models import ClaimCode, Device, Gateway, Network
from furka.sites.queries import claim_code_of, states_of
from furka.tree import expiry, intervals, operations
from furka.tree.ceilings import Ceiling, CeilingTerms
from furka.tree.grants import Grant, GrantInterval, Invitation, State
from furka.tree.models import MAY_HANG_ON, Kind, Node
from furka.tree.operation import program, top_of
from furka.tree.placements import placements_of
from furka.tree.queries import grants_on, invitation_secret, operator
from furka.tunnel.addresses import draw_prefix
from furka.world.access import MANY
from furka.world.make import NotEmpty, make_world
from furka.world.persons import Persons
from furka.world.size import SIZES, Size, WrongSize, size_of
from tests.undoing import undone
from tests.world import NOW, PASSWORD, by

SIZE = Size(4, 25, 160, 150)
AFTER = NOW + timedelta(days=10_000)
ALL = "a test looks at everything"


def made(seed: int = 7, size: Size = SIZE, *, beside: bool = False) -> Persons:
    return make_world(size, seed, NOW, PASSWORD, lambda text: None, beside=beside)


@pytest.fixture(scope="module")
def _made(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[Persons]:
    with django_db_blocker.unblock(), undone():
        yield made()


@pytest.fixture
def persons(_made: Persons) -> Iterator[Persons]:
    with undone():
        yield _made


def nodes(kind: Kind) -> list[Node]:
    return list(
        Node.objects.everything(ALL).filter(kind=kind).select_related("parent", "reseller", "customer")
    )


def test_it_has_the_size_that_was_asked_for(persons: Persons) -> None:
    assert [len(nodes(kind)) for kind in (Kind.RESELLER, Kind.CUSTOMER, Kind.SITE)] == [4, 25, 160]
    assert Person.objects.count() == 150


def test_every_level_hangs_where_it_may(persons: Persons) -> None:
    for kind in (Kind.RESELLER, Kind.CUSTOMER, Kind.SITE):
        for node in nodes(kind):
            assert node.parent is not None
            assert node.parent.kind in MAY_HANG_ON[kind]
            assert (node.reseller_id, node.customer_id) == (
                node.parent.place.reseller_id if kind != Kind.RESELLER else None,
                node.parent.place.customer_id if kind == Kind.SITE else None,
            )
            assert node.parent.kind == Kind.OPERATOR or node.parent.created_at <= node.created_at <= NOW


def test_intervals_are_those_that_follow_from_the_grants(persons: Persons) -> None:
    rows = Grant.objects.everything(ALL).filter(ended_at=None).select_related("node")
    assert {row.state for row in rows} == {State.INVITED, State.ACTIVE}
    for row in rows:
        wanted = intervals.of_grant(row, NOW)
        ahead = GrantInterval.objects.filter(grant=row).exclude(ends_at__lte=NOW).order_by("begins_at")
        horizon = max((each.ends_at for each in ahead if each.ends_at), default=NOW) if row.windows else AFTER
        found = (Interval(max(each.begins_at, NOW), each.ends_at) for each in ahead)
        assert cut_after(found, horizon) == cut_after(wanted.intervals, horizon)
        assert ahead or row.state == State.INVITED
        assert all(each.rights == sorted(wanted.rights) for each in ahead)
        assert all((each.person_id, each.node_id) == (row.person_id, row.node_id) for each in ahead)


def test_nothing_reaches_behind_its_end(persons: Persons) -> None:
    over = GrantInterval.objects.exclude(grant__ended_at=None)
    assert over.exists()
    assert not over.filter(ends_at=None).exists()
    assert not over.filter(ends_at__gt=F("grant__ended_at")).exists()


def test_time_has_nothing_to_do_at_once(persons: Persons) -> None:
    at_work = program("test", NOW)
    assert intervals.running_short(NOW) == []
    assert expiry.end_expired(at_work) == 0


def test_what_was_passed_on_lies_in_what_it_falls_with(persons: Persons) -> None:
    rows = list(Grant.objects.everything(ALL).exclude(source_series="").filter(ended_at=None))
    assert rows
    for row in rows:
        source = Grant.objects.everything(ALL).get(series=row.source_series, ended_at=None)
        assert source.person_id == row.granted_by_id
        assert source.begun_at <= row.begun_at
        assert set(row.rights) <= set(source.rights)


def test_plan_has_nothing_to_mend(persons: Persons) -> None:
    kinds = {key.partition("/")[0] for key in PlanEntry.objects.values_list("key", flat=True)}
    assert kinds == {"peer", "prefix", "names", "door"}
    assert check_all(program("test", NOW)) == 0


def test_journal_holds(persons: Persons) -> None:
    for chain in Chain.objects.all():
        assert list(verify(chain)) == []
        moments = list(chain.events.order_by("number").values_list("at", flat=True))
        assert moments == sorted(moments)
    told = Event.objects.filter(action__endswith=".created").values_list("node_id", flat=True)
    assert set(told) == {node.pk for node in Node.objects.everything(ALL).exclude(kind=Kind.OPERATOR)}


def test_everything_is_found_already(persons: Persons) -> None:
    assert renew_all() == 0
    assert "Zeppelinhalle" in find(by(persons.operator), "zeppelin", 5)[0].name


def test_where_levels_stand_is_remembered(persons: Persons) -> None:
    for kind in (Kind.RESELLER, Kind.CUSTOMER, Kind.SITE):
        for node in nodes(kind):
            [place] = placements_of(node.pk)
            assert (place.parent_id, place.name, place.begun_at) == (
                node.parent_id,
                node.name,
                node.created_at,
            )


def test_gateways_are_in_every_state(persons: Persons) -> None:
    sites = list(sites_of(by(persons.operator), operator()))
    states = states_of(by(persons.operator), sites)
    assert {state.word for state in states.values()} == set(STATES)


def test_numbers_and_addresses_go_on_behind_those_given_out(persons: Persons) -> None:
    rows = Network.objects.everything(ALL).select_related("node__reseller", "node__customer")
    taken = sorted(row.virtual for row in rows)
    assert all(left.broadcast_address < right.network_address for left, right in pairwise(taken))
    assert all(each.subnet_of(PLAN.plants) for each in taken)
    assert draw_prefix(24).network_address > taken[-1].broadcast_address
    shares = dict[str, int]()
    for row in rows:
        shares[top_of(row.node)] = shares.get(top_of(row.node), 0) + row.virtual.num_addresses
    assert max(shares.values()) <= SHARE_OF_PLANTS


def test_devices_lie_in_the_networks_of_their_site(persons: Persons) -> None:
    devices = list(Device.objects.everything(ALL))
    assert devices
    for device in devices:
        networks = Network.objects.everything(ALL).filter(node_id=device.node_id)
        assert any(f"{device.address}" in map(str, network.real) for network in networks)


def test_something_is_noted_about_levels_and_some_owners_limit_others(persons: Persons) -> None:
    for model in (Particulars, Label, Contact):
        assert model._default_manager.everything(ALL).exists()
    for row in Ceiling.objects.everything(ALL).select_related("node"):
        assert row.set_by_id is not None
        assert row.begun_at >= row.node.created_at
        assert CeilingTerms(row.rights, (), row.approval).leaves_everything is False


def test_codes_and_links_can_be_used(persons: Persons) -> None:
    code = ClaimCode.objects.everything(ALL).select_related("node").first()
    assert code is not None
    assert claim_code_of(by(persons.operator), code.node) is not None
    assert not Gateway.objects.everything(ALL).filter(node=code.node).exists()
    assert all(invitation_secret(each.grant_series) for each in Invitation.objects.all())


def test_four_people_can_be_tried(persons: Persons) -> None:
    assert [persons.operator.check_password(PASSWORD), persons.others[0].has_usable_password()] == [
        True,
        False,
    ]
    [large] = by(persons.large).held
    assert large.place.kind == PlaceKind.RESELLER
    [small] = by(persons.small).held
    assert small.place.kind == PlaceKind.CUSTOMER
    assert len(by(persons.supporter).held) == MANY
    assert Node.objects.visible_to(by(persons.operator), LOOK).count() == 1 + 4 + 25 + 160


def test_life_goes_on_in_it(persons: Persons) -> None:
    reseller = Node.objects.everything(ALL).get(pk=by(persons.large).held[0].place.id)
    site = operations.create_site(by(persons.large), reseller, "Neu")
    assert grants_on(by(persons.large), site) == []
    assert check_all(program("test", NOW + timedelta(minutes=1))) == 0


@pytest.mark.django_db
def test_same_seed_makes_the_same_world() -> None:
    """But for what is secret, which is drawn anew."""

    def picture() -> list[object]:
        made(3, Size(2, 4, 20, 20))
        grants = Grant.objects.everything(ALL).order_by("pk").values_list("email", "role", "begun_at")
        found = [
            *Node.objects.everything(ALL)
            .exclude(kind=Kind.OPERATOR)
            .order_by("pk")
            .values_list("key", "name"),
            *Gateway.objects.everything(ALL).order_by("pk").values_list("key", "online", "number"),
            *grants,
        ]
        return list(found)

    with undone():
        first = picture()
    with undone():
        assert picture() == first


@pytest.mark.django_db
def test_no_world_is_poured_into_another_by_mistake() -> None:
    made(1, SIZES["tiny"])
    before = Node.objects.everything(ALL).count()

    with pytest.raises(NotEmpty):
        made(2, SIZES["tiny"])
    with pytest.raises(NotEmpty):
        made(1, SIZES["tiny"], beside=True)
    assert Node.objects.everything(ALL).count() == before

    made(2, SIZES["tiny"], beside=True)

    keys = Node.objects.everything(ALL).values("key").annotate(times=Count("pk"))
    assert not keys.filter(times__gt=1).exists()
    assert check_all(program("test", NOW)) == 0


@pytest.mark.parametrize("wrong", ["huge", "1,2,3", "1,2,3,x", "0,1,1,9", "5,1,1,6", "-1,2,3,4"])
def test_size_that_cannot_be_is_told(wrong: str) -> None:
    with pytest.raises(WrongSize):
        size_of(wrong)


def test_sizes_by_name_and_by_number() -> None:
    assert size_of("full") == Size(200, 10_000, 100_000, 50_000)
    assert size_of("1, 2, 3, 9") == Size(1, 2, 3, 9)
