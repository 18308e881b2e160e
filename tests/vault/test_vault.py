"""Secrets at rest: sealed or recognised, under a key that can be replaced without locking anybody out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import InvalidToken

from furka.dispatch import hubs
from furka.gate.tokens import acting_with, issue_token
from furka.sites import operations as sites
from furka.sites import queries
from furka.tree import granting, operations
from furka.tree.granting import Terms
from furka.tree.operation import program
from furka.tree.queries import invitation_secret
from furka.vault import ALPHABET, fingerprint, fingerprints, new_code, public_key_id, read_code, seal, unseal
from tests.world import NOW, World, by, public_key


def replace_key(settings: Any) -> None:
    """Another secret key, the old one kept for what there is."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    settings.SECRET_KEY = "another secret key, long enough to be one"


def test_sealed_text_is_opened_with_the_key_and_not_without(settings: Any) -> None:
    sealed = seal("Grüezi")
    assert "Gr" not in sealed
    assert seal("Grüezi") != sealed
    replace_key(settings)
    assert unseal(sealed) == "Grüezi"

    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        unseal(sealed)


def test_secret_is_recognised_under_its_key_only(settings: Any) -> None:
    before = fingerprint("geheim")
    assert fingerprint("geheim") == before
    assert fingerprint("Geheim") != before
    replace_key(settings)

    assert fingerprint("geheim") != before
    assert fingerprints("geheim") == [fingerprint("geheim"), before]


def test_everything_that_was_handed_out_works_on_after_the_key_was_replaced(
    world: World, settings: Any
) -> None:
    rita = by(world.rita)
    site, other = (operations.create_site(rita, world.ours.customer, name) for name in ("Halle", "Hort"))
    hub = hubs.enrol(program("test", NOW), world.hub.name).token
    code, waiting = sites.issue_claim_code(rita, site), sites.issue_claim_code(rita, other)
    gateway = sites.claim_gateway(program("test", NOW), code, public_key(), "box", "1").token
    invited = granting.invite(rita, site, world.fremd.email, Terms(role="viewer"))
    token = issue_token(rita, "Skript", NOW + timedelta(days=9)).secret

    replace_key(settings)

    assert hubs.hub_of_token(hub) == world.hub
    assert queries.gateway_of_token(gateway) is not None
    assert queries.claim_code_of(rita, other) == (waiting, NOW + sites.CODE_LASTS)
    assert sites.claim_gateway(program("test", NOW), waiting, public_key(), "box", "1").gateway.node == other
    secret = invitation_secret(invited.series)
    assert secret is not None
    assert granting.accept(by(world.fremd), secret).person == world.fremd
    assert acting_with(token, NOW) is not None
    assert acting_with(token + "x", NOW) is None


def test_codes_survive_being_typed_and_read_out() -> None:
    for _ in range(50):
        code = new_code()
        assert len(code) == 14
        assert set(code) <= {*ALPHABET, "-"}
        for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' . ')} "):
            assert read_code(typed) == code.replace("-", "")
        assert read_code(code.replace("0", "O").replace("1", "l")) == code.replace("-", "")


def test_public_keys_of_rows_say_nothing_and_differ() -> None:
    keys = {public_key_id() for _ in range(1000)}

    assert len(keys) == 1000
    assert {len(key) for key in keys} == {12}
    assert set("".join(keys)) == set(ALPHABET.lower())
