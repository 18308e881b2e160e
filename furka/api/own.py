"""What is one's own: who I am, my tokens."""

from __future__ import annotations

from ninja import Query

from furka.access.rights import LOOK
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, own
from furka.errors import Invalid
from furka.gate import tokens
from furka.gate.tokens import ActingWithToken
from furka.people.models import Person
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.reasons import sentence

routes = Routes("own")


@routes.get("/me", own("who I am"))
def me(by: Acting) -> schemas.Me:
    """Who I am, and with which token."""
    if isinstance(by, ActingWithToken):
        return schemas.me(by.token.person, schemas.token(by.token, tokens.levels_of([by.token])))
    assert by.person_id is not None  # whoever came in here is somebody
    return schemas.me(Person.objects.get(pk=by.person_id), None)


@routes.get("/tokens", own("my tokens", session_only=True))
def list_tokens(by: Acting, page: Query[Paging]) -> Page[schemas.Token]:
    """My tokens that are not revoked."""
    rows, following = items_of(
        tokens.tokens_of(by), page, lambda row: (row.created_at.isoformat(timespec="microseconds"), row.key)
    )
    levels = tokens.levels_of(rows)
    return Page[schemas.Token](items=[schemas.token(row, levels) for row in rows], next=following)


@routes.post("/tokens", own("my tokens", proven=True))
def issue_token(by: Acting, body: schemas.NewToken) -> schemas.TokenWithSecret:
    """A new token. Its secret is shown this once."""
    node = None
    if body.level is not None:
        node = Node.objects.visible_to(by, LOOK).filter(key=body.level).first()
        if node is None:
            raise Invalid.at("level", "not-there", sentence("not-visible"))
    issued = tokens.issue_token(by, body.name, body.expires_at, body.rights, node)
    shown = schemas.token(issued.token, {node.pk: node} if node else {})
    return schemas.TokenWithSecret(**dict(shown), secret=issued.secret)


@routes.delete("/tokens/{token}", own("my tokens", session_only=True))
def revoke_token(by: Acting, token: Key) -> None:
    """Revoke a token of mine; once more is no fault."""
    tokens.revoke_token(by, token)
