"""A visitor's world: rich, sealed off from everybody else, and completely gone when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.core import mail
from django.test import Client

from furka.access.rights import LOOK
from furka.dispatch import upkeep
from furka.dispatch.models import PlanEntry
from furka.errors import Conflict, NotThere, Refused
from furka.gate.tokens import issue_token
from furka.journal.chain import verify
from furka.journal.models import Chain
from furka.outbox.models import Mail
from furka.people.models import Person
from furka.sandbox import visiting
from furka.sandbox.building import HUB_NAME
from furka.sandbox.models import SampleWorld
from furka.sandbox.plants import RESELLER
from furka.services.connect.operations import create_profile
from furka.sites.operations import add_network, issue_claim_code
from furka.sites.queries import states_of
from furka.sites.serving import home_hub
from furka.tree import granting, operations, queries
from furka.tree.granting import Relation, Terms
from furka.tree.models import Kind, Node
from furka.tree.operation import program
from furka.tree.site_users import make_link
from tests.world import NOW, World, by, let_in, public_key


def enter(address: str = "203.0.113.9") -> Person:
    return visiting.enter(program("page", NOW), address, "de")


def sites_of(visitor: Person) -> list[Node]:
    [top] = queries.entrances(by(visitor))
    return list(queries.children(by(visitor), top, Kind.SITE))


def rows() -> dict[str, int]:
    """How many rows there are, of everything."""
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def test_world_is_rich(world: World) -> None:
    visitor = enter()
    sites = sites_of(visitor)
    assert 12 <= len(sites) <= 20
    words = {state.word for state in states_of(by(visitor), sites).values()}
    assert words == {"online", "offline", "without-gateway"}
    states = {view.state for site in sites for view in queries.grants_on(by(visitor), site)}
    assert {"active", "invited"} <= states
    assert [fault for chain in Chain.objects.all() for fault in verify(chain)] == []
    assert visitor.email.endswith(".invalid")


def test_plans_are_right_and_nothing_real_ends_at_the_sample(world: World) -> None:
    upkeep.check_all(program("worker", NOW))
    enter()
    assert upkeep.check_all(program("worker", NOW)) == 0
    assert home_hub() == world.hub


def test_nothing_leads_out(world: World) -> None:
    visitor = enter()
    acting = by(visitor)
    empty = next(site for site in sites_of(visitor) if site.name.startswith("Neubau"))
    for attempt in (
        lambda: issue_claim_code(acting, empty),
        lambda: create_profile(acting, "Laptop", public_key()),
        lambda: operations.open_level(acting, Kind.CUSTOMER, "Mehr"),
        lambda: issue_token(acting, "Skript", NOW + timedelta(days=1)),
        lambda: add_network(acting, empty, "10.0.0.0/16"),
    ):
        with pytest.raises(Refused):
            attempt()
    grant = granting.invite(acting, empty, world.nora.email, Terms(role="viewer"))
    assert grant.email == "nora@example.org.invalid"
    assert queries.invitations_for(by(world.nora)) == []
    assert not Mail.objects.exists()
    assert mail.outbox == [] or all(each.to[0].endswith(".invalid") for each in mail.outbox)


def test_nobody_of_a_sample_is_let_in_elsewhere(world: World) -> None:
    visitor = enter()
    with pytest.raises(NotThere):
        let_in(world.ours.school, visitor, Terms(role="viewer"), world.rita)


def test_worlds_do_not_see_each_other_nor_anybody_them(world: World) -> None:
    one, other = enter(), enter()
    assert not {site.pk for site in sites_of(one)} & {site.pk for site in sites_of(other)}
    for site in sites_of(one):
        for person in (other, world.rita, world.fremd):
            assert not Node.objects.visible_to(by(person), LOOK).filter(pk=site.pk).exists()


def test_after_a_day_nothing_is_left(world: World) -> None:
    enter()
    visiting.sweep(program("worker", NOW + visiting.LASTS))  # what is made once for all worlds is there now
    before = rows()
    visitor = enter()
    operations.rename(by(visitor), sites_of(visitor)[0], "Anders")
    assert visiting.sweep(program("worker", NOW + visiting.LASTS - timedelta(seconds=1))) == 0
    assert visiting.sweep(program("worker", NOW + visiting.LASTS)) == 1
    after = rows()
    gone = {"live.News", "tunnel.Counter"}
    assert {
        name: number for name, number in after.items() if number != before[name] and name not in gone
    } == {}
    assert not PlanEntry.objects.filter(hub__name=HUB_NAME).exists()


def test_whoever_leaves_takes_the_world_along(world: World) -> None:
    visitor = enter()
    visiting.leave(by(visitor))
    assert visiting.sweep(program("worker", NOW)) == 1
    assert not Person.objects.filter(pk=visitor.pk).exists()


def test_number_of_worlds_is_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visiting, "MOST_AN_HOUR", 1)
    enter("203.0.113.10")
    with pytest.raises(Conflict):
        enter("203.0.113.10")
    monkeypatch.setattr(visiting, "MOST_WORLDS", 1)
    with pytest.raises(Conflict):
        enter("203.0.113.11")


def test_visitor_comes_in_by_the_page_and_leaves_to_an_account(world: World, client: Client) -> None:
    assert client.get("/explore/").status_code == 200
    assert client.post("/explore/").headers["Location"] == "/"
    home = client.get("/", follow=True).content.decode()
    assert "Beispielwelt" in home
    assert RESELLER in home
    for address in ("/account/email/", "/account/password/change/", "/account/tokens/", "/account/close/"):
        assert client.get(address).headers["Location"] == "/explore/account/"
    assert client.get("/explore/account/").status_code == 200
    assert client.post("/explore/leave/").headers["Location"] == "/account/signup/"
    assert client.get("/account/signup/").status_code == 200
    assert SampleWorld.objects.get().left_at is not None


def test_too_many_from_one_address_get_a_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visiting, "MOST_AN_HOUR", 0)
    answer = Client().post("/explore/")
    assert answer.status_code == 429
    assert "Beispielwelten" in answer.content.decode()


def test_whoever_has_an_account_stays_who_they_are(world: World, client: Client) -> None:
    client.force_login(world.rita)
    assert client.post("/explore/").headers["Location"] == "/"
    assert not SampleWorld.objects.exists()
    assert client.post("/explore/leave/").headers["Location"] == "/"


def test_nobody_real_comes_in_by_a_link_of_a_sample(world: World) -> None:
    visitor = enter()
    site = sites_of(visitor)[0]
    terms = Terms(role="viewer", relation=Relation.SITE_USER)
    made = make_link(by(visitor), site, terms, NOW + timedelta(days=1))
    secret = queries.invitation_secret(made.series)
    assert secret is not None
    with pytest.raises(NotThere):
        granting.accept(by(world.fremd), secret)
