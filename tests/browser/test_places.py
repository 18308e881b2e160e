"""Levels move, are handed over, go into the archive and the bin, and come back, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import Holder, join_quietly


def begin(page: Page, kind: str, name: str) -> str:
    """Open a level of one's own; returns the beginning of the addresses of its pages."""
    page.goto("/welcome/")
    page.locator(f"input[name=kind][value={kind}]").check()
    page.get_by_label("Name der Firma").fill(name)
    page.get_by_role("button", name="Beginnen").click()
    page.wait_for_url(re.compile(r"/levels/\w+/"))
    return level_of(page)


def level_of(page: Page) -> str:
    found = re.search(r"/levels/\w+/", page.url)
    assert found
    return found.group()


def new(page: Page, level: str, what: str, name: str) -> str:
    """Make a customer or a site below a level."""
    page.goto(f"{level}{what}/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.locator("main form .button-main").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    return level_of(page)


@pytest.fixture
def reseller(holder: Holder) -> str:
    return begin(holder.page, "reseller", "Haustechnik Muster")


@pytest.fixture
def neighbour(
    browser: Browser, browser_context_args: dict[str, object], latest_link: Callable[[str], str]
) -> Iterator[Holder]:
    """Somebody else, with an account and a browser of their own."""
    context = browser.new_context(**browser_context_args)  # type: ignore[arg-type]
    page = context.new_page()
    email = f"neighbour{id(context)}@example.org"
    join_quietly(page, email, latest_link)
    yield Holder(page, email)
    context.close()


def test_site_moves_once_it_was_shown_what_changes(
    holder: Holder, reseller: str, complaints: list[str]
) -> None:
    page = holder.page
    site = new(page, reseller, "sites", "Schulhaus")
    new(page, reseller, "customers", "Gemeinde Neudorf")

    page.goto(f"{site}settings/")
    page.get_by_role("link", name="Verschieben oder übergeben").click()
    page.get_by_label("Neuer Ort").select_option(label="Gemeinde Neudorf (Haustechnik Muster)")
    page.get_by_role("button", name="Zeigen, was sich ändert").click()
    expect(page.get_by_text("Verlieren Zugriff von oben")).to_be_visible()
    page.get_by_role("button", name="Zu Gemeinde Neudorf verschieben").click()

    expect(page.get_by_text("«Schulhaus» gehört jetzt zu «Gemeinde Neudorf».")).to_be_visible()
    page.goto(f"{site}events/")
    expect(page.get_by_text("Hierher verschoben")).to_be_visible()
    assert complaints == []


def test_site_is_handed_over_and_the_other_side_accepts(
    holder: Holder, reseller: str, neighbour: Holder, latest_link: Callable[[str], str]
) -> None:
    page, other = holder.page, neighbour.page
    site = new(page, reseller, "sites", "Schulhaus")
    theirs = begin(other, "reseller", "Nachbar AG")

    page.goto(f"{site}move/")
    page.get_by_label("An wen").fill(neighbour.email)
    page.get_by_label("Nachricht").fill("Wie besprochen")
    page.get_by_role("button", name="Angebot senden").click()
    expect(page.get_by_text("Das Angebot wurde gesendet.")).to_be_visible()

    other.goto(latest_link(neighbour.email))
    expect(other.get_by_text("Wie besprochen")).to_be_visible()
    other.get_by_role("button", name="Annehmen").click()
    expect(other.get_by_text("«Schulhaus» ist umgezogen.")).to_be_visible()
    other.goto(f"{theirs}sites/")
    expect(other.get_by_role("link", name="Schulhaus", exact=True)).to_be_visible()
    answer = page.goto(site)
    assert answer is not None
    assert answer.status == 404


def test_customer_joins_a_reseller_by_its_key_and_leaves_again(
    holder: Holder, reseller: str, neighbour: Holder
) -> None:
    page, other = holder.page, neighbour.page
    alone = begin(other, "customer", "Gemeinde Allein")

    other.goto(f"{alone}settings/")
    other.get_by_role("link", name="Zu einem Reseller gehen").click()
    other.get_by_label("An wen").fill(reseller.split("/")[2])
    other.get_by_role("button", name="Angebot senden").click()

    page.goto(reseller)
    page.get_by_role("row", name=re.compile("Angebot zu beantworten")).get_by_role("link").click()
    page.get_by_role("button", name="Annehmen").click()
    expect(page.get_by_role("heading", name="Gemeinde Allein", level=1)).to_be_visible()

    other.goto(f"{alone}settings/")
    other.get_by_role("button", name="Beim Reseller austreten").click()
    other.get_by_role("dialog").get_by_role("button", name="Beim Reseller austreten").click()
    expect(other.get_by_text("«Gemeinde Allein» steht jetzt für sich.")).to_be_visible()
    answer = page.goto(alone)
    assert answer is not None
    assert answer.status == 404


def test_level_is_deleted_once_its_name_is_typed_and_restored_right_after(
    holder: Holder, reseller: str, complaints: list[str]
) -> None:
    page = holder.page
    customer = new(page, reseller, "customers", "Gemeinde Neudorf")
    new(page, customer, "sites", "Schulhaus")

    page.goto(f"{customer}settings/")
    page.get_by_role("link", name="Löschen").click()
    expect(page.get_by_text("Das hängt daran und geht mit:")).to_be_visible()
    page.get_by_label("Zur Bestätigung «Gemeinde Neudorf» eingeben").fill("Gemeinde")
    page.get_by_role("button", name="Jetzt löschen").click()
    expect(page.get_by_text("genau so ein, wie er ist").first).to_be_visible()
    page.get_by_label("Zur Bestätigung «Gemeinde Neudorf» eingeben").fill("Gemeinde Neudorf")
    page.get_by_role("button", name="Jetzt löschen").click()
    expect(page.get_by_text("«Gemeinde Neudorf» wurde gelöscht.")).to_be_visible()

    page.get_by_role("button", name="Wiederherstellen").click()

    expect(page.get_by_text("«Gemeinde Neudorf» wurde wiederhergestellt.")).to_be_visible()
    page.goto(f"{customer}sites/")
    expect(page.get_by_role("link", name="Schulhaus", exact=True)).to_be_visible()
    assert [text for text in complaints if "422" not in text] == []


def test_level_goes_into_the_archive_and_comes_back(holder: Holder, reseller: str) -> None:
    page = holder.page
    site = new(page, reseller, "sites", "Schulhaus")

    page.goto(f"{site}settings/")
    page.get_by_role("button", name="Archivieren").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Archivieren").click()
    expect(page.get_by_text("«Schulhaus» wurde archiviert.")).to_be_visible()
    expect(page.get_by_text("Diese Ebene ist archiviert")).to_be_visible()

    page.get_by_role("button", name="Aus dem Archiv holen").click()
    expect(page.get_by_text("«Schulhaus» ist aus dem Archiv zurück.")).to_be_visible()
    expect(page.get_by_text("Diese Ebene ist archiviert")).not_to_be_visible()


@pytest.mark.parametrize("width", [360, 1440])
def test_pages_about_places_are_for_everybody(
    holder: Holder, reseller: str, look_day_and_night: Callable[[Page], list[str]], width: int
) -> None:
    page, look = holder.page, look_day_and_night
    customer = new(page, reseller, "customers", "Gemeinde Neudorf")
    site = new(page, reseller, "sites", "Schulhaus")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site}move/")
    page.get_by_label("An wen").fill("jemand@example.org")
    page.get_by_role("button", name="Angebot senden").click()
    expect(page.get_by_text("Das Angebot wurde gesendet.")).to_be_visible()
    assert look(page) == []
    addresses = (
        reseller,
        f"{site}settings/",
        f"{site}move/",
        f"{site}move/?to={customer.split('/')[2]}",
        f"{reseller}take-over/",
        f"{customer}delete/",
        f"{reseller}bin/",
        "/bin/",
    )
    for address in addresses:
        page.goto(address)
        assert look(page) == [], address
