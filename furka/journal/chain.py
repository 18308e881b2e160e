"""How events are linked: each carries the hash of the one before it (SHA-256 over canonical JSON)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from furka.journal.models import Chain, Event
from furka.manyrows import insert_all

BEGINNING = "0" * 64

#: What the hash covers, in this order; everything but the database's own ids.
COVERED = (
    "number",
    "at",
    "action",
    "actor_id",
    "actor_name",
    "via",
    "on_behalf_of",
    "grant_key",
    "node_id",
    "node_key",
    "node_name",
    "reseller_id",
    "customer_id",
    "before",
    "after",
)


@dataclass(frozen=True, slots=True)
class Happening:
    """An event before it has its place in a chain."""

    chain_key: str
    at: datetime
    action: str
    actor_id: int | None
    actor_name: str
    via: str
    node_id: int
    node_key: str
    node_name: str
    reseller_id: int | None
    customer_id: int | None
    grant_key: str = ""
    on_behalf_of: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def hash_of(event: Event) -> str:
    """The hash that an event has to carry."""
    content = {name: getattr(event, name) for name in COVERED}
    content["at"] = event.at.astimezone(UTC).isoformat(
        timespec="microseconds"
    )  # as it comes back from the row
    text = json.dumps([event.previous_hash, event.chain.key, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def append(happenings: Iterable[Happening]) -> list[Event]:
    """Link events to their chains. Must be the end of a transaction: it locks each chain until the commit, so that
    numbers become visible in the order in which they were drawn."""
    by_chain: dict[str, list[Happening]] = {}
    for happening in happenings:
        by_chain.setdefault(happening.chain_key, []).append(happening)
    events: list[Event] = []
    for key in sorted(by_chain):
        Chain.objects.get_or_create(key=key)
        chain = Chain.objects.select_for_update().get(key=key)
        for happening in by_chain[key]:
            chain.length += 1
            fields = {
                name: getattr(happening, name)
                for name in Happening.__dataclass_fields__
                if name != "chain_key"
            }
            fields["before"], fields["after"] = dict(happening.before), dict(happening.after)
            event = Event(chain=chain, number=chain.length, previous_hash=chain.head, **fields)
            event.hash = chain.head = hash_of(event)
            events.append(event)
        chain.save(update_fields=["length", "head"])
    insert_all(events)
    return events


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where a chain does not hold."""

    chain_key: str
    number: int
    what: str


def verify(chain: Chain) -> Iterator[Fault]:
    """Walk one chain from its beginning and name every fault."""
    previous, expected = BEGINNING, 0
    for event in chain.events.order_by("number").iterator(chunk_size=2000):
        event.chain = chain
        expected += 1
        if event.number != expected:
            yield Fault(chain.key, expected, f"events {expected} to {event.number - 1} are missing")
            expected = event.number
        elif event.previous_hash != previous:
            yield Fault(chain.key, event.number, "does not follow the event before it")
        if event.hash != hash_of(event):
            yield Fault(chain.key, event.number, "was changed")
        previous = event.hash
    if expected != chain.length:
        yield Fault(chain.key, expected + 1, f"the chain ends at {expected} instead of {chain.length}")
    elif previous != chain.head:
        yield Fault(chain.key, expected, "is not the head that the chain remembers")


def faults_of_head(noted: str) -> str | None:
    """What is wrong with a head that was noted earlier as `CHAIN:HASH`; None: it is still part of its chain."""
    key, _, head = noted.strip().partition(":")
    known = head == BEGINNING or Event.objects.filter(chain__key=key, hash=head).exists()
    return (
        None
        if known
        else "the noted head is no longer part of the chain: its end was cut off or written anew"
    )
