"""The manifest of a service, and the register of those present.

Navigation, API, rights and the plan follow from the manifest: adding a service touches no other room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from pydantic import BaseModel, ConfigDict

from furka.access.rights import RIGHTS, Right
from furka.plan.entries import Entry
from furka.plan.world import VisitWorld
from furka.tree.models import Kind


class ServiceSettings(BaseModel):
    """The base of a service's settings: types, limits and defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True


@dataclass(frozen=True, slots=True)
class NewRight:
    """A right that a service brings, and the roles that hold it."""

    right: Right
    roles: Sequence[str]


@dataclass(frozen=True, slots=True)
class Visit:
    """How persons enter a site through a service: by a right there, and with which entries of the plan, given the world
    of one person at one site and the service's settings there (pure, without Django)."""

    right: Right
    compile: Callable[[VisitWorld, ServiceSettings], tuple[Entry, ...]]


@dataclass(frozen=True, slots=True)
class Service:
    """What the house knows of a service. One that lets nobody into sites has no `visit`."""

    key: str
    title: Promise
    summary: Promise
    levels: frozenset[Kind]
    rights: tuple[NewRight, ...]
    settings: type[ServiceSettings]
    page: str = ""  # name of the URL of its page at a level
    visit: Visit | None = None
    api: str = ""  # where its operations of the API are: the dotted path of a `furka.api.routes.Routes`


_services: dict[str, Service] = {}


def register(service: Service) -> None:
    """Make a service present; called once at the start."""
    if service.key in _services:
        raise ValueError(f"the service {service.key} is registered already")
    for new in service.rights:
        RIGHTS.register(new.right, roles=new.roles)
    _services[service.key] = service


def services() -> Iterator[Service]:
    """All services that are present, in the order of the settings."""
    yield from _services.values()


def service(key: str) -> Service:
    """The service of that key. Raises KeyError."""
    return _services[key]


def services_at(kind: Kind) -> list[Service]:
    """The services that are configured at this kind of level."""
    return [each for each in _services.values() if kind in each.levels]


def visits() -> Iterator[tuple[Service, Visit]]:
    """The services that let people into sites, and how."""
    for each in services_at(Kind.SITE):
        if each.visit is not None:
            yield each, each.visit


def visit_rights() -> list[Right]:
    """What lets somebody into the network of a site, by whichever service."""
    return [visit.right for _service, visit in visits()]
