"""Who may do what: grants, invitations, parts of sites."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from furka.access.narrowing import WHOLE, Narrowing, port_of
from furka.access.words import marked as _
from furka.api.schemas.base import Answer, Input, Moment, PublicName, Role, Text
from furka.api.schemas.levels import LevelName, level_name
from furka.tree.queries import GrantView
from furka.tree.texts import folded


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


class NewUserLink(Input):
    """A link that lets in one person as a user of a site: whoever opens it first with an account."""

    role: Literal["site-user", "site-operator"] = "site-user"
    link_until: Moment = Field(description="So long the link works; 90 days at most.")
    valid_until: Moment | None = Field(None, description="The end of the access; null: until it is revoked.")
    part: Part | None = Field(None, description="Null: the whole site.")
    reason: Annotated[Text, StringConstraints(max_length=500)] = ""


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


def invitation(view: GrantView) -> Invitation:
    """What a link invites to."""
    return Invitation(**_terms(view), invited_by=view.granted_by)
