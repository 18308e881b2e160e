"""Mails about incidents: to the addresses that the installation names, and to people who chose them and are touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.people.models import Person
from furka.people.notices import Notice, register, tell
from furka.status.models import Component, Incident, Stage, Update
from furka.status.touched import touches
from furka.tree.notices import write
from furka.tree.operation import Work

CLOUD = register(
    Notice(
        "cloud-incident",
        gettext_lazy("The cloud has an incident that touches my sites"),
        gettext_lazy(
            "When it begins, what the operator says about it, and when it ends. Only if you choose it here."
        ),
        chosen_only=True,
    )
)

Lines = Callable[[], list[str]]


def tell_began(work: Work, incident: Incident, component: Component) -> None:
    """Something does not work since a moment."""
    name, began = component, incident.began_at

    def lines() -> list[str]:
        return [
            _("%(part)s does not work since %(moment)s.") % {"part": name.name, "moment": _moment(began)},
            "",
            _("You see how it goes on here:"),
            address(incident),
        ]

    incident.told_at = work.at
    incident.save(update_fields=["told_at"])
    _tell(work, incident, lambda: _("Incident: %(part)s") % {"part": name.name}, lines)


def tell_ended(work: Work, incident: Incident) -> None:
    """It works again, since a moment."""
    part = incident.parts.select_related("component__hub").first()
    if part is None or incident.ended_at is None:
        return
    began, ended, component = incident.began_at, incident.ended_at, part.component

    def lines() -> list[str]:
        said = _("%(part)s works again. The incident lasted from %(begin)s to %(end)s.")
        filled = said % {"part": component.name, "begin": _moment(began), "end": _moment(ended)}
        return [filled, "", address(incident)]

    _tell(work, incident, lambda: _("Works again: %(part)s") % {"part": component.name}, lines)


def tell_was(work: Work, incident: Incident, component: Component) -> None:
    """It did not work for a while, and does again."""
    began, ended = incident.began_at, incident.ended_at or work.at

    def lines() -> list[str]:
        said = _("%(part)s did not work from %(begin)s to %(end)s. It works again.")
        filled = said % {"part": component.name, "begin": _moment(began), "end": _moment(ended)}
        return [filled, "", address(incident)]

    _tell(work, incident, lambda: _("Works again: %(part)s") % {"part": component.name}, lines)


def tell_said(work: Work, incident: Incident, update: Update) -> None:
    """The operator has said something."""

    def lines() -> list[str]:
        return [in_own_language(update.texts), "", address(incident)]

    def subject() -> str:
        return _("Incident: %(part)s") % {"part": str(Stage(update.stage).label)}

    _tell(work, incident, subject, lines)


def in_own_language(texts: dict[str, str]) -> str:
    """The text in the language of the moment; else in English, else in the first there is."""
    code = translation.get_language() or settings.LANGUAGE_CODE
    for each in (code, settings.LANGUAGE_CODE, "en"):
        if each in texts:
            return texts[each]
    return next(iter(texts.values()), "")


def address(incident: Incident) -> str:
    """The address of the page about an incident."""
    return f"{settings.PORTAL_URL}/cloud/incidents/{incident.key}/"


def _tell(work: Work, incident: Incident, subject: Callable[[], str], lines: Lines) -> None:
    for email in settings.ALARM_MAIL:
        with translation.override(settings.LANGUAGE_CODE):
            write(email, lambda: (subject(), lines()))
    for person in _who_chose():
        if touches(person, incident, work.at):
            tell(person, CLOUD, subject, lines)


def _who_chose() -> Iterable[Person]:
    chosen = Person.objects.filter(is_active=True, sample_since=None, closed_at=None)
    text = Cast("notices_off", TextField())
    return chosen.annotate(switched=text).filter(switched__contains=f'"{CLOUD.key}"').order_by("pk")


def _moment(at: datetime) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT")
