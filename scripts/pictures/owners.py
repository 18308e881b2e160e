"""What an owner of the sample has decided: limits for others, requests that came of them, a site user, a review.

Django has to be set up before this module is imported.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from furka.cli.logins import PASSWORD
from furka.people.models import Person
from furka.people.operations import make_person
from furka.reviews import operations as reviews
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.sites.queries import devices_of, networks_of
from furka.tree import ceilings, granting, holdings, queries, requesting
from furka.tree.acting import Acting
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Terms
from furka.tree.grants import Relation
from furka.tree.models import Node
from furka.tree.requesting import Wish

#: Rights that the owner of the fire station leaves to others.
_LEFT = ("connect.use", "diagnose", "configure")


def decide(station: Node, school: Node, confirmed: Node, customer: Node, at: datetime) -> dict[str, str]:
    """Fill it in; returns words for the addresses of scenes."""
    karl, sonja, luca = (
        Person.objects.get(email=f"{name}@example.org") for name in ("karl", "sonja", "luca")
    )
    anna, hanna = (
        make_person(f"{name.lower()}@example.org", f"{name} Beispiel", PASSWORD) for name in ("Anna", "Hanna")
    )
    long_ago, week = at - timedelta(days=30), at + timedelta(days=7)
    _let_in(karl, customer, anna, Terms(role="owner", relation=Relation.STAFF, depth=None), long_ago)
    _let_in(karl, school, hanna, Terms(role="site-operator", relation=Relation.SITE_USER), long_ago)
    for somebody in (sonja, luca):
        _let_in(karl, station, somebody, Terms(role="supporter", valid_until=week), long_ago)
    terms = CeilingTerms(_LEFT, approval=(USE_REMOTE_ACCESS.key,), emergency=True)
    ceilings.set_ceiling(_by(karl, long_ago), station, terms)
    each_time = CeilingTerms(confirm=(USE_REMOTE_ACCESS.key,), confirm_reason=True, confirm_factor=True)
    ceilings.set_ceiling(_by(karl, long_ago), confirmed, each_time)
    wanted = (USE_REMOTE_ACCESS.key,)
    asked = requesting.ask(
        _by(sonja, at - timedelta(minutes=50)),
        station,
        Wish(wanted, 120, "Torsteuerung einstellen (Beispiel)"),
    )
    requesting.enter_in_emergency(
        _by(luca, at - timedelta(hours=5)), station, Wish(wanted, 60, "Tor geht nicht auf (Beispiel)")
    )
    review = reviews.begin(_by(karl, at - timedelta(days=2)), customer)
    network, device = networks_of(_by(karl, at), school)[0], devices_of(_by(karl, at), school)[0]
    return {
        "station": station.key,
        "confirmed": confirmed.key,
        "asked": asked.key,
        "review": review.key,
        "network": network.key,
        "device": device.device.key,
    }


def _by(person: Person, at: datetime) -> Acting:
    return holdings.of_person(person, at, "sample")


def _let_in(inviter: Person, node: Node, person: Person, terms: Terms, at: datetime) -> None:
    grant = granting.invite(_by(inviter, at), node, person.email, terms)
    secret = queries.invitation_secret(grant.series)
    assert secret is not None  # it was made a moment ago
    granting.accept(_by(person, at + timedelta(minutes=9)), secret)
