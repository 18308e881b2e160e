"""A site's own router as its gateway."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from furka.access.rights import CONFIGURE
from furka.api import schemas
from furka.api.routes import Routes, at_node
from furka.plan.render.routers import SYSTEMS
from furka.sites import routers
from furka.sites.models import Gateway
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node

routes = Routes("routers")

System = Literal["linux", "openwrt", "openwrt-iptables", "routeros", "sense", "other"]


class NewRouter(schemas.Input):
    """A router that made a key pair; only its public half comes here."""

    public_key: Annotated[schemas.Text, StringConstraints(max_length=60)] = Field(
        description="32 bytes in base64, as `wg pubkey` prints them."
    )
    system: System
    replace: bool = Field(default=False, description="Part the site from the gateway that serves it now.")


class Router(schemas.Answer):
    """The router that serves a site, and what is put into it."""

    gateway: schemas.Gateway
    configuration: str = Field(description="The place PRIVATE_KEY is filled in where the key was made.")
    file_name: str
    translates: bool = Field(description="Whether the text sets up the 1:1 translation of addresses too.")
    tried: bool = Field(description="Whether it was tried with real packets, not only written by the book.")
    outdated: bool = Field(description="Networks or hub changed since the router was told.")


@routes.get("/sites/{key}/router", at_node(CONFIGURE, Kind.SITE))
def read_router(_by: Acting, site: Node) -> Router:
    """The configuration for the router that serves a site, as it should be now."""
    return _router(routers.router_of(site))


@routes.post("/sites/{key}/router", at_node(CONFIGURE, Kind.SITE))
def connect_router(by: Acting, site: Node, body: NewRouter) -> Router:
    """Make a router of your own the gateway of the site; it runs WireGuard, without our program."""
    row = routers.connect_router(by, site, body.public_key, body.system, replacing=body.replace)
    return _router(row)


@routes.post("/sites/{key}/router/configured", at_node(CONFIGURE, Kind.SITE), status=204)
def note_router_configured(by: Acting, site: Node) -> None:
    """The newest configuration is in the router."""
    routers.note_configured(by, site)


def _router(row: Gateway) -> Router:
    system = SYSTEMS[row.system]
    return Router(
        gateway=schemas.gateway(row),
        configuration=routers.configuration(row),
        file_name=system.file_name,
        translates=system.translates,
        tried=system.tried,
        outdated=routers.is_outdated(row),
    )
