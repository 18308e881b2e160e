"""Somebody calls every operation with whatever fits its document, and with what does not: no fault, no surprise."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from furka.people.models import ApiToken
from furka.sites.models import Device, Network
from furka.tree import queries
from furka.tree.granting import Terms, invite
from tests.api.caller import ROOT, a_token, operations
from tests.world import World, by

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

#: For each operation so many calls of either kind.
FEW, MANY = 4, 25


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """The calls happen in the transaction of the test; between requests nothing is closed."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _known(world: World) -> dict[str, list[str]]:
    """For each part of an address, what is really there."""
    school = world.ours.school
    open_invitation = invite(by(world.rita), school, "gast@example.org", Terms(role="supporter"))
    grants = [view.key for view in queries.grants_on(by(world.rita), school)]
    networks = Network.objects.everything("a test looks").filter(node=school)
    devices = Device.objects.everything("a test looks").filter(node=school)
    return {
        "key": [node.key for node in (world.ours.reseller, world.ours.customer, school, world.theirs.school)],
        "grant": grants,
        "network": [row.key for row in networks],
        "device": [row.key for row in devices],
        "profile": [row.key for row in world.rita.profiles.all()],
        "token": [row.key for row in ApiToken.objects.all()],
        "secret": [queries.invitation_secret(open_invitation.series) or ""],
    }


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "not fitting"]
)
@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.long)], ids=["few", "many"])
@pytest.mark.usefixtures("_one_connection")
def test_law_no_call_ends_in_a_fault_or_in_an_answer_that_is_not_documented(
    world: World, mode: GenerationMode, examples: int
) -> None:
    headers = {"Authorization": f"Bearer {a_token(world.rita)}"}
    known = _known(world)
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", get_wsgi_application())
    statuses: dict[str, set[int]] = {}
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        statuses[operation.label] = set()

        @seed(7)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode), st.randoms(use_true_random=False))
        def call(case: Any, random: Random) -> None:
            for part, keys in known.items():
                if part in (case.path_parameters or {}) and random.random() < 0.8:
                    case.path_parameters[part] = random.choice(keys)
            with transaction.atomic():
                rejected = [negative_data_rejection] if _is_wrong(case) else []
                response = case.call_and_validate(headers=headers, checks=[*CHECKS, *rejected])
                transaction.set_rollback(True)
            statuses[case.operation.label].add(response.status_code)

        call()

    assert len(statuses) == len(list(operations()))
    succeeded = {name for name, seen in statuses.items() if any(status < 300 for status in seen)}
    if mode is GenerationMode.POSITIVE:
        assert len(succeeded) > 10, "the calls do not get far enough to find anything"


def _is_wrong(case: Any) -> bool:
    """Whether the query or the body does not fit; keys and tokens are put in right."""
    places = (ParameterLocation.QUERY, ParameterLocation.BODY)
    return any(place in places and part.mode.is_negative for place, part in case.meta.components.items())
