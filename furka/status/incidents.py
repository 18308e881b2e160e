"""How incidents begin and end, by what is measured, and what people add to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE
from furka.errors import Invalid, NotThere
from furka.status import letters
from furka.status.kinds import belongs_to
from furka.status.models import Component, Incident, Part, Stage, Update
from furka.status.quiet import is_expected
from furka.tree.models import Kind as LevelKind
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.queries import operator
from furka.tree.reasons import sentence

#: Under which news of the cloud is told.
TOPIC = "cloud"
#: What fails again within this time after it ended is the same incident.
SAME_WITHIN = timedelta(minutes=15)
LONGEST_TEXT = 4000


def begins(work: Work, component: Component) -> None:
    """A part is bad now. It joins an incident that it belongs to; else a new one begins. Part of an operation."""
    began_at = component.since or work.at
    incident = _belongs_to_open(component) or _lately_ended(component, work.at)
    is_new = incident is None
    if incident is None:
        quiet = is_expected(component, work.at)
        incident = Incident.objects.create(began_at=began_at, noticed_at=work.at, quiet=quiet)
    elif incident.ended_at is not None:
        incident.ended_at = None
        incident.save(update_fields=["ended_at"])
    Part.objects.create(
        incident=incident,
        component=component,
        began_at=began_at,
        findings=[each for each in component.findings if each["level"] != "ok"],
    )
    action = "incident.began" if is_new else "incident.grew"
    work.record(operator(), action, after=_told(component), at=work.at)
    if is_new and not incident.quiet:
        letters.tell_began(work, incident, component)


def ends(work: Work, component: Component) -> None:
    """A part is no longer bad; the incident ends with the last of its parts. Part of an operation."""
    for part in Part.objects.filter(component=component, ended_at=None).select_related("incident"):
        part.ended_at = component.since or work.at
        part.save(update_fields=["ended_at"])
        incident = part.incident
        if incident.parts.filter(ended_at=None).exists():
            continue
        incident.ended_at = part.ended_at
        incident.save(update_fields=["ended_at"])
        work.record(operator(), "incident.ended", after=_told(component), at=work.at)
        if not incident.quiet:
            letters.tell_ended(work, incident)


def was(work: Work, component: Component, since: datetime, until: datetime) -> None:
    """Something did not work and does again, and nobody could notice it meanwhile. Part of an operation."""
    incident = Incident.objects.create(
        began_at=since, noticed_at=work.at, ended_at=until, quiet=is_expected(component, since)
    )
    found = [{"what": "looks", "level": "bad", "code": "nobody-looked", "ms": None, "number": None}]
    Part.objects.create(
        incident=incident, component=component, began_at=since, ended_at=until, findings=found
    )
    work.news.append((TOPIC, "state"))
    work.record(operator(), "incident.was", after=_told(component), at=work.at)
    if not incident.quiet:
        letters.tell_was(work, incident, component)


def _told(component: Component) -> dict[str, str]:
    """For the journal, in no language."""
    told = {"component": component.kind}
    return told if component.hub is None else {**told, "hub": component.hub.name}


def _belongs_to_open(component: Component) -> Incident | None:
    running = Part.objects.filter(ended_at=None).select_related("incident", "component").order_by("began_at")
    for part in running:
        other = part.component
        if other.pk != component.pk and belongs_to(
            component.kind, component.hub_id, other.kind, other.hub_id
        ):
            return part.incident
    return None


def _lately_ended(component: Component, at: datetime) -> Incident | None:
    parts = Part.objects.filter(component=component, incident__ended_at__gte=at - SAME_WITHIN)
    found = parts.order_by("-began_at").select_related("incident").first()
    return found.incident if found else None


# --- What people add -------------------------------------------------------------------------------------------------


@operation(CONFIGURE)
def say(work: Work, level: Node, incident: Incident, stage: str, texts: Mapping[str, str]) -> Update:
    """The operator says how far they are with an incident, in at least one language."""
    _must_be_operator(level)
    if stage not in Stage.values:
        raise Invalid.at("stage", "not-a-stage", _("Choose how far you are."))
    row = Update.objects.create(incident=incident, at=work.at, stage=stage, texts=_texts(texts))
    work.news.append((TOPIC, "update"))
    work.record(level, "incident.said", after={"stage": stage})
    letters.tell_said(work, incident, row)
    return row


@operation(CONFIGURE)
def explain(work: Work, level: Node, incident: Incident, texts: Mapping[str, str]) -> None:
    """The operator writes down afterwards what happened, why, and what is done so that it does not happen again."""
    _must_be_operator(level)
    incident.post_mortem, incident.post_mortem_at = _texts(texts), work.at
    incident.save(update_fields=["post_mortem", "post_mortem_at"])
    work.news.append((TOPIC, "update"))
    work.record(level, "incident.explained")


def _must_be_operator(level: Node) -> None:
    if level.kind != LevelKind.OPERATOR:
        raise NotThere("not-there", sentence("not-visible"))


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    languages = dict(settings.LANGUAGES)
    kept = {code: text.strip() for code, text in texts.items() if code in languages and text.strip()}
    if not kept:
        raise Invalid.at("text", "text-missing", _("Write a text in at least one language."))
    if any(len(text) > LONGEST_TEXT for text in kept.values()):
        raise Invalid.at("text", "text-too-long", _("The text is too long."))
    return kept
