"""Rows that belong to somebody can't be read without saying for whom."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.shortcuts import get_list_or_404, get_object_or_404

from furka import sites as sites_room
from furka.access.rights import CONFIGURE, LOOK
from furka.sites.models import Device, Gateway, Network
from furka.tree.grants import Grant
from furka.tree.guard import Unguarded
from furka.tree.models import Kind, Node
from furka.tree.queries import operator
from tests.world import NOW, World, by

OPENED = "a test looks at everything"


def closed() -> QuerySet[Node]:
    """Nodes of nobody in particular."""
    return Node.objects.filter(kind=Kind.SITE)


def opened() -> QuerySet[Node]:
    return Node.objects.everything(OPENED).filter(kind=Kind.SITE)


class SiteChoice(forms.Form):
    site: forms.ModelChoiceField[Node] = forms.ModelChoiceField(queryset=closed())


class NetworkForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    class Meta:
        model = Network
        fields = ("node", "subnet")


READS: dict[str, Callable[[], Any]] = {
    "list": lambda: list(closed()),
    "iteration": lambda: {node.pk for node in closed()},
    "length": lambda: len(closed()),
    "truth": lambda: bool(closed()),
    "count": lambda: closed().count(),
    "exists": lambda: closed().exists(),
    "contains": lambda: closed().contains(operator()),
    "get": lambda: closed().get(pk=1),
    "first": lambda: closed().first(),
    "last": lambda: closed().last(),
    "earliest": lambda: closed().earliest("created_at"),
    "latest": lambda: closed().latest("created_at"),
    "index": lambda: closed()[0],
    "slice": lambda: list(closed()[:2]),
    "values": lambda: list(closed().values("name")),
    "values_list": lambda: list(closed().values_list("name", flat=True)),
    "only": lambda: list(closed().only("name")),
    "distinct": lambda: list(closed().distinct()),
    "datetimes": lambda: list(closed().datetimes("created_at", "day")),
    "in_bulk": lambda: Node.objects.in_bulk([1]),
    "iterator": lambda: next(closed().iterator(), None),
    "aggregate": lambda: closed().aggregate(Count("pk")),
    "annotate": lambda: list(closed().values("kind").annotate(many=Count("pk"))),
    "aggregate over a part": lambda: closed()[:2].aggregate(Count("pk")),
    "get_or_create": lambda: Node.objects.get_or_create(name="x", defaults={"created_at": NOW}),
    "update_or_create": lambda: Node.objects.update_or_create(name="x", defaults={"created_at": NOW}),
    "update": lambda: closed().update(name="x"),
    "bulk_update": lambda: Node.objects.bulk_update([operator()], ["name"]),
    "delete": lambda: closed().delete(),
    "lock": lambda: closed().select_for_update().first(),
    "raw": lambda: list(Node.objects.raw("select * from tree_node")),
    "union, closed first": lambda: list(closed().union(opened())),
    "union, opened first": lambda: list(opened().union(closed())),
    "intersection": lambda: list(opened().intersection(closed())),
    "difference": lambda: list(opened().difference(closed())),
    "or": lambda: list(opened() | closed()),
    "or, closed first": lambda: list(closed() | opened()),
    "or with a part": lambda: list(opened()[:1] | closed()),
    "or with a closed part": lambda: list(opened() | closed()[:1]),
    "and": lambda: list(opened() & closed()),
    "xor": lambda: list(opened() ^ closed()),
    "xor with a part": lambda: list(opened()[:1] ^ closed()),
    "subquery in a filter": lambda: list(opened().filter(pk__in=closed())),
    "values as subquery": lambda: list(opened().filter(pk__in=closed().values("pk"))),
    "subquery in another model": lambda: list(Grant.objects.everything(OPENED).filter(node__in=closed())),
    "subquery of an unguarded model": lambda: list(operator_people().filter(pk__in=closed().values("pk"))),
    "Exists": lambda: list(opened().filter(Exists(closed().filter(pk=OuterRef("pk"))))),
    "Subquery": lambda: list(opened().annotate(other=Subquery(closed().values("name")[:1]))),
    "subquery in Q": lambda: list(opened().filter(Q(pk__in=closed()) | Q(pk=0))),
    "explain": lambda: closed().explain(),
    "text of the query": lambda: str(closed().query),
    "pickle": lambda: pickle.dumps(closed()),
    "repr": lambda: repr(closed()),
    "page": lambda: list(Paginator(closed().order_by("pk"), 2).page(1)),
    "get_object_or_404": lambda: get_object_or_404(Node, pk=1),
    "get_list_or_404": lambda: get_list_or_404(closed()),
    "serializer": lambda: serializers.serialize("json", closed()),
    "choices of a form": lambda: SiteChoice().as_p(),
    "chosen in a form": lambda: SiteChoice({"site": "1"}).is_valid(),
    "choices of a model's form": lambda: NetworkForm().as_p(),
    "reverse relation": lambda: list(operator().children.all()),
    "count of a reverse relation": lambda: operator().children.count(),
    "prefetch": lambda: list(opened().prefetch_related("children")),
    "prefetch of something closed": lambda: list(
        opened().prefetch_related(Prefetch("children", queryset=closed()))
    ),
    "another model": lambda: list(Device.objects.filter(name="x")),
}


def operator_people() -> QuerySet[Any]:
    from furka.people.models import Person  # noqa: PLC0415  # a model that is not guarded

    return Person.objects.all()


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_nothing_is_read_before_it_was_said_for_whom(world: World, read: Callable[[], Any]) -> None:
    with pytest.raises(Unguarded):
        read()


async def _all_asynchronously() -> list[Node]:
    return [node async for node in closed()]


def test_asynchronous_reads_are_refused_too(world: World) -> None:
    from asgiref.sync import async_to_sync  # noqa: PLC0415  # only here

    with pytest.raises(Unguarded):
        async_to_sync(_all_asynchronously)()


OPENED_READS: dict[str, Callable[[], Any]] = {
    "list": lambda: {node.name for node in opened()},
    "union": lambda: {node.name for node in opened().union(opened())},
    "or": lambda: {node.name for node in opened() | opened()},
    "or with a part": lambda: {node.name for node in opened()[:9] | opened()},
    "and": lambda: {node.name for node in opened() & opened()},
    "subquery": lambda: {node.name for node in opened().filter(pk__in=opened())},
    "exists": lambda: {node.name for node in opened() if opened().filter(pk=node.pk).exists()},
    "iterator": lambda: {node.name for node in opened().iterator()},
    "values": lambda: set(opened().values_list("name", flat=True)),
    "in_bulk": lambda: {node.name for node in opened().in_bulk().values()},
    "raw": lambda: {
        node.name
        for node in Node.objects.everything(OPENED).raw("select * from tree_node where kind = 'site'")
    },
    "reverse relation": lambda: {
        node.name
        for above in Node.objects.everything(OPENED)
        for node in above.children.everything(OPENED).filter(kind=Kind.SITE)
    },
    "prefetch": lambda: {
        node.name
        for above in Node.objects.everything(OPENED).prefetch_related(Prefetch("children", queryset=opened()))
        for node in above.children.all()
    },
    "exclude over a reverse relation": lambda: {
        node.name for node in opened().exclude(children__name="nobody")
    },
    "exclude before it was opened": lambda: {
        node.name for node in Node.objects.exclude(children__name="x").everything(OPENED) if node.is_site
    },
    "none": lambda: {node.name for node in [*opened(), *Node.objects.none()]},
}


@pytest.mark.parametrize("read", OPENED_READS.values(), ids=OPENED_READS.keys())
def test_what_was_opened_is_read(world: World, read: Callable[[], Any]) -> None:
    assert read() == {"Schulhaus Muster", "Werkhof Muster", "Schulhaus Nachbar", "Werkhof Nachbar"}


def test_what_is_visible_to_somebody_stays_narrow_in_every_combination(world: World) -> None:
    sonja = Node.objects.visible_to(by(world.sonja), LOOK)
    school = {"Schulhaus Muster"}

    assert {node.name for node in sonja} == school
    assert {node.name for node in sonja | Node.objects.visible_to(by(world.fremd), LOOK)} == school
    assert {node.name for node in opened() & sonja} == school
    assert {node.name for node in opened().filter(pk__in=sonja)} == school
    assert set(sonja.values_list("name", flat=True)) == school
    assert sonja.filter(name__startswith="W").update(name="x") == 0
    assert set(Node.objects.visible_to(by(world.sonja), CONFIGURE)) == set()


def test_form_offers_what_it_was_narrowed_to(world: World) -> None:
    form = SiteChoice()
    field = form.fields["site"]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = Node.objects.visible_to(by(world.sonja), LOOK)

    page = form.as_p()

    assert "Schulhaus Muster" in page
    assert "Werkhof" not in page
    assert "Nachbar" not in page


def test_rows_are_judged_against_all_others_when_they_must_be_unique(world: World) -> None:
    [gateway, other, *_] = Gateway.objects.everything(OPENED)
    other.key = gateway.key
    with pytest.raises(ValidationError) as refusal:
        other.validate_unique()
    assert list(refusal.value.message_dict) == ["key"]

    network = Network.objects.everything(OPENED).filter(node=world.ours.school).get()
    twin = Network(node=world.ours.school, subnet=network.subnet, virtual_subnet="10.200.0.0/24")
    twin.created_at = NOW
    with pytest.raises(ValidationError):
        twin.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()

    with pytest.raises(Unguarded):
        list(Network.objects.all())  # judging opened nothing for anybody else


def test_rows_are_written_and_read_again_without_being_opened(world: World) -> None:
    network = Network.objects.everything(OPENED).filter(node=world.ours.school).get()
    network.name = "Anders"
    network.save()
    network.name = "vergessen"
    network.refresh_from_db()

    assert network.name == "Anders"
    assert network.node.reseller == world.ours.reseller


def test_what_hangs_on_a_row_goes_with_it(world: World) -> None:
    device = Device.objects.everything(OPENED).filter(node=world.ours.depot)
    assert device.count() == 1
    Gateway.objects.everything(OPENED).filter(node=world.ours.depot).delete()

    Node.objects.everything(OPENED).get(pk=world.ours.depot.pk).delete()

    assert not device.all().exists()
    assert not Network.objects.everything(OPENED).filter(node_id=world.ours.depot.pk).exists()


def test_bulk_creation_that_changes_existing_rows_must_be_opened(world: World) -> None:
    network = Network.objects.everything(OPENED).filter(node=world.ours.school).get()
    network.name = "Übernommen"
    clash: dict[str, Any] = {
        "update_conflicts": True,
        "unique_fields": ["virtual_subnet"],
        "update_fields": ["name"],
    }
    twin = Network(
        node=world.ours.depot,
        subnet="172.16.0.0/24",
        virtual_subnet=network.virtual_subnet,
        name="Übernommen",
    )
    twin.created_at = NOW

    with pytest.raises(Unguarded):
        Network.objects.bulk_create([twin], **clash)

    Network.objects.bulk_create([Network(**{**_values(twin), "virtual_subnet": "10.201.0.0/24"})])
    Network.objects.everything(OPENED).bulk_create([twin], **clash)
    network.refresh_from_db()
    assert network.name == "Übernommen"


def _values(network: Network) -> dict[str, Any]:
    names = ("node_id", "subnet", "virtual_subnet", "name", "created_at")
    return {name: getattr(network, name) for name in names}


def test_everything_is_opened_for_a_reason_only(world: World) -> None:
    with pytest.raises(ValueError, match="reason"):
        Node.objects.everything("")


PACKAGE = Path(sites_room.__file__).parent.parent


def lines_with(pattern: str) -> set[str]:
    """Lines of the house, as "file: line"."""
    return {
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        if "migrations" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(pattern, line)
    }


def test_house_does_not_go_around_the_guard() -> None:
    """Raw cursors, base managers and raw SQL know nothing of the guard."""
    found = lines_with(r"\.raw\(|_base_manager|_raw_delete|\.cursor\(|RawSQL|\.extra\(")

    # The bell of the news, the framework's own table of the cache, the generator of whole installations, and what
    # writes many rows that an operation made.
    allowed = (
        "manyrows.py",
        "tree/guard.py",
        "live/publish.py",
        "worker/duties.py: with connection.cursor",
        "world/ground.py",
    )
    assert {line for line in found if not line.startswith(allowed)} == set()


@pytest.mark.parametrize(
    ("rows", "rooms"),
    [
        ("Event", ("journal/", "tree/history.py", "tree/records.py", "tree/clearing.py")),
        ("Grant|GrantInterval|Invitation", ("tree/", "dispatch/")),
        ("PlanEntry", ("dispatch/",)),
        ("ClaimCode", ("sites/",)),
        ("ApiToken", ("gate/tokens.py", "account/", "people/personal_data.py")),
        ("Mail", ("outbox/", "portal/outbox.py", "tree/granting.py")),
    ],
)
def test_rows_without_a_guard_are_read_in_their_own_rooms(rows: str, rooms: tuple[str, ...]) -> None:
    found = lines_with(rf"\b({rows})\.objects\b")

    assert {line for line in found if not line.startswith(rooms)} == set()
