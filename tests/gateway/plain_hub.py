"""A plain WireGuard end on the lab's hub, without a filter: what comes through it is up to the gateway alone."""

from __future__ import annotations

from collections.abc import Mapping

from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.lab import RunningLab
from furka.lab.topology import HUB, HUB_PORT

INTERFACE = "plain-hub"
ADDRESS = "100.64.0.1"


class PlainHub:
    """The other end of gateways' tunnels."""

    def __init__(self, lab: RunningLab) -> None:
        self._lab = lab
        self._key = generate_private_key()

    @property
    def to_reach(self) -> Mapping[str, object]:
        """How a gateway's settings name it."""
        return {
            "public_key": public_key_of(self._key),
            "endpoint": f"{HUB}:{HUB_PORT}",
            "allowed": ["100.64.0.0/16", "100.72.0.0/13"],
            "address": ADDRESS,
        }

    def start(self, peers: Mapping[str, str]) -> None:
        """Take these peers: public key → what lies behind it, separated by commas."""
        if not self._works("ip", "link", "add", INTERFACE, "type", "wireguard"):
            self._do("wireguard-go", INTERFACE)
        key = self._lab.home / "plain-hub.key"
        key.touch(mode=0o600)
        key.write_text(self._key)
        self._do("wg", "set", INTERFACE, "listen-port", str(HUB_PORT), "private-key", str(key))
        for public_key, allowed in peers.items():
            self._do("wg", "set", INTERFACE, "peer", public_key, "allowed-ips", allowed)
        self._do("ip", "address", "replace", f"{ADDRESS}/32", "dev", INTERFACE)
        self._do("ip", "link", "set", INTERFACE, "mtu", "1500", "up")
        for network in ("100.65.0.0/16", "10.128.0.0/9"):
            self._do("ip", "route", "replace", network, "dev", INTERFACE, "src", ADDRESS)

    def stop(self) -> None:
        """Be switched off."""
        self._do("ip", "link", "delete", INTERFACE)

    def send_through_tunnel(self, public_key: str, *networks: str) -> None:
        """Send these networks to a peer as well, as a hub that is up to no good would."""
        known = self._lab.run("hub", ["wg", "show", INTERFACE, "allowed-ips"], check=True).stdout
        allowed = dict(line.split("\t") for line in known.splitlines())[public_key].replace(" ", ",")
        self._do("wg", "set", INTERFACE, "peer", public_key, "allowed-ips", ",".join([allowed, *networks]))
        for network in networks:
            self._do("ip", "route", "replace", network, "dev", INTERFACE, "src", ADDRESS)

    def _do(self, *command: str) -> None:
        self._lab.run("hub", command, check=True)

    def _works(self, *command: str) -> bool:
        return self._lab.run("hub", command).returncode == 0
