"""A table brings addresses, places and labels of sites, and what went out comes in again as it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from furka.clock import FakeClock
from furka.finding.queries import find
from furka.inventory.filters import Chosen, sites_chosen
from furka.inventory.imports import begin_import, carry_on, name_columns, verdicts_of
from furka.inventory.mapping import guess
from furka.inventory.models import ImportRun, ImportState
from furka.inventory.tables import COLUMNS, csv_line, heading, lines_of, with_owner
from furka.journal.models import Event
from furka.particulars.operations import Noted, set_labels, set_particulars
from furka.particulars.queries import labels_of, particulars_of
from furka.portal.level_page import STATE_WORDS
from furka.tree import operations
from furka.tree.granting import Terms
from furka.tree.many import set_reference
from furka.tree.models import Node
from furka.tree.roles import create_role
from tests.inventory.test_imports import apply, bring, said
from tests.portal.pages import url
from tests.world import NOW, World, by, let_in

pytestmark = pytest.mark.django_db

HEAD = "Kunde;Anlage;Strasse;PLZ;Ort;Land;Breite;Länge;Labels"


def site_called(name: str) -> Node:
    return Node.objects.everything("a test").select_related("customer", "reseller").get(name=name)


def test_address_place_and_labels_come_in_with_new_sites_and_are_merged_into_those_there(
    world: World,
) -> None:
    school = world.ours.school
    set_particulars(by(world.rita), school, Noted(street="Alte Gasse 1", note="Schlüssel beim Abwart"))
    set_labels(by(world.rita), school, ["Winter"])
    run = bring(
        world.ours.reseller,
        world.rita,
        "Klinik;Haus A;Seeweg 1;3600;Thun;Schweiz;46,758;7.628;Pikett, Fernwärme",
        f"Gemeinde Muster;{school.name};Neue Gasse 2;;Musterwil;;;;",
        f";{world.ours.depot.name};;;;;;;",
        head=HEAD,
    )
    assert [what for _number, what, _faults in said(run)] == ["new", "changed", "same"]
    apply(run, world.rita)
    assert run.state == ImportState.APPLIED

    made = site_called("Haus A")
    row = particulars_of(by(world.rita), made)
    assert row is not None
    assert row.address_lines == ("Seeweg 1", "3600 Thun", "Schweiz")
    assert (row.latitude, row.longitude) == (Decimal("46.75800"), Decimal("7.62800"))
    assert labels_of(by(world.rita), [made, school]) == {
        made.pk: ["Fernwärme", "Pikett"],
        school.pk: ["Winter"],  # an empty cell takes nothing away
    }
    merged = particulars_of(by(world.rita), school)
    assert merged is not None
    assert (merged.street, merged.town, merged.note) == ("Neue Gasse 2", "Musterwil", "Schlüssel beim Abwart")
    assert [each.node for each in find(by(world.rita), "seeweg", 5)] == [made]
    changed = Event.objects.filter(node_id=school.pk, action="particulars.changed").latest("id")
    assert changed.after == {"street": "Neue Gasse 2", "town": "Musterwil"}


def test_every_fault_is_told_at_its_cell(world: World) -> None:
    run = bring(
        world.ours.reseller,
        world.rita,
        f";A;{'x' * 121};;;;;;",
        ";B;;;;;91;7;",
        ";C;;;;;46.9;;",
        ";D;;;;;x;7;",
        f";E;;;;;;;{'x' * 31}",
        ";F;;;;;;;" + ",".join(f"L{number}" for number in range(21)),
        "Klinik;;Seeweg 1;;;;;;",
        head=HEAD,
    )
    assert [(faults[0][0], faults[0][1]) for _n, _what, faults in verdicts_of(run)] == [
        ("street", "too-long"),
        ("latitude", "degrees-wrong"),
        ("longitude", "place-incomplete"),
        ("latitude", "degrees-wrong"),
        ("labels", "label-too-long"),
        ("labels", "too-many-labels"),
        ("site", "missing"),
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_went_out_comes_in_again_as_it_was(
    world: World, client: Client, fake_clock: FakeClock, form: str
) -> None:
    set_reference(by(world.rita), world.ours.school, "=A-1")  # what would be a formula
    noted = Noted("", "", "", "Gasse 1", "3000", "Bern", "CH", Decimal("-46.9"), Decimal("-7.4474"))
    set_particulars(by(world.rita), world.ours.school, noted)
    set_labels(by(world.rita), world.ours.school, ["Pikett", "Fernwärme"])
    client.force_login(world.rita)
    for language in ("de", "fr", "it", "en"):
        if form == "csv":
            content = as_csv(world, language)
        else:
            address = url(world.ours.reseller, "export/?form=xlsx")
            sent: Any = client.get(address, HTTP_ACCEPT_LANGUAGE=language)
            content = b"".join(sent.streaming_content)
        run = again(world.ours.reseller, world, content)
        assert {what for _number, what, _faults in said(run)} == {"same"}, language
        assert len(run.mapping) == len(COLUMNS)


def as_csv(world: World, language: str) -> bytes:
    sites = sites_chosen(by(world.rita), world.ours.reseller, Chosen())
    words = {word: str(text) for word, text in STATE_WORDS.items()}
    with override(language):
        lines = [heading(), *lines_of(by(world.rita), list(with_owner(sites)), words)]
    return "".join(["\ufeff", *map(csv_line, lines)]).encode()


def again(node: Node, world: World, content: bytes) -> ImportRun:
    run = begin_import(by(world.rita), node, "anlagen", content)
    carry_on(run, NOW)
    assert run.state == ImportState.MAPPING, run.trouble
    name_columns(by(world.rita), run, run.mapping)
    carry_on(run, NOW)
    return run


@pytest.mark.parametrize("language", ["de", "fr", "it", "en"])
def test_own_headings_are_understood(language: str) -> None:
    with override(language):
        assert set(guess(heading())) == {column.key for column in COLUMNS}


def test_whoever_may_not_change_a_site_brings_no_address_for_it(world: World) -> None:
    rights = ["look", "structure"]
    key = create_role(by(world.rita), world.ours.reseller, "Büro", rights).key
    let_in(world.ours.reseller, world.fremd, Terms(role=key), world.rita)
    run = bring(
        world.ours.reseller,
        world.fremd,
        f"Gemeinde Muster;{world.ours.school.name};Gasse 1;;;;;;",
        ";Neu;;;;;;;Pikett",
        ";Leer;;;;;;;",
        head=HEAD,
    )
    assert [(what, codes) for _number, what, codes in said(run)] == [
        ("faulty", ["not-allowed"]),
        ("faulty", ["not-allowed"]),
        ("new", []),
    ]


def test_long_tables_with_addresses_take_few_statements(world: World) -> None:
    operations.create_site(by(world.rita), world.ours.reseller, "Da")
    numbers = []
    for count in (5, 50):
        lines = [f";Neu {count} {number};Gasse {number};;Bern;;46.9;7.4;Pikett" for number in range(count)]
        run = bring(world.ours.reseller, world.rita, *lines, head=HEAD)
        with CaptureQueriesContext(connection) as captured:
            apply(run, world.rita)
        assert run.state == ImportState.APPLIED
        numbers.append(len(captured))
    assert numbers[1] <= numbers[0] + 2
