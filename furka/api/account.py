"""One's own account: personal data, mails, logins, and everything that is kept about oneself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from furka.account import particulars, sessions
from furka.account.export import export_of
from furka.account.particulars import Particulars
from furka.api.routes import Key, Routes, own
from furka.api.schemas import Answer, Input, Name, Text
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


@routes.get("/me/export", own("what is kept about me", session_only=True))
def export_my_data(by: Acting) -> Export:
    """Everything that the installation keeps about me; without secrets."""
    return Export(kinds=export_of(by))


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
