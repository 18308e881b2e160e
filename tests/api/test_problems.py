"""What the API says when something is wrong: always a problem, with a stable code, in the language asked for."""

from __future__ import annotations

import pytest

from furka.access.windows import MOST_WINDOWS
from furka.tree.acting import Acting
from furka.tree.models import Node
from tests.api.caller import ROOT, Caller, as_person
from tests.world import World

INVITE = {"email": "neu@example.org", "role": "supporter"}


def test_stranger_is_asked_who_they_are(world: World) -> None:
    answer = Caller().get("/levels")

    assert (answer.status, answer.body["code"]) == (401, "not-logged-in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_level_of_a_neighbour_is_not_there(world: World) -> None:
    nora, school = as_person(world.nora), world.ours.school.key
    answers = [
        nora.get(f"/levels/{school}"),
        nora.patch(f"/levels/{school}", {"name": "Meins"}),
        nora.get(f"/levels/{school}/grants"),
        nora.post(f"/levels/{school}/grants", INVITE),
        nora.get(f"/sites/{school}/state"),
        nora.post(f"/sites/{school}/claim-code"),
        nora.delete(f"/sites/{school}/gateway"),
        nora.get(f"/levels/{school}/events"),
        nora.patch(f"/levels/{school}/services/connect", {"enabled": False}),
    ]

    assert {(answer.status, answer.body["code"]) for answer in answers} == {(404, "not-there")}


@pytest.mark.parametrize("key", ["000000000000", "X", "%00", "..%2f..", "a" * 12 + "%0a", "ä"])
def test_key_that_nothing_has_is_not_there(world: World, key: str) -> None:
    assert as_person(world.rita).get(f"/levels/{key}").status == 404


def test_supporter_without_the_right_is_refused_with_a_code(world: World) -> None:
    sonja, school = as_person(world.sonja), world.ours.school.key
    answers = [
        sonja.post(f"/sites/{school}/networks", {"subnet": "10.1.0.0/24"}),
        sonja.get(f"/levels/{school}/grants"),
        sonja.get(f"/levels/{school}/events"),
        sonja.patch(f"/levels/{school}", {"name": "Meins"}),
        sonja.patch(f"/levels/{school}/services/connect", {"enabled": False}),
    ]

    assert {(answer.status, answer.body["code"]) for answer in answers} == {(403, "right-missing")}
    assert (
        answers[0].body["detail"]
        == "You do not have the right “Configure gateway, networks and devices” here."
    )


def test_expired_access_is_not_there(world: World) -> None:
    assert as_person(world.ernst).get(f"/levels/{world.ours.reseller.key}").status == 404


def test_unknown_fields_are_errors_in_body_and_query(world: World) -> None:
    rita, school = as_person(world.rita), world.ours.school.key

    body = rita.post(f"/sites/{school}/networks", {"subnet": "10.1.0.0/24", "colour": 7})
    query = rita.get(f"/sites/{school}/networks", limt=5)
    nowhere = rita.delete(f"/sites/{school}/gateway?force=1")

    assert (body.status, body.body["code"]) == (422, "input-wrong")
    assert body.body["fields"] == {"colour": ["This field is not known."]}
    assert (query.status, query.body["fields"]) == (422, {"limt": ["This field is not known."]})
    assert (nowhere.status, nowhere.body["fields"]) == (422, {"force": ["This field is not known."]})
    assert rita.get(f"/sites/{school}/state").body["gateway"] is not None


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email"}),
        ({"email": "neu@example.org"}, {""}),
        ({"email": 7, "role": "supporter"}, {"email"}),
        ({**INVITE, "depth": "1"}, {"depth"}),
        ({**INVITE, "depth": True}, {"depth"}),
        ({**INVITE, "role": "king"}, {"role"}),
        ({**INVITE, "rights": ["look"]}, {""}),
        ({**INVITE, "valid_until": 1795000000}, {"valid_until"}),
        ({**INVITE, "valid_until": "2026-11-24T17:00:00"}, {"valid_until"}),
        ({**INVITE, "valid_until": "tomorrow"}, {"valid_until"}),
        ({**INVITE, "valid_until": "9999-12-31T23:59:59-12:00"}, {"valid_until"}),
        ({**INVITE, "valid_until": "2026-11-24T12:00:00Z"}, {"valid_until"}),
        ({**INVITE, "reason": "a\u0000b"}, {"reason"}),
        ({**INVITE, "reason": "a" * 501}, {"reason"}),
        (
            {**INVITE, "windows": [{"weekdays": [7], "begins": "08:00", "ends": "17:00"}]},
            {"windows.0.weekdays.0"},
        ),
        ({**INVITE, "windows": [{"weekdays": [1], "begins": "8", "ends": "17:00"}]}, {"windows.0.begins"}),
        ({**INVITE, "windows": [{"weekdays": [1, 1], "begins": "08:00", "ends": "17:00"}]}, {"windows"}),
        ({**INVITE, "windows": [{}] * (MOST_WINDOWS + 1)}, {"windows"}),
        ({"email": "nobody", "role": "supporter"}, {"email"}),
        ([], {""}),
    ],
)
def test_mistyped_fields_are_named(world: World, body: object, fields: set[str]) -> None:
    answer = as_person(world.rita).post(f"/levels/{world.ours.school.key}/grants", body)

    assert (answer.status, set(answer.body["fields"])) == (422, fields), answer.body


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"name": 1' + b"0" * 5000 + b"}"])
def test_body_that_is_no_json_is_refused(world: World, body: bytes) -> None:
    answer = as_person(world.rita).call("POST", "/levels", body)

    assert (answer.status, answer.body["code"]) == (400, "body-unreadable")


@pytest.mark.parametrize("depth", [10, 190, 210, 300, 500, 900, 950, 980, 1000, 3000])
def test_body_that_is_nested_deeply_is_refused(world: World, depth: int) -> None:
    body = b'{"kind": "reseller", "name": ' + b"[" * depth + b"]" * depth + b"}"

    assert as_person(world.rita).call("POST", "/levels", body).status in (400, 422)


def test_body_that_is_too_large_is_refused(world: World) -> None:
    answer = as_person(world.rita).post("/levels", {"kind": "reseller", "name": "a" * 3_000_000})

    assert (answer.status, answer.body["code"]) == (413, "body-too-large")


def test_query_of_too_many_parts_is_refused(world: World) -> None:
    answer = as_person(world.rita).get("/levels?" + "&".join(f"a{number}=1" for number in range(2000)))

    assert (answer.status, answer.body["code"]) == (400, "request-unreadable")


def test_fault_of_ours_is_a_problem_and_noted(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(by: Acting) -> list[Node]:
        raise RuntimeError("something nobody thought of")

    monkeypatch.setattr("furka.api.levels.entrances", broken)
    caller = as_person(world.rita)
    caller.client.raise_request_exception = False
    response = caller.client.get(f"{ROOT}/levels", headers={"Authorization": f"Bearer {caller.token}"})

    assert (response.status_code, response.json()["code"]) == (500, "fault")
    assert "nobody thought of" not in response.text
    assert "something nobody thought of" in caplog.text


def test_half_characters_are_refused(world: World) -> None:
    answer = as_person(world.rita).call("POST", "/levels", b'{"kind": "reseller", "name": "\\ud800"}')

    assert answer.status == 422


@pytest.mark.parametrize(
    "after", ["x", "W10", "WyIxIl0", "bnVsbA", "eyJhIjoxfQ", "WyJhXHUwMDAwIiwiYiJd", "WyJcdWQ4MDAiLCJiIl0"]
)
def test_cursor_that_somebody_made_up_is_refused(world: World, after: str) -> None:
    rita, reseller = as_person(world.rita), world.ours.reseller.key

    for path in (f"/levels/{reseller}/sites", f"/levels/{reseller}/events"):
        answer = rita.get(path, after=after)
        assert (answer.status, answer.body["code"]) == (422, "cursor-wrong")


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1", "1e2"])
def test_size_of_a_page_has_limits(world: World, limit: str) -> None:
    answer = as_person(world.rita).get("/levels", limit=limit)

    assert (answer.status, list(answer.body["fields"])) == (422, ["limit"])


def test_unknown_address_is_a_problem(world: World) -> None:
    answer = as_person(world.rita).get("/plants")

    assert (answer.status, answer.body["code"]) == (404, "no-address")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_wrong_method_is_a_problem(world: World) -> None:
    answer = as_person(world.rita).call("PUT", "/me")

    assert (answer.status, answer.body["code"]) == (405, "wrong-method")
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    ("asked", "language", "detail"),
    [
        ("", "de", "Das gibt es nicht, oder Sie dürfen es nicht sehen."),  # Rita's own
        ("rm, en;q=0.5", "en", "This does not exist, or you may not see it."),
        ("fr, en;q=0.5", "fr", "Cela n’existe pas, ou vous ne pouvez pas le voir."),
        ("it-CH, en;q=0.5", "it", "Non esiste, o Lei non può vederlo."),
        ("de-CH, en;q=0.5", "de", "Das gibt es nicht, oder Sie dürfen es nicht sehen."),
    ],
)
def test_sentences_are_in_the_language_asked_for_and_codes_in_none(
    world: World, asked: str, language: str, detail: str
) -> None:
    caller = as_person(world.rita)
    caller.headers["Accept-Language"] = asked

    answer = caller.get("/levels/000000000000")

    assert (answer.body["code"], answer.body["detail"]) == ("not-there", detail)
    assert answer.headers["Content-Language"] == language


def test_answers_are_kept_by_no_cache(world: World) -> None:
    assert as_person(world.rita).get("/me").headers["Cache-Control"] == "no-store"
