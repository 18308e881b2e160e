"""The whole lab, tunnels included, belongs to whoever starts it: nobody has to be root."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.lab

ROOT = Path(__file__).resolve().parents[2]
SOMEBODY = 1000

#: Whoever runs the tests, as an ordinary user without any capability; who owns which file stays as it is.
AS_SOMEBODY = ["unshare", "--user", f"--map-user={SOMEBODY}", f"--map-group={SOMEBODY}", "--"]


def as_somebody(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*AS_SOMEBODY, *command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_an_ordinary_user_has_no_capability_here() -> None:
    lines = as_somebody("cat", "/proc/self/status").stdout.splitlines()
    assert [line for line in lines if line.startswith(("CapPrm", "CapEff"))] == [
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
    ]
    assert as_somebody("ip", "link", "add", "never", "type", "veth").returncode != 0


def test_a_gateway_that_may_not_change_the_network_says_so(tmp_path: Path) -> None:
    done = as_somebody(sys.executable, "-m", "furka.cli", "gateway", "run", "--home", str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "Error: The gateway needs root, or the capability CAP_NET_ADMIN, to keep a tunnel.\n",
    )


def test_an_ordinary_user_runs_the_lab_with_its_tunnels(tmp_path: Path) -> None:
    done = as_somebody(sys.executable, "-m", "tests.gateway.one_plant_here", str(tmp_path / "lab"))
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "user": SOMEBODY,
        "page": True,
        "registers": [1000, 1001],
        "gateway": True,
    }
