"""What the lab says where it can't run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from furka.lab import Lab, LabCannotRun, check
from furka.lab.commands import lab as lab_commands

CLOSED = """#!/bin/sh
echo "unshare: unshare failed: Operation not permitted" >&2
exit 1
"""


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A machine that makes no namespaces; returns what the lab says about it."""
    program = tmp_path / "unshare"
    program.write_text(CLOSED)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    why = (
        "root without the right to make namespaces (a container?)"
        if os.geteuid() == 0
        else "user namespaces are closed to ordinary users "
        "(kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
    )
    return (
        f"Private network namespaces can't be made: {why}. "
        "The system says: unshare: unshare failed: Operation not permitted"
    )


def test_every_missing_program_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check() == [
        "The program unshare is missing (package util-linux).",
        "The program mount is missing (package mount).",
        "The program setsid is missing (package util-linux).",
        "The program ip is missing (package iproute2).",
        "The program nft is missing (package nftables).",
        "The program wg is missing (package wireguard-tools).",
    ]


def test_closed_namespaces_are_said_and_by_whom(closed: str) -> None:
    assert check() == [closed]


def test_a_lab_that_can_not_run_does_not_start(closed: str, tmp_path: Path) -> None:
    with pytest.raises(LabCannotRun) as refused:
        Lab.start(tmp_path / "lab", 1)
    assert refused.value.missing == (closed,)


def test_the_command_says_the_same(closed: str) -> None:
    done = CliRunner().invoke(lab_commands, ["check"])
    assert (done.exit_code, done.stdout) == (1, f"{closed}\n")


@pytest.mark.lab
def test_the_command_is_content_where_the_lab_can_run() -> None:
    done = CliRunner().invoke(lab_commands, ["check"])
    assert (done.exit_code, done.stdout) == (0, "The lab can run on this machine.\n")
