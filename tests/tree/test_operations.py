"""Levels begin, get a name and settings; and what all changes have in common."""

from __future__ import annotations

import pytest

from furka.access.rights import CONFIGURE, STRUCTURE
from furka.catalogue.operations import configure, settings_at
from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.journal.models import Chain, Event
from furka.live.models import News
from furka.services.connect.operations import create_profile, revoke_profile
from furka.services.connect.queries import profiles_of
from furka.tree import operations, queries
from furka.tree.acting import Acting, no_ceilings
from furka.tree.models import Kind, Node
from furka.tree.operation import Work, operation, own_operation, program
from tests.world import NOW, World, a_profile, by, person, public_key


def events() -> list[tuple[str, str]]:
    """What the journal says, and of whom."""
    return list(Event.objects.order_by("id").values_list("action", "actor_name"))


@pytest.mark.parametrize("kind", [Kind.RESELLER, Kind.CUSTOMER])
def test_whoever_opens_a_level_owns_it_and_nothing_else(world: World, kind: Kind) -> None:
    level = operations.open_level(by(world.fremd), kind, "  Neue \u202e  AG ")

    assert (level.name, level.kind, level.parent) == ("Neue AG", kind, queries.operator())
    assert by(world.fremd).may(STRUCTURE, level.place)
    assert queries.entrances(by(world.fremd)) == [level]
    for someone in (world.rita, world.nora, world.ernst):
        assert not by(someone).may(STRUCTURE, level.place)
    [owner] = queries.grants_on(by(world.fremd), level)
    assert (owner.role, owner.state, owner.valid_until) == ("owner", "active", None)


@pytest.mark.parametrize("kind", [Kind.OPERATOR, Kind.SITE])
def test_only_resellers_and_customers_open_themselves(world: World, kind: Kind) -> None:
    with pytest.raises(Invalid) as refusal:
        operations.open_level(by(world.fremd), kind, "Neu")

    assert refusal.value.code == "wrong-kind"


def test_strangers_and_programs_open_nothing(world: World) -> None:
    for acts in (Acting(None, "", NOW, "page", lambda person_id, at: (), no_ceilings), program("hub", NOW)):
        with pytest.raises(Refused) as refusal:
            operations.open_level(acts, Kind.CUSTOMER, "Neu")
        assert refusal.value.code == "not-logged-in"


def test_levels_stand_where_they_may(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    site = operations.create_site(rita, ours.customer, "Halle", "Asia/Tokyo")
    assert (site.reseller_id, site.customer_id, site.time_zone) == (
        ours.reseller.pk,
        ours.customer.pk,
        "Asia/Tokyo",
    )
    direct = operations.create_site(rita, ours.reseller, "Lager")
    assert (direct.reseller_id, direct.customer_id) == (ours.reseller.pk, None)
    for parent, create in (
        (ours.customer, operations.create_customer),
        (ours.school, operations.create_customer),
        (ours.school, operations.create_site),
    ):
        with pytest.raises(Invalid) as refusal:
            create(rita, parent, "Neu")
        assert refusal.value.code == "wrong-parent"


@pytest.mark.parametrize(
    ("name", "code"), [("", "name-missing"), (" \0\u200b\n", "name-missing"), ("x" * 121, "name-too-long")]
)
def test_level_has_a_name(world: World, name: str, code: str) -> None:
    for change in (operations.create_site, operations.rename):
        with pytest.raises(Invalid) as refusal:
            change(by(world.rita), world.ours.customer, name)
        assert (refusal.value.code, list(refusal.value.fields)) == (code, ["name"])


@pytest.mark.parametrize(
    "zone", ["", "Mars/Phobos", "Europe", "../../etc/passwd", "europe/zurich\0", "x" * 200]
)
def test_unknown_time_zone_is_refused(world: World, zone: str) -> None:
    with pytest.raises(Invalid) as refusal:
        operations.set_time_zone(by(world.rita), world.ours.school, zone)

    assert refusal.value.code == "time-zone-unknown"


@pytest.mark.parametrize("minutes", [0, -1, 1441])
def test_lease_lasts_a_minute_to_a_day(world: World, minutes: int) -> None:
    with pytest.raises(Invalid) as refusal:
        operations.set_lease(by(world.rita), world.ours.school, minutes)

    assert refusal.value.code == "lease-out-of-range"


def test_strictest_lease_on_the_way_down_counts(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    assert queries.lease_of(ours.school) is None
    for node, minutes, expected in (
        (ours.reseller, 60, 60),
        (ours.school, 120, 60),
        (ours.customer, 5, 5),
        (ours.customer, None, 60),
        (ours.reseller, None, 120),
    ):
        operations.set_lease(rita, node, minutes)
        site = Node.objects.everything("a test").select_related("reseller", "customer").get(pk=ours.school.pk)
        assert queries.lease_of(site) == expected


def test_change_to_what_is_already_so_is_no_event(world: World) -> None:
    rita, school = by(world.rita), world.ours.school
    before = events()
    operations.rename(rita, school, school.name)
    operations.set_time_zone(rita, school, school.time_zone)
    operations.set_lease(rita, school, None)
    configure(rita, school, "connect", {"enabled": True})

    assert events() == before


def test_service_is_configured_where_it_stands_and_by_who_may(world: World) -> None:
    rita, school = by(world.rita), world.ours.school
    assert settings_at(rita, school, "connect").enabled
    configure(rita, school, "connect", {"enabled": False})
    assert not settings_at(by(world.sonja), school, "connect").enabled
    for node, changes, code in (
        (world.ours.customer, {"enabled": False}, "wrong-level"),
        (school, {"enabled": "perhaps"}, "settings-wrong"),
        (school, {"open": True}, "settings-wrong"),
    ):
        with pytest.raises(Invalid) as refusal:
            configure(rita, node, "connect", changes)
        assert refusal.value.code == code
    with pytest.raises(Refused):
        configure(by(world.sonja), school, "connect", {"enabled": True})
    with pytest.raises(NotThere):
        configure(by(world.nora), school, "connect", {"enabled": True})
    assert not settings_at(rita, school, "connect").enabled


def test_profiles_are_one_persons_own(world: World) -> None:
    key = public_key()
    profile = create_profile(by(world.fremd), " Laptop \n", key).profile
    assert (profile.name, profiles_of(by(world.fremd))) == ("Laptop", [profile])
    for someone, name, public, code in (
        (world.rita, "Laptop", key, "key-taken"),
        (world.rita, "Laptop", "x", "key-wrong"),
        (world.rita, "Laptop", "A" * 43 + "=", "key-wrong"),
        (world.rita, "", public_key(), "name-wrong"),
        (world.rita, "x" * 61, public_key(), "name-wrong"),
    ):
        with pytest.raises(FurkaError) as refusal:
            create_profile(by(someone), name, public)
        assert refusal.value.code == code
    with pytest.raises(NotThere):
        revoke_profile(by(world.rita), profile.key)
    revoke_profile(by(world.fremd), profile.key)
    revoke_profile(by(world.fremd), profile.key)
    assert profiles_of(by(world.fremd)) == []
    assert create_profile(by(world.rita), "Laptop", key).profile.address != profile.address


def test_nobody_has_endlessly_many_profiles(world: World) -> None:
    for number in range(20):
        a_profile(world.fremd, f"Gerät {number}", NOW)

    with pytest.raises(Conflict) as refusal:
        a_profile(world.fremd, "noch eines", NOW)

    assert refusal.value.code == "too-many-profiles"


# --- what all changes have in common ---


@operation(CONFIGURE)
def paint(work: Work, site: Node, colour: str) -> str:
    site.name = colour
    site.save(update_fields=["name"])
    work.record(site, "site.painted", after={"colour": colour})
    if colour == "black":
        raise Conflict("too-dark", "too dark")
    return colour


@own_operation("a test")
def paint_twice(work: Work, site: Node, second: str) -> None:
    paint(work.by, site, "red")
    paint(work.by, site, second)


def test_change_leaves_its_event_with_the_grant_that_allowed_it_and_its_news(world: World) -> None:
    school, customer, reseller = world.ours.school, world.ours.customer, world.ours.reseller
    [owner] = [view for view in queries.grants_on(by(world.rita), reseller) if view.name == "Rita"]
    last = News.objects.order_by("id").last()
    assert last is not None

    assert paint(by(world.rita), school, "red") == "red"

    event = Event.objects.order_by("id").last()
    assert event is not None
    assert (event.action, event.actor_id, event.actor_name, event.via) == (
        "site.painted",
        world.rita.pk,
        "Rita",
        "test",
    )
    assert (event.grant_key, event.at, event.after) == (owner.key, NOW, {"colour": "red"})
    assert (event.node_id, event.customer_id, event.reseller_id) == (school.pk, customer.pk, reseller.pk)
    assert event.chain.key == reseller.key
    news = News.objects.filter(id__gt=last.id).order_by("id").values_list("topic", "what")
    assert list(news) == [(f"node:{node.pk}", "site.painted") for node in (school, customer, reseller)]


def test_refused_or_failed_change_leaves_no_trace(world: World) -> None:
    school = world.ours.school
    before, chains = events(), list(Chain.objects.order_by("key").values_list("key", "length", "head"))
    news = News.objects.count()
    for acts, colour, refusal in (
        (by(world.rita), "black", Conflict),
        (by(world.sonja), "red", Refused),
        (by(world.nora), "red", NotThere),
        (by(world.fremd), "red", NotThere),
    ):
        with pytest.raises(refusal):
            paint(acts, school, colour)

    assert events() == before
    assert list(Chain.objects.order_by("key").values_list("key", "length", "head")) == chains
    assert News.objects.count() == news
    school.refresh_from_db()
    assert school.name == "Schulhaus Muster"


def test_change_of_several_parts_is_one_or_none(world: World) -> None:
    before = events()
    with pytest.raises(Conflict):
        paint_twice(by(world.rita), world.ours.school, "black")
    assert events() == before
    with pytest.raises(NotThere):
        paint_twice(by(world.nora), world.ours.school, "blue")

    paint_twice(by(world.rita), world.ours.school, "blue")

    assert events() == [*before, ("site.painted", "Rita"), ("site.painted", "Rita")]
    paint(by(world.rita), world.ours.school, "green")  # the next change stands alone again
    assert len(events()) == len(before) + 3


def test_who_acts_knows_of_their_new_rights_after_a_change(world: World) -> None:
    acts = by(world.fremd)
    assert acts.held == ()

    level = operations.open_level(acts, Kind.RESELLER, "Neu AG")

    assert acts.may(STRUCTURE, level.place)


def test_each_tree_has_a_chain_of_its_own(world: World) -> None:
    alone = operations.open_level(by(person("Solo")), Kind.CUSTOMER, "Allein")
    site = operations.create_site(by(world.rita), world.ours.customer, "Halle")

    chains = dict(Event.objects.order_by().values_list("node_id", "chain__key").distinct())
    assert chains[alone.pk] == alone.key
    assert chains[site.pk] == chains[world.ours.school.pk] == world.ours.reseller.key
    assert chains[world.theirs.school.pk] == world.theirs.reseller.key
