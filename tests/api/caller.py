"""Calls the API as a person with a token or a session, and holds every answer against the document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import jsonschema_rs
from allauth.account.internal.flows.login import record_authentication
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client

from furka.api.assembly import api
from furka.gate.tokens import issue_token
from furka.people.models import Person
from furka.tree.models import Node
from tests.world import NOW, by

ROOT = "/api/v1"

#: What somebody called successfully, by operation id.
called: set[str] = set()


@cache
def document() -> Any:
    """The document, as a program reads it."""
    return json.loads(json.dumps(api.get_openapi_schema()))


def operations() -> Iterator[tuple[str, str, Any]]:
    """Every operation: method, path, description."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def a_token(
    person: Person,
    *,
    rights: tuple[str, ...] | None = None,
    node: Node | None = None,
    expires_at: datetime = NOW + timedelta(days=30),
) -> str:
    """The secret of a new token of that person."""
    return issue_token(by(person), "test", expires_at, rights, node).secret


@dataclass
class Answer:
    """A status, headers and a JSON body, None if it is empty, bytes if it is a file."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Caller:
    """Somebody who calls."""

    token: str = ""
    client: Client = field(default_factory=Client)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: object) -> Answer:
        """Read."""
        return self.call("GET", path, query=query)

    def post(self, path: str, body: object = None) -> Answer:
        """Make."""
        return self.call("POST", path, body)

    def patch(self, path: str, body: object) -> Answer:
        """Change."""
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> Answer:
        """Remove."""
        return self.call("DELETE", path)

    def upload(self, path: str, name: str, content: bytes) -> Answer:
        """Send a file."""
        file = SimpleUploadedFile(name, content)
        response = self.client.post(ROOT + path, {"file": file}, headers=self._headers)
        return self._answer("POST", path, response)

    def items(self, path: str, **query: object) -> list[Any]:
        """All items of a list, part by part."""
        found: list[Any] = []
        after: str | None = ""
        while after is not None:
            answer = self.get(path, **query, **({"after": after} if after else {}))
            assert answer.status == 200, answer.body
            found += answer.body["items"]
            after = answer.body["next"]
        return found

    def call(
        self, method: str, path: str, body: object = None, query: dict[str, object] | None = None
    ) -> Answer:
        """Call, and hold the answer against the document."""
        response = self.client.generic(
            method,
            ROOT + path,
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
            "application/json",
            headers=self._headers,
            query_params=query or {},
        )
        return self._answer(method, path, response)

    @property
    def _headers(self) -> dict[str, str]:
        shown = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Accept-Language": "en", **self.headers, **shown}

    def _answer(self, method: str, path: str, response: Any) -> Answer:
        is_json = response.headers.get("Content-Type", "").partition(";")[0].endswith("json")
        content = (json.loads if is_json else bytes)(response.content) if response.content else None
        answer = Answer(response.status_code, content, dict(response.headers))
        _hold_against_document(method, ROOT + path.partition("?")[0], answer)
        return answer


def as_person(person: Person, **limits: Any) -> Caller:
    """That person, with a token of theirs."""
    return Caller(a_token(person, **limits))


def in_session(person: Person, *, proof: bool = True, just_now: bool = True) -> Caller:
    """That person, logged in to the pages, perhaps just now; `proof` is the one against foreign pages."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    if just_now:
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, person, method="password", reauthenticated=True)
        request.session.save()
    if not proof:
        return Caller(client=client)
    client.cookies["csrftoken"] = "x" * 32
    return Caller(client=client, headers={"X-CSRFToken": "x" * 32})


@contextmanager
def collecting() -> Iterator[set[str]]:
    """The operations that are called successfully meanwhile."""
    called.clear()
    yield called


def _operation_at(method: str, path: str) -> Any:
    for known_method, template, operation in operations():
        if known_method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return operation
    return None


def _hold_against_document(method: str, path: str, answer: Answer) -> None:
    operation = _operation_at(method, path)
    if operation is None:
        assert answer.status in (404, 405) or path.endswith("/openapi.json"), (method, path, answer)
        return
    described = operation["responses"].get(str(answer.status))
    assert described is not None, f"{method} {path} answered {answer.status}: {answer.body}"
    if "$ref" in described:
        described = document()["components"]["responses"][described["$ref"].rpartition("/")[2]]
    if "content" not in described:
        assert answer.body is None
    else:
        [(media_type, content)] = described["content"].items()
        if media_type == "*/*":
            assert isinstance(answer.body, bytes)
            called.add(operation["operationId"])
            return
        assert answer.headers["Content-Type"].partition(";")[0] == media_type
        schema = {**content["schema"], "components": document()["components"]}
        jsonschema_rs.validate(schema, answer.body)
    if answer.status < 400:
        called.add(operation["operationId"])
