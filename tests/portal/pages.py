"""How tests ask for pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from furka.people.models import Person
from furka.sites.models import Gateway
from furka.tree.models import Node
from tests.world import NOW


def page(client: Client, someone: Person, address: str, **given: Any) -> Any:
    client.force_login(someone)
    return client.get(address, HTTP_ACCEPT_LANGUAGE="en", **given)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def url(node: Node, rest: str = "") -> str:
    return f"/levels/{node.key}/{rest}"


def make_online(site: Node, is_online: bool = True) -> None:
    Gateway.objects.everything("a test").filter(node=site).update(
        online=is_online, online_changed_at=NOW - timedelta(hours=2)
    )


def count_queries(client: Client, someone: Person, address: str) -> int:
    """How many queries of our own tables a page costs; what the session costs is the same everywhere."""
    page(client, someone, address)  # logs in, fills what is kept per process
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    rooms = [
        "tree",
        "sites",
        "particulars",
        "attachments",
        "journal",
        "catalogue",
        "dispatch",
        "connections",
        "tunnel",
        "inventory",
        "finding",
        "status",
    ]
    ours = tuple(f"{room}_" for room in rooms)
    return sum(1 for query in captured if any(f'FROM "{room}' in query["sql"] for room in ours))
