"""Login by an organisation: the provider of a reseller, and one's own links with such providers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.conf import settings
from django.urls import reverse
from pydantic import Field, StringConstraints

from furka.access.rights import PEOPLE
from furka.api.routes import Key, Routes, at_node, own
from furka.api.schemas import Answer, Input, Name, Text
from furka.errors import NotThere
from furka.identity import operations, own_links
from furka.identity.models import IdentityProvider
from furka.identity.operations import Setup
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

routes = Routes("identity")

_Short = Annotated[Text, StringConstraints(min_length=1, max_length=300)]
_Domain = Annotated[Text, StringConstraints(min_length=1, max_length=260)]


class Provider(Answer):
    """Where the people of a reseller prove who they are. The secret is never shown."""

    key: str
    name: str
    issuer: str
    client_id: str
    domains: list[str]
    authority: str = Field(description="PEM of a certificate authority of its own; empty: a public one.")
    only_way: bool = Field(description="For the reseller's own staff, owners excepted.")
    enabled: bool
    redirect_address: str = Field(description="To be entered at the provider.")
    login_page: str = Field(description="For the people of the reseller.")


class ProviderChanges(Input):
    """How a provider is set up. What is not named stays; a first one needs name, issuer, client, secret, domains."""

    name: Name | None = None
    issuer: _Short | None = None
    client_id: _Short | None = None
    secret: _Short | None = Field(None, description="Is kept sealed and never shown.")
    domains: Annotated[list[_Domain], Field(max_length=50)] | None = None
    authority: Annotated[Text, StringConstraints(max_length=20_000)] | None = Field(
        None, description="Certificates as PEM; only what they signed is believed then. Empty: none."
    )
    only_way: bool | None = None
    enabled: bool | None = None


class Tried(Answer):
    """What came out of asking a provider."""

    works: bool
    text: str


class OwnLink(Answer):
    """An organisation by which I can log in."""

    key: str
    name: str
    level: str = Field(description="Such a login reaches this level and what is below it.")
    name_there: str
    linked_at: datetime
    last_used_at: datetime | None
    enabled: bool
    kept_because: str = Field(description="Why it can not be undone; empty: it can.")


class OwnLinks(Answer):
    """All of them."""

    items: list[OwnLink]


@routes.get("/levels/{key}/identity-provider", at_node(PEOPLE, Kind.RESELLER))
def read_identity_provider(by: Acting, level: Node) -> Provider:
    """How people of a reseller log in by their organisation."""
    row = operations.provider_at(by, level)
    if row is None:
        raise NotThere("no-provider", sentence("not-visible"))
    return _provider(level, row)


@routes.patch("/levels/{key}/identity-provider", at_node(PEOPLE, Kind.RESELLER))
def set_up_identity_provider(by: Acting, level: Node, body: ProviderChanges) -> Provider:
    """Set up the provider of a reseller, or change it."""
    row = operations.provider_at(by, level)
    kept = (
        {name: getattr(row, name) for name in ("name", "issuer", "client_id", "domains", "authority")}
        if row
        else {}
    )
    switches = {name: getattr(row, name) for name in ("only_way", "enabled")} if row else {}
    given = {name: value for name, value in body.model_dump().items() if value is not None}
    empty = {"name": "", "issuer": "", "client_id": "", "domains": ()}
    return _provider(level, operations.set_up(by, level, Setup(**{**empty, **kept, **switches, **given})))


@routes.delete("/levels/{key}/identity-provider", at_node(PEOPLE, Kind.RESELLER))
def remove_identity_provider(by: Acting, level: Node) -> None:
    """People of the reseller log in by themselves again; once more is no fault."""
    operations.remove(by, level)


@routes.post("/levels/{key}/identity-provider/try", at_node(PEOPLE, Kind.RESELLER), status=200)
def try_identity_provider(by: Acting, level: Node) -> Tried:
    """Ask the provider whether it would work."""
    tried = operations.try_out(by, level)
    return Tried(works=tried.works, text=tried.text)


@routes.get("/me/organisations", own("by which organisations I can log in", session_only=True))
def list_own_links(by: Acting) -> OwnLinks:
    """The organisations by which I can log in, and when I last did."""
    return OwnLinks(
        items=[
            OwnLink(**{name: getattr(link, name) for name in OwnLink.model_fields})
            for link in own_links.own_links(by)
        ]
    )


@routes.delete("/me/organisations/{provider}", own("by which organisations I can log in", proven=True))
def undo_own_link(by: Acting, provider: Key) -> None:
    """Log in by this organisation no more; refused for the only way to log in."""
    own_links.unlink(by, provider)


def _provider(level: Node, row: IdentityProvider) -> Provider:
    back = reverse("openid_connect_callback", args=(row.key,))
    return Provider(
        key=row.key,
        name=row.name,
        issuer=row.issuer,
        client_id=row.client_id,
        domains=row.domains,
        authority=row.authority,
        only_way=row.only_way,
        enabled=row.enabled,
        redirect_address=f"{settings.PORTAL_URL}{back}",
        login_page=f"{settings.PORTAL_URL}{reverse('login-of-level', args=(level.key,))}",
    )
