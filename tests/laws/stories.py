"""Stories for the laws of the domain: what people, gateways and time do to two trees, step by step.

A step is a word and a few small numbers, so that a failing story shrinks to a short one. Steps that are refused leave
no trace; a story goes on after them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import TypeVar

from allauth.mfa.models import Authenticator
from hypothesis import strategies as st

from furka.access.windows import WeeklyWindow
from furka.catalogue.operations import configure
from furka.dispatch import upkeep
from furka.dispatch.knocks import take_knocks
from furka.dispatch.models import PlanEntry
from furka.errors import FurkaError
from furka.people.models import Person
from furka.services.connect import operations as connect
from furka.sites import operations as sites
from furka.sites.models import Gateway, Network
from furka.tree import (
    answering,
    ceilings,
    entering,
    expiry,
    granting,
    lifecycle,
    moving,
    offering,
    operations,
    removal,
    requesting,
)
from furka.tree.acting import Acting
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Terms
from furka.tree.grants import Grant, GrantInterval, Invitation, State
from furka.tree.models import Kind, Node
from furka.tree.moving import Keep
from furka.tree.operation import program
from furka.tree.requesting import Wish
from furka.tree.requests import AccessRequest, Stage
from furka.tree.second_factor import second_factor_changed
from furka.tree.staff import open_operator_session
from furka.tunnel.models import Hub, Profile
from furka.vault import unseal
from furka.wire.hub import KnockHeard
from tests.world import NOW, a_gateway, a_hub, a_profile, a_tree, by, let_in, person

T = TypeVar("T")

#: A story takes about a second: the many cases of the long run are those of the policy itself.
AT_MOST = 150
LOOKED_AT = "a story looks at everything"

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WAITS = (timedelta(microseconds=1), MINUTE, HOUR, DAY, 8 * DAY)
LASTS = (None, None, HOUR, 5 * HOUR, DAY, 30 * DAY)
BEGINS = (None, None, None, MINUTE, 2 * HOUR)
RIGHTS = (
    ("connect.use",),
    ("look",),
    ("people", "connect.use"),
    ("people", "structure", "configure", "services", "connect.use", "journal"),
)
DEPTHS = (0, 0, 1, None)
WINDOWS = (
    (),
    (),
    (WeeklyWindow(frozenset({1}), time(13), time(15)),),  # NOW is a Tuesday, 14:00
    (
        WeeklyWindow(frozenset({0, 1, 2, 3, 4}), time(8), time(18)),
        WeeklyWindow(frozenset({5}), time(22), time(2)),
    ),
    (WeeklyWindow(frozenset(range(7)), time(0), time(0)),),
)


@dataclass(frozen=True)
class Step:
    """Something that happens."""

    word: str
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0


@dataclass
class Scene:
    """Where stories play: built once, each story undoes what it did."""

    hub: Hub
    ours: Node
    theirs: Node
    owners: tuple[Person, ...]
    guests: tuple[Person, ...]
    doubtful: Person  # may only ask
    stranger: Person

    @property
    def people(self) -> tuple[Person, ...]:
        return (*self.owners, *self.guests, self.doubtful, self.stranger)


def a_scene() -> Scene:
    """Two alike trees and a customer without a reseller; three guests, two of them with a device; a stranger.

    Anna is let in at both trees, Beat for some hours at one site, and Dora may ask at both trees, so that nearly every
    step makes a difference.
    """
    hub = a_hub()
    rita, nora, solo, karl = person("Rita"), person("Nora"), person("Solo"), person("Karl")
    ours, theirs = a_tree(rita, "Muster"), a_tree(nora, "Nachbar")
    alone = operations.open_level(by(solo, NOW - DAY), Kind.CUSTOMER, "Allein")
    home = operations.create_site(by(solo, NOW - DAY), alone, "Haus")
    a_gateway(home, solo, NOW - DAY)
    guests, dora = (person("Anna"), person("Beat"), person("Cleo")), person("Dora")
    for someone in (rita, *guests[:2], dora):
        a_profile(someone)
    let_in(ours.customer, karl, Terms(role="owner", relation=granting.Relation.STAFF, depth=None), rita)
    supporter = Terms(role="supporter")
    let_in(ours.reseller, guests[0], supporter, rita)
    let_in(theirs.school, guests[0], supporter, nora)
    let_in(ours.school, guests[1], Terms(role="supporter", valid_until=NOW + 5 * HOUR), rita)
    on_request = Terms(role="supporter", on_request=True)
    let_in(ours.customer, dora, on_request, rita)
    let_in(theirs.school, dora, on_request, nora)
    owners = (rita, nora, solo, karl)
    return Scene(hub, ours.reseller, theirs.reseller, owners, guests, dora, person("Fremd"))


@dataclass
class Story:
    """One story, at the moment to which it has come."""

    scene: Scene
    now: datetime = NOW
    refused: int = 0
    told: list[str] = field(default_factory=list)
    only_below: Node | None = None  # steps touch nothing but this node and what is below

    def tell(self, steps: Sequence[Step]) -> Story:
        """Let the steps happen, one after the other."""
        for step in steps:
            self.step(step)
        return self

    def step(self, step: Step) -> None:
        try:
            STEPS[step.word](self, step)
            self.told.append(step.word)
        except FurkaError:
            self.refused += 1

    # --- what there is ---

    def nodes(self) -> list[Node]:
        rows = Node.objects.everything(LOOKED_AT).exclude(kind=Kind.OPERATOR).order_by("pk")
        return [node for node in rows.select_related("reseller", "customer") if self._in_reach(node)]

    def sites(self) -> list[Node]:
        return [node for node in self.nodes() if node.is_site]

    def live_grants(self) -> list[Grant]:
        rows = Grant.objects.everything(LOOKED_AT).filter(ended_at=None).order_by("pk")
        return [row for row in rows.select_related("node", "person") if self._in_reach(row.node)]

    def edges(self) -> list[datetime]:
        """Moments at which something begins or ends."""
        found = {NOW, self.now}
        for row in GrantInterval.objects.all():
            found |= {row.begins_at} | ({row.ends_at} if row.ends_at else set())
        return sorted(found)

    def _in_reach(self, node: Node) -> bool:
        top = self.only_below
        return top is None or top.pk in (node.pk, node.reseller_id, node.customer_id)

    def _by(self, number: int) -> Acting:
        """Mostly an owner; sometimes a guest, who may do it or not."""
        someone = self.scene.people[number % len(self.scene.people)]
        return by(someone, self.now)

    def _owner_of(self, node: Node) -> Acting:
        for owner in self.scene.owners:
            acts = by(owner, self.now)
            if node.pk in (held.place.id for held in acts.held) or any(
                held.place.id in (node.reseller_id, node.customer_id) for held in acts.held
            ):
                return acts
        return by(self.scene.owners[0], self.now)

    # --- steps ---

    def invite(self, step: Step) -> None:
        node = one_of(self.nodes(), step.a)
        begins, lasts = one_of(BEGINS, step.c), one_of(LASTS, step.d)
        terms = Terms(
            rights=one_of(RIGHTS, step.b + step.c),
            valid_from=None if begins is None else self.now + begins,
            valid_until=None if lasts is None else self.now + (begins or timedelta()) + lasts,
            windows=one_of(WINDOWS, step.b + step.d),
            depth=one_of(DEPTHS, step.c + step.d),
            on_request=step.b + step.c + step.d == 6,
        )
        guest = one_of(self.scene.guests, step.b)
        inviter = self._owner_of(node) if step.d % 3 else self._by(step.c)
        granting.invite(inviter, node, guest.email, terms)

    def let_in(self, step: Step) -> None:
        self.invite(step)
        self._answer(-1, granting.accept)

    def accept(self, step: Step) -> None:
        self._answer(step.a, granting.accept)

    def decline(self, step: Step) -> None:
        self._answer(step.a, granting.decline)

    def _answer(self, number: int, answer: Callable[[Acting, str], Grant]) -> None:
        waiting = [grant for grant in self.live_grants() if grant.state == State.INVITED]
        if not waiting:
            return
        grant = one_of(waiting, number)
        invited = Person.objects.get(email=grant.email)
        sealed = Invitation.objects.get(grant_series=grant.series).sealed_secret
        answer(by(invited, self.now), unseal(sealed))

    def revoke(self, step: Step) -> None:
        grants = [grant for grant in self.live_grants() if grant.person not in self.scene.owners]
        if grants:
            grant = one_of(grants, step.a)
            granting.revoke(self._owner_of(grant.node) if step.b else self._by(step.b), grant)

    def leave(self, step: Step) -> None:
        grants = [grant for grant in self.live_grants() if grant.person in self.scene.guests]
        if grants:
            grant = one_of(grants, step.a)
            assert grant.person is not None
            granting.leave(by(grant.person, self.now), grant.series)

    def lease(self, step: Step) -> None:
        node = one_of(self.nodes(), step.a)
        operations.set_lease(self._owner_of(node), node, one_of((None, 1, 60, 1440), step.b))

    def new_site(self, step: Step) -> None:
        parents = [node for node in self.nodes() if not node.is_site]
        parent = one_of(parents, step.a)
        operations.create_site(self._owner_of(parent), parent, f"Standort {step.b}")

    def new_customer(self, step: Step) -> None:
        resellers = [node for node in self.nodes() if node.kind == Kind.RESELLER]
        reseller = one_of(resellers, step.a)
        operations.create_customer(self._owner_of(reseller), reseller, f"Kunde {step.b}")

    def rename(self, step: Step) -> None:
        node = one_of(self.nodes(), step.a)
        operations.rename(self._owner_of(node), node, f"Name {step.b}")

    def move(self, step: Step) -> None:
        """Within one's own at once, else offered and accepted."""
        node = one_of([each for each in self.nodes() if each.kind != Kind.RESELLER], step.a)
        target = one_of([each for each in self.nodes() if not each.is_site], step.b)
        keep = Keep(staff=bool(step.c % 2), supporters=bool(step.d % 2))
        giver, taker = self._owner_of(node), self._owner_of(target)
        if giver.person_id == taker.person_id:
            moving.move(giver, node, target, keep)
        else:
            made = offering.offer(giver, node, offering.Address(target.key))
            offering.accept(taker, made.key, None, keep)

    def join_or_leave(self, step: Step) -> None:
        """A customer that began alone leaves its reseller, if one has joined; else one joins."""
        customers = [node for node in self.nodes() if node.kind == Kind.CUSTOMER]
        joined = [node for node in customers if moving.came_by_itself(node)]
        if joined:
            customer = one_of(joined, step.a)
            moving.leave_reseller(self._owner_of(customer), customer)
            return
        alone = [node for node in customers if node.reseller_id is None]
        reseller = one_of([node for node in self.nodes() if node.kind == Kind.RESELLER], step.b)
        if alone:
            address = offering.Address(reseller.key)
            made = offering.offer(self._owner_of(alone[0]), alone[0], address)
            offering.accept(self._owner_of(reseller), made.key)

    def archive(self, step: Step) -> None:
        node = one_of(self.nodes(), step.a)
        lifecycle.archive(self._owner_of(node), node)

    def reopen(self, step: Step) -> None:
        nodes = [node for node in self.nodes() if node.archived_at is not None]
        if nodes:
            node = one_of(nodes, step.a)
            lifecycle.reopen(self._owner_of(node), node)

    def delete(self, step: Step) -> None:
        node = one_of(self.nodes(), step.a)
        lifecycle.delete(self._owner_of(node), node, node.name)

    def restore(self, step: Step) -> None:
        nodes = [node for node in self.nodes() if node.deleted_at is not None]
        if nodes:
            node = one_of(nodes, step.a)
            lifecycle.restore(self._owner_of(node), node.key)

    def new_time_zone(self, step: Step) -> None:
        node = one_of(self.nodes(), step.a)
        operations.set_time_zone(self._owner_of(node), node, one_of(("UTC", "Asia/Tokyo"), step.b))

    def claim(self, step: Step) -> None:
        served = (
            Gateway.objects.everything(LOOKED_AT).filter(released_at=None).values_list("node_id", flat=True)
        )
        without = [site for site in self.sites() if site.pk not in served and site.deleted_at is None]
        site = one_of(without or self.sites(), step.a)
        code = sites.issue_claim_code(self._owner_of(site), site)
        sites.claim_gateway(program("gateway", self.now), code, _key(step), "gateway", "1")

    def release(self, step: Step) -> None:
        site = one_of(self.sites(), step.a)
        sites.release_gateway(self._owner_of(site), site)

    def new_network(self, step: Step) -> None:
        site = one_of(self.sites(), step.a)
        sites.add_network(self._owner_of(site), site, f"172.16.{step.b}.0/24")

    def drop_network(self, step: Step) -> None:
        rows = Network.objects.everything(LOOKED_AT).order_by("pk").select_related("node")
        networks = [row for row in rows if self._in_reach(row.node)]
        if networks:
            network = one_of(networks, step.a)
            sites.remove_network(self._owner_of(network.node), network)

    def service(self, step: Step) -> None:
        site = one_of(self.sites(), step.a)
        configure(self._owner_of(site), site, "connect", {"enabled": bool(step.b % 2)})

    def new_device(self, step: Step) -> None:
        connect.create_profile(by(one_of(self.scene.guests, step.a), self.now), f"Gerät {step.b}", _key(step))

    def drop_device(self, step: Step) -> None:
        rows = Profile.objects.filter(revoked_at=None, person__in=self.scene.guests).order_by("pk")
        if rows:
            profile = one_of(list(rows.select_related("person")), step.a)
            connect.revoke_profile(by(profile.person, self.now), profile.key)

    def ceiling(self, step: Step) -> None:
        node = one_of(self.nodes(), step.a)
        for owner in reversed(self.scene.owners):
            if ceilings.may_set(by(owner, self.now), node):
                ceilings.set_ceiling(by(owner, self.now), node, self._ceiling_terms(step))

    def _ceiling_terms(self, step: Step) -> CeilingTerms:
        return CeilingTerms(
            rights=one_of((None, None, ("look",), ("look", "connect.use")), step.b),
            windows=one_of(WINDOWS, step.c),
            approval=one_of(((), (), ("connect.use",)), step.d),
            two_factor=step.b + step.d == 5,
        )

    def second_factor(self, step: Step) -> None:
        someone = one_of((*self.scene.guests, *self.scene.owners), step.a)
        has = Authenticator.objects.filter(user=someone)
        if has.exists():
            has.delete()
        else:
            Authenticator.objects.create(user=someone, type=Authenticator.Type.TOTP, data={})
        second_factor_changed(by(someone, self.now))

    def ask(self, step: Step) -> None:
        """Mostly where a yes would open something."""
        someone = one_of((self.scene.doubtful, self.scene.doubtful, *self.scene.guests), step.b)
        site, begins = one_of(self.sites(), step.a), one_of(BEGINS, step.c)
        minutes = one_of((1, 60, 600), step.d)
        wish = Wish(("connect.use",), minutes, "Story", None if begins is None else self.now + begins)
        requesting.ask(by(someone, self.now), site, wish)

    def answer_request(self, step: Step) -> None:
        waiting = self.requests(Stage.OPEN)
        if waiting:
            row = one_of(waiting, step.a)
            owner = self._owner_of(row.node) if step.b else self._by(step.c)
            if step.d == 7:
                answering.decline(owner, row)
            else:
                answering.approve(owner, row, max(1, row.wanted_minutes - step.c))

    def use_yes(self, step: Step) -> None:
        """By a first packet, also where there is nothing to begin; by the button; or given up."""
        waiting = self.requests(Stage.APPROVED)
        knocks = PlanEntry.objects.filter(key__startswith="knock/").order_by("key")
        if knocks and step.b % 2:
            body = one_of(list(knocks), step.a).body
            told = {name: body[name] for name in ("name", "profile", "site_name")}
            take_knocks(self.scene.hub, [KnockHeard(**told, at=self.now)], self.now)
        elif waiting:
            row = one_of(waiting, step.a)
            act: Callable[[Acting, str], object] = requesting.withdraw if step.b == 6 else entering.begin
            act(by(row.person, self.now), row.key)

    def give_back(self, step: Step) -> None:
        running = self.requests(Stage.RUNNING)
        if running:
            row = one_of(running, step.a)
            entering.end(by(row.person, self.now), row.key)

    def requests(self, stage: Stage) -> list[AccessRequest]:
        rows = AccessRequest.objects.everything(LOOKED_AT).filter(stage=stage).order_by("pk")
        return [row for row in rows.select_related("node", "person") if self._in_reach(row.node)]

    def operator(self, step: Step) -> None:
        someone = one_of(self.scene.guests, step.a)
        open_operator_session(by(someone, self.now), someone, "A story")

    def wait(self, step: Step) -> None:
        later = [edge for edge in self.edges() if edge > self.now]
        if step.b % 2 and later:
            self.now = later[0]  # exactly to the next edge
        else:
            self.now += one_of(WAITS, step.a)

    def worker(self, step: Step) -> None:
        duties = (
            expiry.end_expired,
            expiry.look_ahead,
            entering.note_time,
            upkeep.forget_ended,
            ceilings.look_ahead,
            removal.remove_overdue,
        )
        one_of(duties, step.a)(program("worker", self.now))


STEPS: dict[str, Callable[[Story, Step], None]] = {
    "let in": Story.let_in,
    "invite": Story.invite,
    "accept": Story.accept,
    "decline": Story.decline,
    "revoke": Story.revoke,
    "leave": Story.leave,
    "ceiling": Story.ceiling,
    "second factor": Story.second_factor,
    "ask": Story.ask,
    "answer request": Story.answer_request,
    "use yes": Story.use_yes,
    "give back": Story.give_back,
    "operator": Story.operator,
    "wait": Story.wait,
    "lease": Story.lease,
    "new site": Story.new_site,
    "new customer": Story.new_customer,
    "rename": Story.rename,
    "move": Story.move,
    "join or leave": Story.join_or_leave,
    "archive": Story.archive,
    "reopen": Story.reopen,
    "delete": Story.delete,
    "restore": Story.restore,
    "new time zone": Story.new_time_zone,
    "claim": Story.claim,
    "release": Story.release,
    "new network": Story.new_network,
    "drop network": Story.drop_network,
    "service": Story.service,
    "new device": Story.new_device,
    "drop device": Story.drop_device,
    "worker": Story.worker,
}

#: What happens often, because most follows from it.
ON_REQUEST = ("ask", "ask", "answer request", "use yes")
OFTEN = (
    *ON_REQUEST,
    "let in",
    "let in",
    "let in",
    "invite",
    "accept",
    "revoke",
    "ceiling",
    "wait",
    "wait",
    "worker",
)
#: What concerns one node and what is below, and no person elsewhere.
LOCAL = (
    "let in",
    "invite",
    "accept",
    "revoke",
    "lease",
    "new site",
    "claim",
    "release",
    "new network",
    "drop network",
    "service",
)

_small = st.integers(0, 7)


def stories(words: Sequence[str] = (*STEPS, *OFTEN), most: int = 10) -> st.SearchStrategy[list[Step]]:
    """Some steps."""
    return st.lists(st.builds(Step, st.sampled_from(words), _small, _small, _small, _small), max_size=most)


def one_of(things: Sequence[T], number: int) -> T:
    """One of them; there must be some."""
    return things[number % len(things)]


def moved(step: Step, by_much: int) -> Step:
    """Nearly the same step."""
    return replace(step, a=step.a + by_much)


def _key(step: Step) -> str:
    """A WireGuard key, one of few, so that some are used twice."""
    return one_of(KEYS, step.b * 8 + step.c)


KEYS = tuple(f"{chr(65 + number // 8)}{chr(65 + number % 8)}{'A' * 40}A=" for number in range(64))
