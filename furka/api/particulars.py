"""What people note about levels: labels, address and place, whom to call."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from furka.access.rights import CONFIGURE, LOOK
from furka.api.routes import Key, Routes, at_node
from furka.api.schemas import Answer, Input, Text
from furka.errors import NotThere
from furka.particulars import operations, queries
from furka.particulars.models import Contact as Row
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

routes = Routes("particulars")

_KINDS = (Kind.RESELLER, Kind.CUSTOMER, Kind.SITE)


class Particulars(Answer):
    """Where a level is, how its owner is reached, and a note. Degrees are those of WGS 84."""

    company: str
    phone: str
    email: str
    street: str
    postcode: str
    town: str
    country: str
    latitude: float | None
    longitude: float | None
    note: str


class NewParticulars(Input):
    """The same, to be set as a whole; what is left out becomes empty."""

    company: Annotated[Text, StringConstraints(max_length=120)] = ""
    phone: Annotated[Text, StringConstraints(max_length=40)] = ""
    email: Annotated[Text, StringConstraints(max_length=254)] = ""
    street: Annotated[Text, StringConstraints(max_length=120)] = ""
    postcode: Annotated[Text, StringConstraints(max_length=20)] = ""
    town: Annotated[Text, StringConstraints(max_length=80)] = ""
    country: Annotated[Text, StringConstraints(max_length=60)] = ""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    note: Annotated[Text, StringConstraints(max_length=4000)] = ""


class Labels(Input):
    """The labels of a level."""

    labels: Annotated[list[Annotated[Text, StringConstraints(max_length=60)]], Field(max_length=100)]


class LabelsShown(Answer):
    """The labels of a level."""

    labels: list[str]


class Contact(Answer):
    """Somebody to call about a level."""

    key: str
    name: str
    role: str
    phone: str
    email: str
    note: str


class NewContact(Input):
    """Somebody to call about a level."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=80)]
    role: Annotated[Text, StringConstraints(max_length=80)] = ""
    phone: Annotated[Text, StringConstraints(max_length=40)] = ""
    email: Annotated[Text, StringConstraints(max_length=254)] = ""
    note: Annotated[Text, StringConstraints(max_length=300)] = ""


@routes.get("/levels/{key}/particulars", at_node(LOOK, *_KINDS))
def read_particulars(by: Acting, level: Node) -> Particulars:
    """Where a level is, and how its owner is reached."""
    row = queries.particulars_of(by, level)
    texts = ("company", "phone", "email", "street", "postcode", "town", "country", "note")
    return Particulars(
        **{name: getattr(row, name) if row else "" for name in texts},
        latitude=float(row.latitude) if row and row.latitude is not None else None,
        longitude=float(row.longitude) if row and row.longitude is not None else None,
    )


@routes.patch("/levels/{key}/particulars", at_node(CONFIGURE, *_KINDS))
def set_particulars(by: Acting, level: Node, body: NewParticulars) -> Particulars:
    """Say where a level is, and how its owner is reached."""
    given = body.model_dump()
    for name in ("latitude", "longitude"):
        given[name] = None if given[name] is None else Decimal(str(given[name]))
    operations.set_particulars(by, level, operations.Noted(**given))
    return read_particulars(by, level)


@routes.get("/levels/{key}/labels", at_node(LOOK, *_KINDS))
def read_labels(by: Acting, level: Node) -> LabelsShown:
    """The words that a level can be found and grouped by."""
    return LabelsShown(labels=queries.labels_of(by, [level]).get(level.pk, []))


@routes.patch("/levels/{key}/labels", at_node(CONFIGURE, *_KINDS))
def set_labels(by: Acting, level: Node, body: Labels) -> LabelsShown:
    """Have a level carry exactly these labels."""
    operations.set_labels(by, level, body.labels)
    return read_labels(by, level)


@routes.get("/levels/{key}/contacts", at_node(LOOK, *_KINDS))
def list_contacts(by: Acting, level: Node) -> list[Contact]:
    """Whom to call, in the order in which they are called."""
    return [_shown(row) for row in queries.contacts_of(by, level)]


@routes.post("/levels/{key}/contacts", at_node(CONFIGURE, *_KINDS))
def add_contact(by: Acting, level: Node, body: NewContact) -> Contact:
    """One more person to call."""
    return _shown(operations.add_contact(by, level, operations.Reached(**body.model_dump())))


@routes.patch("/levels/{key}/contacts/{contact}", at_node(CONFIGURE, *_KINDS))
def change_contact(by: Acting, level: Node, contact: Key, body: NewContact) -> Contact:
    """Somebody is reached differently."""
    row = _of_key(by, level, contact)
    operations.change_contact(by, row, operations.Reached(**body.model_dump()))
    return _shown(row)


@routes.delete("/levels/{key}/contacts/{contact}", at_node(CONFIGURE, *_KINDS))
def remove_contact(by: Acting, level: Node, contact: Key) -> None:
    """Somebody is not called any more."""
    operations.remove_contact(by, _of_key(by, level, contact))


def _of_key(by: Acting, level: Node, key: str) -> Row:
    row = Row.objects.visible_to(by, CONFIGURE).filter(node=level, key=key).first()
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    row.node = level
    return row


def _shown(row: Row) -> Contact:
    return Contact(key=row.key, name=row.name, role=row.role, phone=row.phone, email=row.email, note=row.note)
