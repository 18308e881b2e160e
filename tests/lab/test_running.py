"""The lab from outside: processes on its hosts, and that nothing is left of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from furka.lab import Lab, LabError, RunningLab
from furka.lab.topology import HOSTS, PLANTS
from tests.lab.waiting import eventually

pytestmark = pytest.mark.lab

ROOT = Path(__file__).resolve().parents[2]


def namespaces(lab: RunningLab) -> set[str]:
    """The names of all network and process namespaces of the lab."""
    found = {lab.run("hub", ["readlink", "/proc/self/ns/pid"]).stdout.strip()}
    return found | {lab.run(host.name, ["readlink", "/proc/self/ns/net"]).stdout.strip() for host in HOSTS}


def inhabitants(names: set[str]) -> list[int]:
    """The processes of this machine that live in one of these namespaces."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if {str((process / "ns" / kind).readlink()) for kind in ("pid", "net")} & names:
                found.append(int(process.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # ended while we looked, or another user's
    return found


def test_a_program_gets_its_input_and_gives_output_complaints_and_exit_code(lab: Lab) -> None:
    done = lab.run("hub", ["sh", "-c", "cat; echo no >&2; exit 3"], text="yes")
    assert (done.stdout, done.stderr, done.returncode) == ("yes", "no\n", 3)


def test_a_failure_is_raised_on_request(lab: Lab) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        lab.run("hub", ["false"], check=True)


def test_a_program_that_takes_too_long_is_killed(lab: Lab) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        lab.run("hub", ["sleep", "4711"], timeout=0.1)
    eventually(lambda: "4711" not in lab.run("hub", ["ps", "-eo", "args"]).stdout)


def test_what_can_not_be_started_is_said(lab: Lab) -> None:
    with pytest.raises(LabError, match="No such file or directory: 'nosuch'"):
        lab.run("hub", ["nosuch"])
    with pytest.raises(LabError, match="the lab has no host nosuch"):
        lab.run("nosuch", ["true"])


def test_a_spawned_program_runs_until_it_is_killed(lab: Lab, tmp_path: Path) -> None:
    process = lab.spawn("laptop", ["sh", "-c", "echo up; exec sleep 60"], log=tmp_path / "log")
    eventually(lambda: (tmp_path / "log").read_text() == "up\n")
    assert process.alive
    process.kill()
    assert (process.alive, process.wait(0)) == (False, -signal.SIGKILL)


def test_a_spawned_program_may_answer_a_signal(lab: Lab, tmp_path: Path) -> None:
    script = "trap 'exit 5' TERM; echo up; while :; do sleep 0.01; done"
    process = lab.spawn("laptop", ["sh", "-c", script], log=tmp_path / "log")
    eventually(lambda: (tmp_path / "log").read_text() == "up\n")
    assert process.stop() == 5


def test_the_hosts_of_a_gateway_know_its_options(lab: Lab) -> None:
    shown = lab.run("gateway-b", ["sh", "-c", "env | grep ^FURKA_GATEWAY | sort"]).stdout
    assert shown.splitlines() == [
        f"FURKA_GATEWAY_HOME={lab.home}/gateway-b",
        "FURKA_GATEWAY_INTERFACE=furka-b",
        "FURKA_GATEWAY_PLAIN_HTTP=1",
        "FURKA_GATEWAY_PORTAL=http://203.0.113.2",
    ]


def test_another_process_runs_programs_in_a_running_lab(lab: Lab) -> None:
    assert RunningLab(lab.home).run("laptop", ["hostname"]).returncode == 0


def test_a_second_lab_in_the_same_home_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"is running in .* already"):
        Lab.start(lab.home, 1)


def test_a_home_without_a_lab_says_so(tmp_path: Path) -> None:
    assert not RunningLab(tmp_path).alive
    with pytest.raises(LabError, match="no lab is running"):
        RunningLab(tmp_path).run("hub", ["true"])


def test_a_lab_in_a_deep_folder_runs(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 80) / ("e" * 80)
    with Lab.start(deep, 1) as lab:
        assert lab.run("hub", ["true"]).returncode == 0


def test_a_stopped_lab_leaves_no_namespace_and_no_process(tmp_path: Path) -> None:
    with Lab.start(tmp_path, 1) as lab:
        names = namespaces(lab)
        lab.spawn("hub", ["setsid", "--fork", "sleep", "60"])
        assert len(names) == 1 + len(HOSTS)
        # The first, two devices and a proxy for each plant, and the one that slept.
        eventually(lambda: len(inhabitants(names)) == 2 + 3 * len(PLANTS))
    assert inhabitants(names) == []
    assert not (tmp_path / "lab.sock").exists()


def test_a_lab_whose_supervisor_is_killed_leaves_no_namespace_and_no_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "furka.cli", "lab", "up", "--home", str(tmp_path), "--portal-port", "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as supervisor:
        lab = RunningLab(tmp_path)
        eventually(lambda: lab.alive)
        names = namespaces(lab)
        children = {
            int(child)
            for child in Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text().split()
        }
        assert len(children) == 2
        supervisor.kill()
    eventually(lambda: not inhabitants(names))
    eventually(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
    assert not lab.alive


def test_a_lab_ends_on_request_from_elsewhere(tmp_path: Path) -> None:
    with Lab.start(tmp_path, 1) as lab:
        RunningLab(tmp_path).stop()
        lab.wait()
        assert not lab.alive
        with pytest.raises(LabError, match="no lab is running"):
            lab.run("hub", ["true"])
