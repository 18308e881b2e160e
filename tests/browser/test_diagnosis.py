"""Diagnosis in a browser: begin it, see what a gateway finds while it finds it, take a device over."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.wire import PREFIX
from furka.wire.gateway import GatewaySettings
from tests.browser.hub import a_hub, call
from tests.browser.people import Holder
from tests.browser.test_gateway_path import a_site


def test_findings_appear_while_one_looks_and_devices_are_taken_over(
    holder: Holder,
    base_url: str,
    portal_home: Path,
    look: Callable[[Page], list[str]],
    complaints: list[str],
) -> None:
    page = holder.page
    a_hub(base_url, portal_home)
    address = a_site(page)
    page.goto(f"{address}diagnosis/")
    expect(page.get_by_text("hat noch keines")).to_be_visible()
    page.goto(address)
    create = page.get_by_role("button", name="Kopplungscode erzeugen")
    if create.is_visible():
        create.click()
    code = page.locator(".copy-text").first.inner_text()
    key = public_key_of(generate_private_key())
    claim: dict[str, object] = {"code": code, "public_key": key, "hostname": "box", "version": "1"}
    token = call(base_url, "/gateway/claim", claim).json()["token"]
    page.goto(f"{address}networks/new/")
    page.locator("[name=subnet]").fill("192.168.7.0/24")
    page.get_by_role("button", name="Netz hinzufügen").click()

    page.goto(address)
    page.get_by_role("link", name="Diagnose", exact=True).click()
    page.get_by_role("link", name="Wer ist im Netz?").click()
    page.get_by_label("Nach KNX-Endgeräten suchen").check()
    faults = _look_at_both(page, look)
    page.get_by_role("button", name="Starten", exact=True).click()
    expect(page.get_by_text("Das Gateway wird gefragt")).to_be_visible()
    page.evaluate("window.sameDocument = true")

    asked = httpx.get(
        f"{base_url}{PREFIX}/gateway/settings", headers={"Authorization": f"Bearer {token}"}, timeout=20
    )
    [task] = GatewaySettings.model_validate_json(asked.content).tasks
    assert task.what["network"] == "192.168.7.0/24"
    assert (task.what["knx"], task.what["modbus"]) == (True, False)

    def found(first: int, *lines: dict[str, object], **more: object) -> None:
        call(
            base_url, "/gateway/findings", {"name": task.name, "first": first, "found": lines, **more}, token
        )

    found(0, {"what": "host", "address": "192.168.7.20", "mac": "00:1a:2b:3c:4d:5e"})
    expect(page.get_by_text("192.168.7.20")).to_be_visible(timeout=20_000)
    nasty = "<img src=x onerror=alert(1)>"
    found(
        1,
        {"what": "knx", "address": "192.168.7.20", "name": nasty, "text": "1.1.10"},
        {"what": "hosts", "number": 1},
        ending="done",
    )
    expect(page.get_by_text(nasty)).to_be_visible(timeout=20_000)  # as text
    expect(page.get_by_text("Beendet").first).to_be_visible()
    assert page.evaluate("window.sameDocument") is True
    faults += _look_at_both(page, look)

    page.get_by_role("link", name="Endgerät hinzufügen").click()
    expect(page.locator("form.form [name=address]")).to_have_value("192.168.7.20")
    page.locator("form.form [name=name]").fill("Raumregler")
    page.get_by_role("button", name="Endgerät hinzufügen").click()
    expect(page.get_by_text("Raumregler").first).to_be_visible()
    page.goto(f"{address}diagnosis/")
    faults += _look_at_both(page, look)
    page.get_by_role("link", name="Wer ist im Netz?").last.click()
    page.wait_for_url(re.compile(r"/diagnosis/\w{12}/"))
    expect(page.get_by_text("In der Liste")).to_be_visible()
    assert faults == []
    assert complaints == []


def _look_at_both(page: Page, look: Callable[[Page], list[str]]) -> list[str]:
    """On a phone and on a desk, by day and by night."""
    faults = []
    for width in (360, 1440):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            faults += look(page)
    return faults
