"""Laws of the journal: a chain that nobody touched holds, and whatever is touched shows."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from django.db import models
from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st

from furka.journal.chain import COVERED, Happening, append, hash_of, verify
from furka.journal.models import Chain, Event
from tests.undoing import undone

AT = datetime(2026, 11, 24, 13, 0, 0, 123456, tzinfo=UTC)
KEYS = ("muster", "nachbar")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
zones = st.sampled_from([UTC, timezone(timedelta(hours=1)), timezone(timedelta(hours=-9, minutes=-30))])
some_time = st.timedeltas(timedelta(days=-9000), timedelta(days=9000))
numbers = st.none() | st.integers(1, 2**40)


def happenings() -> st.SearchStrategy[Happening]:
    return st.builds(
        Happening,
        chain_key=st.sampled_from(KEYS),
        at=st.builds(lambda seconds, zone: (AT + seconds).astimezone(zone), some_time, zones),
        action=st.sampled_from(["node.renamed", "grant.revoked"]),
        actor_id=numbers,
        actor_name=texts,
        via=st.sampled_from(["page", "api"]),
        node_id=st.integers(1, 2**40),
        node_key=st.just("abc"),
        node_name=texts,
        reseller_id=numbers,
        customer_id=numbers,
        grant_key=st.sampled_from(["", "xyz"]),
        on_behalf_of=texts,
        before=st.dictionaries(texts, values, max_size=3),
        after=st.dictionaries(texts, values, max_size=3),
    )


def happening(number: int, chain_key: str = "muster") -> Happening:
    """One like many others."""
    return Happening(
        chain_key=chain_key,
        at=AT + timedelta(seconds=number),
        action="node.renamed",
        actor_id=7,
        actor_name="Rita",
        via="page",
        node_id=3,
        node_key="abc",
        node_name="Schulhaus",
        reseller_id=1,
        customer_id=2,
        grant_key="xyz",
        on_behalf_of="Karl",
        before={"name": f"Alt {number}"},
        after={"name": f"Neu {number}"},
    )


def chain(key: str = "muster") -> Chain:
    return Chain.objects.get(key=key)


@settings(max_examples=40)
@given(st.lists(st.lists(happenings(), max_size=4), min_size=1, max_size=5))
def test_law_untouched_chain_holds(database: None, transactions: list[list[Happening]]) -> None:
    with undone():
        for each in transactions:
            append(each)
        together = [one for each in transactions for one in each]
        for key in {one.chain_key for one in together}:
            assert list(verify(chain(key))) == []
            expected = [(one.action, one.at) for one in together if one.chain_key == key]
            rows = Event.objects.filter(chain__key=key).order_by("number")
            assert [(row.action, row.at) for row in rows] == expected


def other_value(field: models.Field[Any, Any], value: Any) -> Any:
    """Something else of the same kind, as near as possible."""
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, dict):
        return {**value, "name": "Anders"}
    if isinstance(value, int):
        return value + 1_000
    if isinstance(value, str) and value:
        return ("x" if value[0] != "x" else "y") + value[1:]
    raise AssertionError(f"the test needs a value of {field.name}")


#: Fields that say where a row stands in the database; all others are what happened.
PLACES = {"id", "chain"}


def test_law_every_field_of_every_event_is_protected(database: None) -> None:
    with undone():
        append(happening(number) for number in range(4))
        append([happening(9, "nachbar")])
        touched = set()
        for event in Event.objects.filter(chain__key="muster"):
            for field in Event._meta.concrete_fields:
                if field.name in PLACES:
                    continue
                with undone():
                    value = getattr(event, field.attname)
                    changed = {field.attname: other_value(field, value)}
                    Event.objects.filter(pk=event.pk).update(**changed)
                    assert list(verify(chain())) != [], (event.number, field.name)
                    touched.add(field.name)
        assert touched == {*COVERED, "previous_hash", "hash"}
        assert {each.name for each in fields(Happening)} - {"chain_key"} <= touched


def test_law_whoever_mends_the_hash_of_a_changed_event_breaks_the_next_link(database: None) -> None:
    with undone():
        append(happening(number) for number in range(4))
        for number in range(1, 5):
            with undone():
                event = Event.objects.get(chain__key="muster", number=number)
                event.after = {"name": "Anders"}
                event.hash = hash_of(event)
                event.save()

                faults = list(verify(chain()))

                assert [fault.number for fault in faults] == [min(number + 1, 4)]


@settings(max_examples=40)
@given(st.sets(st.integers(1, 6), min_size=1))
def test_law_missing_events_are_found_also_at_the_end(database: None, gone: set[int]) -> None:
    with undone():
        append(happening(number) for number in range(6))
        Event.objects.filter(chain__key="muster", number__in=gone).delete()
        faults = list(verify(chain()))

        assert faults != []
        assert min(gone) == faults[0].number


@given(st.permutations(range(1, 6)))
@settings(max_examples=30)
def test_law_another_order_is_found(database: None, order: list[int]) -> None:
    with undone():
        append(happening(number) for number in range(5))
        Event.objects.filter(chain__key="muster").update(number=F("number") + 100)
        for number, place in enumerate(order, start=1):
            Event.objects.filter(chain__key="muster", number=number + 100).update(number=place)

        assert (list(verify(chain())) == []) == (order == [1, 2, 3, 4, 5])


def test_law_event_of_another_chain_is_found(database: None) -> None:
    with undone():
        append(happening(number) for number in range(3))
        append(happening(number, "nachbar") for number in range(3))
        here, there = chain("muster"), chain("nachbar")
        last = Event.objects.get(chain=here, number=3)
        Event.objects.filter(chain=there, number=3).delete()
        last.chain = there
        last.save()

        assert list(verify(here)) != []
        assert list(verify(there)) != []


def test_law_added_event_is_found(database: None) -> None:
    with undone():
        append(happening(number) for number in range(3))
        event = Event.objects.get(chain__key="muster", number=3)
        event.pk, event.number, event.previous_hash = None, 4, event.hash
        event.hash = hash_of(event)
        event.save()

        assert [fault.number for fault in verify(chain())] == [5]
