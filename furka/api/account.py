"""One's own account: personal data, mails, logins, and everything that is kept about oneself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field, StringConstraints

from furka.account import closing, email_change, particulars, sessions
from furka.account.export import export_of
from furka.account.particulars import Particulars
from furka.api.routes import Key, Routes, own
from furka.api.schemas import Answer, Input, LevelName, Name, Text, level_name
from furka.errors import Invalid
from furka.people import notices
from furka.people.models import Person
from furka.tree.acting import Acting

routes = Routes("account")


class PersonalDetails(Answer):
    """Who I am, as I say myself."""

    name: str
    company: str
    phone: str
    mobile: str
    language: str
    time_zone: str


class DetailChanges(Input):
    """What shall be different; what is not named stays."""

    name: Name | None = None
    company: Annotated[Text, StringConstraints(max_length=120)] | None = None
    phone: Annotated[Text, StringConstraints(max_length=40)] | None = None
    mobile: Annotated[Text, StringConstraints(max_length=40)] | None = None
    language: Annotated[str, StringConstraints(max_length=5)] | None = None
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None


class Notice(Answer):
    """A kind of mail, and whether I get it."""

    key: str
    title: str
    required: bool = Field(description="Such mails can not be switched off.")
    wanted: bool


class Notices(Answer):
    """All kinds of mails."""

    items: list[Notice]


class WantedNotices(Input):
    """The kinds of mails that I want; those that are required come in any case."""

    wanted: Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=100)]


class Login(Answer):
    """A browser in which I am logged in."""

    key: str
    address: str
    browser: str
    created_at: datetime
    last_seen_at: datetime


class Logins(Answer):
    """All of them."""

    items: list[Login]


class EmailChange(Answer):
    """Another address for my account, which is not mine yet."""

    new_email: str
    new_confirmed: bool
    old_confirmed: bool
    done_at: datetime | None = Field(
        description="When it is done without the old address; null: the new one has to confirm first."
    )
    ends_at: datetime


class NewEmail(Input):
    """The address that my account shall have."""

    email: Annotated[Text, StringConstraints(min_length=3, max_length=254)]


class ClosingMeans(Answer):
    """What the end of my account would mean, in numbers."""

    owned_alone: list[LevelName] = Field(description="To be handed over or deleted first.")
    accesses: int
    others: int = Field(description="People who lose access with me.")
    invitations: int
    devices: int
    tokens: int
    sessions: int
    undo_days: int


class Closing(Input):
    """The end of my account, said twice: by the call and by the address of the account."""

    email: Annotated[Text, StringConstraints(max_length=254)]


class Closed(Answer):
    """It is closed."""

    until: datetime = Field(description="Until then I can log in and take it back.")


class Export(Answer):
    """Everything that is kept about me, by kind."""

    kinds: dict[str, list[dict[str, Any]]]


@routes.get("/me/details", own("my personal data"))
def read_details(by: Acting) -> PersonalDetails:
    """My personal data."""
    return _details(particulars.particulars_of(_person(by)))


@routes.patch("/me/details", own("my personal data", session_only=True))
def change_details(by: Acting, body: DetailChanges) -> PersonalDetails:
    """Change my personal data."""
    before = particulars.particulars_of(_person(by))
    changes = {name: value for name, value in body.model_dump().items() if value is not None}
    kept = {name: getattr(before, name) for name in Particulars.__dataclass_fields__}
    return _details(particulars.change_particulars(by, Particulars(**{**kept, **changes})))


@routes.get("/me/notices", own("which mails I get"))
def list_notices(by: Acting) -> Notices:
    """Which mails I get."""
    return _notices(_person(by))


@routes.patch("/me/notices", own("which mails I get", session_only=True))
def choose_notices(by: Acting, body: WantedNotices) -> Notices:
    """Choose which mails I get."""
    particulars.choose_notices(by, body.wanted)
    return _notices(_person(by))


@routes.get("/me/logins", own("where I am logged in", session_only=True))
def list_logins(by: Acting) -> Logins:
    """The browsers in which I am logged in."""
    return Logins(
        items=[
            Login(
                key=view.key,
                address=view.ip,
                browser=view.user_agent,
                created_at=view.created_at,
                last_seen_at=view.last_seen_at,
            )
            for view in sessions.sessions_of(by)
        ]
    )


@routes.delete("/me/logins/{session}", own("where I am logged in", session_only=True))
def end_login(by: Acting, session: Key) -> None:
    """Log one browser out at once."""
    sessions.end_session(by, session)


@routes.get("/me/export", own("what is kept about me", proven=True))
def export_my_data(by: Acting) -> Export:
    """Everything that the installation keeps about me; without secrets."""
    return Export(kinds=export_of(by))


@routes.get("/me/email-change", own("my own address"))
def read_email_change(by: Acting) -> EmailChange | None:
    """The change of address that waits to be confirmed; null: none does."""
    found = email_change.waiting_change(by)
    if found is None:
        return None
    return EmailChange(**{name: getattr(found, name) for name in EmailChange.model_fields})


@routes.post("/me/email-change", own("my own address", proven=True))
def change_email(by: Acting, body: NewEmail) -> EmailChange | None:
    """Ask for another address; a link is sent to both, and each confirms it."""
    email_change.ask_for_change(by, body.email)
    return read_email_change(by)


@routes.delete("/me/email-change", own("my own address", session_only=True))
def keep_email(by: Acting) -> None:
    """Keep the address as it is; once more is no fault."""
    email_change.take_back(by)


@routes.get("/me/closing", own("my own account"))
def what_closing_means(by: Acting) -> ClosingMeans:
    """What the end of my account would mean."""
    found = closing.consequences(by)
    counts = ("accesses", "others", "invitations", "devices", "tokens", "sessions")
    return ClosingMeans(
        owned_alone=[level_name(node) for node in found.owned_alone],
        undo_days=closing.UNDO.days,
        **{name: getattr(found, name) for name in counts},
    )


@routes.post("/me/closing", own("my own account", proven=True), status=200)
def close_account(by: Acting, body: Closing) -> Closed:
    """Close my account: all that it opens ends at once. Whoever logs in again in time can take it back."""
    if body.email.strip().lower() != _person(by).email:
        raise Invalid.at("email", "email-differs", _("This is not the address of your account."))
    return Closed(until=closing.close_account(by))


@routes.delete("/me/closing", own("my own account, which I closed", session_only=True, closed_too=True))
def reopen_account(by: Acting) -> None:
    """Take the end of my account back. What it opened has ended; who let me in can do so again."""
    closing.reopen(by, _person(by))


def _person(by: Acting) -> Person:
    assert by.person_id is not None  # whoever came in here is somebody
    return Person.objects.get(pk=by.person_id)


def _details(shown: Particulars) -> PersonalDetails:
    return PersonalDetails(**{name: getattr(shown, name) for name in PersonalDetails.model_fields})


def _notices(person: Person) -> Notices:
    return Notices(
        items=[
            Notice(
                key=each.key,
                title=str(each.title),
                required=each.required,
                wanted=notices.wants(person, each),
            )
            for each in notices.kinds()
        ]
    )
