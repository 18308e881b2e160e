"""Nobody gets in at an address that does not say who may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import clear_url_caches, path

from furka.access.rights import CONFIGURE, LOOK
from furka.errors import NotThere, Refused
from furka.gate.checks import every_view_declares_its_access, routes
from furka.gate.declare import Declaration, Entrance, at_node, declared, entered, own, public
from furka.gate.request import FurkaRequest
from furka.tree.models import Kind, Node
from tests.world import World, by


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"hello {request.user}")


async def hello_later(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def greeting(request: HttpRequest) -> HttpResponse:
    return hello(request)


def own_greeting(request: FurkaRequest) -> HttpResponse:
    return hello(request)


#: The addresses of this test.
urlpatterns = [
    path("undeclared/", hello),
    path("undeclared-later/", hello_later),
    path("public/", public("a test")(greeting)),
    path("own/", own("a test")(own_greeting)),
]


@pytest.fixture
def addresses(tmp_path: Any) -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__, STATIC_ROOT=str(tmp_path), LOGIN_URL="/login/"):
        clear_url_caches()
        yield
    clear_url_caches()


def test_undeclared_view_is_found_at_the_start_and_never_answers(addresses: None, database: None) -> None:
    found = [fault.msg for fault in every_view_declares_its_access()]

    assert found == [
        "the view at /undeclared/ declares no access",
        "the view at /undeclared-later/ declares no access",
    ]
    for address in ("/undeclared/", "/undeclared-later/"):
        answer = Client().get(address)
        assert (answer.status_code, b"hello" in answer.content) == (403, False)
        later = async_to_sync(AsyncClient().get)(address)
        assert (later.status_code, b"hello" in later.content) == (403, False)


def test_every_address_of_the_portal_is_declared() -> None:
    assert [message for message in run_checks() if message.id and message.id.startswith("furka.")] == []
    assert all(declared(pattern.callback) for _, pattern in routes())
    assert len(list(routes())) > 50


def test_own_pages_ask_strangers_to_log_in(addresses: None, world: World) -> None:
    stranger, rita = Client(), Client()
    rita.force_login(world.rita)

    assert [stranger.get(page).status_code for page in ("/public/", "/own/")] == [200, 302]
    assert stranger.get("/own/").headers["Location"] == "/login/?next=/own/"
    assert [rita.get(page).content for page in ("/public/", "/own/")] == [b"hello Rita"] * 2


def test_node_of_another_kind_is_not_there(world: World) -> None:
    assert entered(by(world.rita), world.ours.school.key, CONFIGURE, Kind.SITE) == world.ours.school
    for someone, node, needs, kinds, refusal in (
        (world.rita, world.ours.customer, CONFIGURE, (Kind.SITE,), NotThere),
        (world.sonja, world.ours.school, CONFIGURE, (Kind.SITE,), Refused),
        (world.sonja, world.ours.depot, LOOK, (), NotThere),
        (world.nora, world.ours.school, LOOK, (), NotThere),
    ):
        with pytest.raises(refusal):
            entered(by(someone), node.key, needs, *kinds)


def test_declaration_says_what_is_needed() -> None:
    def page(request: FurkaRequest, node: Node) -> HttpResponse:
        return HttpResponse()

    view = at_node(CONFIGURE, Kind.SITE)(page)

    assert declared(view) == Declaration(Entrance.NODE, needs=CONFIGURE, kinds=(Kind.SITE,))
    assert declared(hello) is None


def test_pages_may_load_nothing_from_elsewhere(addresses: None, database: None) -> None:
    policy = Client().get("/public/").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert settings.X_FRAME_OPTIONS == "DENY"
