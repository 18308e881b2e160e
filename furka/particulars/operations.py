"""Changes of what people note about levels: labels, particulars, contacts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE
from furka.errors import Conflict, Invalid
from furka.particulars.models import Contact, Label, Particulars
from furka.tree.labels import checked_labels
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.texts import one_line

MOST_CONTACTS = 20
LONGEST_NOTE = 4000

_DECIDED = "the right was decided on the level"


@dataclass(frozen=True, slots=True)
class Noted:
    """What is noted about a level. `latitude` and `longitude` are degrees (WGS 84), both or neither."""

    company: str = ""
    phone: str = ""
    email: str = ""
    street: str = ""
    postcode: str = ""
    town: str = ""
    country: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """How somebody is reached, and what for."""

    name: str
    role: str = ""
    phone: str = ""
    email: str = ""
    note: str = ""


@operation(CONFIGURE)
def set_labels(work: Work, node: Node, names: Collection[str]) -> None:
    """Have a level carry exactly these labels."""
    wanted = checked_labels(names)
    rows = {row.folded: row for row in Label.objects.everything(_DECIDED).filter(node=node)}
    before = sorted(row.name for row in rows.values())
    if before == sorted(wanted.values()):
        return
    for key, row in rows.items():
        if key not in wanted or row.name != wanted[key]:
            row.delete()
    kept = {key for key, row in rows.items() if wanted.get(key) == row.name}
    Label.objects.everything(_DECIDED).bulk_create(
        Label(node=node, name=name, folded=key) for key, name in wanted.items() if key not in kept
    )
    work.record(node, "labels.changed", before={"labels": before}, after={"labels": sorted(wanted.values())})


@operation(CONFIGURE)
def set_particulars(work: Work, node: Node, noted: Noted) -> None:
    """Say where a level is and how its owner is reached."""
    noted = checked_noted(noted)
    row = Particulars.objects.everything(_DECIDED).filter(node=node).first() or Particulars(node=node)
    values = asdict(noted)
    before = {name: getattr(row, name) for name in values}
    if before == values:
        return
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    changed = [name for name in values if before[name] != values[name]]
    work.record(
        node,
        "particulars.changed",
        before={name: as_told(before[name]) for name in changed},
        after={name: as_told(values[name]) for name in changed},
    )


@operation(CONFIGURE)
def add_contact(work: Work, node: Node, reached: Reached) -> Contact:
    """Somebody to call about a level, after those that are there."""
    reached = _checked_contact(reached)
    rows = Contact.objects.everything(_DECIDED).filter(node=node)
    if rows.count() >= MOST_CONTACTS:
        raise Conflict("too-many-contacts", _("A level has at most 20 contacts."))
    last = rows.order_by("-position").values_list("position", flat=True).first()
    contact = Contact.objects.create(node=node, position=(last or 0) + 1, **asdict(reached))
    work.record(node, "contact.added", after=_told(reached))
    return contact


@operation(CONFIGURE)
def change_contact(work: Work, contact: Contact, reached: Reached) -> None:
    """Somebody is reached differently now."""
    reached = _checked_contact(reached)
    before = Reached(contact.name, contact.role, contact.phone, contact.email, contact.note)
    if before == reached:
        return
    for name, value in asdict(reached).items():
        setattr(contact, name, value)
    contact.save()
    work.record(contact.node, "contact.changed", before=_told(before), after=_told(reached))


@operation(CONFIGURE)
def remove_contact(work: Work, contact: Contact) -> None:
    """Somebody is not called about a level any more."""
    node, told = contact.node, _told(Reached(contact.name, contact.role))
    contact.delete()
    work.record(node, "contact.removed", before=told)


def checked_noted(noted: Noted) -> Noted:
    """What is noted, as it is kept. Raises Invalid."""
    if (noted.latitude is None) != (noted.longitude is None):
        field = "latitude" if noted.latitude is None else "longitude"
        raise Invalid.at(field, "place-incomplete", _("A place needs latitude and longitude."))
    if noted.latitude is not None and not -90 <= noted.latitude <= 90:
        raise Invalid.at("latitude", "latitude-wrong", _("Between -90 and 90 degrees."))
    if noted.longitude is not None and not -180 <= noted.longitude <= 180:
        raise Invalid.at("longitude", "longitude-wrong", _("Between -180 and 180 degrees."))
    if len(noted.note) > LONGEST_NOTE:
        raise Invalid.at("note", "note-too-long", _("At most 4000 characters."))
    texts = {
        name: one_line(getattr(noted, name))
        for name in ("company", "phone", "email", "street", "postcode", "town", "country")
    }
    for name, text in texts.items():
        longest = getattr(Particulars._meta.get_field(name), "max_length", None) or 254
        if len(text) > longest:
            raise Invalid.at(name, "too-long", _("This is too long."))
    _check_email(texts["email"])
    return Noted(
        **texts,
        latitude=rounded(noted.latitude),
        longitude=rounded(noted.longitude),
        note=noted.note.replace("\r\n", "\n").strip(),
    )


def _checked_contact(reached: Reached) -> Reached:
    texts = {name: one_line(value) for name, value in asdict(reached).items()}
    if not texts["name"]:
        raise Invalid.at("name", "name-missing", _("Please enter a name."))
    for name, text in texts.items():
        longest = getattr(Contact._meta.get_field(name), "max_length", None) or 254
        if len(text) > longest:
            raise Invalid.at(name, "too-long", _("This is too long."))
    _check_email(texts["email"])
    return Reached(**texts)


def _check_email(email: str) -> None:
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise Invalid.at("email", "email-wrong", _("Please enter a valid e-mail address.")) from None


def rounded(degrees: Decimal | None) -> Decimal | None:
    """To about a metre."""
    return None if degrees is None else degrees.quantize(Decimal("0.00001"))


def as_told(value: Any) -> Any:
    """As an event says it."""
    return str(value) if isinstance(value, Decimal) else value


def _told(reached: Reached) -> dict[str, str]:
    return {name: value for name, value in asdict(reached).items() if value}
