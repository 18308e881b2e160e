"""Personal tokens: shown once, kept as a hash, never more than their person, gone in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from furka.clock import FakeClock
from furka.gate.attempts import WITHIN, WRONG_PROOFS
from furka.gate.tokens import acting_with
from furka.people.models import ApiToken
from furka.tree import granting, queries
from furka.vault import fingerprint
from tests.api.caller import Caller, a_token, as_person, in_session
from tests.world import NOW, TONIGHT, World, by

UNTIL = "2026-12-24T13:00:00Z"


def test_token_is_shown_once_and_kept_as_a_hash(world: World) -> None:
    rita = in_session(world.rita)

    made = rita.post("/tokens", {"name": "Leitsystem", "expires_at": UNTIL})

    assert made.status == 201
    secret = made.body["secret"]
    assert secret.startswith("furka_")
    row = ApiToken.objects.get(key=made.body["key"])
    assert row.secret_hash == fingerprint(secret)
    assert secret not in str(vars(row))
    assert [(item["key"], "secret" in item) for item in rita.items("/tokens")] == [(row.key, False)]
    assert Caller(secret).get("/me").body["token"]["key"] == row.key


def test_token_acts_as_its_person_and_the_journal_says_which_it_was(world: World) -> None:
    secret = a_token(world.rita)

    made = Caller(secret).post(f"/levels/{world.ours.reseller.key}/customers", {"name": "Gemeinde Neu"})

    assert made.status == 201
    event = Caller(secret).get(f"/levels/{made.body['key']}/events").body["items"][0]
    assert (event["action"], event["actor"]) == ("customer.created", "Rita")
    assert event["via"] == f"token {ApiToken.objects.get().key}"


def test_token_ends_at_its_moment(world: World, fake_clock: FakeClock) -> None:
    caller = as_person(world.rita, expires_at=TONIGHT)
    fake_clock.advance(TONIGHT - NOW - timedelta(microseconds=1))
    assert caller.get("/me").status == 200

    fake_clock.advance(timedelta(microseconds=1))

    assert (caller.get("/me").status, caller.get("/me").body["code"]) == (401, "wrong-token")


def test_revoked_token_works_no_longer_and_revoking_twice_is_no_fault(world: World) -> None:
    session = in_session(world.rita)
    made = session.post("/tokens", {"name": "x", "expires_at": UNTIL}).body

    assert session.delete(f"/tokens/{made['key']}").status == 204
    assert session.delete(f"/tokens/{made['key']}").status == 204
    assert Caller(made["secret"]).get("/me").status == 401


def test_tokens_of_an_inactive_person_die(world: World) -> None:
    caller = as_person(world.rita)
    world.rita.is_active = False
    world.rita.save()

    assert caller.get("/me").status == 401


def test_token_loses_what_its_person_loses(world: World) -> None:
    caller, path = as_person(world.sonja), f"/levels/{world.ours.school.key}"
    assert caller.get(path).status == 200
    [view] = [each for each in queries.grants_on(by(world.rita), world.ours.school) if each.name == "Sonja"]
    grant = queries.grant_of_key(by(world.rita), world.ours.school, view.key)
    assert grant is not None

    granting.revoke(by(world.rita), grant)

    assert caller.get(path).status == 404


def test_token_for_one_site_knows_of_nothing_else(world: World) -> None:
    ours = world.ours
    caller = as_person(world.rita, node=ours.school)

    assert [item["key"] for item in caller.items("/levels")] == [ours.school.key]
    assert caller.get(f"/sites/{ours.school.key}/state").status == 200
    assert caller.post(f"/sites/{ours.school.key}/networks", {"subnet": "10.1.0.0/24"}).status == 201
    for other in (ours.reseller, ours.customer, ours.depot, world.theirs.school):
        assert caller.get(f"/levels/{other.key}").status == 404
    assert [item["site"]["key"] for item in caller.items("/reachable")] == [ours.school.key]
    assert caller.items("/grants") == []


def test_token_for_some_rights_is_refused_the_others(world: World) -> None:
    caller = as_person(world.rita, rights=("look",))
    school = world.ours.school.key

    assert caller.get(f"/levels/{school}").body["rights"] == ["look"]
    refused = caller.post(f"/sites/{school}/networks", {"subnet": "10.1.0.0/24"})
    assert (refused.status, refused.body["code"]) == (403, "limited")
    assert caller.items("/reachable") == []


def test_token_never_gives_more_than_its_person_holds(world: World) -> None:
    caller = as_person(world.max, rights=("look", "configure", "people"), node=world.ours.school)

    refused = caller.post(f"/sites/{world.ours.school.key}/networks", {"subnet": "10.1.0.0/24"})

    assert (refused.status, refused.body["code"]) == (403, "right-missing")


@pytest.mark.parametrize("limit", ["rights", "node"])
def test_limited_token_reads_what_is_own_and_changes_none_of_it(world: World, limit: str) -> None:
    limited = {
        "rights": a_token(world.rita, rights=("look",)),
        "node": a_token(world.rita, node=world.ours.school),
    }
    caller = Caller(limited[limit])
    [profile] = caller.items("/profiles")

    answers = [
        caller.post("/levels", {"kind": "reseller", "name": "Mehr AG"}),
        caller.post("/profiles", {"name": "Fremdes Gerät", "public_key": "A" * 43 + "="}),
        caller.delete(f"/profiles/{profile['key']}"),
    ]

    assert [(answer.status, answer.body["code"]) for answer in answers] == [(403, "limited")] * 3


def test_token_makes_and_ends_no_tokens(world: World) -> None:
    caller = as_person(world.rita)
    token = ApiToken.objects.get()

    answers = [
        caller.get("/tokens"),
        caller.post("/tokens", {"name": "noch einer", "expires_at": UNTIL}),
        caller.delete(f"/tokens/{token.key}"),
    ]

    assert [(answer.status, answer.body["code"]) for answer in answers] == [(403, "token-not-enough")] * 3


def test_tokens_of_others_are_not_there(world: World) -> None:
    a_token(world.nora)

    answer = in_session(world.rita).delete(f"/tokens/{ApiToken.objects.get().key}")

    assert answer.status == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"expires_at": "2026-11-24T13:00:00Z"}, "expires_at"),
        ({"expires_at": "2028-01-01T00:00:00Z"}, "expires_at"),
        ({"rights": []}, "rights"),
        ({"rights": ["fly"]}, "rights"),
        ({"level": "000000000000"}, "level"),
        ({"name": " "}, "name"),
    ],
)
def test_token_that_makes_no_sense_is_refused_with_its_field(
    world: World, changes: dict[str, object], field: str
) -> None:
    answer = in_session(world.rita).post("/tokens", {"name": "x", "expires_at": UNTIL, **changes})

    assert (answer.status, list(answer.body["fields"])) == (422, [field])


def test_token_is_limited_to_levels_that_its_person_sees(world: World) -> None:
    body = {"name": "x", "expires_at": UNTIL, "level": world.theirs.school.key}

    assert in_session(world.rita).post("/tokens", body).status == 422


def test_use_is_noted_once_a_minute(world: World, fake_clock: FakeClock) -> None:
    caller = as_person(world.rita)
    caller.get("/me")
    fake_clock.advance(timedelta(seconds=59))
    with CaptureQueriesContext(
        connection,
    ) as queries_of_second_call:
        caller.get("/me")
    assert [query for query in queries_of_second_call if query["sql"].startswith("UPDATE")] == []
    assert ApiToken.objects.get().last_used_at == NOW

    fake_clock.advance(timedelta(seconds=1))
    caller.get("/me")

    assert ApiToken.objects.get().last_used_at == NOW + timedelta(minutes=1)


def test_who_guesses_has_to_wait_and_who_knows_does_not(world: World) -> None:
    guesser, owner = Caller("furka_guess"), as_person(world.rita)
    statuses = [guesser.get("/me").status for _ in range(WRONG_PROOFS)]

    held = guesser.get("/me")

    assert statuses == [401] * WRONG_PROOFS
    assert (held.status, held.body["code"], held.headers["Retry-After"]) == (
        429,
        "too-many-attempts",
        str(WITHIN),
    )
    assert owner.get("/me").status == 200


def test_text_that_is_no_token_opens_nothing(world: World) -> None:
    a_token(world.rita)
    for text in ("", "furka_", ApiToken.objects.get().secret_hash, ApiToken.objects.get().key):
        assert acting_with(text, NOW) is None


def test_wrong_token_is_not_saved_by_a_session(world: World) -> None:
    caller = in_session(world.rita)
    caller.token = "furka_wrong"

    assert caller.get("/me").status == 401


def test_session_needs_the_proof_for_changes_only(world: World) -> None:
    body = {"kind": "reseller", "name": "Neu AG"}
    foreign = in_session(world.fremd, proof=False)

    refused = foreign.post("/levels", body)

    assert (refused.status, refused.body["code"]) == (403, "csrf")
    assert foreign.get("/me").body["token"] is None
    assert in_session(world.fremd).post("/levels", body).status == 201
