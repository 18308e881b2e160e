"""Says the events of the journal in words: what was done, by whom and where. What changed is in `event_details`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.catalogue.service import service, services
from furka.journal.models import Event
from furka.portal.event_details import Detail, details_of

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
    "attachment.version": (_("New version of a document"), "paperclip"),
    "attachment.version-removed": (_("Older version of a document removed"), "paperclip"),
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
    "gateway.serial-differs": (_("Another box than the prepared one was plugged in"), "alert-square"),
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
    "diagnosis.asked": (_("Diagnosis started"), "stethoscope"),
    "diagnosis.done": (_("Diagnosis finished"), "stethoscope"),
    "diagnosis.stopped": (_("Diagnosis stopped"), "stethoscope"),
    "link.created": (_("Link between sites created"), "sitemap"),
    "link.changed": (_("Link between sites changed"), "sitemap"),
    "link.paused": (_("Link between sites paused"), "player-pause"),
    "link.resumed": (_("Link between sites resumed"), "player-play"),
    "link.deleted": (_("Link between sites removed"), "trash"),
    "link.renumbered": (_("Range of a link changed"), "sitemap"),
    "link.joined": (_("Site joined a link"), "plug-connected"),
    "link.member-changed": (_("Site takes part in a link otherwise"), "plug-connected"),
    "link.left": (_("Site left a link"), "plug-connected-x"),
    "link.lost": (_("Link lost a site"), "plug-connected-x"),
    "link.rule-added": (_("Rule of a link added"), "shield"),
    "link.rule-removed": (_("Rule of a link removed"), "shield"),
    "link.rules-set": (_("Rules of a link set"), "shield"),
    "link.device-mapped": (_("Device opened to the central site"), "server-2"),
    "link.device-unmapped": (_("Device no longer opened to the central site"), "server-2"),
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
    "gateway": (_("Gateways"), ("gateway.", "traffic.", "diagnosis.")),
    "plant": (
        _("Networks and devices"),
        ("network.", "device.", "labels.", "particulars.", "contact.", "attachment.", "photo."),
    ),
    "links": (_("Links between sites"), ("link.",)),
    "level": (
        _("Levels and settings"),
        ("node.", "move.", "reseller.", "customer.", "site.", "list.", "import."),
    ),
}


def beginnings(group: str) -> tuple[str, ...]:
    """The beginnings of the names of actions that belong to a group; none for a group that there is not."""
    if group not in GROUPS:
        return ()
    own = tuple(f"{each.key}." for each in services()) if group == "level" else ()
    return GROUPS[group][1] + own


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
        details=details_of(event),
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
