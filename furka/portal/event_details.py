"""What an event of the journal changed, in words: the names of what it says, and its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.access.rights import RIGHTS, UnknownRight
from furka.access.roles import UnknownRole, role
from furka.diagnoses.models import DiagnosisKind
from furka.journal.models import Event
from furka.links.membership import Why
from furka.links.models import Mode
from furka.portal import belonging_words, words
from furka.reviews.models import Answer
from furka.sites.models import DeviceKind, PathKind
from furka.status.kinds import Kind as Part
from furka.status.models import Stage
from furka.tree.week_words import hours_in_words
from furka.trials.models import Reply

_LABELS: Mapping[str, Promise] = {
    "name": _("Name"),
    "person": _("Person"),
    "role": _("May do"),
    "rights": _("Rights"),
    "state": _("State"),
    "relation": _("Kind of person"),
    "depth": _("Passing on"),
    "part": _("Reaches"),
    "on_request": _("On request"),
    "from": _("From"),
    "until": _("Until"),
    "valid_until": _("Valid until"),
    "windows": _("Access hours"),
    "reason": _("Reason"),
    "hostname": _("Computer"),
    "serial": _("Serial number"),
    "subnet": _("Network"),
    "virtual": _("In the tunnel"),
    "address": _("Address"),
    "kind": _("Kind"),
    "device": _("With"),
    "page": _("Page of"),
    "target": _("Reaches"),
    "diagnosis": _("Diagnosis"),
    "aim": _("Looked at"),
    "ending": _("End"),
    "count": _("Findings"),
    "port": _("Port"),
    "door_open": _("Let through"),
    "tunnel_up": _("Tunnel up"),
    "reply": _("Device"),
    "bytes": _("Data"),
    "because": _("Ended"),
    "cut_by": _("By"),
    "refused": _("Refused"),
    "time_zone": _("Time zone"),
    "minutes": _("Goes on for at most"),
    "enabled": _("Switched on"),
    "issuer": _("Issuer"),
    "domains": _("Domains of e-mail addresses"),
    "only_way": _("Only this way for our own staff"),
    "hub": _("Hub"),
    "component": _("Part of the cloud"),
    "stage": _("How far"),
    "endpoint": _("Endpoint"),
    "path": _("Way of the tunnel"),
    "place": _("Belongs to"),
    "level": _("Level"),
    "addressed": _("To"),
    **belonging_words.NAMES,
    "hash": _("Checksum"),
    "moment": _("As it was on"),
    "number": _("Accesses"),
    "labels": _("Labels"),
    "company": _("Company or person"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "street": _("Street and number"),
    "postcode": _("Postcode"),
    "town": _("Town"),
    "country": _("Country"),
    "latitude": _("Latitude"),
    "longitude": _("Longitude"),
    "note": _("Note"),
    "vlan": _("VLAN"),
    "mac": _("MAC address"),
    "ports": _("Ports"),
    "link": _("Link"),
    "web": _("It has a page for the browser"),
    "approval": _("Only with approval"),
    "two_factor": _("Second factor asked for"),
    "megabytes": _("Megabytes a month"),
    "warn_percent": _("Warn at so many percent"),
    "percent": _("Used in percent"),
    "replaces": _("In place of"),
    "confirm": _("Each connection is confirmed"),
    "confirm_reason": _("with a reason"),
    "confirm_factor": _("with a second factor"),
    "idle_minutes": _("Ends after a pause of so many minutes"),
    "longest_minutes": _("Ends after so many minutes in any case"),
    "emergency": _("Emergency access allowed"),
    "justification": _("Justification"),
    "list": _("List"),
    "reference": _("Number in your books"),
    "file": _("File"),
    "version": _("Version"),
    "new": _("New"),
    "changed": _("Changed"),
    "left_out": _("Left out"),
    "answer": _("Answer"),
    "remark": _("Remark"),
    "months": _("Every so many months"),
    "keep": _("Kept"),
    "shorten": _("Shortened"),
    "end": _("Ended"),
    "gone": _("Ended meanwhile"),
    "site_link": _("Link between sites"),
    "site": _("Site"),
    "mode": _("Kind of link"),
    "purpose": _("Purpose"),
    "network": _("Network"),
    "central": _("Central site"),
    "range": _("Range"),
    "why": _("Why"),
    "allow": _("Allowed"),
    "source": _("From"),
    "destination": _("To"),
    "protocol": _("Protocol"),
    "rules": _("Rules"),
    "dhcp_filter": _("DHCP does not cross"),
    "storm_per_second": _("Broadcasts a second"),
    "most_macs": _("Devices behind a site"),
    "own_addresses": _("Addresses of each site's own"),
}
#: Said where it changed, and not each time.
_ONLY_CHANGED = {"depth", "relation"}
#: Keys and numbers that only programs read.
_HIDDEN = {"account", "grant", "gateway", "request", "parent", "profile", "review", "token"}

#: Whose person somebody is, in words.
RELATIONS: Mapping[str, Promise] = {
    "staff": _("Staff"),
    "supporter": _("Supporter"),
    "site_user": _("Site user"),
}
#: What cut remote access at a site.
_CUT_BY = {
    "command": _("a command on the gateway"),
    "network": _("somebody in the plant's network"),
    "input": _("the key switch"),
}
#: How a diagnosis ended.
_DIAGNOSIS_ENDED = {
    "done": _("finished"),
    "over-time": _("its time was over"),
    "stopped": _("stopped"),
    "cut": _("cut at the plant"),
    "foreign": _("refused by the gateway"),
    "unknown-task": _("not known to the gateway"),
    "busy": _("the gateway was busy"),
    "failed": _("failed"),
    "lapsed": _("no answer from the gateway"),
}
_CLAIM_REFUSED = {
    "code-used": _("it was used by another gateway"),
    "code-expired": _("it has expired"),
}
_ENDED = {
    "idle": _("nothing was sent any more"),
    "closed": _("the access ended"),
    "by-person": _("closed by the person"),
    "logout": _("logged out"),
    "time": _("its time was over"),
    "asked-anew": _("the owner asks for something else now"),
    "lost": _("the hub did not tell any more"),
}


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that an event says: its name and its value, or what it was and what it is."""

    label: str
    value: str


def details_of(event: Event) -> tuple[Detail, ...]:
    """What an event says besides its name: each thing that people read, as it was and as it is."""
    keys = [key for key in dict.fromkeys((*event.before, *event.after)) if key not in _HIDDEN]
    if "role" in keys and (event.after.get("role") or event.before.get("role")):
        keys = [key for key in keys if key != "rights"]
    if event.action.endswith(".created") and not event.before and event.after.get("name") == event.node_name:
        keys = [key for key in keys if key != "name"]
    if event.action.startswith("access."):
        keys = [key for key in keys if key not in ("name", "person", "began")]
    if not event.before or not event.after:
        keys = [key for key in keys if key not in _ONLY_CHANGED]
    found = _duration(event)
    for key in keys:
        before, after = event.before.get(key), event.after.get(key)
        if not _says_something(key, before, after):
            continue
        label = str(_LABELS.get(key, key))
        if event.before and event.after and before != after:
            text = gettext("%(before)s → %(after)s") % {
                "before": _value(key, before),
                "after": _value(key, after),
            }
        else:
            text = _value(key, after if key in event.after else before)
        found.append(Detail(label, text))
    return tuple(found)


def _duration(event: Event) -> list[Detail]:
    try:
        began = datetime.fromisoformat(event.after["began"])
    except (KeyError, TypeError, ValueError):
        return []
    return [Detail(gettext("Duration"), words.span(event.at - began))]


def _says_something(key: str, before: Any, after: Any) -> bool:
    if key in ("minutes", "enabled", "depth") or (key == "until" and before != after):
        return bool(before != after)
    return any(value not in (None, "", [], {}) for value in (before, after))


def _value(key: str, value: Any) -> str:
    if key in _VALUES and value is not None:
        return _VALUES[key](value)
    if value is None and key in ("depth", "until"):
        return gettext("without end") if key == "depth" else gettext("until revoked")
    if key == "part":
        return "; ".join(", ".join(each) for each in value.values()) if value else gettext("The whole site")
    if value in (None, ""):
        return gettext("until its own end") if key == "minutes" else "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _moment(value: Any) -> str:
    try:
        return words.moment(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return str(value)


def _role(value: Any) -> str:
    try:
        return gettext(role(value).title)
    except UnknownRole:
        return str(value)


def _rights(value: Any) -> str:
    titles = []
    for key in value:
        try:
            titles.append(gettext(RIGHTS.get(key).title))
        except UnknownRight:
            titles.append(str(key))
    return ", ".join(titles)


def _windows(value: Any) -> str:
    return "; ".join(hours_in_words(value))


def _list(value: Any) -> str:
    return {"sites": gettext("Sites"), "customers": gettext("Customers")}.get(str(value), str(value))


def _rule(value: Mapping[str, Any]) -> str:
    """A rule of a link between sites in one line."""
    ends = [value.get(end) or gettext("everybody") for end in ("source", "destination")]
    what = gettext("allowed") if value.get("allow") else gettext("not allowed")
    about = " ".join((str(value.get("protocol") or ""), ", ".join(value.get("ports") or ()))).strip()
    return f"{' → '.join(ends)}{f', {about}' if about else ''}: {what}"


_VALUES: Mapping[str, Callable[[Any], str]] = {
    "list": _list,
    "from": _moment,
    "until": _moment,
    "valid_until": _moment,
    "moment": _moment,
    "answer": lambda value: str(Answer(value).label) if value in Answer.values else str(value),
    "path": lambda value: str(PathKind(value).label) if value in PathKind.values else str(value),
    "role": _role,
    "rights": _rights,
    "windows": _windows,
    "approval": _rights,
    "confirm": _rights,
    "labels": ", ".join,
    "kind": lambda value: str(DeviceKind(value).label) if value in DeviceKind.values else str(value),
    "bytes": lambda value: words.size(int(value)),
    "component": lambda value: str(Part(value).label) if value in Part.values else "–",
    "stage": lambda value: str(Stage(value).label) if value in Stage.values else "–",
    "reply": lambda value: str(Reply(value).label) if value in Reply.values else "–",
    "cut_by": lambda value: str(_CUT_BY.get(value, value)),
    "refused": lambda value: str(_CLAIM_REFUSED.get(value, value)),
    "because": lambda value: str(_ENDED.get(value, value)),
    "ending": lambda value: str(_DIAGNOSIS_ENDED.get(value, value)),
    "diagnosis": lambda value: (
        str(DiagnosisKind(value).label) if value in DiagnosisKind.values else str(value)
    ),
    "relation": lambda value: str(RELATIONS.get(value, value)),
    "why": lambda value: str(Why(value).label) if value in Why.values else str(value),
    "mode": lambda value: str(Mode(value).label) if value in Mode.values else str(value),
    "rules": lambda value: "; ".join(map(_rule, value)),
    "minutes": lambda value: words.span(timedelta(minutes=int(value))),
}
