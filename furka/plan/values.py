"""What all entries of a plan are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: The number of a site in the packet mark of a hub; 0 means "no site".
SiteNumber = Annotated[int, Field(ge=1, le=0x7FFF_FFFF)]


class Value(BaseModel):
    """Never changes; two are the same when they say the same. What it does not know, it does not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")
