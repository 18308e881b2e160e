"""What hubs and gateways get over HTTP: proofs, limits, errors as problems, and news as soon as it is committed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from furka import clock
from furka.clock import FakeClock
from furka.connections.models import Connection
from furka.dispatch import hubs
from furka.gate.attempts import WRONG_PROOFS
from furka.journal.models import Event
from furka.sites import operations as sites
from furka.sites import queries
from furka.sites.models import Gateway
from furka.tree.operation import program
from furka.tree.operations import create_site
from furka.tunnel.models import Hub, Profile
from furka.wire import PREFIX
from furka.wire.gateway import ClaimAnswer, GatewaySettings
from furka.wire.hub import HubWelcome, PlanAnswer
from furka.wire.problem import MEDIA_TYPE, Problem
from tests.world import NOW, World, by, public_key

pytestmark = pytest.mark.usefixtures("fake_clock", "no_wrong_proofs")

HELLO = {
    "version": "1",
    "public_key": public_key(),
    "endpoint": "hub.example.org:51820",
    "back_end": "kernel",
}


@pytest.fixture
def no_wrong_proofs(database: None) -> None:
    cache.clear()


@pytest.fixture
def token(world: World) -> str:
    """The token of the hub."""
    return hubs.enrol(program("test", NOW), world.hub.name).token


@pytest.fixture
def box(world: World) -> sites.Claimed:
    """A gateway at a new site."""
    site = create_site(by(world.rita), world.ours.customer, "Turnhalle")
    return sites.claim_gateway(
        program("test", NOW), sites.issue_claim_code(by(world.rita), site), public_key(), "box", "1"
    )


class Caller:
    """A program that calls the portal from an address."""

    def __init__(self, token: str = "", address: str = "192.0.2.7") -> None:
        self.client = Client(REMOTE_ADDR=address)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> Any:
        return self.client.get(PREFIX + path, headers=self.headers)

    def post(self, path: str, body: object) -> Any:
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post(PREFIX + path, text, content_type="application/json", headers=self.headers)


def refusal(answer: Any, status: int) -> Problem:
    """The problem that was answered."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, MEDIA_TYPE)
    found = Problem.model_validate_json(answer.content)
    assert found.status == status
    return found


def plan(answer: Any) -> PlanAnswer:
    assert answer.status_code == 200, answer.content
    return PlanAnswer.model_validate_json(answer.content)


def test_hub_says_hello_and_gets_what_it_needs(world: World, token: str) -> None:
    answer = Caller(token).post("/hub/hello", HELLO)

    welcome = HubWelcome.model_validate_json(answer.content)
    assert (answer.status_code, welcome.name, welcome.now) == (200, "hub-1", NOW)
    hub = Hub.objects.get()
    assert (hub.public_key, hub.back_end, hub.seen_at) == (HELLO["public_key"], "kernel", NOW)


def test_hub_gets_its_plan_and_then_only_what_changed(world: World, token: str) -> None:
    hub = Caller(token)
    first = plan(hub.get("/hub/plan?since=0"))
    assert first.complete
    assert plan(hub.get(f"/hub/plan?since={first.revision}")).entries == ()

    sites.add_network(by(world.rita), world.ours.school, "192.168.9.0/24")

    second = plan(hub.get(f"/hub/plan?since={first.revision}"))
    assert (second.complete, second.revision) == (False, first.revision + 1)
    assert sorted(entry.kind for entry in second.entries) == ["peer", "prefix"]
    ahead = plan(hub.get(f"/hub/plan?since={second.revision + 5}"))
    assert (ahead.complete, ahead.revision) == (True, second.revision)


@pytest.mark.parametrize("since", ["x", "1.5", "", "9" * 5000])
def test_revision_that_is_no_number_is_refused(world: World, token: str, since: str) -> None:
    assert refusal(Caller(token).get(f"/hub/plan?since={since}"), 422).fields == {
        "since": ["since is a whole number"]
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/hub/hello"),
        ("get", "/hub/plan"),
        ("post", "/hub/report"),
        ("get", "/gateway/settings"),
        ("post", "/gateway/report"),
    ],
)
def test_nobody_is_answered_without_the_right_token(
    world: World, token: str, box: sites.Claimed, method: str, path: str
) -> None:
    other = box.token if path.startswith("/hub") else token
    for shown in ("", "x", token[:-1], other):
        caller = Caller(shown)
        answer = caller.get(path) if method == "get" else caller.post(path, HELLO)
        assert refusal(answer, 401).code == "wrong-token"
    basic = Client().get(PREFIX + path, headers={"Authorization": f"Basic {token}"})
    assert basic.status_code == (401 if method == "get" else 405)


def test_old_token_of_a_hub_stops_working_when_it_is_enrolled_again(world: World, token: str) -> None:
    newer = hubs.enrol(program("test", NOW), world.hub.name).token

    assert refusal(Caller(token).get("/hub/plan"), 401).code == "wrong-token"
    assert plan(Caller(newer).get("/hub/plan")).complete


def test_address_is_called_with_its_method_only(world: World, token: str) -> None:
    answer = Caller(token).get("/hub/hello")

    assert refusal(answer, 405).code == "wrong-method"
    assert answer.headers["Allow"] == "POST"


def test_whoever_guesses_has_to_wait_and_nobody_else(world: World, token: str, box: sites.Claimed) -> None:
    guesser = Caller("wrong")
    for _ in range(WRONG_PROOFS):
        assert guesser.get("/hub/plan").status_code == 401

    assert refusal(guesser.get("/hub/plan"), 429).code == "too-many-attempts"
    # From the same address: right tokens are no guesses, claim codes might be.
    assert plan(Caller(token).get("/hub/plan")).complete
    assert Caller(box.token).get("/gateway/settings").status_code == 200
    claim = {"code": "ABCD-EFGH-JKMN", "public_key": public_key(), "version": "1"}
    assert refusal(Caller().post("/gateway/claim", claim), 429).code == "too-many-attempts"
    assert refusal(Caller(address="192.0.2.8").post("/gateway/claim", claim), 422).code == "code-unknown"


def test_guessing_of_claim_codes_is_counted(world: World) -> None:
    for number in range(WRONG_PROOFS):
        claim = {"code": f"ABCD-EFGH-{number:04}", "public_key": public_key(), "version": "1"}
        assert refusal(Caller().post("/gateway/claim", claim), 422).code == "code-unknown"

    site = create_site(by(world.rita), world.ours.customer, "Turnhalle")
    right = {"code": sites.issue_claim_code(by(world.rita), site), "public_key": public_key(), "version": "1"}
    assert refusal(Caller().post("/gateway/claim", right), 429).code == "too-many-attempts"
    assert Caller(address="192.0.2.8").post("/gateway/claim", right).status_code == 200


def test_gateway_claims_its_site_with_the_code_alone(world: World) -> None:
    site = create_site(by(world.rita), world.ours.customer, "Turnhalle")
    code, key = sites.issue_claim_code(by(world.rita), site), public_key()
    claim = {"code": code, "public_key": key, "version": "1", "hostname": "box"}

    answer = ClaimAnswer.model_validate_json(Caller().post("/gateway/claim", claim).content)
    again = ClaimAnswer.model_validate_json(Caller().post("/gateway/claim", claim).content)

    assert (answer.site, again.site) == ("Turnhalle", "Turnhalle")
    assert refusal(Caller(answer.token).get("/gateway/settings"), 401).code == "wrong-token"
    settings = GatewaySettings.model_validate_json(Caller(again.token).get("/gateway/settings").content)
    assert settings.hub is not None
    assert settings.hub.endpoint == world.hub.endpoint
    stolen = refusal(Caller().post("/gateway/claim", {**claim, "public_key": public_key()}), 409)
    assert stolen.code == "code-used"
    assert stolen.detail == "This claim code has already been used by another gateway."


def test_expired_code_and_second_site_are_refused(
    world: World, fake_clock: FakeClock, box: sites.Claimed
) -> None:
    site = create_site(by(world.rita), world.ours.customer, "Kindergarten")
    code = sites.issue_claim_code(by(world.rita), site)
    second = {"code": code, "public_key": box.gateway.public_key, "version": "1"}
    assert refusal(Caller().post("/gateway/claim", second), 409).code == "gateway-serves-other"

    fake_clock.advance(sites.CODE_LASTS)
    late = {"code": code, "public_key": public_key(), "version": "1"}
    assert refusal(Caller().post("/gateway/claim", late), 409).code == "code-expired"


def test_released_gateway_is_told_so(world: World, box: sites.Claimed) -> None:
    sites.release_gateway(by(world.rita), box.gateway.node)

    answer = Caller(box.token).get("/gateway/settings?seen=x")

    told = GatewaySettings.model_validate_json(answer.content)
    assert (told.released, told.hub, told.address) == (True, None, None)


def test_gateway_says_how_it_is(world: World, box: sites.Claimed) -> None:
    report = {
        "version": "2",
        "applied_etag": "x",
        "back_end": "wireguard-go",
        "missing_networks": ["192.168.9.0/24"] * 99,
        "trouble": "no\0 route",
        "from a newer version": 1,
    }

    assert Caller(box.token).post("/gateway/report", report).status_code == 200

    gateway = queries.gateway_of(by(world.rita), box.gateway.node)
    assert gateway is not None
    assert (gateway.version, gateway.back_end, gateway.trouble) == ("2", "wireguard-go", "no route")
    assert gateway.missing_networks == ["192.168.9.0/24"] * 50


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", ""),
        ("{", ""),
        (b"\xff\xfe", ""),
        ("[]", ""),
        ({**HELLO, "public_key": "x"}, "public_key"),
        ({**HELLO, "endpoint": "nowhere"}, "endpoint"),
        ({key: HELLO[key] for key in ("version", "endpoint", "back_end")}, "public_key"),
    ],
)
def test_message_that_is_not_understood_is_refused_field_by_field(
    world: World, token: str, body: object, field: str
) -> None:
    problem = refusal(Caller(token).post("/hub/hello", body), 422)

    assert (problem.code, list(problem.fields)) == ("message-wrong", [field])


def test_message_that_is_too_large_is_not_looked_at(world: World, token: str) -> None:
    for size in (1024 * 1024 + 1, 3 * 1024 * 1024):
        problem = refusal(Caller(token).post("/hub/hello", " " * size), 413)
        assert problem.code == "message-too-large"


def test_long_words_of_a_hub_are_cut(world: World, token: str) -> None:
    hello = {**HELLO, "version": "9" * 100, "back_end": "k\0" * 50}
    report = {"applied_revision": 10**30, "trouble": "x\n" * 400}

    assert Caller(token).post("/hub/hello", hello).status_code == 200
    assert Caller(token).post("/hub/report", report).status_code == 200

    hub = Hub.objects.get()
    assert (hub.version, hub.back_end) == ("9" * 40, "k" * 20)
    assert (hub.applied_revision, len(hub.trouble)) == (2**63 - 1, 300)


def test_key_of_another_hub_is_refused(world: World) -> None:
    second = hubs.enrol(program("test", NOW), "hub-2")

    answer = Caller(second.token).post("/hub/hello", {**HELLO, "public_key": world.hub.public_key})

    assert refusal(answer, 409).code == "hub-key-taken"


# --- what a hub saw ---


def access(world: World, **changes: object) -> dict[str, object]:
    """Sonja passed the door of the school."""
    seen = {
        "token": "zugriff-1",
        "profile": world.sonja.profiles.get().key,
        "site_name": world.ours.school.key,
        "began_at": (NOW - timedelta(minutes=5)).isoformat(),
    }
    return {**seen, **changes}


def told(world: World) -> list[tuple[str, Any]]:
    """What the journal says about accesses."""
    rows = Event.objects.filter(action__startswith="access.").order_by("id")
    return [(row.action, row.at) for row in rows]


def test_access_that_is_reported_twice_counts_once(world: World, token: str) -> None:
    ended = {
        "ended_at": (NOW - timedelta(minutes=1)).isoformat(),
        "ended_by": "idle",
        "bytes": 77,
        "answered_bytes": 70,
    }
    for accesses in ([access(world)], [access(world)], [access(world, **ended)], [access(world, **ended)]):
        report = {"applied_revision": 1, "accesses": accesses}
        assert Caller(token).post("/hub/report", report).status_code == 200

    assert told(world) == [
        ("access.began", NOW - timedelta(minutes=5)),
        ("access.ended", NOW - timedelta(minutes=1)),
    ]
    row = Connection.objects.everything("a test").get()
    assert (row.node, row.person, row.begun_with) == (world.ours.school, world.sonja, "Laptop")
    assert (row.to_site, row.from_site, row.ended_by) == (7, 70, "idle")
    [began, _] = Event.objects.filter(action__startswith="access.").order_by("id")
    assert began.after == {"person": world.sonja.email, "name": "Sonja", "device": "Laptop"}
    assert began.node_id == world.ours.school.pk


def test_clock_of_a_hub_that_is_ahead_brings_nothing_from_the_future(world: World, token: str) -> None:
    ahead = (NOW + timedelta(days=1)).isoformat()
    seen = access(world, began_at=ahead, ended_at=(NOW - timedelta(days=9)).isoformat(), bytes=10**30)
    gateway = queries.gateway_of(by(world.rita), world.ours.school)
    assert gateway is not None
    peer = {"public_key": gateway.public_key, "online": True, "at": ahead, "handshake_at": ahead}

    report = {"applied_revision": 1, "accesses": [seen], "peers": [peer]}
    assert Caller(token).post("/hub/report", report).status_code == 200

    assert told(world) == [("access.began", NOW), ("access.ended", NOW)]
    gateway.refresh_from_db()
    assert (gateway.online, gateway.online_changed_at, gateway.handshake_at) == (True, NOW, NOW)


def test_hub_is_not_believed_about_what_its_plan_does_not_say(world: World, token: str) -> None:
    """A hub that was broken into must not be able to write into anybody's journal."""
    Caller(token).post("/hub/report", {"applied_revision": 1, "accesses": [access(world)]})
    nora = Profile.objects.get(person=world.nora)
    lies = [
        access(world, token="zugriff-2", site_name=world.theirs.school.key),
        access(world, token="zugriff-3", site_name=world.ours.depot.key),
        access(world, token="zugriff-4", profile=nora.key),
        access(world, token="zugriff-5", profile="nobody", site_name="nowhere"),
        access(world, profile=nora.key, site_name=world.theirs.school.key, ended_at=NOW.isoformat()),
    ]
    before = Event.objects.count()

    assert Caller(token).post("/hub/report", {"applied_revision": 1, "accesses": lies}).status_code == 200

    assert Event.objects.count() == before
    assert Connection.objects.everything("a test").count() == 1


def test_second_hub_knows_nothing_of_the_first_ones_peers(world: World) -> None:
    second = hubs.enrol(program("test", NOW), "hub-2")
    gateway = queries.gateway_of(by(world.rita), world.ours.school)
    assert gateway is not None
    profile = world.sonja.profiles.get()
    peers = [
        {"public_key": key, "online": True, "at": NOW.isoformat()}
        for key in (gateway.public_key, profile.public_key)
    ]

    report = {"applied_revision": 1, "peers": peers, "accesses": [access(world)]}
    assert Caller(second.token).post("/hub/report", report).status_code == 200

    gateway.refresh_from_db()
    profile.refresh_from_db()
    assert (gateway.online, profile.online, told(world)) == (False, False, [])
    assert plan(Caller(second.token).get("/hub/plan")).entries == ()


def test_peers_come_and_go_and_every_change_is_an_event_once(world: World, token: str) -> None:
    gateway = queries.gateway_of(by(world.rita), world.ours.school)
    assert gateway is not None
    device = world.sonja.profiles.get()
    for online in (True, True, False):
        peers = [
            {
                "public_key": each.public_key,
                "online": online,
                "at": NOW.isoformat(),
                "endpoint": "198.51.100.1:51820",
            }
            for each in (gateway, device)
        ]
        peers.append({"public_key": public_key(), "online": online, "at": NOW.isoformat()})
        assert Caller(token).post("/hub/report", {"applied_revision": 1, "peers": peers}).status_code == 200

    actions = (
        Event.objects.filter(action__startswith="gateway.o").order_by("id").values_list("action", "node_id")
    )
    assert list(actions) == [
        ("gateway.online", world.ours.school.pk),
        ("gateway.offline", world.ours.school.pk),
    ]
    device.refresh_from_db()
    assert (device.online, device.seen_at) == (False, NOW)
    gateway.refresh_from_db()
    assert (gateway.online, gateway.endpoint) == (False, "198.51.100.1:51820")


def test_released_gateway_and_revoked_device_do_not_come_back_online(world: World, token: str) -> None:
    gateway = queries.gateway_of(by(world.rita), world.ours.school)
    assert gateway is not None
    sites.release_gateway(by(world.rita), world.ours.school)

    peer = {"public_key": gateway.public_key, "online": True, "at": NOW.isoformat()}
    Caller(token).post("/hub/report", {"applied_revision": 1, "peers": [peer]})

    assert not Gateway.objects.everything("a test looks").get(pk=gateway.pk).online
    assert not Event.objects.filter(action="gateway.online").exists()


def test_asking_for_the_plan_says_that_the_hub_lives(world: World, token: str, fake_clock: FakeClock) -> None:
    for seconds in (0, 5, 11):
        with clock.using(FakeClock(NOW + timedelta(seconds=seconds))):
            Caller(token).get("/hub/plan")

    assert Hub.objects.get().seen_at == NOW + timedelta(seconds=11)


def test_a_code_that_is_shown_again_is_refused_and_told_to_the_site(world: World) -> None:
    site = create_site(by(world.rita), world.ours.customer, "Turnhalle")
    code = sites.issue_claim_code(by(world.rita), site)
    sites.claim_gateway(program("test", NOW), code, public_key(), "box", "1")
    replayed = {"code": code.lower(), "public_key": public_key(), "hostname": "thief\nbox", "version": "1"}
    for _ in range(8):
        refused = Client().post(f"{PREFIX}/gateway/claim", replayed, "application/json")
        assert (refused.status_code, refused.json()["code"]) == (409, "code-used")
    noted = Event.objects.filter(node_id=site.pk, action="gateway.claim-refused")
    assert noted.count() == 5  # more of the same says nothing new
    assert noted[0].after == {"hostname": "thief box", "refused": "code-used"}
    assert queries.gateway_of(by(world.rita), site) is not None
    assert code not in str([event.after for event in noted])


def test_a_stolen_token_of_a_hub_sees_its_own_plan_and_opens_nothing_else(world: World) -> None:
    stolen = hubs.enrol(program("test", NOW), "hub-2").token
    thief = Client(headers={"Authorization": f"Bearer {stolen}"})
    plan = PlanAnswer.model_validate_json(thief.get(f"{PREFIX}/hub/plan?since=0").content)
    assert (plan.entries, plan.gone, plan.trials) == ((), (), ())
    assert thief.get(f"{PREFIX}/gateway/settings").status_code == 401
    assert thief.post(f"{PREFIX}/gateway/report", {}, "application/json").status_code == 401
    for path in (
        "/api/v1/levels",
        "/api/v1/me",
        "/api/v1/reachable",
        f"/api/v1/levels/{world.ours.school.key}",
    ):
        assert thief.get(path).status_code == 401, path
    assert thief.get(f"/levels/{world.ours.school.key}/").status_code == 302


def test_a_stolen_token_of_a_gateway_hears_of_its_own_site_alone(world: World, box: sites.Claimed) -> None:
    thief = Client(headers={"Authorization": f"Bearer {box.token}"})
    told = thief.get(f"{PREFIX}/gateway/settings").content.decode()
    assert world.ours.school.name not in told
    assert thief.get(f"{PREFIX}/hub/plan?since=0").status_code == 401
    assert thief.post(f"{PREFIX}/hub/report", {}, "application/json").status_code == 401
    assert thief.get("/api/v1/levels").status_code == 401
    # What it says of itself changes its own row alone.
    before = list(Gateway.objects.everything("test").exclude(pk=box.gateway.pk).order_by("pk").values())
    said = {
        "version": "9",
        "applied_etag": "x",
        "back_end": "kernel",
        "trouble": "<script>",
        "cut_by": "network",
    }
    assert thief.post(f"{PREFIX}/gateway/report", said, "application/json").status_code == 200
    assert (
        list(Gateway.objects.everything("test").exclude(pk=box.gateway.pk).order_by("pk").values()) == before
    )
