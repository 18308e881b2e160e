"""What the API takes and gives: bodies and answers of the core's operations."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)

from furka.access.narrowing import WHOLE, Narrowing, port_of
from furka.access.words import marked as _
from furka.people.models import ApiToken, Person
from furka.sites import models as site_rows
from furka.sites.queries import DeviceView, SiteState
from furka.tree import extensions as extension_rows
from furka.tree.level_roles import RoleView
from furka.tree.models import Node
from furka.tree.queries import GrantView
from furka.tree.texts import folded


class Answer(BaseModel):
    """What the API gives."""

    model_config = ConfigDict(frozen=True)


class Input(BaseModel):
    """What the API takes: nothing that is not named here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _storable(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2200:
        raise ValueError(_("This moment lies too far away."))
    return moment.astimezone(UTC)


def _plain(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in text):
        raise ValueError(_("This text has characters that can not be shown."))
    return text


#: A text that somebody wrote, without control characters.
Text = Annotated[str, AfterValidator(_plain)]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=120)]
#: A moment, in any zone when it comes in, in UTC when it goes out.
Moment = Annotated[AwareDatetime, AfterValidator(_storable)]
Address = Annotated[IPv4Address, PlainSerializer(str, return_type=str)]
PublicName = Annotated[str, StringConstraints(pattern="^[0-9a-z]{12}$")]

LevelKind = Literal["operator", "reseller", "customer", "site"]
#: A ready-made role (owner, technician, viewer, supporter), or the key of one that a level defines.
Role = Annotated[str, StringConstraints(min_length=1, max_length=30)]


# --- Levels ----------------------------------------------------------------------------------------------------------


class LevelName(Answer):
    """Which level."""

    key: str
    kind: LevelKind
    name: str


class Level(Answer):
    """A reseller, a customer or a site (or the operator above all)."""

    key: str
    kind: LevelKind
    name: str
    parent: LevelName | None = Field(description="What it hangs on, if you may see that.")
    reference: str = Field(description="What it is called in the books of whoever looks after it.")
    time_zone: str
    lease_minutes: int | None = Field(
        description="How long access goes on without the portal; null: until its own end."
    )
    created_at: datetime
    archived_at: datetime | None


class LevelInFull(Level):
    """A level, and what you may do there now."""

    rights: list[str]


class State(Answer):
    """How a site is; `unknown` while its hub is silent."""

    word: Literal["without-gateway", "online", "offline", "unknown"]
    since: datetime | None
    cut_by: Literal["command", "network", "input"] | None = Field(
        description="What cut remote access at the site; only somebody there can allow it again."
    )
    cut_at: datetime | None


class Site(Level):
    """A site and how it is."""

    state: State


class NewLevel(Input):
    """A level of one's own."""

    kind: Literal["reseller", "customer"]
    name: Name


class NewCustomer(Input):
    """A customer of a reseller."""

    name: Name


class NewSite(Input):
    """A site of a reseller or a customer."""

    name: Name
    time_zone: Annotated[str, StringConstraints(max_length=40)] = Field(
        "", description="A name of the IANA time zone database; empty: that of the level above."
    )


class LevelChanges(Input):
    """What shall be different; what is not named stays."""

    name: Name = ""
    reference: Annotated[Text, StringConstraints(max_length=60)] = ""
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=40)] = ""
    lease_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(_("Name at least one field."))
        return self


# --- People ----------------------------------------------------------------------------------------------------------


class Window(Input):
    """Hours that come back every week, on the clock of the level; with `ends` not behind `begins`: over midnight."""

    weekdays: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(min_length=1, max_length=7)] = Field(
        description="0 is Monday."
    )
    begins: Annotated[str, StringConstraints(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    ends: Annotated[str, StringConstraints(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


class Part(Input):
    """To which part of sites an access leads; what is null does not narrow it. Devices at a site only, or labels."""

    devices: (
        Annotated[list[Annotated[str, StringConstraints(max_length=12)]], Field(min_length=1, max_length=100)]
        | None
    ) = Field(None, description="Keys of devices.")
    labels: (
        Annotated[list[Annotated[Text, StringConstraints(max_length=30)]], Field(min_length=1, max_length=10)]
        | None
    ) = Field(None, description="Devices that carry one of these, now or later.")
    ports: (
        Annotated[
            list[Annotated[str, StringConstraints(pattern="^(tcp|udp)/[1-9][0-9]{0,4}$")]],
            Field(min_length=1, max_length=20),
        ]
        | None
    ) = Field(None, description="Such as tcp/80.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.devices is None and self.labels is None and self.ports is None:
            raise ValueError(_("Name devices, labels or ports."))
        if self.devices is not None and self.labels is not None:
            raise ValueError(_("Choose either devices or labels."))
        return self


class Grant(Answer):
    """A person's rights at a level, with their limits in time."""

    key: str
    level: LevelName
    state: Literal[
        "invited",
        "active",
        "paused",
        "upcoming",
        "expired",
        "revoked",
        "declined",
        "withdrawn",
        "changed",
        "ended",
    ]
    relation: Literal["staff", "supporter", "site_user"]
    email: str
    name: str = Field(description="Empty until the person has accepted.")
    role: str = Field(description="Empty if the rights were picked by hand.")
    rights: list[str]
    valid_from: datetime
    valid_until: datetime | None = Field(description="Null: until it is revoked.")
    windows: list[Window]
    part: Part | None = Field(description="Null: everything at the level.")
    reason: str
    granted_by: str


class GrantInFull(Grant):
    """The same; with the link that the person answers, while the invitation is open."""

    invitation_link: str | None
    depth: int | None = Field(description="How many more times it may be passed on; null: without end.")
    on_request: bool = Field(description="Only asking is allowed; each time somebody must say yes.")
    version: int = Field(
        description="Say it when you change the grant: a change of somebody else is then told."
    )


class Offered(Input):
    """What somebody is offered, from when to when. Either a role or rights."""

    role: Role | None = None
    rights: Annotated[list[Annotated[str, StringConstraints(max_length=80)]], Field(max_length=50)] | None = (
        None
    )
    valid_from: Moment | None = Field(None, description="Null: from now on.")
    valid_until: Moment | None = Field(None, description="Null: until it is revoked.")
    windows: Annotated[list[Window], Field(max_length=50)] = []
    reason: Annotated[Text, StringConstraints(max_length=500)] = ""
    relation: Literal["staff", "supporter", "site_user"] = "supporter"
    part: Part | None = Field(None, description="Null: everything at the level.")
    on_request: bool = Field(
        False, description="They may only ask for it, and each time somebody must say yes."
    )
    depth: Annotated[int, Field(ge=0, le=10)] | None = Field(
        0, description="How many more times it may be passed on; null: without end, as owners hold it."
    )

    @model_validator(mode="after")
    def _either_or(self) -> Self:
        if (self.role is None) == (self.rights is None):
            raise ValueError(_("Choose either a role or rights."))
        return self


class Invite(Offered):
    """Whom to let in, for what, from when to when."""

    email: Annotated[Text, StringConstraints(min_length=3, max_length=254)]


class InviteSeveral(Offered):
    """Several people on the same terms."""

    emails: Annotated[
        list[Annotated[Text, StringConstraints(min_length=3, max_length=254)]],
        Field(min_length=1, max_length=50),
    ]


class GrantChanges(Input):
    """What shall be different; what is not named stays. A role takes the place of rights, and rights that of a role."""

    role: Role | None = None
    rights: Annotated[list[Annotated[str, StringConstraints(max_length=80)]], Field(max_length=50)] | None = (
        None
    )
    valid_from: Moment | None = None
    valid_until: Moment | None = Field(None, description="Null: until it is revoked.")
    windows: Annotated[list[Window], Field(max_length=50)] = []
    reason: Annotated[Text, StringConstraints(max_length=500)] = ""
    relation: Literal["staff", "supporter", "site_user"] = "supporter"
    part: Part | None = Field(None, description="Null: everything at the level.")
    on_request: bool = False
    depth: Annotated[int, Field(ge=0, le=10)] | None = None
    version: int | None = Field(
        None, description="The version that you have read; null: change what is there."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if not self.model_fields_set - {"version"}:
            raise ValueError(_("Name at least one field."))
        if self.role is not None and self.rights is not None:
            raise ValueError(_("Choose either a role or rights."))
        return self


class Extension(Input):
    """By how much longer: minutes after the present end, or a moment; nothing: until it is revoked."""

    minutes: Annotated[int, Field(ge=1, le=366 * 24 * 60)] | None = None
    valid_until: Moment | None = None
    version: int | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.minutes is not None and self.valid_until is not None:
            raise ValueError(_("Choose either minutes or a moment."))
        return self


class Known(Input):
    """The version that you have read; null: whatever is there."""

    version: int | None = None


class RoleOfLevel(Answer):
    """A named set of rights, defined at `level` and usable there and below."""

    key: str
    name: str
    rights: list[str]
    level: LevelName


class NewRole(Input):
    """A role: its name and the keys of its rights."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=60)]
    rights: Annotated[
        list[Annotated[str, StringConstraints(max_length=80)]], Field(min_length=1, max_length=50)
    ]


class RoleRemoval(Input):
    """Which role takes its place where it is used."""

    replacement: Annotated[str, StringConstraints(max_length=30)] = ""


class NewUserLink(Input):
    """A link that lets in one person as a user of a site: whoever opens it first with an account."""

    role: Literal["site-user", "site-operator"] = "site-user"
    link_until: Moment = Field(description="So long the link works; 90 days at most.")
    valid_until: Moment | None = Field(None, description="The end of the access; null: until it is revoked.")
    part: Part | None = Field(None, description="Null: the whole site.")
    reason: Annotated[Text, StringConstraints(max_length=500)] = ""


class NewExtensionRequest(Input):
    """Until when somebody wants to go on, and why."""

    valid_until: Moment | None = Field(None, description="Null: until it is revoked.")
    reason: Annotated[Text, StringConstraints(min_length=1, max_length=500)]


class ExtensionAnswer(Input):
    """Grant, within what you may give yourself, or decline."""

    granted: bool
    valid_until: Moment | None = Field(None, description="The new end; null: until it is revoked.")
    answer: Annotated[Text, StringConstraints(max_length=500)] = ""


class ExtensionRequest(Answer):
    """Somebody asks that their access goes on."""

    key: str
    grant: str
    level: LevelName
    name: str
    email: str
    valid_until: datetime | None = Field(description="The wish; null: until it is revoked.")
    reason: str
    asked_at: datetime
    outcome: Literal["open", "granted", "declined", "withdrawn"]
    answer: str


class SeveralGrants(Input):
    """The same for several grants of a level and of those below: for all of them, or for none."""

    grants: Annotated[list[PublicName], Field(min_length=1, max_length=500)]
    act: Literal["extend", "pause", "resume", "revoke"]
    minutes: Annotated[int, Field(ge=1, le=366 * 24 * 60)] | None = Field(
        None, description="To extend: so much after the present end; null: until it is revoked."
    )


class ChangedGrants(Answer):
    """Whose access was changed."""

    people: list[str]


class Invitation(Answer):
    """What a link invites to."""

    level: LevelName
    email: str
    role: str
    rights: list[str]
    valid_from: datetime
    valid_until: datetime | None
    windows: list[Window]
    reason: str
    invited_by: str


# --- Sites -----------------------------------------------------------------------------------------------------------


class ClaimCode(Answer):
    """The code with which a gateway becomes the gateway of this site."""

    code: str
    valid_until: datetime


class NewClaimCode(Input):
    """How long a code shall work."""

    minutes: Annotated[int, Field(ge=1, le=30 * 24 * 60)] = 24 * 60


class Gateway(Answer):
    """The box at the site, or the site's own router."""

    key: str
    system: str = Field(description="Of a router without our program; empty: a box with it.")
    hostname: str
    version: str
    back_end: str
    path: str = Field(description="The way of its tunnel: udp, tls or tls-proxy; empty while none is known.")
    path_since: datetime | None
    address: Address = Field(description="In the tunnel.")
    hub: str
    claimed_at: datetime
    handshake_at: datetime | None
    missing_networks: list[str] = Field(description="Networks that the gateway does not find at the plant.")
    trouble: str


class StateInFull(Answer):
    """How a site is, and its gateway."""

    state: State
    gateway: Gateway | None


#: The number of a VLAN (IEEE 802.1Q).
Vlan = Annotated[int, Field(ge=1, le=4094)]
Protocol = Literal["tcp", "udp"]
DeviceNote = Annotated[Text, StringConstraints(max_length=500)]


class Network(Answer):
    """A subnet of the plant, and the virtual prefix under which it is reached through the tunnel."""

    key: str
    name: str
    subnet: str
    virtual_subnet: str
    vlan: int | None
    note: str
    created_at: datetime


class NewNetwork(Input):
    """A subnet such as 192.168.1.0/24."""

    subnet: Annotated[Text, StringConstraints(max_length=40)]
    name: Annotated[Text, StringConstraints(max_length=60)] = ""
    vlan: Vlan | None = None
    note: DeviceNote = ""


class NetworkChanges(Input):
    """What shall be different; what is not named stays."""

    name: Annotated[Text, StringConstraints(max_length=60)] = ""
    vlan: Vlan | None = None
    note: DeviceNote = ""


class Port(Answer):
    """A door of a device."""

    number: int
    protocol: Protocol
    name: str


class NewPort(Input):
    """A door of a device, and what it is called."""

    number: Annotated[int, Field(ge=1, le=65535)]
    protocol: Protocol = "tcp"
    name: Annotated[Text, StringConstraints(max_length=40)] = ""


DeviceKind = Literal["controller", "meter", "panel", "camera", "computer", "other"]


class Device(Answer):
    """A device of a site. `virtual_address` is where it is reached through the tunnel."""

    key: str
    name: str
    kind: DeviceKind
    address: str
    virtual_address: Address | None
    web: bool
    mac: str
    ports: list[Port]
    link: str
    note: str
    labels: list[str]
    created_at: datetime


class DeviceLabels(Input):
    """The labels that a device shall carry."""

    labels: Annotated[list[Annotated[Text, StringConstraints(max_length=30)]], Field(max_length=20)]


class LabelSeveral(Input):
    """Labels for several devices: these are added, those taken away."""

    devices: Annotated[
        list[Annotated[str, StringConstraints(max_length=12)]], Field(min_length=1, max_length=500)
    ]
    add: Annotated[list[Annotated[Text, StringConstraints(max_length=30)]], Field(max_length=20)] = []
    remove: Annotated[list[Annotated[Text, StringConstraints(max_length=30)]], Field(max_length=20)] = []


class LabelledDevices(Answer):
    """How many devices have other labels now."""

    changed: int


class NewDevice(Input):
    """A device in one of the site's networks."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=80)]
    address: Annotated[Text, StringConstraints(max_length=40)]
    kind: DeviceKind = "other"
    web: bool = False
    mac: Annotated[Text, StringConstraints(max_length=40)] = ""
    ports: Annotated[tuple[NewPort, ...], Field(max_length=20)] = ()
    link: Annotated[Text, StringConstraints(max_length=300)] = ""
    note: DeviceNote = ""


class DeviceChanges(Input):
    """What shall be different; what is not named stays. Ports are set as a whole."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=80)] = ""
    address: Annotated[Text, StringConstraints(max_length=40)] = ""
    kind: DeviceKind = "other"
    web: bool = False
    mac: Annotated[Text, StringConstraints(max_length=40)] = ""
    ports: Annotated[tuple[NewPort, ...], Field(max_length=20)] = ()
    link: Annotated[Text, StringConstraints(max_length=300)] = ""
    note: DeviceNote = ""


# --- Services and events ---------------------------------------------------------------------------------------------


class Service(Answer):
    """A service that is configured at this level."""

    key: str
    title: str
    summary: str
    settings: dict[str, Any]


class Event(Answer):
    """Something that was done or that happened."""

    at: datetime
    action: str
    actor: str
    via: str
    on_behalf_of: str
    grant: str = Field(description="The key of the grant that allowed it; empty if none had to.")
    level: str = Field(description="The key of the level.")
    level_name: str
    before: dict[str, Any]
    after: dict[str, Any]
    number: int = Field(description="Its place in the chain of events of its top level, without gaps.")
    hash: str


# --- One's own -------------------------------------------------------------------------------------------------------


class Token(Answer):
    """A personal token."""

    key: str
    name: str
    rights: list[str] | None = Field(description="Null: all that you hold.")
    level: LevelName | None = Field(description="Only there and below; null: everywhere.")
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class TokenWithSecret(Token):
    """A new token; its secret is shown this once."""

    secret: str


class NewToken(Input):
    """A token that acts as you, or with less."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=80)]
    expires_at: Moment
    rights: Annotated[list[Annotated[str, StringConstraints(max_length=80)]], Field(max_length=50)] | None = (
        None
    )
    level: PublicName | None = None


class Me(Answer):
    """The one who asks."""

    key: str
    name: str
    email: str
    language: str
    token: Token | None = Field(description="The token that is used; null in a session of the pages.")


# --- From rows to answers --------------------------------------------------------------------------------------------


def level_name(node: Node) -> LevelName:
    """A level, short."""
    return LevelName(key=node.key, kind=node.kind, name=node.name)  # type: ignore[arg-type]  # a choice of the model


def token(row: ApiToken, levels: dict[int, Node]) -> Token:
    """A token, with the level it is limited to."""
    node = levels.get(row.node_id_limit or 0)
    return Token(
        key=row.key,
        name=row.name,
        rights=row.rights,
        level=level_name(node) if node else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


def me(person: Person, used: Token | None) -> Me:
    """A person to themselves."""
    return Me(key=person.key, name=person.name, email=person.email, language=person.language, token=used)


def state(found: SiteState) -> State:
    """How a site is."""
    return State.model_validate(
        {
            "word": found.word,
            "since": found.since,
            "cut_by": found.cut_by or None,
            "cut_at": found.cut_at,
        }
    )


def gateway(row: site_rows.Gateway) -> Gateway:
    """A gateway."""
    return Gateway(
        key=row.key,
        system=row.system,
        hostname=row.hostname,
        version=row.version,
        back_end=row.back_end,
        path=row.path,
        path_since=row.path_since,
        address=row.address,
        hub=row.hub.name,
        claimed_at=row.claimed_at,
        handshake_at=row.handshake_at,
        missing_networks=row.missing_networks,
        trouble=row.trouble,
    )


def network(row: site_rows.Network) -> Network:
    """A network."""
    return Network(
        key=row.key,
        name=row.name,
        subnet=row.subnet,
        virtual_subnet=row.virtual_subnet,
        vlan=row.vlan,
        note=row.note,
        created_at=row.created_at,
    )


def device(view: DeviceView, labels: Sequence[str] = ()) -> Device:
    """A device."""
    row = view.device
    return Device(
        key=row.key,
        name=row.name,
        kind=row.kind,  # type: ignore[arg-type]  # a choice of the model
        address=row.address,
        virtual_address=view.reached_at,
        web=row.web,
        mac=row.mac,
        ports=[Port.model_validate(each) for each in row.ports],
        link=row.link,
        note=row.note,
        labels=list(labels),
        created_at=row.created_at,
    )


def part(narrowing: Narrowing) -> Part | None:
    """To which part of sites something leads; nothing for all of it."""
    if narrowing.is_whole:
        return None
    return Part.model_construct(
        devices=None if narrowing.devices is None else sorted(narrowing.devices),
        labels=sorted(label for clause in narrowing.labels for label in clause) or None,
        ports=None if narrowing.ports is None else [str(port) for port in sorted(narrowing.ports)],
    )


def narrowing_of(given: Part | None) -> Narrowing:
    """The same as the operations take it. Raises ValueError for a port that is none."""
    if given is None:
        return WHOLE
    return Narrowing(
        None if given.devices is None else frozenset(given.devices),
        frozenset() if given.labels is None else frozenset({frozenset(map(folded, given.labels))}),
        None if given.ports is None else frozenset(map(port_of, given.ports)),
    )


def _terms(view: GrantView) -> dict[str, Any]:
    return {
        "level": level_name(view.node),
        "email": view.email,
        "role": view.role,
        "rights": list(view.rights),
        "valid_from": view.valid_from,
        "valid_until": view.valid_until,
        "windows": [Window.model_validate(window) for window in view.windows],
        "part": part(view.narrowing),
        "reason": view.reason,
    }


def grant(view: GrantView) -> Grant:
    """A grant."""
    return Grant(**_granted(view))


def grant_in_full(view: GrantView, link: str | None) -> GrantInFull:
    """A grant with the link of its invitation."""
    return GrantInFull(
        **_granted(view),
        invitation_link=link,
        depth=view.depth,
        on_request=view.on_request,
        version=view.version,
    )


def _granted(view: GrantView) -> dict[str, Any]:
    known = {"key": view.key, "state": view.state, "relation": view.relation, "name": view.name}
    return {**known, "granted_by": view.granted_by, **_terms(view)}


def role_of_level(view: RoleView) -> RoleOfLevel:
    """A role of a level."""
    return RoleOfLevel(key=view.key, name=view.name, rights=sorted(view.rights), level=level_name(view.node))


def extension_request(row: extension_rows.ExtensionRequest) -> ExtensionRequest:
    """A request for an extension."""
    return ExtensionRequest(
        key=row.key,
        grant=row.grant_series,
        level=level_name(row.node),
        name=row.person.name,
        email=row.person.email,
        valid_until=row.wanted_until,
        reason=row.reason,
        asked_at=row.asked_at,
        outcome=row.outcome,  # type: ignore[arg-type]  # a choice of the model
        answer=row.answer,
    )


def invitation(view: GrantView) -> Invitation:
    """What a link invites to."""
    return Invitation(**_terms(view), invited_by=view.granted_by)
