"""The settings of services at a level: one pair of operations for each service, typed by its own settings."""

from __future__ import annotations

from typing import Any

from ninja import Query
from pydantic import create_model

from furka.access.rights import LOOK, SERVICES
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Routes, at_node
from furka.catalogue.operations import configure, settings_at
from furka.catalogue.service import Service, ServiceSettings, services_at
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node

routes = Routes("services")


@routes.get("/levels/{key}/services", at_node(LOOK))
def list_services(by: Acting, level: Node, page: Query[Paging]) -> Page[schemas.Service]:
    """The services that are configured at this level, with their settings."""
    found, following = items_of(services_at(Kind(level.kind)), page, lambda each: (each.key,))
    items = [_service(by, level, each) for each in found]
    return Page[schemas.Service](items=items, next=following)


def routes_of(service: Service) -> Routes:
    """Reading and changing the settings of one service."""
    own_routes, path = Routes("services"), f"/levels/{{key}}/services/{service.key}"

    def read(by: Acting, level: Node) -> ServiceSettings:
        return settings_at(by, level, service.key)

    def change(by: Acting, level: Node, body: schemas.Input) -> ServiceSettings:
        return configure(by, level, service.key, body.model_dump(mode="json", exclude_unset=True))

    read.__name__, change.__name__ = f"read_{service.key}", f"configure_{service.key}"
    read.__doc__ = f"The settings of the service `{service.key}` at a level."
    change.__doc__ = f"Change settings of the service `{service.key}`; what is not named stays."
    # The library reads the types from here: those of this service instead of those of any.
    read.__annotations__["return"] = change.__annotations__["return"] = service.settings
    change.__annotations__["body"] = _changes(service.settings)
    own_routes.get(path, at_node(LOOK, *sorted(service.levels)))(read)
    own_routes.patch(path, at_node(SERVICES, *sorted(service.levels)))(change)
    return own_routes


def _changes(settings: type[ServiceSettings]) -> type[schemas.Input]:
    """The same fields, none of them needed."""
    fields: dict[str, Any] = {
        name: (field.annotation, field.get_default(call_default_factory=True))
        for name, field in settings.model_fields.items()
    }
    return create_model(
        f"{settings.__name__}Changes", __base__=schemas.Input, __doc__="What shall be different.", **fields
    )


def _service(by: Acting, level: Node, each: Service) -> schemas.Service:
    return schemas.Service(
        key=each.key,
        title=str(each.title),
        summary=str(each.summary),
        settings=settings_at(by, level, each.key).model_dump(mode="json"),
    )
