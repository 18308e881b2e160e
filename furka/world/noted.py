"""What people noted about levels, and what owners leave to others there."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from furka.access.rights import LOOK
from furka.access.roles import rights_of
from furka.particulars.models import Contact, Label, Particulars
from furka.people.models import Person
from furka.tree.ceilings import Ceiling
from furka.tree.grants import Grant
from furka.tree.models import Kind, Node
from furka.tree.texts import folded
from furka.world.ground import Ground, write
from furka.world.levels import Levels

#: Of so many of a hundred levels each is known.
_WITH_ADDRESS, _WITH_LABELS, _WITH_CONTACTS, _WITH_CEILING = 0.6, 0.3, 0.15, 0.05

_LABELS: Final = (
    "Pikett",
    "Wartungsvertrag",
    "Wärmepumpe",
    "Fernwärme",
    "Lüftung",
    "Schule",
    "Umbau",
    "Winter",
)
_STREETS: Final = ("Beispielweg", "Musterstrasse", "Probegasse", "Testplatz")
_TOWNS: Final = ("Beispielwil", "Musterikon", "Probendorf", "Testlingen", "Modellbach")
_ROLES: Final = ("Hauswart", "Technischer Dienst", "Verwaltung")


def make_noted(ground: Ground, levels: Levels, held: dict[int, list[Grant]]) -> None:
    """Write addresses with their places, labels, whom to call, and owners' ceilings."""
    ground.tell("addresses, labels, contacts, ceilings")
    owners = {
        grant.node_id: grant.person for grants in held.values() for grant in grants if grant.depth is None
    }
    noted, labels, contacts = list[Particulars](), list[Label](), list[Contact]()
    for node in (*levels.customers, *levels.sites):
        at = ground.draw.before(ground.at, ground.at - node.created_at)
        by = _owner_of(node, owners)
        if ground.draw.happens(_WITH_ADDRESS):
            noted.append(_address(ground, node, at, by))
        if node.kind == Kind.SITE and ground.draw.happens(_WITH_LABELS):
            labels += _labels(ground, node, at, by)
        if ground.draw.happens(_WITH_CONTACTS):
            contacts += _contacts(ground, node, at, by)
    write(noted)
    write(labels)
    write(contacts)
    write([_ceiling(ground, node, owners) for node in levels.customers if ground.draw.happens(_WITH_CEILING)])


def _owner_of(node: Node, owners: dict[int, Person | None]) -> tuple[int | None, str]:
    line = (node.pk, node.customer_id, node.reseller_id)
    person = next((found for id_ in line if id_ and (found := owners.get(id_))), None)
    return (person.pk, str(person)) if person else (None, "sample")


def _address(ground: Ground, node: Node, at: datetime, by: tuple[int | None, str]) -> Particulars:
    draw = ground.draw
    told: dict[str, Any] = {
        "street": f"{draw.one_of(_STREETS)} {draw.number(1, 99)}",
        "postcode": str(draw.number(1000, 9699)),
        "town": draw.one_of(_TOWNS),
        "latitude": str(Decimal(draw.number(4_590_000, 4_770_000)) / 100_000),
        "longitude": str(Decimal(draw.number(610_000, 1_030_000)) / 100_000),
    }
    if node.kind == Kind.CUSTOMER:
        told |= {"company": node.name, "phone": f"+41 44 555 {draw.number(10, 99)} {draw.number(10, 99)}"}
    ground.happened(node, "particulars.changed", at, told, by)
    places = {name: Decimal(told[name]) for name in ("latitude", "longitude")}
    return Particulars(node=node, **{**told, **places})


def _labels(ground: Ground, node: Node, at: datetime, by: tuple[int | None, str]) -> list[Label]:
    names = ground.draw.some_of(_LABELS, ground.draw.few(0.5, 4))
    ground.happened(node, "labels.changed", at, {"labels": sorted(names)}, by)
    return [Label(node=node, name=name, folded=folded(name)) for name in names]


def _contacts(ground: Ground, node: Node, at: datetime, by: tuple[int | None, str]) -> list[Contact]:
    draw, found = ground.draw, list[Contact]()
    for number in range(draw.few(0.4, 3)):
        told = {
            "name": draw.person(),
            "role": draw.one_of(_ROLES),
            "phone": f"+41 79 555 {draw.number(10, 99)} {draw.number(10, 99)}",
        }
        ground.happened(node, "contact.added", at, told, by)
        found.append(Contact(key=draw.key(), node=node, position=number + 1, **told))
    return found


def _ceiling(ground: Ground, node: Node, owners: dict[int, Person | None]) -> Ceiling:
    """Some leave others the rights of a supporter at most, some want to be asked each time."""
    at = max(ground.draw.before(ground.at, timedelta(days=90)), node.created_at)
    enter = sorted(rights_of("supporter"))
    told: dict[str, Any] = {
        "rights": None,
        "windows": [],
        "approval": [],
        "two_factor": False,
        "emergency": False,
    }
    if ground.draw.happens(0.5):
        told |= {"rights": enter}
    else:
        told |= {"approval": [key for key in enter if key != LOOK.key], "emergency": ground.draw.happens(0.5)}
    ground.happened(node, "ceiling.set", at, told, _owner_of(node, owners))
    person, zone = owners.get(node.pk), node.time_zone
    return Ceiling(key=ground.draw.key(), node=node, set_by=person, begun_at=at, time_zone=zone, **told)
