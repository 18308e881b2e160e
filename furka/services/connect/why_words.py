"""Says in plain sentences why somebody reaches a device, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.access.policy import Reason
from furka.portal import words
from furka.services.connect.why import Answer, Check
from furka.tree.leads import BY_OWNERS, Closing, Lead
from furka.tree.reasons import sentence
from furka.tree.requests import AccessRequest, Stage
from furka.trials.models import Reply, Trial

_ACCESS: Mapping[str, Promise] = {
    Reason.GRANTED: _("%(name)s has access to this."),
    Reason.NOT_VISIBLE: _("%(name)s has no access here at this moment."),
    Reason.ARCHIVED: _("This site is archived. Nobody enters it until it is taken back."),
    Reason.NARROWED: _("%(name)s has access to this site, but not to this device or not on this port."),
    Reason.NOT_NOW: _("%(name)s has access at other times, but not now."),
    Reason.RIGHT_MISSING: _("%(name)s may look at this site, but not use remote access."),
}
_BY_OWNER: Mapping[str, Promise] = {
    Reason.TWO_FACTOR: _("%(level)s asks everybody for a second factor, and %(name)s has none."),
    Reason.CEILING: _("The owner of %(level)s leaves remote access to nobody else."),
    Reason.CEILING_HOURS: _("The owner of %(level)s leaves remote access to others at other hours only."),
    Reason.APPROVAL: _(
        "The owner of %(level)s wants to be asked each time. There is no yes for %(name)s now."
    ),
}
_CHECKS: Mapping[str, Promise] = {
    "service-on": _("Remote access is switched on at this site."),
    "service-off": _("Remote access is switched off at this site."),
    "without-gateway": _("No gateway has been connected to this site yet."),
    "never-connected": _("The gateway was connected to this site, but its tunnel has never been up."),
    "gateway-online": _("The gateway of the site is online."),
    "gateway-offline": _("The gateway of the site is offline."),
    "hub-silent": _("It is not known whether the gateway is online: the hub has not been heard of."),
    "cut-at-the-plant": _("Somebody at the plant has cut remote access. It can only be allowed again there."),
    "in-network": _("The address lies in a network of the site."),
    "in-no-network": _("The address lies in no network of the site."),
    "network-not-seen": _("The gateway says that it has no connection to the network of this address."),
    "connected": _("%(name)s is connected with a device of their own."),
    "not-connected": _("%(name)s is not connected at this moment: WireGuard has to be switched on."),
    "only-in-browser": _(
        "%(name)s has no device of their own. The page of this device can be opened in the browser."
    ),
    "no-profile": _("%(name)s has no device of their own for remote access yet."),
    "all-blocked": _("All devices of %(name)s for remote access are blocked."),
}
_LEADS: Mapping[str, Promise] = {
    "leads": _("leads there"),
    "invited": _("not accepted yet"),
    "paused": _("paused"),
    "upcoming": _("has not begun"),
    "expired": _("expired"),
    "revoked": _("revoked"),
    "declined": _("declined"),
    "withdrawn": _("withdrawn"),
    "on-request": _("only on request"),
    "not-in-force": _("not in force: the access that it was passed on from does not count now"),
    Reason.NOT_NOW: _("not at this hour"),
    Reason.RIGHT_MISSING: _("without remote access"),
    Reason.NARROWED: _("leads to other devices or ports"),
    Reason.ARCHIVED: _("the site is archived"),
    Reason.TWO_FACTOR: _("second factor missing"),
    Reason.CEILING: _("not left to others by the owner"),
    Reason.CEILING_HOURS: _("not left to others at this hour by the owner"),
    Reason.APPROVAL: _("only with a yes of the owner"),
}
VERDICTS: Mapping[str, Promise] = {
    "yes": _("Yes, this is reached now."),
    "no": _("No, this is not reached now."),
    "unknown": _("Nothing is known to stand in the way, but not everything is known."),
}


def verdict(answer: Answer) -> str:
    """The answer in one sentence."""
    if answer.word == "no" and answer.why.decision.allowed:
        return gettext("Allowed, but this is not reached now.")
    return str(VERDICTS[answer.word])


def access_sentences(answer: Answer) -> list[str]:
    """What the policy says; one sentence for each level whose owner limits this."""
    reason, name = answer.why.decision.reason, str(answer.question.person)
    if reason in BY_OWNERS:
        found = [closing_sentence(each, name) for each in answer.why.closings if each.reason == reason]
        return found or [sentence(reason)]
    if reason not in _ACCESS:
        return [sentence(reason)]
    return [str(_ACCESS[reason]) % {"name": name}]


def closing_sentence(closing: Closing, name: str) -> str:
    """What the owner of a level wants."""
    text = _BY_OWNER.get(closing.reason)
    return str(text) % {"level": closing.level.name, "name": name} if text else sentence(closing.reason)


def check_sentence(answer: Answer, check: Check) -> str:
    """How one thing on the way stands."""
    if check.what == "access":
        return " ".join(access_sentences(answer))
    return str(_CHECKS[check.code]) % {"name": str(answer.question.person)}


def lead_words(lead: Lead, zone: str) -> str:
    """What a grant comes to now."""
    text = str(_LEADS[lead.code]) if lead.code in _LEADS else sentence(lead.code)
    if lead.ended_at is not None:
        return gettext("%(what)s, %(moment)s") % {"what": text, "moment": words.moment(lead.ended_at, zone)}
    if lead.opens_at is not None:
        return gettext("%(what)s, next from %(moment)s") % {
            "what": text,
            "moment": words.moment(lead.opens_at, zone),
        }
    return text


def request_sentence(request: AccessRequest | None, zone: str) -> str:
    """What the person asked for, if that waits for something."""
    if request is None:
        return ""
    end: datetime | None = request.open_until if request.stage == Stage.OPEN else request.use_until
    told = {"name": str(request.person), "moment": words.moment(end, zone) if end else "–"}
    if request.stage == Stage.OPEN:
        return gettext("%(name)s has asked for access. An answer is awaited until %(moment)s.") % told
    return gettext("%(name)s has a yes and can begin the access until %(moment)s.") % told


def trial_words(trial: Trial, zone: str) -> list[tuple[str, str, str]]:
    """What a test has found: for door, tunnel and device how it stands, its name, and a sentence."""
    return [_door_words(trial, zone), _tunnel_words(trial), _reply_words(trial)]


def _door_words(trial: Trial, zone: str) -> tuple[str, str, str]:
    name = gettext("At the hub")
    told = {"name": str(trial.person)}
    if trial.ends == 0:
        return "info", name, gettext("%(name)s has no device of their own that could be looked up.") % told
    if trial.door is None:
        return "warn", name, gettext("The hub could not look it up.")
    if not trial.door:
        return "bad", name, gettext("The hub lets %(name)s through to this port with no device.") % told
    if trial.door_until is None:
        return "ok", name, gettext("The hub lets %(name)s through to this port.") % told
    told["moment"] = words.moment(trial.door_until, zone)
    return "ok", name, gettext("The hub lets %(name)s through to this port until %(moment)s.") % told


def _tunnel_words(trial: Trial) -> tuple[str, str, str]:
    name = gettext("Tunnel to the plant")
    if trial.tunnel is None:
        return "warn", name, gettext("The hub knows no tunnel of this gateway.")
    if not trial.tunnel:
        return "bad", name, gettext("It is down.")
    return "ok", name, gettext("It is up.")


def _reply_words(trial: Trial) -> tuple[str, str, str]:
    name = gettext("Device")
    told = {"milliseconds": words.number(trial.milliseconds or 0)}
    match trial.reply:
        case Reply.ANSWERS:
            return "ok", name, gettext("It answers, after %(milliseconds)s ms.") % told
        case Reply.REFUSES:
            return (
                "warn",
                name,
                gettext("It refuses this port after %(milliseconds)s ms: it is there, but nothing listens.")
                % told,
            )
        case Reply.SILENT:
            return "bad", name, gettext("It is silent: switched off, not there, or a firewall drops it.")
        case Reply.NO_WAY:
            return "bad", name, gettext("The gateway finds no device at this address.")
        case Reply.NOT_TRIED if trial.protocol == "udp":
            return "info", name, gettext("Over UDP a device need not answer, so it was not tried.")
        case Reply.NOT_TRIED:
            return "warn", name, gettext("It was not tried: the hub had no way to it.")
        case _:
            return "warn", name, gettext("It is not known whether it answers.")
