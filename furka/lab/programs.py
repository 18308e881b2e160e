"""The programs that are usually run in the lab, with the arguments that fit there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from furka.lab.running import LabError, LabProcess, RunningLab
from furka.lab.topology import HUB, HUB_PORT, PORTAL_URL, RELAY_PORT, gateway_interface


def start_hub(lab: RunningLab, token_file: Path, *options: str) -> LabProcess:
    """Start the hub with the token that the portal gave for it."""
    fixed = ["--home", str(lab.home / "hub"), "--interface", "furka-hub", "--plain-http"]
    where = ["--portal", PORTAL_URL, "--endpoint", f"{HUB}:{HUB_PORT}", "--listen-port", str(HUB_PORT)]
    argv = ["furka", "hub", "run", *where, "--token-file", str(token_file.resolve()), *fixed]
    return lab.spawn("hub", [*argv, *beside_relay(lab), *options])


def start_relay(lab: RunningLab, *options: str) -> LabProcess:
    """Start the relay beside the hub; it can be there before it."""
    argv = ["furka", "hub", "relay", "--folder", str(lab.home / "relay"), "--host", HUB, *options]
    return lab.spawn("hub", argv, log=lab.home / "logs" / "relay.log")


def beside_relay(lab: RunningLab) -> list[str]:
    """The options of a hub beside which a relay may run."""
    return ["--relay", f"{HUB}:{RELAY_PORT}", "--relay-folder", str(lab.home / "relay")]


def start_gateway(lab: RunningLab, plant: str, *options: str) -> LabProcess:
    """Start the gateway of a plant ("a" to "d"); its home and its log lie in the home of the lab."""
    host = f"gateway-{plant}"
    fixed = ["--home", str(lab.home / host), "--interface", gateway_interface(plant), "--plain-http"]
    preset = ["--preset", str(preset_file(lab, plant))]
    return lab.spawn(host, ["furka", "gateway", "run", *fixed, *preset, *options])


def preset_file(lab: RunningLab, plant: str) -> Path:
    """Where that plant's gateway looks for a claim code by itself."""
    return lab.home / f"gateway-{plant}.claim"


def claim(lab: RunningLab, plant: str, code: str, *options: str) -> str:
    """Have that plant's gateway claim a site; returns what it says. Raises LabError with its complaint."""
    host = f"gateway-{plant}"
    fixed = ["--home", str(lab.home / host), "--portal", PORTAL_URL, "--plain-http"]
    done = lab.run(host, ["furka", "gateway", "claim", code, *fixed, *options])
    if done.returncode != 0:
        raise LabError(done.stderr.strip())
    return done.stdout.strip()


def connect(lab: RunningLab, host: str, profile: str) -> None:
    """Bring a WireGuard profile (the text of its file) up on a host, with wg-quick; raises LabError.

    Name servers in it are left out: the lab has none.
    """
    name = _profile_name(host)
    place = _profile_file(lab, host)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [line for line in profile.splitlines() if not line.lower().replace(" ", "").startswith("dns=")]
    place.touch(mode=0o600)
    place.write_text("\n".join([*lines, ""]))
    if _interface_is_there(lab, host, name):
        disconnect(lab, host)
    _do(lab, host, ["wg-quick", "up", str(place)])


def disconnect(lab: RunningLab, host: str) -> None:
    """Take the profile down that `connect` brought up; raises LabError."""
    _do(lab, host, ["wg-quick", "down", str(_profile_file(lab, host))])


def _profile_name(host: str) -> str:
    return f"vpn-{host}"[:15]


def _profile_file(lab: RunningLab, host: str) -> Path:
    return lab.home / host / f"{_profile_name(host)}.conf"


def _interface_is_there(lab: RunningLab, host: str, name: str) -> bool:
    return lab.run(host, ["ip", "link", "show", "dev", name]).returncode == 0


def _do(lab: RunningLab, host: str, argv: Sequence[str]) -> None:
    done = lab.run(host, argv)
    if done.returncode != 0:
        raise LabError(f"{argv[0]} {argv[1]} failed on {host}: {done.stderr.strip()}")
