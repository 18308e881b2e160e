"""Requests for an extension: asking for one, and answering it."""

from __future__ import annotations

from ninja import Query

from furka.access.rights import PEOPLE
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, at_node, own
from furka.errors import NotThere
from furka.tree import extending
from furka.tree.acting import Acting
from furka.tree.extensions import ExtensionRequest, request_of_key, requests_at
from furka.tree.models import Node
from furka.tree.reasons import sentence

routes = Routes("people")


@routes.post("/grants/{grant}/extension", own("what I hold"))
def ask_extension(by: Acting, grant: Key, body: schemas.NewExtensionRequest) -> schemas.ExtensionRequest:
    """Ask that an access of mine goes on; those in charge are told."""
    return schemas.extension_request(extending.ask_extension(by, grant, body.valid_until, body.reason))


@routes.delete("/extensions/{asked}", own("what I asked for"))
def withdraw_extension(by: Acting, asked: Key) -> None:
    """Take back a request of mine that nobody has answered."""
    extending.withdraw_extension(by, asked)


@routes.get("/levels/{key}/extensions", at_node(PEOPLE))
def list_extensions(by: Acting, level: Node, page: Query[Paging]) -> Page[schemas.ExtensionRequest]:
    """Requests at a level and below that wait for an answer."""
    rows, following = items_of(requests_at(by, level), page, lambda row: (row.asked_at.isoformat(), row.key))
    return Page[schemas.ExtensionRequest](
        items=[schemas.extension_request(row) for row in rows], next=following
    )


@routes.post("/levels/{key}/extensions/{asked}/answer", at_node(PEOPLE), status=200)
def answer_extension(
    by: Acting, level: Node, asked: Key, body: schemas.ExtensionAnswer
) -> schemas.ExtensionRequest:
    """Grant a request, as wished or shorter, or decline it; whoever asked is told."""
    row = _of_key(by, level, asked)
    if body.granted:
        return schemas.extension_request(extending.grant_extension(by, row, body.valid_until, body.answer))
    return schemas.extension_request(extending.decline_extension(by, row, body.answer))


def _of_key(by: Acting, level: Node, key: str) -> ExtensionRequest:
    row = request_of_key(by, level, key)
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    return row
