"""A reseller with a customer, a site and its people, written into the database of a portal that runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.browser.people import PASSWORD

ROOT = Path(__file__).resolve().parents[2]

#: Rita has the reseller, Karl the customer; Sonja helps at the school for five hours, and Max looks there.
_SCRIPT = """
import json, sys
from datetime import timedelta
from pathlib import Path
from furka.cli.django import start
start(Path(sys.argv[1]))
from furka import clock
from furka.people.operations import make_person
from furka.sites import operations as sites
from furka.tree import operations
from furka.tree.granting import Relation, Terms
from furka.tree.models import Kind
from tests.world import by, let_in
at, number = clock.now(), sys.argv[2]
rita, karl, sonja, max_ = (
    make_person(f"{name.lower()}{number}@example.org", f"{name} Muster", sys.argv[3])
    for name in ("Rita", "Karl", "Sonja", "Max")
)
reseller = operations.open_level(by(rita, at), Kind.RESELLER, f"Muster {number} AG")
customer = operations.create_customer(by(rita, at), reseller, "Gemeinde Muster")
school = operations.create_site(by(rita, at), customer, "Schulhaus Muster")
sites.add_network(by(rita, at), school, "192.168.1.0/24", "Haustechnik")
sites.add_device(by(rita, at), school, "Heizung", "192.168.1.10", "controller", web=True)
if sys.argv[5] == "twin":
    depot = operations.create_site(by(rita, at), reseller, "Werkhof Muster")
    sites.add_network(by(rita, at), depot, "192.168.1.0/24")
    sites.add_device(by(rita, at), depot, "Zähler", "192.168.1.20", "meter")
until = at + timedelta(hours=5)
if sys.argv[4] == "owned":
    let_in(customer, karl, Terms(role="owner", relation=Relation.STAFF, depth=None), rita, at)
let_in(school, sonja, Terms(role="supporter", valid_until=until, reason="Störung"), rita, at)
let_in(school, max_, Terms(role="viewer", valid_until=until), rita, at)
code = sites.issue_claim_code(by(rita, at), school)
keys = {"reseller": reseller.key, "customer": customer.key, "school": school.key}
print(json.dumps({**keys, "claim_code": code}))
"""


@dataclass
class Stage:
    """What was built, and who can log in to it."""

    number: str
    reseller: str
    customer: str
    school: str
    claim_code: str  # of the school, for a gateway

    def email(self, name: str) -> str:
        """The address with which somebody logs in."""
        return f"{name}{self.number}@example.org"


_DUTY = """
import sys
from datetime import timedelta
from pathlib import Path
from furka.cli.django import start
start(Path(sys.argv[1]))
from furka import clock
from furka.worker import duties
print(getattr(duties, sys.argv[2])(clock.now() + timedelta(minutes=int(sys.argv[3]))))
"""


def do_duty(home: Path, base_url: str, name: str, *, minutes: int = 0) -> int:
    """What the worker does so many minutes from now; returns how often there was something to do."""
    command = [sys.executable, "-c", _DUTY, str(home), name, str(minutes)]
    env = {**os.environ, "FURKA_URL": base_url}
    done = subprocess.run(command, cwd=ROOT, check=True, timeout=120, capture_output=True, text=True, env=env)
    return int(done.stdout.splitlines()[-1])


def build(home: Path, number: str, *, owned: bool = False, twin: bool = False) -> Stage:
    """Write it; `owned`: Karl owns the customer; `twin`: the reseller has a site with the same network, too."""
    choices = ["owned" if owned else "", "twin" if twin else ""]
    command = [sys.executable, "-c", _SCRIPT, str(home), number, PASSWORD, *choices]
    made = subprocess.run(command, cwd=ROOT, check=True, timeout=120, capture_output=True, text=True)
    return Stage(number, **json.loads(made.stdout.splitlines()[-1]))
