"""The pages of an import: from the file over the columns and the preview to the sites that came in."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from furka.clock import FakeClock
from furka.inventory import imports
from furka.inventory.reading import read_table
from furka.tree.models import Node
from tests.portal.pages import page, text_of, url
from tests.world import World

pytestmark = pytest.mark.django_db

LINES = "Kunde;Anlage;Bemerkung\nKlinik;Haus A;x\nKlinik;Haus A;y\nGemeinde Muster;=HYPERLINK();z\n"


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def bring(client: Client, node: Node, content: str = LINES) -> Any:
    file = SimpleUploadedFile("liste.csv", content.encode())
    return client.post(url(node, "import/"), {"file": file}, HTTP_ACCEPT_LANGUAGE="en")


def at(client: Client, address: str, **fields: str) -> Any:
    """Send a form and look at where that leads."""
    answer = client.post(address, fields, HTTP_ACCEPT_LANGUAGE="en")
    return client.get(answer.headers["Location"], HTTP_ACCEPT_LANGUAGE="en")


def test_table_goes_from_the_file_to_the_sites(world: World, client: Client) -> None:
    client.force_login(world.rita)
    address = bring(client, world.ours.reseller).headers["Location"]

    columns = page(client, world.rita, address)
    assert columns.context["columns_form"]["site"].initial == "1"
    assert "Haus A" in text_of(columns)
    preview = at(client, address, do="columns", customer="0", site="1")
    assert preview.context["run"].counts["faulty"] == 1
    assert "Site: The same as in row 2." in text_of(preview)
    new = page(client, world.rita, f"{address}?what=new")
    assert [row.site for row in new.context["rows"]] == ["Haus A", "=HYPERLINK()"]

    stopped = at(client, address, do="apply")
    assert "Some rows have faults" in text_of(stopped)
    done = at(client, address, do="apply", leave_out="1")

    assert "Imported: 2 new, 0 changed." in text_of(done)
    names = set(Node.objects.everything("a test").values_list("name", flat=True))
    assert {"Klinik", "Haus A", "=HYPERLINK()"} <= names


def test_faulty_rows_come_back_as_a_table_without_formulas(world: World, client: Client) -> None:
    client.force_login(world.rita)
    lines = "Kunde;Anlage;Zeitzone\n;=1+1;Nirgends\n"
    address = bring(client, world.ours.reseller, lines).headers["Location"]
    at(client, address, do="columns", customer="0", site="1", time_zone="2")

    table = read_table(client.get(f"{address}faults/", HTTP_ACCEPT_LANGUAGE="en").content)

    assert table[0] == ["Row", "Kunde", "Anlage", "Zeitzone", "What is wrong"]
    assert table[1][:4] == ["2", "", "'=1+1", "Nirgends"]
    assert table[1][4].startswith("Time zone: The time zone “Nirgends” is not known")


def test_import_is_found_again_and_forgotten(world: World, client: Client) -> None:
    client.force_login(world.rita)
    address = bring(client, world.ours.reseller).headers["Location"]

    listed = page(client, world.rita, url(world.ours.reseller, "import/"))
    assert [each.url for each in listed.context["runs"]] == [address]
    at(client, address, do="forget")
    assert client.get(address).status_code == 404


def test_long_import_says_what_happens_and_asks_again(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SMALL_FILE", 0)
    client.force_login(world.rita)
    address = bring(client, world.ours.reseller).headers["Location"]

    waiting = page(client, world.rita, address)
    assert "The file is being read" in text_of(waiting)
    assert 'hx-trigger="every 1s"' in text_of(waiting)
    imports.carry_on_waiting(waiting.context["run"].created_at)
    part = text_of(client.get(f"{address}?part=run", HTTP_ACCEPT_LANGUAGE="en"))
    assert "Which column says what?" in part
    assert "<html" not in part


@pytest.mark.parametrize("content", ["", "only a heading"])
def test_what_is_no_table_leads_to_a_sentence(world: World, client: Client, content: str) -> None:
    client.force_login(world.rita)
    answer = bring(client, world.ours.reseller, content)
    if answer.status_code == 302:
        answer = client.get(answer.headers["Location"], HTTP_ACCEPT_LANGUAGE="en")

    # Why an import stopped is kept in the language of whoever began it.
    said = ("empty", "There is no row below the headings.", "Unter den Überschriften steht keine Zeile.")
    assert any(text in text_of(answer) for text in said)


def test_columns_that_name_nothing_are_told_at_the_form(world: World, client: Client) -> None:
    client.force_login(world.rita)
    address = bring(client, world.ours.reseller, "a;b\n1;2\n").headers["Location"]

    answer = client.post(address, {"do": "columns"}, HTTP_ACCEPT_LANGUAGE="en")

    assert answer.status_code == 422
    assert list(answer.context["columns_form"].errors) == ["site"]


def test_template_is_a_table_that_is_understood(world: World, client: Client) -> None:
    answer = page(client, world.rita, url(world.ours.reseller, "import/template/"))

    assert read_table(answer.content)[0][:2] == ["Customer", "Customer number"]


def test_nobody_else_may(world: World, client: Client) -> None:
    client.force_login(world.rita)
    address = bring(client, world.ours.reseller).headers["Location"]

    for other in (world.nora, world.karl, world.fremd):
        assert page(client, other, address).status_code == 404
        assert page(client, other, f"{address}faults/").status_code == 404
    assert page(client, world.nora, url(world.ours.reseller, "import/")).status_code == 404
