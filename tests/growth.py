"""Makes the cast's world many times larger, so that what costs more with every row shows.

Levels, gateways, people and their access come from a made-up world that is hung below our tree. Of every other kind
of row, also of kinds that did not exist when this was written, those that belong to us are multiplied.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q
from django.db.utils import IntegrityError

from furka.journal.models import Event
from furka.people.models import Person
from furka.sites.models import Gateway
from furka.tree.ceilings import Ceiling, CeilingInterval
from furka.tree.granting import Terms
from furka.tree.models import Kind, Node
from furka.world.make import make_world
from furka.world.size import Size
from tests.world import NOW, PASSWORD, World, let_in

_BEYOND = 20_000
_ALL = "a test makes more of everything"

#: Kinds of rows that the made-up world brings, or that exist once.
_NOT_MULTIPLIED = {
    "people.Person",
    "tree.Node",
    "tunnel.Counter",
    "tunnel.Hub",
    "live.NewsCount",
    "journal.Chain",
    "sites.Gateway",
    "dispatch.PlanEntry",
    "tree.Ceiling",
    "tree.CeilingInterval",
}


def grow(world: World, times: int, seed: int) -> None:
    """Hang so many times more below our nodes, and give the cast so many times more of what they have."""
    kept = set(_everything(Node).values_list("pk", flat=True))
    make_world(
        Size(2, 4 * times, 8 * times, 6 * times + 10), seed, NOW, PASSWORD, lambda text: None, beside=True
    )
    sites = _hang_below(world, kept)
    _limit(sites[:times], kept)
    for site in sites[:times]:
        for someone in (world.sonja, world.max, world.fremd):
            let_in(
                site, someone, Terms(role="supporter", reason="Viele"), world.rita, NOW - timedelta(hours=2)
            )
    for model in apps.get_models(include_auto_created=True):
        if model.__module__.startswith("furka.") and model._meta.label not in _NOT_MULTIPLIED:
            _multiply(model, world, times, sites)


def _limit(sites: list[Node], kept: set[int]) -> None:
    """Owners' ceilings at these new sites, none by chance; with hours, since these are asked for apart."""
    Ceiling.objects.everything(_ALL).exclude(node__in=kept).delete()
    for site in sites:
        row = Ceiling.objects.create(
            node=site,
            windows=[{"days": [0], "start": "08:00", "end": "17:00"}],
            time_zone=site.time_zone,
            begun_at=NOW - timedelta(days=1),
        )
        CeilingInterval.objects.create(
            ceiling=row, begins_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(hours=1)
        )


def _hang_below(world: World, kept: set[int]) -> list[Node]:
    """What was not there before comes below our reseller, and half of the sites below our customer."""
    ours = world.ours
    new = Node.objects.everything(_ALL).exclude(pk__in=kept)
    customers = new.filter(kind=Kind.CUSTOMER)
    customers.update(parent=ours.reseller, reseller=ours.reseller)
    sites = list(new.filter(kind=Kind.SITE).order_by("pk"))
    half = [site.pk for site in sites[::2]]
    for_customer = Node.objects.everything(_ALL).filter(pk__in=half)
    for_customer.update(parent=ours.customer, customer=ours.customer, reseller=ours.reseller)
    direct = new.filter(kind=Kind.SITE, customer=None)
    direct.update(parent=ours.reseller)
    new.filter(kind=Kind.SITE).update(reseller=ours.reseller)
    for site in Node.objects.everything(_ALL).filter(pk__in=[each.pk for each in sites]):
        Event.objects.filter(node_id=site.pk).update(
            reseller_id=site.reseller_id, customer_id=site.customer_id
        )
    _have_some_in_every_state(sites)
    return list(Node.objects.everything(_ALL).filter(pk__in=[site.pk for site in sites]).order_by("pk"))


def _have_some_in_every_state(sites: list[Node]) -> None:
    """A filter that finds nothing costs less: so each finds something, in the small world too."""
    gateways = Gateway.objects.everything(_ALL).filter(released_at=None)
    for number, gateway in enumerate(gateways.filter(node__in=[site.pk for site in sites]).order_by("pk")):
        gateways.filter(pk=gateway.pk).update(online=number // 2 % 2 == 0)
    for site in sites:
        Node.objects.everything(_ALL).filter(pk=site.pk).update(name=f"Schulhaus {site.pk}")


def _multiply(model: type[models.Model], world: World, times: int, sites: list[Node]) -> None:
    """Of the rows of a kind that belong to us or to somebody of the cast: so many more of each."""
    rows = list(_belonging(model, world))
    others = cycle(sites)
    for row in rows[:6]:
        for number in range(times):
            copy = model._default_manager.model(**_values(row))
            _make_unlike(copy, number, next(others))
            try:
                with transaction.atomic():
                    copy.save(force_insert=True)
            except IntegrityError as error:
                if _exists_once_each(model):
                    break
                raise AssertionError(
                    f"tests/growth.py can make no more of {model._meta.label}: {error}"
                ) from error


def _belonging(model: type[models.Model], world: World) -> models.QuerySet[Any]:
    ours, mine = Q(pk__in=()), world.ours
    nodes = [mine.school.pk, mine.customer.pk, mine.reseller.pk]
    persons = [world.rita.pk, world.karl.pk, world.sonja.pk, world.max.pk, world.fremd.pk]
    for field in model._meta.concrete_fields:
        if field.related_model is Node or field.name == "node_id":
            ours |= Q(**{f"{field.name}__in": nodes})
        elif field.related_model is Person or field.name == "person_id":
            ours |= Q(**{f"{field.name}__in": persons})
        elif field.name in ("email", "recipient"):
            ours |= Q(**{f"{field.name}__in": [world.fremd.email, world.sonja.email]})
    return _everything(model).filter(ours).order_by("-pk")


def _everything(model: type[models.Model]) -> models.QuerySet[Any]:
    manager: Any = model._default_manager
    found: models.QuerySet[Any] = (
        manager.everything(_ALL) if hasattr(manager, "everything") else manager.all()
    )
    return found


def _values(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key or field.remote_field is not None
    }


def _make_unlike(row: models.Model, number: int, other: Node) -> None:
    """Change what may exist once only: a key, a number, an address; if nothing else can be, at which site it is."""
    for names in _unique(type(row)):
        fields = [row._meta.get_field(name) for name in names]
        plain = [field for field in fields if not field.is_relation]
        field: Any = (
            plain[-1] if plain else next((each for each in fields if each.related_model is Node), None)
        )
        if field is not None:
            setattr(row, field.attname, _unlike(row, field, number, other))


def _unlike(row: models.Model, field: Any, number: int, other: Node) -> Any:
    if field.related_model is Node:
        return other.pk
    if field.name in ("subnet", "virtual_subnet"):
        count = _everything(type(row)).count()
        return f"10.{200 if field.name == 'subnet' else 250}.{count // 250}.{count % 250}/32"
    if field.get_internal_type() == "GenericIPAddressField":
        count = _everything(type(row)).count()
        return f"10.77.{count // 250}.{count % 250}"
    if isinstance(field, models.IntegerField):
        return _BEYOND + _everything(type(row)).count()  # beyond what counters will give out
    if isinstance(field, models.DateTimeField):
        return getattr(row, field.attname) + timedelta(seconds=number + 1)
    return uuid.uuid4().hex[: field.max_length or 32]


def _unique(model: type[models.Model]) -> Iterator[tuple[str, ...]]:
    for field in model._meta.concrete_fields:
        if (field.unique and (not field.primary_key or field.remote_field is not None)) or (
            field.primary_key and not isinstance(field, models.AutoField)
        ):
            yield (field.name,)
    for together in model._meta.unique_together:
        yield tuple(together)
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields:
            yield tuple(constraint.fields)


def _exists_once_each(model: type[models.Model]) -> bool:
    """Whether a unique thing of this kind is made of references alone: of people, for instance, there are not more."""
    return any(all(model._meta.get_field(name).is_relation for name in names) for names in _unique(model))
