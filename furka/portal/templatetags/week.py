"""Parts of the component for weekly hours."""

from __future__ import annotations

from django import template
from django.forms import BoundField

from furka.portal.people_fields import Line, days_of_week, lines_of

register = template.Library()


@register.simple_tag
def week_lines(field: BoundField) -> list[Line]:
    """The lines in which hours can be typed, with what stands in them."""
    return lines_of(field.value())


@register.simple_tag
def week_days() -> list[tuple[int, str, str]]:
    """Number, short and full name of each day."""
    return days_of_week()


@register.simple_tag
def week_span(first: int, last: int) -> str:
    """Days in a row: `Mon–Fri`."""
    names = {number: short for number, short, _full in days_of_week()}
    return f"{names[first]}–{names[last]}"
