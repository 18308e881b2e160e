"""What is done backstage, by operations as everything else; only ever imported there."""

from __future__ import annotations

from datetime import timedelta

from furka import clock
from furka.people.operations import make_person
from furka.sites import operations as sites
from furka.tree import ceilings, operations
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Relation, Terms
from furka.tree.models import Kind
from furka.worker import duties
from tests.world import by, let_in


def build(number: str, password: str, *, owned: bool, twin: bool) -> dict[str, str]:
    """Rita has the reseller, Karl the customer; Sonja helps at the school for five hours, and Max looks there."""
    at = clock.now()
    rita, karl, sonja, max_ = (
        make_person(f"{name.lower()}{number}@example.org", f"{name} Muster", password)
        for name in ("Rita", "Karl", "Sonja", "Max")
    )
    reseller = operations.open_level(by(rita, at), Kind.RESELLER, f"Muster {number} AG")
    customer = operations.create_customer(by(rita, at), reseller, "Gemeinde Muster")
    school = operations.create_site(by(rita, at), customer, "Schulhaus Muster")
    sites.add_network(by(rita, at), school, "192.168.1.0/24", "Haustechnik")
    sites.add_device(by(rita, at), school, "Heizung", "192.168.1.10", "controller", web=True)
    if twin:
        depot = operations.create_site(by(rita, at), reseller, "Werkhof Muster")
        sites.add_network(by(rita, at), depot, "192.168.1.0/24")
        sites.add_device(by(rita, at), depot, "Zähler", "192.168.1.20", "meter")
    until = at + timedelta(hours=5)
    if owned:
        let_in(customer, karl, Terms(role="owner", relation=Relation.STAFF, depth=None), rita, at)
    let_in(school, sonja, Terms(role="supporter", valid_until=until, reason="Störung"), rita, at)
    let_in(school, max_, Terms(role="viewer", valid_until=until), rita, at)
    code = sites.issue_claim_code(by(rita, at), school)
    keys = {"reseller": reseller.key, "customer": customer.key, "school": school.key}
    return {**keys, "claim_code": code}


def hold_back(password: str) -> None:
    """Rita holds Sonja back at a depot until she asks."""
    at = clock.now()
    rita, sonja = (
        make_person(f"{name}-held@example.org", name.title(), password) for name in ("rita", "sonja")
    )
    reseller = operations.open_level(by(rita, at), Kind.RESELLER, "Muster Grenzen AG")
    depot = operations.create_site(by(rita, at), reseller, "Werkhof Grenzen")
    let_in(depot, sonja, Terms(role="supporter"), rita, at)
    ceilings.set_ceiling(by(rita, at), depot, CeilingTerms(approval=("connect.use",)))


def duty(name: str, minutes: int) -> int:
    """What the worker does so many minutes from now; returns how often there was something to do."""
    done: int = getattr(duties, name)(clock.now() + timedelta(minutes=minutes))
    return done
