"""All pages worth a picture, in one place: who looks at what, and which part of it the guide shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from furka.sandbox.plants import FIRST_SITE

#: The people of the sample; nobody is a visitor without an account.
RITA, KARL, SONJA, PAUL, LUCA, ANNA, HANNA, NOBODY = (
    "rita@example.org",
    "karl@example.org",
    "sonja@example.org",
    "paul@example.org",
    "luca@example.org",
    "anna@example.org",
    "hanna@example.org",
    "",
)

#: A table with a fault, as people bring it.
TABLE = """Kunde;Anlage;Anlagennummer;Zeitzone
Klinik Seeblick (Beispiel);Haus C, Horw;K-3;
Klinik Seeblick (Beispiel);Haus D, Horw;K-4;Europa/Zürich
Gemeinde Musterdorf (Beispiel);Turnhalle;T-1;
"""


@dataclass(frozen=True)
class Scene:
    """A page as somebody sees it. `address` has places for the words of the stage, such as {site}."""

    name: str
    who: str
    address: str
    act: Callable[[Page], None] | None = None
    #: For the guide: the most that the picture is high, in pixels of the page; 0: not in the guide.
    guide_height: int = 0
    #: Where the guide's picture begins.
    guide_from: str = "main"
    #: What stands at its lower edge; "": as much as there is, within its height.
    guide_until: str = ""
    #: Wide tables need more than most pages.
    guide_width: int = 880


def _type_address(page: Page) -> None:
    page.locator("main form [name^=email]").first.fill("vera@example.org")


def _tick_rows(page: Page) -> None:
    for tick in page.locator("tbody input.tick").all()[:3]:
        tick.check()


def _open_device(page: Page) -> None:
    """A new one, for real addresses, and its own page."""
    page.locator("#new input[name=name]").first.fill("Tablet")
    page.locator("#new [name=real]").first.check()
    page.locator("#new form[data-wireguard-profile] button").first.click()
    page.locator("[data-profile-text]").get_by_text("[Interface]").wait_for()
    page.goto("/access/")
    page.locator("#my-devices a.name").first.click()


def _name_device(page: Page) -> None:
    page.locator("#new input[name=name]").first.fill("Tablet")


def _say_why(page: Page) -> None:
    page.locator("main form [name=reason]").fill("Torsteuerung (Beispiel)")


def _bring_table(page: Page) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": "anlagen.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    )
    for _step in ("read", "checked"):
        with page.expect_navigation():
            page.locator("main form .button-main").first.click()


def _look_as(page: Page) -> None:
    """Through somebody's eyes; whoever looks already only goes to the page."""
    if not page.locator(".looking").count():
        page.locator("[data-opens=view-as]").click()
        with page.expect_navigation():
            page.locator("#view-as .button-main").click()
    page.goto("/")
    with page.expect_navigation():
        page.locator("main").get_by_role("link", name=FIRST_SITE).first.click()


def _prepare(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main form .button-main").first.click()


def _choose_part(page: Page) -> None:
    _type_address(page)
    page.locator("main form [name=part][value=labels]").check(force=True)


def _choose_mode(page: Page) -> None:
    page.locator("[name=mode][value=central]").check(force=True)


SCENES = (
    Scene("cloud", RITA, "/levels/{reseller}/cloud/"),
    Scene("cloud-incident", "olga@example.org", "/cloud/incidents/{incident}/"),
    Scene("cloud-history", RITA, "/cloud/history/"),
    Scene("login", NOBODY, "/account/login/"),
    Scene("signup", NOBODY, "/account/signup/"),
    Scene("explore", NOBODY, "/explore/"),
    Scene("help", NOBODY, "/help/"),
    Scene("help-owners", RITA, "/help/owners/"),
    Scene("home", RITA, "/"),
    Scene("customers", RITA, "/levels/{reseller}/customers/"),
    Scene("reseller", RITA, "/levels/{reseller}/"),
    Scene("sites", RITA, "/levels/{reseller}/sites/"),
    Scene("gateways", RITA, "/levels/{reseller}/gateways/"),
    Scene("gateway", RITA, "/levels/{site}/gateway/"),
    Scene("router", RITA, "/levels/{site}/gateway/router/"),
    Scene("welcome", PAUL, "/welcome/"),
    Scene("bulk", RITA, "/levels/{reseller}/sites/", act=_tick_rows),
    Scene("import", RITA, "/levels/{reseller}/import/"),
    Scene("import-preview", RITA, "/levels/{reseller}/import/", act=_bring_table),
    Scene("views", RITA, "/levels/{reseller}/views/sites/"),
    Scene("map", RITA, "/levels/{reseller}/map/"),
    Scene("bin", RITA, "/bin/"),
    Scene("customer", KARL, "/levels/{customer}/"),
    Scene("customer-settings", RITA, "/levels/{customer}/settings/"),
    Scene("customer-new", RITA, "/levels/{reseller}/customers/new/"),
    Scene("site-new", RITA, "/levels/{customer}/sites/new/"),
    Scene("site", RITA, "/levels/{site}/"),
    Scene("particulars", RITA, "/levels/{site}/particulars/"),
    Scene("contact-new", RITA, "/levels/{site}/contacts/new/"),
    Scene("network", RITA, "/levels/{site}/networks/{network}/"),
    Scene("device", RITA, "/levels/{site}/devices/{device}/"),
    Scene("device-labels", RITA, "/levels/{site}/devices/labels/"),
    Scene("device-new", RITA, "/levels/{site}/devices/new/"),
    Scene("network-new", RITA, "/levels/{site}/networks/new/"),
    Scene("device-page", SONJA, "/levels/{site}/devices/{device}/page/"),
    Scene("documents", RITA, "/levels/{site}/documents/"),
    Scene("document-new", RITA, "/levels/{site}/documents/new/"),
    Scene("document-versions", RITA, "/levels/{site}/documents/{document}/versions/"),
    Scene("document-version-new", RITA, "/levels/{site}/documents/{document}/versions/new/"),
    Scene("photo", RITA, "/levels/{site}/photo/"),
    Scene("take-over", RITA, "/levels/{reseller}/take-over/"),
    Scene("level-bin", RITA, "/levels/{reseller}/bin/"),
    Scene("site-down", RITA, "/levels/{site_down}/"),
    Scene("services", RITA, "/levels/{site}/services/"),
    Scene("connect", RITA, "/levels/{site}/services/connect/"),
    Scene("confirm", RITA, "/levels/{confirmed}/connect/"),
    Scene("confirmed-limits", KARL, "/levels/{confirmed}/limits/"),
    Scene("connections", RITA, "/levels/{site}/connections/"),
    Scene("own-connections", SONJA, "/access/connections/"),
    Scene("why", RITA, "/levels/{site}/services/connect/why/?device={device}&protocol=tcp&port=80"),
    Scene("zones", RITA, "/levels/{site}/services/connect/zones/"),
    Scene("links", RITA, "/levels/{reseller}/links/", guide_height=560, guide_from="main .stack"),
    Scene("link-new", RITA, "/levels/{reseller}/links/new/", act=_choose_mode),
    Scene(
        "link",
        RITA,
        "/levels/{reseller}/links/{link}/",
        guide_height=900,
        guide_from="main .panel",
        guide_until="main .panel",
        guide_width=1100,
    ),
    Scene("link-central", RITA, "/levels/{reseller}/links/{link_central}/"),
    Scene("link-bridged", RITA, "/levels/{reseller}/links/{link_bridged}/"),
    Scene("link-empty", RITA, "/levels/{reseller}/links/{link_empty}/"),
    Scene("link-member", RITA, "/levels/{reseller}/links/{link}/sites/{link_member}/"),
    Scene("link-member-choose", RITA, "/levels/{reseller}/links/{link}/sites/add/?q=haus"),
    Scene("link-member-new", RITA, "/levels/{reseller}/links/{link_empty}/sites/add/?site={link_site}"),
    Scene("link-rules", RITA, "/levels/{reseller}/links/{link}/rules/?{question}"),
    Scene("link-rule-new", RITA, "/levels/{reseller}/links/{link}/rules/new/"),
    Scene("link-devices", RITA, "/levels/{reseller}/links/{link_central}/devices/"),
    Scene("link-device-add", RITA, "/levels/{reseller}/links/{link_central}/devices/add/"),
    Scene("link-renumber", RITA, "/levels/{reseller}/links/{link_central}/renumber/?range=10.66.0.0/24"),
    Scene("link-settings", RITA, "/levels/{reseller}/links/{link_bridged}/settings/"),
    Scene("addresses", RITA, "/levels/{reseller}/addresses/?check=192.168.1.0/24"),
    Scene(
        "people",
        KARL,
        "/levels/{site}/people/",
        guide_height=1000,
        guide_until="main .panel >> nth=1",
        guide_width=1016,
    ),
    Scene("people-reseller", RITA, "/levels/{reseller}/people/"),
    Scene(
        "invite",
        KARL,
        "/levels/{site}/people/invite/",
        act=_type_address,
        guide_height=1100,
        guide_from="main .panel",
        guide_until="main form .cards >> nth=1",
    ),
    Scene("invite-part", KARL, "/levels/{site}/people/invite/", act=_choose_part),
    Scene("site-user", KARL, "/levels/{site}/people/site-users/new/"),
    Scene("site-user-page", HANNA, "/levels/{site}/"),
    Scene("roles", RITA, "/levels/{reseller}/people/roles/"),
    Scene("role-new", RITA, "/levels/{reseller}/people/roles/new/?from=viewer"),
    Scene("waiting", KARL, "/levels/{site}/people/{waiting}/"),
    Scene(
        "answer",
        PAUL,
        "/invitations/{secret}/",
        guide_height=800,
        guide_from="main .stack",
        guide_until="main .stack > .line",
    ),
    Scene(
        "who",
        KARL,
        "/levels/{site}/access/",
        guide_height=800,
        guide_from="main .panel",
        guide_until="main .panel tbody tr >> nth=2",
    ),
    Scene("who-person", KARL, "/levels/{site}/access/people/{person}/"),
    Scene(
        "view-as",
        ANNA,
        "/levels/{customer}/access/people/{person}/",
        act=_look_as,
        guide_height=620,
        guide_from=".looking",
        guide_until="main .panel tbody tr >> nth=2",
    ),
    Scene("reviews", KARL, "/levels/{customer}/reviews/"),
    Scene("review", KARL, "/levels/{customer}/reviews/{review}/"),
    Scene(
        "limits",
        KARL,
        "/levels/{station}/limits/",
        guide_height=1000,
        guide_from="main .panel",
        guide_until="main form .actions",
    ),
    Scene("limited", RITA, "/levels/{station}/limits/"),
    Scene(
        "ask",
        SONJA,
        "/levels/{station}/request/",
        act=_say_why,
        guide_height=800,
        guide_from="main .stack",
        guide_until="main form [name=minutes]",
    ),
    Scene("requests", KARL, "/levels/{station}/requests/"),
    Scene(
        "request",
        KARL,
        "/levels/{station}/people/requests/{asked}/",
        guide_height=700,
        guide_from="main .panel",
    ),
    Scene("releases", KARL, "/levels/{station}/releases/"),
    Scene("release-pin", KARL, "/levels/{station}/releases/", act=_prepare),
    Scene("own-request", SONJA, "/access/requests/{asked}/"),
    Scene("own-requests", SONJA, "/access/requests/"),
    Scene("emergency", LUCA, "/access/requests/"),
    Scene(
        "events",
        KARL,
        "/levels/{site}/events/",
        guide_height=800,
        guide_from="main .panel",
        guide_until="main .events > li >> nth=6",
    ),
    Scene("settings", RITA, "/levels/{site}/settings/"),
    Scene("move", RITA, "/levels/{site}/move/"),
    Scene("sign-in", RITA, "/levels/{reseller}/sign-in/"),
    Scene("delete", RITA, "/levels/{site}/delete/"),
    Scene("support", SONJA, "/levels/{site}/support/"),
    Scene("search", RITA, "/search/?q=haus"),
    Scene("access", SONJA, "/access/", guide_height=560, guide_until="main .sites"),
    Scene("own-device", SONJA, "/access/", act=_open_device),
    Scene("profile", SONJA, "/access/", act=_name_device, guide_height=420, guide_from="#new"),
    Scene("home-supporter", SONJA, "/"),
    Scene("refused", SONJA, "/levels/{customer}/people/"),
    Scene("about-me", SONJA, "/account/me/"),
    Scene("notifications", SONJA, "/account/notifications/"),
    Scene("two-factor", SONJA, "/account/factors/"),
    Scene("organisations", SONJA, "/account/organisations/"),
    Scene("password", SONJA, "/account/password/change/"),
    Scene("sessions", SONJA, "/account/sessions/"),
    Scene("email", SONJA, "/account/email/"),
    Scene("close", SONJA, "/account/close/"),
    Scene("data", SONJA, "/account/data/"),
    Scene("tokens", SONJA, "/account/tokens/"),
    Scene("outbox", NOBODY, "/outbox/"),
)

GUIDE = tuple(scene for scene in SCENES if scene.guide_height)
