"""Says the events of the journal in words: what was done, by whom, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.access.rights import RIGHTS, UnknownRight
from furka.access.roles import UnknownRole, role
from furka.catalogue.service import service, services
from furka.journal.models import Event
from furka.portal import belonging_words, words
from furka.reviews.models import Answer
from furka.sites.models import DeviceKind, PathKind
from furka.tree.week_words import hours_in_words
from furka.trials.models import Reply

#: Action → (what it is called, icon).
ACTIONS: Mapping[str, tuple[Promise, str]] = {
    "reseller.created": (_("Reseller created"), "plus"),
    "customer.created": (_("Customer created"), "plus"),
    "site.created": (_("Site created"), "plus"),
    "node.renamed": (_("Renamed"), "edit"),
    "node.archived": (_("Archived"), "folder"),
    "node.reopened": (_("Taken back from the archive"), "folder"),
    "node.deleted": (_("Deleted"), "trash"),
    "node.restored": (_("Restored"), "refresh"),
    "node.removed": (_("Removed for good"), "trash"),
    "node.moved-away": (_("Moved away"), "arrow-right"),
    "node.moved-here": (_("Moved here"), "arrow-right"),
    "move.offered": (_("Offered to somebody else"), "send"),
    "move.asked": (_("Asked for a level"), "send"),
    "move.declined": (_("Offer declined"), "x"),
    "move.withdrawn": (_("Offer withdrawn"), "x"),
    "node.time-zone": (_("Time zone changed"), "clock"),
    "node.lease": (_("Access without connection to the portal changed"), "hourglass"),
    "grant.began": (_("Ownership given"), "user-check"),
    "grant.invited": (_("Invitation sent"), "user-plus"),
    "grant.link-made": (_("Link for a site user made"), "qrcode"),
    "grant.sent-again": (_("Invitation sent again"), "mail-forward"),
    "grant.accepted": (_("Invitation accepted"), "user-check"),
    "grant.declined": (_("Invitation declined"), "user-x"),
    "grant.withdrawn": (_("Invitation withdrawn"), "user-x"),
    "grant.revoked": (_("Access revoked"), "user-x"),
    "review.interval": (_("How often access is reviewed changed"), "calendar-event"),
    "review.begun": (_("Review of access begun"), "clipboard"),
    "review.answered": (_("Access reviewed"), "clipboard"),
    "review.signed": (_("Review of access signed off"), "certificate"),
    "view.begun": (_("Portal seen as somebody else sees it"), "eye"),
    "view.ended": (_("View as somebody else ended"), "eye-off"),
    "record.taken": (_("Record of who has access printed"), "file-text"),
    "grant.changed": (_("Access changed"), "edit"),
    "grant.extended": (_("Access extended"), "hourglass"),
    "grant.paused": (_("Access paused"), "player-pause"),
    "grant.resumed": (_("Access resumed"), "player-play"),
    "request.asked": (_("Access requested"), "hand-stop"),
    "request.withdrawn": (_("Request for access withdrawn"), "x"),
    "request.approved": (_("Request for access approved"), "user-check"),
    "request.declined": (_("Request for access declined"), "user-x"),
    "request.begun": (_("Approved access begun"), "login"),
    "request.begun-by-packet": (_("Approved access begun by the first connection"), "login"),
    "request.lapsed": (_("Request for access lapsed"), "hourglass"),
    "request.emergency": (_("Entered in an emergency"), "alert-square"),
    "request.justified": (_("Emergency access justified"), "note"),
    "ceiling.set": (_("Limits for others set"), "shield-lock"),
    "ceiling.lifted": (_("Limits for others lifted"), "shield"),
    "grant.extension-asked": (_("Extension asked for"), "hourglass"),
    "grant.extension-withdrawn": (_("Request for an extension withdrawn"), "x"),
    "grant.extension-declined": (_("Extension declined"), "hand-stop"),
    "role.created": (_("Role created"), "id-badge"),
    "role.changed": (_("Role changed"), "id-badge"),
    "role.removed": (_("Role removed"), "id-badge"),
    "labels.changed": (_("Labels changed"), "tag"),
    "device.labelled": (_("Labels of a device changed"), "tag"),
    "particulars.changed": (_("Address or note changed"), "map-pin"),
    "contact.added": (_("Contact added"), "phone"),
    "contact.changed": (_("Contact changed"), "phone"),
    "contact.removed": (_("Contact removed"), "phone"),
    "attachment.added": (_("Document added"), "paperclip"),
    "attachment.removed": (_("Document removed"), "paperclip"),
    "photo.set": (_("Photo set"), "photo"),
    "photo.removed": (_("Photo removed"), "photo"),
    "gateway.code-issued": (_("Claim code created"), "key"),
    "gateway.claimed": (_("Gateway connected to the site"), "router"),
    "gateway.replaced": (_("Gateway replaced by a new box"), "router"),
    "traffic.budget-set": (_("Data budget set"), "gauge"),
    "traffic.budget-lifted": (_("Data budget lifted"), "gauge"),
    "traffic.budget-near": (_("Data budget nearly used up"), "alert-square"),
    "gateway.claim-refused": (_("Claim code shown that no longer works"), "alert-square"),
    "gateway.prepared": (_("Gateways prepared"), "package"),
    "gateway.codes-read": (_("Codes of prepared gateways read"), "key"),
    "gateway.shipped": (_("Prepared gateways shipped"), "package"),
    "gateway.withdrawn": (_("Prepared gateway withdrawn"), "x"),
    "gateway.plugged-in": (_("Prepared gateway plugged in"), "plug-connected"),
    "gateway.assigned": (_("Prepared gateway assigned to the site"), "router"),
    "gateway.unassigned": (_("Prepared gateway no longer assigned"), "router"),
    "gateway.router-connected": (_("Own router connected to the site"), "router"),
    "gateway.released": (_("Gateway released"), "router"),
    "release.prepared": (_("Supporter prepared for release at the plant"), "lock-open"),
    "release.taken-back": (_("Release at the plant taken back"), "lock"),
    "release.refused": (_("Wrong code for a release at the plant"), "alert-square"),
    "request.released": (_("Let in by somebody at the plant"), "lock-open"),
    "gateway.cut": (_("Remote access cut at the site"), "lock"),
    "gateway.restored": (_("Remote access allowed at the site again"), "lock-open"),
    "gateway.online": (_("Gateway online"), "circle-check"),
    "gateway.offline": (_("Gateway offline"), "alert-square"),
    "gateway.key-wanted": (_("New key of the gateway wanted"), "key"),
    "gateway.key-renewed": (_("Gateway has a new key"), "key"),
    "gateway.key-not-renewed": (_("New key of the gateway did not work; the old one stays"), "key"),
    "gateway.path-changed": (_("The tunnel takes another way"), "cloud-check"),
    "network.added": (_("Network added"), "network"),
    "network.changed": (_("Network changed"), "network"),
    "network.removed": (_("Network removed"), "network"),
    "device.added": (_("Device added"), "server-2"),
    "device.changed": (_("Device changed"), "server-2"),
    "device.removed": (_("Device removed"), "server-2"),
    "access.began": (_("Entered the site"), "login"),
    "access.ended": (_("Left the site"), "logout"),
    "session.begun": (_("Connected after confirming"), "plug-connected"),
    "session.ended": (_("Confirmed connection ended"), "plug-connected-x"),
    "connection.cut": (_("Connection ended"), "ban"),
    "connection.allowed": (_("Let in again"), "lock-open"),
    "connection.left": (_("Left by themselves"), "logout"),
    "connection.back": (_("Came back"), "login"),
    "page.opened": (_("Page of a device opened"), "external-link"),
    "page.closed": (_("Page of a device closed"), "external-link"),
    "trial.asked": (_("Connection test started"), "plug-connected"),
    "trial.done": (_("Connection test finished"), "plug-connected"),
    "profile.created": (_("Device for remote access added"), "device-laptop"),
    "profile.renewed": (_("Device for remote access has new keys"), "device-laptop"),
    "plant.at-hand": (_("Active plant chosen"), "plug-connected"),
    "plant.put-away": (_("Active plant given up"), "plug-connected"),
    "profile.revoked": (_("Device for remote access revoked"), "device-laptop"),
    "token.issued": (_("API token made"), "key"),
    "token.revoked": (_("API token revoked"), "key"),
    "identity.set-up": (_("Login by an organisation set up"), "id-badge"),
    "identity.removed": (_("Login by an organisation removed"), "id-badge"),
    "identity.linked": (_("Account linked with an organisation"), "link"),
    "identity.unlinked": (_("Account no longer linked with an organisation"), "link"),
    "account.email-asked": (_("Another e-mail address asked for"), "mail"),
    "account.email-stopped": (_("Change of the e-mail address stopped"), "mail"),
    "account.email-changed": (_("E-mail address changed"), "mail"),
    "account.closed": (_("Account closed"), "user-x"),
    "account.reopened": (_("Account open again"), "user-check"),
    "account.forgotten": (_("Closed account deleted for good"), "trash"),
    "incident.began": (_("Incident of the cloud began"), "alert-square"),
    "incident.grew": (_("Incident of the cloud takes in another part"), "alert-square"),
    "incident.ended": (_("Incident of the cloud ended"), "circle-check"),
    "incident.was": (_("Incident of the cloud, noticed afterwards"), "alert-square"),
    "incident.said": (_("Said how it goes with an incident"), "note"),
    "incident.explained": (_("Incident explained"), "file-text"),
    "hub.enrolled": (_("Hub enrolled"), "server"),
    "hub.moved": (_("Hub has another address"), "server"),
    "hub.relay-moved": (_("Relay of a hub has another address"), "server"),
    "node.reference": (_("Number changed"), "tag"),
    "import.applied": (_("Table imported"), "upload"),
    "list.shared": (_("View of a list shared"), "star"),
    "list.removed": (_("Shared view of a list removed"), "star"),
    "operator.session": (_("Operator's session opened"), "shield-lock"),
    "plan.mended": (_("Configuration of a hub put right"), "tool"),
}

#: What one can filter by: key → (text, beginnings of actions).
GROUPS: Mapping[str, tuple[Promise, tuple[str, ...]]] = {
    "access": (_("Remote access"), ("access.", "page.", "connection.", "session.", "trial.")),
    "people": (_("People"), ("grant.", "request.", "ceiling.", "record.", "review.", "view.")),
    "gateway": (_("Gateways"), ("gateway.", "traffic.")),
    "plant": (
        _("Networks and devices"),
        ("network.", "device.", "labels.", "particulars.", "contact.", "attachment.", "photo."),
    ),
    "level": (
        _("Levels and settings"),
        ("node.", "move.", "reseller.", "customer.", "site.", "list.", "import."),
    ),
}

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
    "subnet": _("Network"),
    "virtual": _("In the tunnel"),
    "address": _("Address"),
    "kind": _("Kind"),
    "device": _("With"),
    "page": _("Page of"),
    "target": _("Reaches"),
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
}
#: Keys and numbers that only programs read.
#: Said where it changed, and not each time.
_ONLY_CHANGED = {"depth", "relation"}
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


def beginnings(group: str) -> tuple[str, ...]:
    """The beginnings of the names of actions that belong to a group; none for a group that there is not."""
    if group not in GROUPS:
        return ()
    own = tuple(f"{each.key}." for each in services()) if group == "level" else ()
    return GROUPS[group][1] + own


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that an event says: its name and its value, or what it was and what it is."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class EventShown:
    """An event in words."""

    at: datetime
    what: str
    icon: str
    who: str
    on_behalf_of: str
    where: str
    where_url: str
    details: tuple[Detail, ...]


def told(event: Event) -> EventShown:
    """An event as people read it."""
    what, icon = _named(event.action)
    return EventShown(
        at=event.at,
        what=what,
        icon=icon,
        who=_who(event),
        on_behalf_of=event.on_behalf_of,
        where=event.node_name,
        where_url=reverse("level", kwargs={"key": event.node_key}),
        details=_details(event),
    )


def _named(action: str) -> tuple[str, str]:
    if action in ACTIONS:
        text, icon = ACTIONS[action]
        return str(text), icon
    first, _dot, last = action.partition(".")
    if last == "configured":
        try:
            title = str(service(first).title)
        except KeyError:
            title = first
        return gettext("%(service)s configured") % {"service": title}, "adjustments"
    return action, "circle-dot"


def _who(event: Event) -> str:
    if event.action.startswith("access."):
        return str(event.after.get("name") or event.after.get("person") or "")
    if event.actor_id is not None:
        return event.actor_name
    return gettext("Automatic (%(program)s)") % {"program": event.actor_name}


def _details(event: Event) -> tuple[Detail, ...]:
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
    "reply": lambda value: str(Reply(value).label) if value in Reply.values else "–",
    "cut_by": lambda value: str(_CUT_BY.get(value, value)),
    "refused": lambda value: str(_CLAIM_REFUSED.get(value, value)),
    "because": lambda value: str(_ENDED.get(value, value)),
    "relation": lambda value: str(RELATIONS.get(value, value)),
    "minutes": lambda value: words.span(timedelta(minutes=int(value))),
}
