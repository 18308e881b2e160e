"""Small parts that the components are made of."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect
from django.templatetags.static import static
from django.urls import ResolverMatch
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from furka import clock

register = template.Library()

#: Pages of the account that stand below another one's tab.
ACCOUNT_PARTS = {
    "account_set_password": "account_change_password",
    "mfa_activate_totp": "mfa_index",
    "mfa_deactivate_totp": "mfa_index",
    "mfa_view_recovery_codes": "mfa_index",
    "mfa_generate_recovery_codes": "mfa_index",
    "mfa_list_webauthn": "mfa_index",
    "mfa_add_webauthn": "mfa_index",
    "mfa_edit_webauthn": "mfa_index",
    "mfa_remove_webauthn": "mfa_index",
    "token-create": "tokens",
    "account-email-change": "account_email",
    "account-close": "account-data",
}
# In this order: most browsers also claim to be an older one.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_numbers = itertools.count(1)


@register.simple_tag
def icon(name: str, classes: str = "", label: str = "") -> SafeString:
    """An icon of the sprite. It says nothing to screen readers unless it has a label."""
    filled = " icon-filled" if name.endswith("-filled") else ""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon{} {}" {}><use href="{}#{}"/></svg>',
        filled,
        classes,
        spoken,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def attributes(given: Any) -> SafeString:
    """The attributes that a component passes on, each escaped; those that are false or missing are left out."""
    values: Mapping[str, Any] = given.attrs_dict()
    kept = ((name, value) for name, value in values.items() if value not in (None, False))
    return mark_safe(  # noqa: S308  # every part is escaped here
        " ".join(
            conditional_escape(name)
            if value is True
            else f'{conditional_escape(name)}="{conditional_escape(value)}"'
            for name, value in kept
        )
    )


@register.simple_tag
def control(field: BoundField, **changes: Any) -> SafeString:
    """A form field's widget in the house's look, tied to its help and its errors for screen readers.

    Placeholders repeat the label in some libraries' forms and go; `changes` sets further attributes.
    """
    attrs: dict[str, Any] = {name: value for name, value in changes.items() if value}
    if not isinstance(field.field.widget, CheckboxInput | RadioSelect | CheckboxSelectMultiple):
        given = field.field.widget.attrs.get("class", "")
        attrs["class"] = f"control {given}".strip()
    attrs.setdefault("placeholder", None)
    described = [f"{field.auto_id}_help"] if field.help_text or changes.get("help") else []
    attrs.pop("help", None)
    if field.errors:
        attrs["aria-invalid"] = "true"
        described.insert(0, f"{field.auto_id}_errors")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    before = field.field.widget.attrs
    field.field.widget.attrs = {name: value for name, value in before.items() if name != "placeholder"}
    try:
        return field.as_widget(attrs={name: value for name, value in attrs.items() if value is not None})
    finally:
        field.field.widget.attrs = before


@register.filter
def shape(field: BoundField) -> str:
    """How a field is laid out: `tick` (label beside), `choices` (a group), `hidden` or `line` (label above)."""
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        return "choices"
    return "tick" if isinstance(widget, CheckboxInput) else "line"


@register.filter
def takes_files(form: Any) -> bool:
    """Whether a form has to be sent in several parts."""
    return any(isinstance(field.widget, FileInput) for field in form.fields.values()) if form else False


@register.simple_tag
def new_id(prefix: str) -> str:
    """An id that no other element of the page has."""
    return f"{prefix}-{next(_numbers)}"


@register.simple_tag
def passed(start: datetime, end: datetime) -> int:
    """How much of the time from start to end has gone by, in thousandths."""
    whole = (end - start).total_seconds()
    gone = (clock.now() - start).total_seconds()
    return 1000 if whole <= 0 else round(1000 * min(1.0, max(0.0, gone / whole)))


@register.filter
def lines(values: Any) -> SafeString:
    """Several texts, one below the other."""
    return format_html_join(mark_safe("<br>"), "{}", ((value,) for value in values))


@register.filter
def is_part_of(name: str, match: ResolverMatch | None) -> bool:
    """Whether the page being shown belongs to that tab of the account."""
    return match is not None and name == ACCOUNT_PARTS.get(match.url_name or "", match.url_name)


@register.filter
def browser(agent: str) -> str:
    """What a browser calls itself, in words: `Firefox, Windows`."""
    program = next((name for sign, name in _BROWSERS if sign in agent), agent.partition("/")[0][:30])
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return ", ".join(part for part in (program, system) if part)


@register.filter
def filled(slot: str) -> bool:
    """Whether something other than white space was put between the tags of a component."""
    return bool(slot.strip())
