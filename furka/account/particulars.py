"""Personal data and the choice of mails, changed by the person themselves."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from furka.errors import Invalid
from furka.people import notices
from furka.people.models import Person
from furka.tree.operation import Work, own_operation
from furka.tree.texts import one_line

#: Digits with what people write between them (ITU-T E.123), at least three digits.
_PHONE = re.compile(r"\+?[0-9 ()/.\-]{3,30}( ?(ext|int)\.? ?[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Particulars:
    """Who somebody is, as they say themselves."""

    name: str
    phone: str = ""
    mobile: str = ""
    company: str = ""
    language: str = "de"
    time_zone: str = "Europe/Zurich"


def particulars_of(person: Person) -> Particulars:
    """The personal data of somebody."""
    return Particulars(
        person.name, person.phone, person.mobile, person.company, person.language, person.time_zone
    )


@own_operation("everybody may say who they are")
def change_particulars(work: Work, given: Particulars) -> Particulars:
    """Keep new personal data. Raises Invalid with every field that is wrong."""
    person = Person.objects.select_for_update().get(pk=work.acting_person_id)
    faults: dict[str, list[object]] = {}
    name = one_line(given.name)
    if not name:
        faults["name"] = [_("Please enter a name.")]
    elif len(name) > 120:
        faults["name"] = [_("At most 120 characters.")]
    company = one_line(given.company)
    if len(company) > 120:
        faults["company"] = [_("At most 120 characters.")]
    numbers = {"phone": one_line(given.phone), "mobile": one_line(given.mobile)}
    for field, number in numbers.items():
        if number and (len(number) > 40 or not _PHONE.fullmatch(number)):
            faults[field] = [_("Please enter a phone number such as +41 44 123 45 67.")]
    if given.language not in dict(settings.LANGUAGES):
        faults["language"] = [_("This language is not there.")]
    try:
        ZoneInfo(given.time_zone)
    except (KeyError, ValueError, OSError):
        faults["time_zone"] = [_("This time zone is not known.")]
    if faults:
        raise Invalid("particulars-wrong", _("Some fields are wrong."), faults)
    person.name, person.company = name, company
    person.phone, person.mobile = numbers["phone"], numbers["mobile"]
    person.language, person.time_zone = given.language, given.time_zone
    person.save(update_fields=["name", "company", "phone", "mobile", "language", "time_zone"])
    return particulars_of(person)


@own_operation("everybody chooses which mails they get")
def choose_notices(work: Work, wanted: Collection[str]) -> None:
    """Which kinds of mails the one who acts gets from now on. Raises Invalid for a kind that does not exist."""
    known = {notice.key for notice in notices.kinds()}
    if not set(wanted) <= known:
        raise Invalid.at("wanted", "notice-unknown", _("This kind of mail does not exist."))
    notices.choose(Person.objects.select_for_update().get(pk=work.acting_person_id), wanted)
