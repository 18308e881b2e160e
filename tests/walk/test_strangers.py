"""Walks every address and every operation of the API as everybody of the cast: who gets what, and who learns nothing.

Routes come from the configuration of the addresses, never from a list: a new page is walked at once, and one with a
word in its address that `tests.world.samples` does not know fails. What is expected follows from the declaration of
the view and from a slow look at who was let in where.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, override_settings
from django.urls import URLPattern

from furka import clock
from furka.access.rights import CORE, LOOK, Right
from furka.access.roles import rights_of
from furka.api.assembly import api
from furka.api.checks import operations
from furka.clock import FakeClock
from furka.gate.checks import routes
from furka.gate.declare import Declaration, Entrance, declared
from furka.gate.looking import IN_SESSION
from furka.journal.models import Event
from furka.people.models import Person
from furka.tree.models import Kind, Node
from furka.tree.queries import operator
from furka.viewing import operations as viewing
from tests.attachments.files import a_picture
from tests.undoing import undone
from tests.world import NOW, OWNED_BY, TONIGHT, YESTERDAY, World, by, public_key, samples

GOLDEN = Path(__file__).parent.parent / "golden" / "matrix.txt"
API_ROOT = "api/v1/"

#: Sonja is let in from yesterday until tonight.
BEFORE, AFTER = YESTERDAY - timedelta(hours=1), TONIGHT

#: Everybody who walks: the word in the matrix, who it is, and when.
COLUMNS: tuple[tuple[str, str, datetime], ...] = (
    ("rita", "rita", NOW),
    ("karl", "karl", NOW),
    ("sonja", "sonja", NOW),
    ("before", "sonja", BEFORE),
    ("after", "sonja", AFTER),
    ("max", "max", NOW),
    ("nora", "nora", NOW),
    ("ernst", "ernst", NOW),
    ("fremd", "fremd", NOW),
    ("nobody", "", NOW),
    ("looking", "karl", NOW),
)

#: Who walks on every database: what somebody may do does not hang on that, only how it is asked for. The others walk
#: on SQLite.
ON_EVERY_DATABASE = ("rita", "sonja", "fremd", "nobody", "looking")

#: Who walks over what is one's own and has no key: it looks the same for everybody who is logged in.
AT_HOME = ("rita", "after", "fremd", "nobody", "looking")

#: What only the people of the level's own owner may change, so not those who own a level above it.
OF_ITS_OWNER = (f"{API_ROOT}levels/<key>/limits",)

#: Karl looks at the school through Sonja's eyes.
LOOKING, SEEN = "looking", "sonja"

#: What its owner reads only as long as they see the level that it is about.
OF_A_LEVEL_SEEN = (f"{API_ROOT}trials/<trial>",)

#: What says by 503 that nobody has looked after the cloud lately: for everybody the same.
TELLS_OF_HEALTH = ("/health/worker",)

#: What strangers may change: each gets a sample world of their own, which leads to nothing.
OPEN_TO_EVERYBODY = {"POST   /explore/"}

#: Words in the addresses of the account library.
LIBRARY_WORDS = {"uidb36": "1", "pk": "1", "key": "abc"}

#: What is sent to operations of the API that want a body, by the name of the operation; bytes are a file.
BODIES: dict[str, Callable[[], object]] = {
    "issue_token": lambda: {"name": "x", "expires_at": "2026-12-01T12:00:00Z"},
    "change_details": lambda: {"company": "Muster"},
    "change_email": lambda: {"email": "x@example.org"},
    "close_account": lambda: {"email": "x@example.org"},
    "choose_notices": lambda: {"wanted": []},
    "open_level": lambda: {"kind": "customer", "name": "Neu"},
    "change_level": lambda: {"name": "Anders"},
    "move_level": lambda: {"target": "0123456789ab"},
    "offer_level": lambda: {"to": "x@example.org"},
    "ask_for_level": lambda: {"to": "x@example.org"},
    "accept_offer": dict,
    "delete_level": lambda: {"name": "Falsch"},
    "create_customer": lambda: {"name": "Neu"},
    "create_site": lambda: {"name": "Neu"},
    "issue_claim_code": dict,
    "add_network": lambda: {"subnet": "192.168.9.0/24"},
    "set_particulars": dict,
    "add_attachment": lambda: b"Schema",
    "add_version": lambda: b"Schema, neu",
    "set_photo": a_picture,
    "set_labels": lambda: {"labels": ["Pikett"]},
    "add_contact": lambda: {"name": "Abwart"},
    "change_contact": lambda: {"name": "Abwart"},
    "add_device": lambda: {"name": "Zähler", "address": "192.168.1.77"},
    "change_network": lambda: {"name": "Anders"},
    "change_device": lambda: {"name": "Anders"},
    "cut_connection": dict,
    "set_traffic_budget": dict,
    "confirm_connection": dict,
    "prepare_release": lambda: {"email": "sonja@example.org"},
    "label_device": lambda: {"labels": ["Heizung"]},
    "label_devices": lambda: {"devices": ["a" * 12], "add": ["Heizung"]},
    "try_connection": lambda: {"address": "192.168.1.10", "port": "tcp/80"},
    "ask_diagnosis": lambda: {"kind": "ping", "target": "192.168.1.10"},
    "take_record": dict,
    "set_limits": dict,
    "ask_for_access": lambda: {"rights": ["journal"], "minutes": 60, "reason": "x"},
    "enter_in_emergency": lambda: {"rights": ["journal"], "minutes": 60, "reason": "x"},
    "approve_request": dict,
    "decline_request": dict,
    "justify_emergency": lambda: {"justification": "x"},
    "change_review_plan": lambda: {"months": 6},
    "answer_review": lambda: {"answer": "keep"},
    "invite": lambda: {"email": "x@example.org", "role": "viewer"},
    "begin_import": lambda: {"rows": [{"site": "Neu"}]},
    "name_import_columns": lambda: {"site": 2},
    "apply_import": dict,
    "save_view": lambda: {"listing": "sites", "name": "Neu"},
    "change_view": lambda: {"first": True},
    "change_many": lambda: {"filter": {}, "switch": {"service": "connect", "on": True}},
    "invite_several": lambda: {"emails": ["x@example.org", "y@example.org"], "role": "viewer"},
    "change_grant": lambda: {"reason": "Anders"},
    "extend_grant": lambda: {"minutes": 60},
    "ask_extension": lambda: {"reason": "Ersatzteil"},
    "answer_extension": lambda: {"granted": False},
    "make_user_link": lambda: {"link_until": "2026-12-01T12:00:00Z"},
    "create_role": lambda: {"name": "Werkstatt", "rights": ["look"]},
    "change_role": lambda: {"name": "Werkstatt", "rights": ["look"]},
    "change_several_grants": lambda: {"grants": ["a" * 12], "act": "pause"},
    "configure_connect": lambda: {"enabled": False},
    "prepare_gateways": lambda: {"name": "Lieferung", "count": 2},
    "assign_gateway": lambda: {"number": "0000-0000"},
    "connect_router": lambda: {"public_key": public_key(), "system": "linux", "replace": True},
    "renew_profile": lambda: {"public_key": public_key()},
    "choose_plant": lambda: {"site": None},
    "say_about_incident": lambda: {"stage": "identified", "texts": {"de": "Platte"}},
    "explain_incident": lambda: {"de": "Platte"},
    "configure_sitelink": lambda: {"enabled": False},
    "create_site_link": lambda: {"name": "Neu", "mode": "routed"},
    "change_site_link": lambda: {"name": "Anders"},
    "add_link_member": lambda: {"site": "0123456789ab"},
    "add_link_rule": lambda: {"allow": False},
    "set_link_rules": lambda: {"rules": []},
    "map_device": lambda: {"device": "0123456789ab"},
    "renumber_site_link": lambda: {"range": "10.99.0.0/24"},
    "create_profile": lambda: {"name": "Telefon", "public_key": public_key()},
}


@dataclass(frozen=True)
class Row:
    """One way of asking at one address."""

    method: str
    route: str
    level: str  # kind of the node in the address
    address: str
    declaration: Declaration
    node: Node | None = None
    owner: str = ""  # of the thing in the address
    body: object = None
    library: bool = False

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.method.ljust(6), "/" + self.route, self.level)))

    @property
    def in_api(self) -> bool:
        return self.route.startswith(API_ROOT)


@dataclass
class Walked:
    """What was answered: status by row and column."""

    rows: list[Row]
    world: World
    statuses: dict[tuple[str, str], int] = field(default_factory=dict)
    pages: dict[tuple[str, str], str] = field(default_factory=dict)
    changes: set[tuple[str, str]] = field(default_factory=set)


def words_of(route: str) -> list[str]:
    """The words in an address that stand for something."""
    return re.findall(r"(?:<(?:\w+:)?|\(\?P<)(\w+)>", route)


def address_of(route: str, values: dict[str, str]) -> str:
    """The route with values in place of its words. Raises KeyError for a word without a sample."""
    plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route).replace("^", "").replace("$", "")
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], plain)


def levels(world: World, declaration: Declaration, route: str) -> list[tuple[str, Node]]:
    """The nodes that an address is walked with: one of each kind, or the school if the address names more."""
    nodes = {
        Kind.RESELLER: world.ours.reseller,
        Kind.CUSTOMER: world.ours.customer,
        Kind.SITE: world.ours.school,
    }
    kinds = declaration.kinds or tuple(nodes)
    if kinds == (Kind.OPERATOR,):
        return [("operator", operator())]
    if len(words_of(route)) > 1:
        # The samples belong to the school, or to its customer where sites have none of the kind.
        return [("site", world.ours.school) if Kind.SITE in kinds else ("customer", world.ours.customer)]
    return [(str(kind), node) for kind, node in nodes.items() if kind in kinds]


def page_rows(world: World, values: dict[str, str]) -> Iterator[Row]:
    for route, pattern in routes():
        declaration = declared(pattern.callback)
        assert declaration is not None
        if declaration.entrance is Entrance.API:
            continue
        library = is_library(pattern)
        known = LIBRARY_WORDS if library else values
        owner = next((OWNED_BY[word] for word in words_of(route) if word in OWNED_BY), "")
        for method in ("GET", "POST"):
            if declaration.entrance is not Entrance.NODE:
                address = address_of(route, known)
                yield Row(method, route, "", address, declaration, owner=owner, library=library)
                continue
            for level, node in levels(world, declaration, route):
                address = address_of(route, {**known, "key": node.key})
                yield Row(method, route, level, address, declaration, node)


def is_library(pattern: URLPattern) -> bool:
    return str(getattr(pattern.callback, "__module__", "")).startswith("allauth")


def api_rows(world: World, values: dict[str, str]) -> Iterator[Row]:
    for operation in operations(api):
        route = API_ROOT + operation.path.lstrip("/").replace("{", "<").replace("}", ">")
        declaration = declared(operation.view_func)
        assert declaration is not None
        name = operation.view_func.__name__
        body = BODIES[name]() if name in BODIES else None
        for method in operation.methods:
            if declaration.entrance is not Entrance.NODE:
                owner = next((OWNED_BY[word] for word in words_of(route) if word in OWNED_BY), "")
                yield Row(method, route, "", address_of(route, values), declaration, owner=owner, body=body)
                continue
            for level, node in levels(world, declaration, route):
                address = address_of(route, {**values, "key": node.key})
                yield Row(method, route, level, address, declaration, node, body=body)


@pytest.fixture(scope="module")
def walked(_built: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """Everybody at every address; whatever that changes is undone at once."""
    storages: dict[str, Any] = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(
        STORAGES=storages, STATIC_ROOT=str(tmp_path_factory.mktemp("static")), METRICS_TOKEN="of a program"
    ):
        values = samples(_built)
        rows = [*page_rows(_built, values), *api_rows(_built, values)]
        walk = Walked(rows, _built)
        for column, name, at in walkers():
            client = Client(raise_request_exception=False)
            with clock.using(FakeClock(at)):
                if name:
                    client.force_login(getattr(_built, name))
                if column == LOOKING:
                    look_through(client, _built)
                cookies = client.cookies.output(header="", sep=";")
                for row in rows:
                    if not is_walked(row, column):
                        continue
                    with quiet(), undone():
                        before = Event.objects.count()
                        answer = ask(client, row)
                        if Event.objects.count() != before:
                            walk.changes.add((row.name, column))
                    client.cookies = SimpleCookie(cookies)
                    walk.statuses[row.name, column] = answer.status_code
                    if answer.status_code in (403, 404):
                        walk.pages[row.name, column] = answer.content.decode()
        yield walk


def walkers() -> list[tuple[str, str, datetime]]:
    """Who walks on this database."""
    everybody = connection.vendor == "sqlite"
    return [each for each in COLUMNS if everybody or each[0] in ON_EVERY_DATABASE]


def is_walked(row: Row, column: str) -> bool:
    """Whether it makes a difference that this one, too, asks there."""
    if row.library:
        return column in ("fremd", "nobody")
    return row.declaration.entrance is not Entrance.OWN or bool(row.owner) or column in AT_HOME


def look_through(client: Client, world: World) -> None:
    """From now on this session only looks."""
    found = viewing.begin(by(world.karl), world.ours.school, getattr(world, SEEN))
    session = client.session
    session[IN_SESSION] = found.key
    session.save()


@contextmanager
def quiet() -> Iterator[None]:
    """A failing view is told by its status; its traceback does not have to be printed a hundred times."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def ask(client: Client, row: Row) -> Any:
    if not row.in_api and row.declaration.entrance is not Entrance.MACHINE:
        return client.get(row.address) if row.method == "GET" else client.post(row.address)
    if isinstance(row.body, bytes):
        return client.post(row.address, {"file": SimpleUploadedFile("Datei", row.body)})
    text = "" if row.method == "GET" else json.dumps(row.body or {})
    return client.generic(row.method, row.address, text, content_type="application/json")


# --- what is expected ---


@cache
def let_in() -> tuple[tuple[str, str, str, str, datetime], ...]:
    """Who was let in where: person, tree, level, role, end. Said here once more, slowly."""
    never = datetime.max.replace(tzinfo=NOW.tzinfo)
    return (
        ("rita", "ours", "reseller", "owner", never),
        ("nora", "theirs", "reseller", "owner", never),
        ("karl", "ours", "customer", "owner", never),
        ("sonja", "ours", "school", "supporter", TONIGHT),
        ("max", "ours", "school", "viewer", never),
        ("ernst", "ours", "reseller", "owner", NOW - timedelta(hours=1)),
    )


def holds(world: World, person: str, right: Right, node: Node, at: datetime) -> bool:
    """Whether somebody holds a right at a node at a moment."""
    for who, tree, level, role, end in let_in():
        at_node: Node = getattr(getattr(world, tree), level)
        above = {node.pk, node.parent_id, node.parent.parent_id if node.parent else None}
        if who == person and at_node.pk in above and YESTERDAY <= at < end and right.key in rights_of(role):
            return True
    return False


REFUSED, MISSING, NOT_LOGGED_IN, WRONG_METHOD = 403, 404, 401, 405


def fault(walk: Walked, row: Row, column: str, person: str, at: datetime) -> str:
    """What is wrong with an answer; "" if nothing is."""
    if column == LOOKING:
        return fault_of_looking(walk, row, at)
    status = walk.statuses[row.name, column]
    if status >= 500 and row.address not in TELLS_OF_HEALTH:
        return "failed"
    if is_wrong_method(walk, row):
        return ""
    match row.declaration.entrance:
        case Entrance.PUBLIC:
            return "" if status != REFUSED else "a public page refuses"
        case Entrance.MACHINE:
            return "" if status in (401, 422) else "a person's session counts for a program"
    if not person:
        login = status == 302 and not row.in_api
        return "" if login or (row.in_api and status == NOT_LOGGED_IN) else "answers somebody unknown"
    if row.library:
        return ""
    if row.declaration.entrance is Entrance.OWN:
        by_link = row.method == "GET" and "secret" in words_of(row.route)  # whoever holds the link may read
        theirs = not row.owner or row.owner == person or by_link or status == WRONG_METHOD
        if row.route in OF_A_LEVEL_SEEN:
            theirs = theirs and holds(walk.world, person, LOOK, walk.world.ours.school, at)
        return "" if (status in (REFUSED, MISSING)) != theirs else "own things of the wrong person"
    assert row.node is not None
    assert row.declaration.needs is not None
    if not holds(walk.world, person, LOOK, row.node, at):
        return "" if status == MISSING else "shows that it exists"
    if not holds(walk.world, person, row.declaration.needs, row.node, at):
        return "" if status == REFUSED else "does not refuse"
    if status == REFUSED and row.method != "GET" and row.declaration.needs.looks_only:
        # What may be changed there takes other rights, one for each sort of change; an owner has them all.
        owner = all(holds(walk.world, person, right, row.node, at) for right in CORE)
        return "" if not owner or row.route in OF_ITS_OWNER else "refuses an owner"
    if status == MISSING and row.in_api:
        return "" if '"not-there"' not in walk.pages[row.name, column] else "is not there for who may see it"
    return "is not there for who may come in" if status in (REFUSED, MISSING, NOT_LOGGED_IN) else ""


def fault_of_looking(walk: Walked, row: Row, at: datetime) -> str:
    """The same for somebody who looks through another's eyes: nothing but pages of that level, and only to read."""
    status, world = walk.statuses[row.name, LOOKING], walk.world
    if status >= 500 and row.address not in TELLS_OF_HEALTH:
        return "failed"
    if row.declaration.entrance is Entrance.MACHINE or is_wrong_method(walk, row):
        return ""
    if (row.name, LOOKING) in walk.changes and not row.declaration.looks:
        return "changes something"
    if row.in_api:
        closed = row.declaration.entrance is Entrance.PUBLIC or status == REFUSED
        return "" if closed else "the API answers who looks only"
    if row.declaration.looks:
        return "" if status != REFUSED else "does not let who looks through"
    if row.method != "GET" or row.declaration.entrance is Entrance.OWN:
        return "" if status == REFUSED else "is open to who looks only"
    if row.node is None or row.declaration.needs is None:
        return ""
    if row.node.pk != world.ours.school.pk:
        return "" if status == MISSING else "shows another level"
    if holds(world, SEEN, row.declaration.needs, row.node, at):
        return "" if status not in (REFUSED, MISSING, NOT_LOGGED_IN) else "is not as the person sees it"
    return "" if status == REFUSED else "shows more than the person sees"


def is_wrong_method(walk: Walked, row: Row) -> bool:
    """The address does not know this method, whoever asks; of those who look only, methods are refused before."""
    everybody = (column for column, _, _ in COLUMNS if column != LOOKING)
    return {
        walk.statuses[row.name, column] for column in everybody if (row.name, column) in walk.statuses
    } == {WRONG_METHOD}


# --- the tests ---


@pytest.mark.parametrize(("column", "person", "at"), COLUMNS, ids=[column for column, _, _ in COLUMNS])
def test_everybody_gets_what_is_theirs_and_nothing_else(
    walked: Walked, column: str, person: str, at: datetime
) -> None:
    faults = {
        f"{row.name}: {walked.statuses[row.name, column]} {found}"
        for row in walked.rows
        if (row.name, column) in walked.statuses and (found := fault(walked, row, column, person, at))
    }

    assert sorted(faults) == []


def test_nothing_of_a_hidden_level_is_said_in_a_refusal(walked: Walked) -> None:
    """What somebody may not see is answered like what does not exist: without a name."""
    ours = walked.world.ours
    names = [node.name for node in (ours.reseller, ours.customer, ours.school, ours.depot)]
    telling = {
        (name, column)
        for (name, column), page in walked.pages.items()
        if column in ("nora", "fremd", "ernst", "after", "before") and any(each in page for each in names)
    }

    assert telling == set()


def test_hidden_level_is_answered_like_one_that_does_not_exist(walked: Walked) -> None:
    """Word for word; only the address itself may differ."""
    rows = {row.name: row for row in walked.rows if row.node is not None and not row.in_api}
    answers = {
        re.sub(
            r"\b[A-Za-z0-9]{64}\b", "…", page.replace(rows[name].address, "…")
        )  # proofs against foreign pages
        for (name, column), page in walked.pages.items()
        if column == "fremd" and name in rows and rows[name].method == "GET"
    }

    assert len(answers) == 1


def test_reading_changes_nothing(walked: Walked) -> None:
    assert {name for name, _ in walked.changes if name.startswith("GET")} == set()
    assert {name for name, _ in walked.changes} != set()


def test_whoever_is_refused_changed_nothing(walked: Walked) -> None:
    refused = {cell for cell, status in walked.statuses.items() if status in (401, REFUSED, MISSING)}
    assert walked.changes & refused == set()
    assert {name for name, column in walked.changes if column == "nobody"} == OPEN_TO_EVERYBODY


def test_every_word_in_an_address_has_a_sample(walked: Walked) -> None:
    assert {row.address for row in walked.rows if "<" in row.address or "{" in row.address} == set()
    assert {Person} == {type(getattr(walked.world, name)) for _, name, _ in COLUMNS if name}


def as_text(walk: Walked) -> str:
    """The matrix, one line per row."""
    width = max(len(row.name) for row in walk.rows)
    head = "".join(column.rjust(8) for column, _, _ in COLUMNS)
    lines = [" " * width + head]
    for row in walk.rows:
        cells = "".join(str(walk.statuses.get((row.name, column), "")).rjust(8) for column, _, _ in COLUMNS)
        lines.append(f"{row.name.ljust(width)}{cells}".rstrip())
    return "\n".join(lines) + "\n"


def cells(matrix: str) -> dict[tuple[str, str], str]:
    """What stands in a matrix, by row and column."""
    head, *lines = matrix.splitlines()
    width = len(head) - 8 * len(COLUMNS)
    found = {}
    for line in lines:
        for number, (column, _, _) in enumerate(COLUMNS):
            begin = width + 8 * number
            if cell := line[begin : begin + 8].strip():
                found[line[:width].rstrip(), column] = cell
    return found


def test_matrix_is_as_it_was_reviewed(walked: Walked) -> None:
    """Whoever adds a page or widens one changes this file, and whoever reviews it sees for whom.

    Renewed with FURKA_TEST_RENEW_GOLDEN=1.
    """
    matrix = as_text(walked)
    if connection.vendor != "sqlite":
        assert cells(matrix).items() <= cells(GOLDEN.read_text(encoding="utf-8")).items()
        return
    if os.environ.get("FURKA_TEST_RENEW_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(matrix, encoding="utf-8")

    assert matrix.splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines()
