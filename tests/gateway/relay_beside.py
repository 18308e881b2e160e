"""A relay beside the plain hub of a lab, and tickets for it as the portal would give them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from furka.clock import now
from furka.lab import LabProcess, RunningLab, start_relay
from furka.lab.topology import HUB, HUB_PORT, RELAY_PORT
from furka.plan.render import probe_nft
from furka.relay import tickets
from furka.relay.folder import Known, offer_in, say_known
from furka.relay.probe import MARK
from tests.gateway.plain_hub import INTERFACE
from tests.lab.waiting import eventually

HUB_KEY = "hub-of-the-lab"


class RelayBeside:
    """Runs from the beginning; may be killed and started again."""

    def __init__(self, lab: RunningLab) -> None:
        self._lab = lab
        self._seed = secrets.token_bytes(32)
        self.process = self.start()
        known = Known(hub=HUB_KEY, ticket_keys=(tickets.key_of(self._seed),))
        say_known(lab.home / "relay", known)

    def start(self) -> LabProcess:
        self.process = start_relay(self._lab)
        offer = eventually(lambda: offer_in(self._lab.home / "relay"), 30)
        assert offer is not None
        self.certificate = offer.certificate
        script = probe_nft.render(INTERFACE, HUB_PORT, MARK, offer.probe_port)
        self._lab.run("hub", ["nft", script], check=True)
        return self.process

    def to_reach(self, public_key: str) -> Mapping[str, object]:
        """How the settings of the gateway with that key name it."""
        ticket = tickets.sign(self._seed, HUB_KEY, public_key, now())
        return {"endpoint": f"{HUB}:{RELAY_PORT}", "certificate": self.certificate, "ticket": ticket}
