"""A box that finds the line of its label in a file: it claims by itself, waits where it must, and gives up in time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from furka import clock
from furka.clock import FakeClock
from furka.gateway import preset as presets
from furka.gateway.commands import gateway
from furka.gateway.home import Home
from furka.gateway.preset import PresetClaim
from furka.wire.gateway import ClaimAnswer, ClaimRequest
from furka.wire.preset import preset, read_preset
from furka.wire.problem import Problem
from tests.gateway.fake_portal import FakePortal

CODE = "ABCD-EFGH"


class Choosy(FakePortal):
    """Refuses with what the test says, as long as it says something."""

    refusal = ""
    asked = 0

    def take_claim(self, request: ClaimRequest) -> ClaimAnswer | Problem | None:
        self.asked += 1
        if self.refusal:
            return Problem(title="Refused", status=409, code=self.refusal)
        return super().take_claim(request)


@pytest.fixture
def portal() -> Iterator[Choosy]:
    with Choosy() as portal:
        portal.codes = {CODE: "School"}
        yield portal


@pytest.fixture
def box(tmp_path: Path, portal: Choosy) -> PresetClaim:
    """A box with the line of its label."""
    file = tmp_path / "claim"
    file.write_text(f"# Box 7\n{preset(portal.url, '7K3M9Q2D', CODE)}\n")
    return PresetClaim(Home(tmp_path / "home"), file)


def look(box: PresetClaim, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round later."""
    monkeypatch.setattr(presets, "_ROUND", 0.0)
    box.look()


def site_of(folder: Path) -> str:
    identity = Home(folder).identity()
    return identity.claim.site if identity and identity.claim else ""


def test_box_claims_by_itself(box: PresetClaim, tmp_path: Path) -> None:
    box.look()
    assert site_of(tmp_path / "home") == "School"


def test_box_that_is_not_assigned_waits_with_the_same_key(
    box: PresetClaim, portal: Choosy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.refusal = "not-assigned"
    look(box, monkeypatch)
    before = Home(tmp_path / "home").identity()
    look(box, monkeypatch)
    assert (site_of(tmp_path / "home"), portal.asked) == ("", 2)
    portal.refusal = ""
    look(box, monkeypatch)
    assert before is not None
    assert site_of(tmp_path / "home") == "School"
    assert portal.taken[CODE].public_key == before.public_key


def test_box_asks_no_more_with_a_code_that_counts_no_more_until_there_is_another(
    box: PresetClaim, portal: Choosy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.refusal = "code-withdrawn"
    for _ in range(3):
        look(box, monkeypatch)
    assert portal.asked == 1
    portal.refusal, portal.codes["WXYZ-2345"] = "", "Town hall"
    (tmp_path / "claim").write_text(preset(portal.url, "7K3M9Q2D", "WXYZ-2345"))
    look(box, monkeypatch)
    assert site_of(tmp_path / "home") == "Town hall"


@pytest.mark.parametrize(
    "content",
    ["", "\n", "ABCD", "https://portal.example/", "https://portal.example/plug/1/", "ftp://x/plug/1/#A"],
)
def test_file_that_is_not_understood_does_nothing(
    box: PresetClaim, tmp_path: Path, portal: Choosy, content: str
) -> None:
    (tmp_path / "claim").write_text(content)
    box.look()
    assert (site_of(tmp_path / "home"), portal.asked) == ("", 0)


def test_it_asks_once_a_round(box: PresetClaim, portal: Choosy) -> None:
    portal.refusal = "not-assigned"
    with clock.using(FakeClock(clock.now())):
        box.look()
        box.look()
    assert portal.asked == 1


def test_line_of_a_label_is_what_it_says_wherever_the_portal_is() -> None:
    for portal in ("https://portal.example.org", "http://127.0.0.1:8000", "https://example.org/furka"):
        found = read_preset(preset(portal, "7K3M9Q2D", CODE))
        assert (found.portal, found.code) == (portal, CODE)
        assert CODE not in repr(found)


def test_command_takes_the_line_and_the_file(tmp_path: Path, portal: Choosy) -> None:
    file, line = tmp_path / "line", preset(portal.url, "7K3M9Q2D", CODE)
    file.write_text(line)
    for number, given in enumerate((["--from", str(file)], [line])):
        home = tmp_path / f"home-{number}"
        portal.taken.clear()
        done = CliRunner().invoke(gateway, ["claim", *given, "--home", str(home)])
        assert (done.exit_code, site_of(home)) == (0, "School"), done.output
    assert CliRunner().invoke(gateway, ["claim", CODE, "--home", str(tmp_path / "x")]).exit_code == 2
