"""What every body and answer is made of."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer, StringConstraints

from furka.access.words import marked as _


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
