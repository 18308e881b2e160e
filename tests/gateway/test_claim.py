"""Claiming a site: the happy way, every refusal, and a loss of power at every line."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from furka.gateway.commands import gateway
from furka.gateway.home import Home
from furka.lab.proxy import HttpProxy
from tests.gateway.fake_portal import FakePortal

ROOT = Path(__file__).resolve().parents[2]

CODE = "ABCD-EFGH"


@pytest.fixture
def portal() -> Iterator[FakePortal]:
    with FakePortal() as portal:
        portal.codes = {CODE: "School", "WXYZ-2345": "Town hall"}
        yield portal


def command(folder: Path, portal: str, code: str = CODE, *options: str) -> Result:
    arguments = ["claim", code, "--portal", portal, "--home", str(folder), *options]
    return CliRunner().invoke(gateway, arguments)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_a_claim_says_whom_the_gateway_serves_and_keeps_key_and_token_for_its_owner_alone(
    tmp_path: Path, portal: FakePortal
) -> None:
    done = command(tmp_path / "home", portal.url, CODE, "--serial", "SN-1")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "This gateway serves School now. The running service takes over within seconds; "
        "if none runs, start it with: furka gateway run\n"
    )
    identity = Home(tmp_path / "home").identity()
    assert identity is not None
    assert identity.claim is not None
    assert (identity.claim.portal, identity.claim.token) == (portal.url, "token-of-School")
    assert portal.taken[CODE].public_key == identity.public_key
    assert portal.taken[CODE].serial == "SN-1"
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "home" / "gateway.json").stat().st_mode) == 0o600


def test_the_private_key_is_not_told_to_the_portal(tmp_path: Path, portal: FakePortal) -> None:
    command(tmp_path, portal.url)
    identity = Home(tmp_path).identity()
    assert identity is not None
    assert identity.private_key not in portal.taken[CODE].model_dump_json()
    assert identity.private_key not in repr(identity)


def test_a_claim_goes_through_the_proxy_of_the_plant_which_is_kept_but_not_shown(
    tmp_path: Path, portal: FakePortal
) -> None:
    with HttpProxy(("127.0.0.1", 0), "plant:secret") as proxy:
        through = f"127.0.0.1:{proxy.port}"
        wrong = command(tmp_path, portal.url, CODE, "--proxy", f"http://plant:word@{through}")
        assert (wrong.exit_code, portal.taken) == (1, {})
        assert "word" not in wrong.stderr
        assert command(tmp_path, portal.url, CODE, "--proxy", f"http://plant:secret@{through}").exit_code == 0
    identity = Home(tmp_path).identity()
    assert identity is not None
    assert identity.proxy == f"http://plant:secret@{through}"
    assert "secret" not in repr(identity)
    nonsense = command(tmp_path, portal.url, CODE, "--proxy", "plant:secret@there")
    assert nonsense.exit_code == 2
    assert "secret" not in nonsense.stderr


def test_an_unknown_code_is_refused_in_a_sentence(tmp_path: Path, portal: FakePortal) -> None:
    done = command(tmp_path, portal.url, "NONE-SUCH")
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "Error: This claim code is not known.\n")


def test_a_used_code_is_refused_in_a_sentence(tmp_path: Path, portal: FakePortal) -> None:
    command(tmp_path / "first", portal.url)
    done = command(tmp_path / "second", portal.url)
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "Error: This claim code has been used.\n")


def test_a_gateway_that_serves_a_site_refuses_a_second_one_and_changes_nothing(
    tmp_path: Path, portal: FakePortal
) -> None:
    command(tmp_path, portal.url)
    before = contents(tmp_path)
    done = command(tmp_path, portal.url, "WXYZ-2345")
    assert (done.exit_code, done.stdout, done.stderr) == (
        1,
        "",
        "Error: This gateway serves School already; release it there first.\n",
    )
    assert contents(tmp_path) == before
    assert list(portal.taken) == [CODE]


def test_the_same_code_again_says_the_same_again(tmp_path: Path, portal: FakePortal) -> None:
    first = command(tmp_path, portal.url)
    before = contents(tmp_path)
    again = command(tmp_path, portal.url, "abcd efgh")
    assert (again.exit_code, again.stdout, again.stderr) == (0, first.stdout, "")
    assert contents(tmp_path) == before


def test_a_portal_that_is_away_is_said_in_a_sentence(tmp_path: Path, portal: FakePortal) -> None:
    away = "http://127.0.0.1:1"
    done = command(tmp_path, away)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "Error: The portal does not answer: [Errno 111] Connection refused.\n"
    assert command(tmp_path, portal.url).exit_code == 0


def test_something_else_than_a_portal_is_said_in_a_sentence(tmp_path: Path, portal: FakePortal) -> None:
    done = command(tmp_path, f"{portal.url}/elsewhere")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_plain_http_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    done = command(tmp_path, "http://portal.example.org")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: http://portal.example.org is not encrypted; use https://, or allow plain HTTP explicitly."
    )
    assert contents(tmp_path) == {}


def test_a_code_that_can_not_be_one_is_a_wrong_call(tmp_path: Path, portal: FakePortal) -> None:
    done = command(tmp_path, portal.url, "AB")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == "Error: A claim code has 4 to 40 characters."


def test_an_answer_that_got_lost_comes_again_for_the_same_code(tmp_path: Path, portal: FakePortal) -> None:
    portal.lose_answers = 1
    assert command(tmp_path, portal.url).exit_code == 1
    key = portal.taken[CODE].public_key
    assert command(tmp_path, portal.url).exit_code == 0
    identity = Home(tmp_path).identity()
    assert identity is not None
    assert identity.public_key == key


def test_a_kill_at_any_line_leaves_a_gateway_that_can_claim_with_the_same_code(
    tmp_path: Path, portal: FakePortal
) -> None:
    portal.codes = {f"CODE-{lines}": "School" for lines in range(1000)}
    program = [sys.executable, "-m", "tests.gateway.killed_claims", str(tmp_path), portal.url]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    keys = json.loads(done.stdout)
    assert keys == [portal.taken[f"CODE-{lines}"].public_key for lines in range(len(keys))]
    assert len(keys) > 50
