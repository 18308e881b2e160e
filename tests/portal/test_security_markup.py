"""What people, hubs, gateways and plants say is text on every page, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.gate.checks import routes
from furka.gate.declare import Entrance, declared
from furka.gate.tokens import issue_token
from furka.journal.models import Event
from furka.people.models import ApiToken, Person
from furka.sites.models import Device, Gateway, Network
from furka.tree import granting, queries
from furka.tree.granting import Terms
from furka.tree.grants import Grant
from furka.tree.guard import Guarded
from furka.tree.models import Node
from furka.tunnel.models import Hub, Profile
from tests.world import NOW, TONIGHT, World, by

pytestmark = pytest.mark.django_db

#: Ends an attribute, an element, a script; would be a command of a template.
BAD = "\"'><i>x</i></script>{{ 6|add:7 }}"


def _spoil(rows: Any, **values: object) -> None:
    found = rows.objects.everything("a test") if issubclass(rows, Guarded) else rows.objects
    found.update(**values)


@pytest.fixture
def spoiled(world: World, fake_clock: FakeClock) -> dict[str, str]:
    """Everything that anybody can name bears markup; returns values for the parts of addresses."""
    school, rita = world.ours.school, by(world.rita)
    waiting = granting.invite(rita, school, "neu@example.org", Terms(role="viewer", reason=BAD))
    secret = queries.invitation_secret(waiting.series)
    assert secret is not None
    issue_token(rita, BAD, TONIGHT, node=school)
    _spoil(Node, name=BAD)
    _spoil(Person, name=BAD)
    _spoil(Profile, name=BAD, online=True)
    _spoil(ApiToken, name=BAD)
    _spoil(Grant, reason=BAD, on_behalf_of=BAD)
    _spoil(Hub, name=BAD, trouble=BAD, version=BAD, back_end=BAD[:20], seen_at=NOW)
    _spoil(
        Gateway,
        hostname=BAD,
        version=BAD,
        trouble=BAD,
        endpoint=BAD,
        back_end=BAD[:20],
        missing_networks=["192.168.1.0/24"],
    )
    _spoil(Network, name=BAD)
    _spoil(Device, name=BAD)
    told = {
        "name": BAD,
        "person": BAD,
        "reason": BAD,
        "device": BAD,
        "hostname": BAD,
        "role": BAD,
        "because": BAD,
    }
    _spoil(Event, actor_name=BAD, node_name=BAD, on_behalf_of=BAD, before=told, after=told)
    return {"grant": waiting.series, "secret": secret, "key": school.key}


def addresses(world: World, given: dict[str, str]) -> Iterator[str]:
    nodes = (world.ours.reseller, world.ours.customer, world.ours.school)
    for route, pattern in routes():
        found = declared(pattern.callback)
        names = set(re.findall(r"<(?:\w+:)?(\w+)>", route))
        is_page = found is not None and found.entrance in (Entrance.PUBLIC, Entrance.OWN, Entrance.NODE)
        if (
            not is_page
            or not names <= set(given)
            or route.startswith(("api/", "live/", "^"))
            or "\\" in route
        ):
            continue
        for node in nodes if found is not None and found.entrance is Entrance.NODE else nodes[:1]:
            values = {**given, "key": node.key}
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: values[part[1]], route)  # noqa: B023


def test_no_page_takes_what_somebody_said_for_markup(
    world: World, spoiled: dict[str, str], client: Client
) -> None:
    client.force_login(world.rita)
    seen, faults = 0, []
    for address in sorted({*addresses(world, spoiled)}):
        for query in ("", "?part=1&q=%3Ci%3Ex"):
            answer = client.get(address + query)
            if answer.status_code != 200 or "html" not in answer.headers["Content-Type"]:
                continue
            text = answer.content.decode()
            seen += "&lt;i&gt;x" in text
            # A script block may hold it with its signs written otherwise; neither as markup nor carried out.
            if any(mark in text for mark in ("<i>x", "x</script>", "\"'>", "</script>13")):
                faults.append(address + query)

    assert (faults, seen > 20) == ([], True)
