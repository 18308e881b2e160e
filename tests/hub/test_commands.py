"""`furka hub` as a person meets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from furka.hub.commands import hub

ARGUMENTS = ["run", "--portal", "https://portal.example.org", "--endpoint", "hub.example.org:51820"]


def test_the_hub_needs_no_django() -> None:
    code = "import sys, furka.hub.commands; print(sorted(name for name in sys.modules if name.startswith('django')))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (["--endpoint", "hub.example.org"], "must be HOST:PORT"),
        (["--portal", "http://portal.example.org"], "not encrypted"),
        (["--portal", "portal"], "not the address of a portal"),
        (["--interface", "a-name-that-is-far-too-long"], "not a name for a network interface"),
        (["--pages", "https://pages.example.org"], "must be like https://*.pages.example.org"),
        (["--pages", "https://*.pages.example.org"], "given together"),
        (["--token-file", "/nowhere/token"], "does not exist"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_touched(
    other: list[str], complaint: str, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("secret")
    files = ["--token-file", str(tmp_path / "token"), "--home", str(tmp_path / "home")]
    result = CliRunner().invoke(hub, [*ARGUMENTS, *files, *other])
    assert result.exit_code != 0
    assert complaint in result.output
    assert "Traceback" not in result.output
