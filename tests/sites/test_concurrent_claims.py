"""Gateways that claim at the same time: a site has one, a code works once."""

from __future__ import annotations

from functools import partial

import pytest

from furka.errors import FurkaError
from furka.people.models import Person
from furka.services.connect.operations import create_profile
from furka.sites import operations as sites
from furka.sites.models import Gateway
from furka.tree import operations
from furka.tree.models import Kind, Node
from furka.tree.operation import program
from tests.together import none_failed, together
from tests.world import NOW, a_hub, by, person, public_key

pytestmark = pytest.mark.django_db(transaction=True)

AT = program("gateway", NOW)
ROUNDS = 6


@pytest.fixture
def owner() -> Person:
    a_hub()
    return person("Rita")


@pytest.fixture
def reseller(owner: Person) -> Node:
    return operations.open_level(by(owner), Kind.RESELLER, "Muster AG")


def a_code(owner: Person, reseller: Node, name: str) -> str:
    return sites.issue_claim_code(by(owner), operations.create_site(by(owner), reseller, name))


def claim(code: str, key: str) -> sites.Claimed:
    return sites.claim_gateway(AT, code, key, "box", "1")


def refusals(results: list[object]) -> list[str]:
    """The codes of what was refused. Raises anything that is no refusal."""
    codes = []
    for result in results:
        if isinstance(result, FurkaError):
            codes.append(result.code)
        elif isinstance(result, Exception):
            raise result
    return sorted(codes)


def test_one_code_works_for_one_of_three_gateways(owner: Person, reseller: Node) -> None:
    for number in range(ROUNDS):
        code = a_code(owner, reseller, f"Standort {number}")

        results = together([partial(claim, code, public_key()) for _ in range(3)])

        assert refusals(results) == ["code-used", "code-used"]
        assert Gateway.objects.everything("a test counts").filter(released_at=None).count() == number + 1


def test_one_gateway_with_two_codes_serves_one_site(owner: Person, reseller: Node) -> None:
    for number in range(ROUNDS):
        codes = [a_code(owner, reseller, f"Standort {number}{side}") for side in "ab"]
        key = public_key()

        results = together([partial(claim, code, key) for code in codes])

        [refused] = refusals(results)
        assert refused in ("gateway-serves-other", "has-gateway", "key-taken")
        assert Gateway.objects.everything("a test counts").filter(public_key=key).count() == 1


def test_gateways_and_devices_that_come_at_once_do_not_wait_for_each_other_for_ever(
    owner: Person, reseller: Node
) -> None:
    for number in range(ROUNDS):
        codes = [a_code(owner, reseller, f"Standort {number}{side}") for side in "ab"]
        people = [person(f"Gast{number}{side}") for side in "ab"]

        results = together(
            [
                *(partial(claim, code, public_key()) for code in codes),
                *(partial(create_profile, by(someone), "Laptop", public_key()) for someone in people),
            ]
        )

        none_failed(results)


def test_two_codes_that_are_issued_at_once_open_one_site(owner: Person, reseller: Node) -> None:
    for number in range(ROUNDS):
        site = operations.create_site(by(owner), reseller, f"Standort {number}")
        codes = none_failed(together([partial(sites.issue_claim_code, by(owner), site) for _ in range(2)]))

        results = together([partial(claim, code, public_key()) for code in codes])

        assert set(refusals(results)) <= {"code-unknown", "has-gateway"}
        assert Gateway.objects.everything("a test counts").filter(node=site).count() == 1
