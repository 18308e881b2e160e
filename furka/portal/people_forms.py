"""Forms for letting people in, and for changing how they are let in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.access.delegation import Exceeds, Offer, may_grant
from furka.access.narrowing import NOTHING
from furka.access.rights import LOOK, PEOPLE, RIGHTS
from furka.access.roles import ROLES, rights_of
from furka.portal import role_words, words
from furka.portal.parts import PartForm
from furka.portal.people_fields import Card, MomentField, WeekField
from furka.portal.typos import likely_meant
from furka.tree.acting import Acting
from furka.tree.granting import Relation, Terms
from furka.tree.level_roles import names_of, roles_at
from furka.tree.models import Node

#: The most common ends of an access; the last lets one choose the moment.
ENDS: tuple[tuple[str, Promise], ...] = (
    ("1h", _("1 hour")),
    ("4h", _("4 hours")),
    ("today", _("today")),
    ("week", _("1 week")),
    ("open", _("until revoked")),
    ("moment", _("at a moment …")),
)

#: By how much an end is moved with one click: key → (text, span).
LONGER: dict[str, tuple[Promise, timedelta]] = {
    "1h": (_("1 hour"), timedelta(hours=1)),
    "4h": (_("4 hours"), timedelta(hours=4)),
    "1d": (_("1 day"), timedelta(days=1)),
    "1w": (_("1 week"), timedelta(weeks=1)),
}

#: The choice to pick the rights one by one.
BY_HAND = "-"

#: Whoever may pass on a role for that long may pass it on at all.
_SHORTEST = timedelta(minutes=1)

_BETWEEN = re.compile(r"[\s,;]+")


class TermsForm(PartForm):
    """What somebody may do, from when to when, at which hours. Times are those of the level's own time zone."""

    role = forms.ChoiceField(label=_("May do"), widget=forms.RadioSelect)
    rights = forms.MultipleChoiceField(label=_("Rights"), required=False, widget=forms.CheckboxSelectMultiple)
    begins = forms.ChoiceField(label=_("From"), required=False, widget=forms.RadioSelect)
    valid_from = MomentField(
        label=_("Moment of the begin"),
        error_messages={"required": _("Please enter the moment of the begin.")},
    )
    ends = forms.ChoiceField(label=_("How long"), widget=forms.RadioSelect)
    valid_until = MomentField(
        label=_("Moment of the end"),
        error_messages={"required": _("Please enter the moment of the end.")},
    )
    hours = forms.ChoiceField(
        label=_("At which hours"),
        required=False,
        choices=(("", Card(_("around the clock"))), ("weekly", Card(_("at certain hours of the week")))),
        widget=forms.RadioSelect,
    )
    windows = WeekField(label=_("Access hours"), required=False)
    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)
    relation = forms.ChoiceField(label=_("Kind of person"), required=False, widget=forms.RadioSelect)
    pass_on = forms.BooleanField(
        label=_("May let in others"),
        required=False,
        help_text=_("Not for longer and with no more rights than they hold themselves; those can not go on."),
    )

    on_request = forms.BooleanField(
        label=_("Only on request"),
        required=False,
        help_text=_("They may ask for access, each time with a reason, and somebody here must say yes."),
    )

    def __init__(self, by: Acting, node: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by, self._node = by, node
        self.offer_parts(by, node)
        self._zone = ZoneInfo(node.time_zone)
        roles = roles_to_offer(by, node)
        picked = rights_to_offer(by, node)
        self.may_invite = bool(roles or picked)
        because = by.decide(PEOPLE, node.place).because
        #: Until when the one who acts administers people here themselves; None: without end.
        self.own_end = because.interval.ends_at if because else None
        self.owns = because is not None and because.depth is None
        by_hand = (BY_HAND, Card(_("Choose rights one by one")))
        self._offer("role", [*roles, by_hand] if picked else roles)
        self._offer("rights", picked)
        self._offer(
            "relation", [(Relation.SUPPORTER, Card(_("Supporter"))), (Relation.STAFF, Card(_("Staff")))]
        )
        zone = _("Time at the level: %(zone)s (%(name)s)") % {
            "zone": words.zone_name(by.at.astimezone(self._zone)),
            "name": node.time_zone,
        }
        for name in ("valid_from", "valid_until"):
            moment = self.fields[name]
            assert isinstance(moment, MomentField)
            moment.zone, moment.help_text = self._zone, zone
        self.zone_in_words = zone

    def _offer(self, field: str, choices: list[tuple[Any, Any]]) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]  # it is a choice field

    def add_error(self, field: str | None, error: Any) -> None:
        """What does not fit about an end that was chosen without typing a moment is said at the choice."""
        if field == "valid_until" and self._was_read(field) and self._chosen("ends") != "moment":
            field = "ends"
        if field == "valid_from" and self._was_read(field) and self._chosen("begins") != "moment":
            field = "begins"
        field = "pass_on" if field == "depth" else field
        if field == "rights" and self._was_read(field) and self._chosen("role") != BY_HAND:
            field = "role"
        super().add_error(field, error)

    def _was_read(self, field: str) -> bool:
        return field in self.cleaned_data

    def _chosen(self, field: str) -> str:
        return str(self.cleaned_data.get(field, self.data.get(field, "")))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        # What stands in a field that does not count is no fault.
        for choice, field in (("begins", "valid_from"), ("ends", "valid_until")):
            if cleaned.get(choice) != "moment":
                self.errors.pop(field, None)
                cleaned[field] = None
        if cleaned.get("hours") != "weekly":
            self.errors.pop("windows", None)
            cleaned["windows"] = ()
        elif not cleaned.get("windows") and "windows" not in self.errors:
            self.add_error("windows", gettext("Choose at least one hour of the week."))
        if cleaned.get("role") == BY_HAND and not cleaned.get("rights") and "rights" not in self.errors:
            self.add_error("rights", gettext("Choose at least one right."))
        return cleaned

    def _role_and_rights(self) -> dict[str, Any]:
        role = self.cleaned_data["role"]
        if role == BY_HAND:
            return {"role": "", "rights": tuple(self.cleaned_data["rights"])}
        return {"role": role, "rights": ()}


class InviteForm(TermsForm):
    """Whom to let in, with what, until when."""

    email = forms.CharField(
        label=_("E-mail address"),
        max_length=10_000,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "off",
                "inputmode": "email",
                "spellcheck": "false",
            }
        ),
    )
    sure = forms.BooleanField(label=_("Yes, this is right as it stands"), required=False)

    def __init__(self, by: Acting, node: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(by, node, *args, **kwargs)
        self.asks = False
        self._offer("begins", [("", Card(_("at once"))), ("moment", Card(_("at a moment …")))])
        ends = self._ends_to_offer()
        self._offer("ends", ends)
        roles = dict(self.fields["role"].choices)  # type: ignore[attr-defined]  # it is a choice field
        self.initial.setdefault("role", next(iter(roles), None))
        if "ends" not in self.initial or self.initial["ends"] not in dict(ends):
            self.initial["ends"] = "4h" if "4h" in dict(ends) else ends[-1][0]
        self.initial.setdefault("relation", Relation.SUPPORTER)

    def clean_email(self) -> list[str]:
        """The addresses; one that looks like a slip of the finger is asked about once."""
        emails = [part for part in _BETWEEN.split(self.cleaned_data["email"]) if part]
        meant = {email: likely_meant(email) for email in emails}
        doubtful = {email: better for email, better in meant.items() if better}
        if doubtful and not self.data.get("sure"):
            self.asks = True
            raise ValidationError(
                [
                    gettext("Did you mean %(better)s instead of %(email)s?")
                    % {"better": better, "email": email}
                    for email, better in doubtful.items()
                ]
            )
        return emails

    def terms(self) -> Terms:
        """What is offered."""
        chosen = self.cleaned_data
        owner = chosen["role"] == "owner"
        staff = owner or chosen["relation"] == Relation.STAFF
        depth: int | None = 1 if chosen["pass_on"] else 0
        if owner and self.owns and chosen["ends"] == "open":
            depth = None
        return Terms(
            **self._role_and_rights(),
            valid_from=chosen["valid_from"],
            valid_until=self._end(chosen["ends"]),
            windows=chosen["windows"],
            reason=chosen["reason"],
            relation=Relation.STAFF if staff else Relation.SUPPORTER,
            depth=depth,
            on_request=chosen["on_request"],
            narrowing=self.narrowing(),
        )

    def _ends_to_offer(self) -> list[tuple[str, Promise]]:
        """No longer than the one who acts may enter themselves."""
        limit = self.own_end
        if limit is None:
            return list(ENDS)
        quick = ((key, self._end(key)) for key, _text in ENDS if key not in ("open", "moment"))
        fitting = {key for key, end in quick if end is not None and end <= limit} | {"moment"}
        return [(key, text) for key, text in ENDS if key in fitting]

    def _end(self, chosen: str) -> datetime | None:
        """Quick ends count from the begin."""
        start = (
            self.cleaned_data.get("valid_from") if self.is_bound and hasattr(self, "cleaned_data") else None
        )
        at = start or self._by.at
        match chosen:
            case "1h":
                return at + timedelta(hours=1)
            case "4h":
                return at + timedelta(hours=4)
            case "today":
                tomorrow = at.astimezone(self._zone).date() + timedelta(days=1)
                return datetime.combine(tomorrow, time(), self._zone).astimezone(UTC)
            case "week":
                return at + timedelta(weeks=1)
            case "moment":
                moment: datetime = self.cleaned_data["valid_until"]
                return moment
            case _:
                return None


class ChangeForm(TermsForm):
    """Other terms for an access that runs; what is not touched stays as it is."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, by: Acting, terms: Terms, version: int, node: Node, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).update(
            {
                "role": terms.role or BY_HAND,
                "rights": list(terms.rights),
                "begins": "",
                "ends": "",
                "hours": "weekly" if terms.windows else "",
                "windows": terms.windows,
                "reason": terms.reason,
                "relation": terms.relation,
                "pass_on": terms.depth != 0,
                "on_request": terms.on_request,
                "version": version,
            }
        )
        super().__init__(by, node, *args, **kwargs)
        self._terms = terms
        self.offer_parts(by, node, terms.narrowing)
        self._keep_what_is_held()
        self._offer("begins", [("", Card(_("as now"))), ("moment", Card(_("at a moment …")))])
        longer = [(key, Card(_("%(span)s longer") % {"span": text})) for key, (text, _span) in LONGER.items()]
        no_end = [("open", Card(_("until revoked")))] if self.own_end is None else []
        ends = [("", Card(_("as now"))), *(longer if terms.valid_until else []), *no_end]
        self._offer("ends", [*ends, ("moment", Card(_("at a moment …")))])
        self.fields["ends"].required = False

    def holds_against(self, version: int) -> None:
        """What was typed stays; sent once more, it holds against what the page now shows."""
        assert isinstance(self.data, QueryDict)
        data = self.data.copy()
        data["version"] = str(version)
        self.data = data

    def _keep_what_is_held(self) -> None:
        """What somebody holds already may stay, also if the one who acts could not give it."""
        roles = list(self.fields["role"].choices)  # type: ignore[attr-defined]  # it is a choice field
        role = self._terms.role
        if role and role not in dict(roles):
            title = role_words.title(role, (), names_of([role]))
            roles.insert(0, (role, Card(title, role_words.sentence(role))))
        if not self._terms.role and BY_HAND not in dict(roles):
            roles.append((BY_HAND, Card(_("Choose rights one by one"))))
        self._offer("role", roles)
        rights = dict(self.fields["rights"].choices)  # type: ignore[attr-defined]  # it is a choice field
        for right in RIGHTS.all():
            if right.key in self._terms.rights and right != LOOK:
                rights.setdefault(right.key, gettext(right.title))
        self._offer("rights", list(rights.items()))

    def terms(self) -> Terms:
        """What shall hold from now on."""
        chosen, was = self.cleaned_data, self._terms
        depth = was.depth if chosen["pass_on"] == (was.depth != 0) else (1 if chosen["pass_on"] else 0)
        return Terms(
            **self._role_and_rights(),
            valid_from=chosen["valid_from"] or was.valid_from,
            valid_until=self._end(chosen["ends"]),
            windows=chosen["windows"],
            reason=chosen["reason"],
            relation=Relation(chosen["relation"] or was.relation),
            depth=depth,
            on_request=chosen["on_request"],
            # Whoever sends no choice leaves it as it is.
            narrowing=self.narrowing() if "part" in self.data else was.narrowing,
        )

    def _end(self, chosen: str) -> datetime | None:
        if chosen in LONGER and self._terms.valid_until is not None:
            return self._terms.valid_until + LONGER[chosen][1]
        if chosen == "moment":
            moment: datetime = self.cleaned_data["valid_until"]
            return moment
        return None if chosen == "open" else self._terms.valid_until


def roles_to_offer(by: Acting, node: Node, *, site_users: bool = False) -> list[tuple[str, Card]]:
    """The roles that the one who acts may pass on here, the smallest first, each with what it allows in words."""
    offered = []
    for role in reversed(ROLES):
        rights = rights_of(role.key)
        if role.for_site_users == site_users and _may_give(by, node, rights):
            allows = ", ".join(role_words.rights_in_words(rights))
            offered.append((role.key.value, Card(gettext(role.title), role_words.sentence(role.key), allows)))
    for own in [] if site_users else roles_at(by, node):
        if _may_give(by, node, own.rights):
            text = _("Role of “%(name)s”") % {"name": own.node.name}
            offered.append((own.key, Card(own.name, text, ", ".join(role_words.rights_in_words(own.rights)))))
    return offered


def rights_to_offer(by: Acting, node: Node) -> list[tuple[str, str]]:
    """The single rights that the one who acts may pass on here; to see is part of every other."""
    return [
        (right.key, gettext(right.title))
        for right in RIGHTS.all()
        if right != LOOK and _may_give(by, node, frozenset({right.key}))
    ]


def _may_give(by: Acting, node: Node, rights: frozenset[str]) -> bool:
    try:
        offer = Offer(rights, node.place, by.at, by.at + _SHORTEST, narrowing=NOTHING)
        may_grant(by.held, offer, by.at, by.limit, by.ceilings_over(node.place))
    except Exceeds:
        return False
    return True
