"""A reseller with a customer, a site and its people, written into the database of a portal that runs."""

from __future__ import annotations

from dataclasses import dataclass

from tests.browser.backstage import Backstage
from tests.browser.people import PASSWORD

ACTS = "tests.browser.acts"


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


def do_duty(backstage: Backstage, name: str, *, minutes: int = 0) -> int:
    """What the worker does so many minutes from now; returns how often there was something to do."""
    done: int = backstage.do(ACTS, "duty", name=name, minutes=minutes)
    return done


def build(backstage: Backstage, number: str, *, owned: bool = False, twin: bool = False) -> Stage:
    """Write it; `owned`: Karl owns the customer; `twin`: the reseller has a site with the same network, too."""
    made = backstage.do(ACTS, "build", number=number, password=PASSWORD, owned=owned, twin=twin)
    return Stage(number, **made)
