"""An installation with the sample: two plants of Rita's are online, Sonja's laptop is connected."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from furka import clock
from furka.cli.logins import LAB_SITE, PASSWORD
from furka.lab.programs import claim, connect
from tests.thread.installation import Api, Installation, installation, iso, key_pair, opens, wait_for

#: Of the sample: both plants belong to the first.
CUSTOMERS = ("Gemeinde Beispielwil", "Klinik Seeblick (Beispiel)")

#: The hub's own address in the tunnel.
HUB = "100.64.0.1"


class Stage(Installation):
    """An installation in which Rita owns two plants with the same network and both are online."""

    rita: Api
    sonja: Api
    sites: dict[str, dict[str, Any]]
    customers: list[str]  # keys; both plants belong to the first
    laptop: dict[str, Any]  # Sonja's profile
    heating: dict[str, str]  # plant → address of its heating controller in the tunnel

    def prepare(self) -> None:
        """Log in, and let the second plant serve the sample's second site of the same network."""
        self.rita, self.sonja = (Api(self.url, f"{name}@example.org", PASSWORD) for name in ("rita", "sonja"))
        [reseller] = [level for level in self.rita.get("/levels")["items"] if level["kind"] == "reseller"]
        customers = self.rita.get(f"/levels/{reseller['key']}/customers")["items"]
        self.customers = [each["key"] for name in CUSTOMERS for each in customers if each["name"] == name]
        named = {site["name"]: site for site in self.rita.get(f"/levels/{reseller['key']}/sites")["items"]}
        self.sites = {"a": named[LAB_SITE], "b": named["Wärmeverbund Nord"]}
        claim(self.lab, "b", self.rita.post(f"/sites/{self.sites['b']['key']}/claim-code")["code"])
        self.heating = {}
        for plant, site in self.sites.items():
            self.wait_until(plant, "online")
            [network] = self.rita.get(f"/sites/{site['key']}/networks")["items"]
            self.heating[plant] = network["virtual_subnet"].rsplit(".", 1)[0] + ".10"

    def state(self, plant: str) -> str:
        """The state of a plant's site as the API tells it."""
        word: str = self.rita.get(f"/sites/{self.sites[plant]['key']}/state")["state"]["word"]
        return word

    def wait_until(self, plant: str, state: str, limit: float = 40) -> None:
        """Until the portal says so."""
        wait_for(f"plant {plant} is {state}", lambda: self.state(plant) == state, limit)

    def profile(self, who: Api, host: str, name: str, **more: Any) -> dict[str, Any]:
        """Make a profile for somebody and bring it up on a host of the lab with the ordinary tools."""
        private, public = key_pair()
        made: dict[str, Any] = who.post("/profiles", name=name, public_key=public, **more)
        made["configuration"] = made["configuration"].replace("PRIVATE_KEY", private)
        connect(self.lab, host, made["configuration"])
        return made

    def let_in(self, plant: str, seconds: float | None = None) -> str:
        """Rita lets Sonja in to a plant; returns the key of the grant once the page opens on the laptop."""
        until = {} if seconds is None else {"valid_until": iso(clock.now() + timedelta(seconds=seconds))}
        site = self.sites[plant]["key"]
        key = self.invited(site, **until)
        wait_for("the page opens", lambda: opens(self.lab, "laptop", self.heating[plant]), 20)
        return key

    def invited(self, level: str, **until: str | bool) -> str:
        """Rita lets Sonja in to a level; returns the key of the grant."""
        made = self.rita.post(f"/levels/{level}/grants", email="sonja@example.org", role="supporter", **until)
        self.sonja.post(f"/invitations/{made['invitation_link'].rstrip('/').rsplit('/', 1)[1]}/accept")
        key: str = made["key"]
        return key

    def revoke(self, plant: str, grant: str) -> None:
        """Rita ends it."""
        self.rita.delete(f"/levels/{self.sites[plant]['key']}/grants/{grant}")

    def end_all(self) -> None:
        """Nobody but owners may enter either plant."""
        self.wait_until_answers()  # the test before may have killed it
        for plant, site in self.sites.items():
            for grant in self.rita.get(f"/levels/{site['key']}/grants")["items"]:
                if grant["relation"] == "supporter":
                    self.revoke(plant, grant["key"])


@contextlib.contextmanager
def a_stage(home: Path) -> Iterator[Stage]:
    """Start everything below that folder, and have it ready."""
    with installation(home, "--sample") as started:
        ready = Stage(started.home, int(started.url.rpartition(":")[2]), started.program)
        ready.prepare()
        ready.laptop = ready.profile(ready.sonja, "laptop", "Laptop", real_addresses=True)
        with ready.rita, ready.sonja:
            yield ready
