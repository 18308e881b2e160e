"""Fields for terms: moments on the clock of a level, weekly hours, choices that say what they mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.functional import Promise
from django.utils.translation import gettext

from furka.access.windows import WeeklyWindow, windows_from_json

#: How a moment comes from browsers, and how people type it where the browser does not help.
_WRITTEN = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M")

#: So many lines of hours can be typed where nothing can be painted.
LINES = 4

#: Longer than all windows of a grant can be.
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Card:
    """A choice that says what it means."""

    title: str | Promise
    text: str | Promise = ""
    detail: str = ""
    picture: str = ""  # the template of a small picture

    def __str__(self) -> str:
        return str(self.title)


class MomentField(forms.DateTimeField):
    """A moment on the clock of a level, whatever zone the reader is in; a moment that this clock skips is refused."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zone: tzinfo = UTC

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(self.zone).replace(tzinfo=None) if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        for form in _WRITTEN:
            try:
                there = datetime.strptime(str(value).strip(), form).replace(tzinfo=self.zone)
            except ValueError:
                continue
            try:
                moment = there.astimezone(UTC)
            except OverflowError:
                break
            if moment.astimezone(self.zone).replace(tzinfo=None) != there.replace(tzinfo=None):
                raise ValidationError(gettext("This time is skipped that night, when the clocks change."))
            return moment
        raise ValidationError(gettext("Please enter a date and a time, such as 24.11.2026 18:00."))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of hours as it is typed: its number, its days, from and to."""

    number: int
    days: frozenset[int]
    begins: str
    ends: str

    @property
    def is_empty(self) -> bool:
        return not (self.days or self.begins or self.ends)


class WeekWidget(forms.Widget):
    """Reads weekly hours: painted ones from one hidden field, typed ones from lines of days, from and to.

    It is shown by the component `week-grid`, which reads `lines`.
    """

    def value_from_datadict(self, data: Mapping[str, Any], _files: object, name: str) -> object:
        painted = str(data.get(name, ""))
        if painted:
            return painted[:_LONGEST]
        days = getattr(data, "getlist", lambda key: data.get(key, []))
        return [
            Line(
                number,
                frozenset(int(day) for day in days(f"{name}-{number}-days") if day in list("0123456")),
                str(data.get(f"{name}-{number}-begins", ""))[:5],
                str(data.get(f"{name}-{number}-ends", ""))[:5],
            )
            for number in range(LINES)
        ]

    def value_omitted_from_data(self, *_args: object) -> bool:
        return False

    def id_for_label(self, id_: str, index: str | None = None) -> str:  # asked for by the library
        return f"{id_}-0-begins"


class WeekField(forms.Field):
    """Weekly hours in which an access counts; cleaned it is a tuple of windows."""

    widget = WeekWidget

    def to_python(self, value: object) -> tuple[WeeklyWindow, ...]:
        try:
            if isinstance(value, str):
                return windows_from_json(json.loads(value))
            lines = value if isinstance(value, list) else []
            typed = [line for line in lines if isinstance(line, Line) and not line.is_empty]
            return windows_from_json(
                [{"weekdays": sorted(line.days), "begins": line.begins, "ends": line.ends} for line in typed]
            )
        except (json.JSONDecodeError, RecursionError):
            raise ValidationError(gettext("These hours can not be read. Please enter them again.")) from None
        except ValueError as error:
            raise ValidationError(gettext(str(error))) from None  # a marked msgid


def lines_of(value: object) -> list[Line]:
    """What stands in the lines of a week: what was typed, or the hours that hold now."""
    if isinstance(value, list) and all(isinstance(line, Line) for line in value):
        return value
    try:
        windows = windows_from_json(json.loads(value)) if isinstance(value, str) and value else ()
    except (ValueError, RecursionError):
        windows = ()
    if isinstance(value, tuple):
        windows = value
    lines = [
        Line(number, each.weekdays, f"{each.begins:%H:%M}", str(each.to_json()["ends"]))
        for number, each in enumerate(windows)
    ]
    return lines + [Line(number, frozenset(), "", "") for number in range(len(lines), LINES)]


def days_of_week() -> list[tuple[int, str, str]]:
    """The days with their short and their full names, Monday first."""
    return [(number, str(WEEKDAYS_ABBR[number]), str(WEEKDAYS[number])) for number in range(7)]
