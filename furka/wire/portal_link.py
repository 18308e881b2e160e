"""How a hub or a gateway calls the portal: one small client with clear errors, over HTTPS.

Only calls outwards are made. Plain HTTP is refused unless it is asked for by name, because the token would travel
in the clear.
"""

from __future__ import annotations

import logging
import secrets
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from furka.wire import PREFIX
from furka.wire.problem import Problem

Answer = TypeVar("Answer", bound=BaseModel)

log = logging.getLogger(__name__)


class PortalAway(Exception):
    """The portal could not be reached, or what answered is not the portal; trying again later may help."""


class PortalRefused(Exception):
    """The portal said no, with a reason; trying the same again will not help."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title)
        self.problem = problem


class PortalLink:
    """The calls of one program to one portal; `proxy` is http://name:password@host:port, if they go through one."""

    def __init__(
        self,
        portal: str,
        token: str = "",
        *,
        plain_http: bool = False,
        timeout: float = 10,
        proxy: str | None = None,
    ) -> None:
        url = httpx.URL(portal)
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError(f"{portal!r} is not the address of a portal, such as https://portal.example.org")
        if url.scheme == "http" and not plain_http and url.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError(f"{portal} is not encrypted; use https://, or allow plain HTTP explicitly")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = timeout
        self._http = httpx.Client(
            base_url=url, headers=headers, follow_redirects=False, trust_env=False, proxy=proxy
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, answer: type[Answer], *, wait: float = 0, **query: str | int) -> Answer:
        """Ask for something; `wait` is how long the portal may hold the question until there is news, in seconds."""
        asked = {**query, "wait": int(wait)} if wait else query
        return self._call("GET", path, answer, params=asked, timeout=self._timeout + wait)

    def post(self, path: str, message: BaseModel, answer: type[Answer]) -> Answer:
        """Say something."""
        return self._call("POST", path, answer, json=message.model_dump(mode="json"), timeout=self._timeout)

    def _call(
        self, method: str, path: str, answer: type[Answer], *, timeout: float, **content: object
    ) -> Answer:
        number = secrets.token_hex(8)  # stands in the portal's log, too
        content["headers"] = {"X-Request-Id": number}
        log.debug("%s %s [%s]", method, path, number)
        try:
            response = self._http.request(method, PREFIX + path, timeout=timeout, **content)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise PortalAway(f"the portal does not answer: {error}") from error
        if response.status_code == httpx.codes.OK:
            try:
                return answer.model_validate_json(response.content)
            except ValidationError as error:
                raise PortalAway(
                    f"the portal's answer is not understood: {error.error_count()} faults"
                ) from error
        try:
            problem = Problem.model_validate_json(response.content)
        except ValidationError as error:
            raise PortalAway(f"no portal answers here (HTTP {response.status_code})") from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or problem.code == "too-many-attempts":
            raise PortalAway(problem.detail or problem.title)
        raise PortalRefused(problem)
