"""The lab from the command line."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from furka.clock import monotonic
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.lab import Lab, RunningLab
from furka.lab.topology import HOSTS
from tests.lab.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
FURKA = [sys.executable, "-m", "furka.cli", "lab"]


def furka_lab(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FURKA, *words], cwd=ROOT, input=text, capture_output=True, text=True, timeout=30, check=False
    )


def test_the_hosts_are_listed() -> None:
    listed = furka_lab("hosts").stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [[host.name, host.plain_address] for host in HOSTS]


def test_without_a_lab_every_command_says_how_to_get_one(tmp_path: Path) -> None:
    said = f"Error: No lab is running in {tmp_path}. Start it with: furka lab up\n"
    for words in (["down"], ["shell", "hub"], ["run", "hub", "true"], ["disconnect", "laptop"]):
        done = furka_lab(words[0], "--home", str(tmp_path), *words[1:])
        assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


@pytest.mark.lab
def test_a_command_runs_with_our_input_and_output_and_exit_code(lab: Lab) -> None:
    done = furka_lab("run", "--home", str(lab.home), "hub", "--", "sh", "-c", "cat; exit 3", text="yes")
    assert (done.returncode, done.stdout, done.stderr) == (3, "yes", "")


@pytest.mark.lab
def test_what_a_router_lets_out_and_loses_is_set_and_set_back(lab: Lab) -> None:
    def dropped() -> bool:
        return lab.run("gateway-a", ["ping", "-qc1", "-W1", "203.0.113.2"]).returncode != 0

    assert not dropped()
    for words in (("wall", "a", "tls"), ("wall", "a", "proxy")):
        assert furka_lab(words[0], "--home", str(lab.home), *words[1:]).returncode == 0
        assert dropped()
    assert furka_lab("wall", "--home", str(lab.home), "a", "open").returncode == 0
    assert furka_lab("loss", "--home", str(lab.home), "a", "90").returncode == 0
    rules = lab.run("router-a", ["nft", "list", "chain", "ip", "router", "loss"]).stdout
    assert "numgen random mod 100 < 90 drop" in rules
    assert furka_lab("loss", "--home", str(lab.home), "a", "0").returncode == 0
    assert not dropped()


@pytest.mark.lab
def test_a_command_that_is_not_there_is_said(lab: Lab) -> None:
    done = furka_lab("run", "--home", str(lab.home), "hub", "nosuch", "-x")
    assert (done.returncode, done.stderr) == (
        1,
        "Error: nosuch -x can't be run on hub: [Errno 2] No such file or directory: 'nosuch'.\n",
    )


@pytest.mark.lab
def test_a_gateway_in_the_lab_needs_no_options_to_claim(lab: Lab) -> None:
    done = furka_lab("run", "--home", str(lab.home), "gateway-b", "--", "furka", "gateway", "claim", "ABCD")
    assert (done.returncode, done.stderr) == (1, "Error: No portal answers here (HTTP 302).\n")


@pytest.mark.lab
def test_the_laptop_connects_with_an_ordinary_profile_and_disconnects(lab: Lab, tmp_path: Path) -> None:
    profile = f"""[Interface]
PrivateKey = {generate_private_key()}
Address = 100.72.0.2/32
DNS = 100.64.0.1

[Peer]
PublicKey = {public_key_of(generate_private_key())}
Endpoint = 203.0.113.1:51820
AllowedIPs = 10.128.0.0/9
"""
    (tmp_path / "profile.conf").write_text(profile)
    home = ["--home", str(lab.home)]
    for _ in range(2):  # a second time replaces the first
        assert furka_lab("connect", *home, "laptop", str(tmp_path / "profile.conf")).returncode == 0
        routes = lab.run("laptop", ["ip", "-o", "-4", "route", "show", "dev", "vpn-laptop"]).stdout
        assert routes.split()[0] == "10.128.0.0/9"
    assert furka_lab("disconnect", *home, "laptop").stdout == "laptop is disconnected.\n"
    assert lab.run("laptop", ["ip", "link", "show", "vpn-laptop"]).returncode != 0


class Typist:
    """Somebody in front of a terminal."""

    def __init__(self, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*FURKA, *words], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def types(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def reads(self, text: str) -> str:
        """Everything up to that text."""
        seen = b""
        until = monotonic() + 15
        while text.encode() not in seen:
            if not select.select([self.ours], [], [], max(0, until - monotonic()))[0]:
                raise AssertionError(f"{text!r} does not come; only {seen!r}")
            seen += os.read(self.ours, 4096)
        return seen.decode()

    def leaves(self) -> int:
        code = self.process.wait(15)
        os.close(self.ours)
        return code


@pytest.mark.lab
def test_a_shell_has_a_terminal_in_which_ctrl_c_works(lab: Lab) -> None:
    typist = Typist("shell", "--home", str(lab.home), "laptop")
    typist.reads("# ")
    typist.types("sh -c 'echo in fr''ont of $(tty); exec cat'\n")
    typist.reads("in front of /dev/pts/")
    typist.types("\x03")
    typist.reads("# ")
    typist.types("exit 4\n")
    assert typist.leaves() == 4


@pytest.mark.lab
def test_a_lab_in_front_of_a_terminal_ends_with_ctrl_c(tmp_path: Path) -> None:
    command = [*FURKA, "up", "--home", str(tmp_path), "--portal-port", "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        eventually(lambda: RunningLab(tmp_path).alive)
        assert furka_lab("run", "--home", str(tmp_path), "hub", "true").returncode == 0
        process.terminate()
        said, _ = process.communicate(timeout=15)
    assert process.returncode == 0
    assert said.splitlines() == [
        "The lab is up; in it, http://203.0.113.2 leads to port 1 of this machine.",
        "Hosts: furka lab hosts. Run something: furka lab run HOST -- COMMAND. End: Ctrl-C.",
        "The lab is down.",
    ]
    assert not RunningLab(tmp_path).alive


@pytest.mark.lab
def test_down_ends_the_lab_from_elsewhere(tmp_path: Path) -> None:
    with Lab.start(tmp_path, 1) as lab:
        done = furka_lab("down", "--home", str(tmp_path))
        assert (done.returncode, done.stdout) == (0, "The lab is down.\n")
        lab.wait()
