"""Says how the cloud is: what was found, what that means for whoever reads it, how well a part has worked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.portal import words
from furka.status.kinds import Kind
from furka.status.letters import in_own_language
from furka.status.models import Component, Incident, Stage
from furka.status.queries import Strip

#: State → (kind of the status component, the word).
STATES: Mapping[str, tuple[str, Promise]] = {
    "ok": ("ok", gettext_lazy("Works")),
    "weak": ("warn", gettext_lazy("Works, with faults")),
    "bad": ("bad", gettext_lazy("Does not work")),
    "unknown": ("off", gettext_lazy("Not known")),
}
WHOLE: Mapping[str, Promise] = {
    "ok": gettext_lazy("The cloud works."),
    "weak": gettext_lazy("The cloud works, with faults."),
    "bad": gettext_lazy("A part of the cloud does not work."),
    "unknown": gettext_lazy("Nobody knows how the cloud is right now."),
}
FINDINGS: Mapping[str, Promise] = {
    "silent": gettext_lazy("does not answer"),
    "refused": gettext_lazy("refuses the connection"),
    "no-name": gettext_lazy("its name is not known"),
    "tls": gettext_lazy("its certificate is not accepted"),
    "fault": gettext_lazy("answers with a fault"),
    "not-ready": gettext_lazy("says that it is not ready"),
    "wrong-answer": gettext_lazy("answers with a fault"),
    "ends-soon": gettext_lazy("the certificate ends soon"),
    "wrong-time": gettext_lazy("the clock is wrong"),
    "full": gettext_lazy("there is little room left"),
    "waiting": gettext_lazy("mails wait to be sent"),
    "late": gettext_lazy("is late with its work"),
    "behind": gettext_lazy("changes are not in force yet"),
    "never": gettext_lazy("has never been heard of"),
    "trouble": gettext_lazy("reports a fault of its machine"),
    "old": gettext_lazy("its own trial of the way is missing"),
    "losses": gettext_lazy("packets are lost"),
    "no-connection": gettext_lazy("a tunnel does not come about"),
    "not-reached": gettext_lazy("a device behind a tunnel is not reached"),
    "not-cut": gettext_lazy("an access that ended still leads through"),
    "nobody-looked": gettext_lazy("was not running"),
}
EFFECTS: Mapping[Kind, Promise] = {
    Kind.PORTAL: gettext_lazy(
        "Nobody can log in or change anything. Open connections go on, and end at their time all the same."
    ),
    Kind.DATABASE: gettext_lazy(
        "Nobody can log in or change anything. Open connections go on, and end at their time all the same."
    ),
    Kind.WORKER: gettext_lazy("Mails and reminders come late. Accesses end at their time all the same."),
    Kind.MAIL: gettext_lazy("Mails come late. None is lost."),
    Kind.HUB: gettext_lazy("Sites behind this hub may not be reached from afar."),
    Kind.RELAY: gettext_lazy("Sites whose network lets out TCP 443 only may not be reached from afar."),
    Kind.TIME: gettext_lazy("Codes of the two-factor login may be refused."),
    Kind.CERTIFICATE: gettext_lazy("Browsers and gateways may refuse the portal."),
    Kind.DISK: gettext_lazy("Soon nothing more can be stored."),
}


@dataclass(frozen=True, slots=True)
class StateShown:
    """A state with its colour, shape and word."""

    kind: str
    word: Promise


def state_shown(state: str) -> StateShown:
    """How to show a state."""
    return StateShown(*STATES[state])


def found(findings: list[dict[str, Any]]) -> str:
    """What was found, as one line; nothing if all was well."""
    told = [str(FINDINGS.get(each["code"], "")) for each in findings if each.get("code")]
    return ", ".join(dict.fromkeys(filter(None, told)))


def effect(component: Component) -> str:
    """What it means for people that a part does not work."""
    return str(EFFECTS[Kind(component.kind)])


def percent(value: float | None) -> str:
    """A share; never rounded up to all."""
    if value is None:
        return "–"
    return _("%(number)s %%") % {"number": words.number(int(value * 100) / 100, 2)}


@dataclass(frozen=True, slots=True)
class StripShown:
    """The state of the cloud in one line."""

    kind: str
    text: str
    url: str


def strip_shown(strip: Strip, url: str) -> StripShown:
    """For the overviews of levels: all is well, or what is not."""
    kind, text = STATES[strip.state][0], str(WHOLE[strip.state])
    if strip.names and strip.state != "unknown":
        text = f"{text} {', '.join(strip.names)}"
    return StripShown(kind, text, url)


@dataclass(frozen=True, slots=True)
class UpdateShown:
    """What the operator said."""

    at: datetime
    stage: str
    text: str


@dataclass(frozen=True, slots=True)
class PartShown:
    """A part within an incident."""

    name: str
    found: str
    effect: str
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class IncidentShown:
    """An incident as pages show it."""

    key: str
    title: str
    began_at: datetime
    ended_at: datetime | None
    quiet: bool
    parts: tuple[PartShown, ...]
    updates: tuple[UpdateShown, ...]
    post_mortem: str


def incident_shown(row: Incident) -> IncidentShown:
    """In the language of whoever reads; parts that fell several times are named once in the title."""
    parts = list(row.parts.all())
    names = list(dict.fromkeys(part.component.name for part in parts))
    return IncidentShown(
        row.key,
        ", ".join(names),
        row.began_at,
        row.ended_at,
        row.quiet,
        tuple(
            PartShown(
                part.component.name,
                found(part.findings),
                effect(part.component),
                part.began_at,
                part.ended_at,
            )
            for part in parts
        ),
        tuple(
            UpdateShown(each.at, str(Stage(each.stage).label), in_own_language(each.texts))
            for each in reversed(row.updates.all())
        ),
        in_own_language(row.post_mortem) if row.post_mortem else "",
    )
