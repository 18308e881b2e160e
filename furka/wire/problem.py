"""The form of an error between programs: problem details for HTTP APIs (RFC 9457), with a stable code."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """An error that a program can act on (`code`) and a person can read (`detail`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str = ""
    fields: dict[str, list[str]] = {}
