"""Remote access in the API: my profiles, and exactly what I reach now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import Field, StringConstraints

from furka.access.rights import LOOK
from furka.activeplants.models import ActivePlant
from furka.activeplants.queries import plants_at_hand
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of, rows_of
from furka.api.routes import Key, at_node, own
from furka.devicepages import operations as device_pages
from furka.devicepages.models import OpenPage
from furka.devicepages.queries import open_pages_of
from furka.errors import NotThere
from furka.services.connect import operations, queries
from furka.services.connect.confirming import confirm
from furka.services.connect.device_pages import open_page
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.services.connect.queries import ReachableSite
from furka.services.connect.why_api import routes
from furka.sites.models import Device
from furka.tree import sessions
from furka.tree.acting import Acting
from furka.tree.confirmations import Session as SessionRow
from furka.tree.models import Kind, Node
from furka.tree.own_limits import held_back
from furka.tunnel.models import Profile as ProfileRow

__all__ = ["routes"]  # of both modules: this one adds to those that are there already


Names = Literal["off", "app", "resolved"]


class Profile(schemas.Answer):
    """My end of a tunnel on one of my devices."""

    key: str
    name: str
    public_key: str
    address: schemas.Address
    names: Names
    real_addresses: bool = Field(
        description="It sends private addresses into the tunnel, for a plant at hand."
    )
    plant: schemas.LevelName | None = Field(
        description="The plant at hand: reached under its real addresses too, as long as I may enter it."
    )
    has_preshared_key: bool
    created_at: datetime
    key_since: datetime = Field(description="When its present keys were made.")
    online: bool
    seen_at: datetime | None
    handshake_at: datetime | None = Field(description="When hub and device last greeted each other, as told.")
    endpoint: str = Field(description="The address that its tunnel came from last.")
    configuration: str = Field(
        description="For WireGuard's own apps; the place PRIVATE_KEY is filled in on the device. Where a pre-shared "
        "key belongs, it stands in the answer that made it, and nowhere later: PRESHARED_KEY stands for it."
    )


class NewProfile(schemas.Input):
    """A device that made a key pair; only its public half comes here."""

    name: Annotated[schemas.Text, StringConstraints(min_length=1, max_length=60)]
    public_key: Annotated[schemas.Text, StringConstraints(max_length=60)] = Field(
        description="32 bytes in base64, as `wg pubkey` prints them."
    )
    names: Names = Field(
        default="off", description="How it learns names: not at all, by its app, by resolvectl."
    )
    real_addresses: bool = Field(
        default=False, description="Send private addresses into the tunnel, for a plant at hand."
    )


class NewKeys(schemas.Input):
    """The public half of a key pair that the device has just made."""

    public_key: Annotated[schemas.Text, StringConstraints(max_length=60)] = Field(
        description="32 bytes in base64, as `wg pubkey` prints them."
    )


class PlantAtHand(schemas.Input):
    """The plant that a device shall have at hand."""

    site: Annotated[str, StringConstraints(max_length=12)] | None = Field(description="Null: none.")


class ReachableDevice(schemas.Answer):
    """A device, and its address in the tunnel."""

    key: str
    name: str
    kind: schemas.DeviceKind
    address: str
    virtual_address: schemas.Address
    hostname: str = Field(
        description="Its name in the tunnel, from the name server of the hub; empty: it has none yet."
    )
    web: bool
    ports: list[str] | None = Field(description="The only ones, such as tcp/80; null: all of them.")


class Reachable(schemas.Answer):
    """A site that can be entered now, and what is in it."""

    site: schemas.LevelName
    state: schemas.State
    until: datetime | None = Field(description="Null: until the access is revoked.")
    networks: list[schemas.Network]
    devices: list[ReachableDevice]


class HeldBack(schemas.Answer):
    """A level that I could enter, but for what its owner wants."""

    level: schemas.LevelName
    reason: Literal["unconfirmed", "two-factor", "approval", "kept-out", "ceiling-hours", "ceiling"] = Field(
        description="What is missing: a confirmation, a second factor, a yes, the end of a break, "
        "the right hour, or the owner's will."
    )
    opens_at: datetime | None = Field(description="When it opens by itself, if that is known.")


class LevelsHeldBack(schemas.Answer):
    """Where I am held back now, what is soonest mended first."""

    items: list[HeldBack]


@routes.get("/profiles", own("my devices"))
def list_profiles(by: Acting, page: Query[Paging]) -> Page[Profile]:
    """My devices that may connect."""
    rows, following = items_of(queries.profiles_of(by), page, lambda row: (row.name, row.key))
    plants = plants_at_hand(by)
    return Page[Profile](items=[_profile(row, plants.get(row.pk)) for row in rows], next=following)


@routes.post("/profiles", own("a device of mine; it opens nothing by itself"))
def create_profile(by: Acting, body: NewProfile) -> Profile:
    """One more device of mine."""
    made = operations.create_profile(by, body.name, body.public_key, body.names, body.real_addresses)
    return _profile(made.profile, preshared_key=made.preshared_key)


@routes.post("/profiles/{profile}/keys", own("a device of mine"))
def renew_profile(by: Acting, profile: Key, body: NewKeys) -> Profile:
    """New keys for a device of mine; the old ones end at once, its address and name stay."""
    made = operations.renew_profile(by, profile, body.public_key)
    return _profile(made.profile, plants_at_hand(by).get(made.profile.pk), made.preshared_key)


@routes.patch("/profiles/{profile}", own("a device of mine; it opens nothing by itself"))
def choose_plant(by: Acting, profile: Key, body: PlantAtHand) -> Profile:
    """Have a plant at hand under its real addresses, or none; nothing has to be connected anew."""
    site = None
    if body.site is not None:
        site = queries.allowed_sites(by).filter(key=body.site).first()
        if site is None:
            raise NotThere("not-there", _("This site does not exist, or you may not enter it."))
    operations.choose_plant(by, profile, site)
    row = next(each for each in queries.profiles_of(by) if each.key == profile)
    return _profile(row, plants_at_hand(by).get(row.pk))


@routes.delete("/profiles/{profile}", own("a device of mine"))
def revoke_profile(by: Acting, profile: Key) -> None:
    """A device is lost or no longer used; once more is no fault."""
    operations.revoke_profile(by, profile)


@routes.get("/reachable", own("what I reach"))
def list_reachable(by: Acting, page: Query[Paging]) -> Page[Reachable]:
    """Exactly the sites and devices that I may reach now, until when. A part may hold fewer items than asked for."""
    sites, following = rows_of(queries.allowed_sites(by), page, ("sort_key", "key"))
    found = queries.reachable_among(by, sites)
    return Page[Reachable](items=[_reachable(each) for each in found], next=following)


class OpenDevicePage(schemas.Answer):
    """A device's page that I have open in a browser."""

    key: str
    site: schemas.LevelName
    device: str = Field(description="Name of the device.")
    opened_at: datetime
    until: datetime = Field(
        description="At the latest; it also ends with the access, and when nobody uses it."
    )


class OpenedDevicePage(OpenDevicePage):
    """The same, and where a browser enters it."""

    url: str = Field(
        description="Opens the page in the first browser that goes there, once, within a minute."
    )


@routes.post("/sites/{key}/devices/{device}/page", at_node(USE_REMOTE_ACCESS, Kind.SITE))
def open_device_page(by: Acting, site: Node, device: Key) -> OpenedDevicePage:
    """Open a device's own page for a browser, through the hub, without a client."""
    row = Device.objects.visible_to(by, USE_REMOTE_ACCESS).filter(node=site, key=device).first()
    if row is None:
        raise NotThere("not-there", _("This device does not exist."))
    row.node = site
    opened = open_page(by, row, "", get_language() or "en")
    return OpenedDevicePage(**_device_page(opened.page).model_dump(), url=opened.url)


@routes.get("/device-pages", own("pages that I have open"))
def list_device_pages(by: Acting, page: Query[Paging]) -> Page[OpenDevicePage]:
    """The pages of devices that I have open in browsers."""
    rows, following = items_of(open_pages_of(by), page, lambda row: (row.opened_at.isoformat(), row.key))
    return Page[OpenDevicePage](items=[_device_page(row) for row in rows], next=following)


@routes.delete("/device-pages/{page}", own("a page that I have open"))
def close_device_page(by: Acting, page: Key) -> None:
    """It is no longer needed; once more is no fault."""
    device_pages.close(by, page)


class NewConfirmation(schemas.Input):
    """I connect to a site whose owner wants to know."""

    reason: schemas.Text = Field("", max_length=300)
    code: schemas.Text = Field(
        "",
        max_length=20,
        description="Of my authenticator app, or a recovery code: where the owner asks for my second factor each time. "
        "Whoever has a passkey only confirms in the portal.",
    )


class Confirmation(schemas.Answer):
    """I have confirmed that I connect to a site."""

    key: str
    site: schemas.LevelName
    reason: str
    begun_at: datetime
    until: datetime = Field(description="At the latest; it also ends when nothing passes.")


class Confirmations(schemas.Answer):
    """Where I am connected after confirming it."""

    items: list[Confirmation]


@routes.post("/sites/{key}/confirmation", at_node(LOOK, Kind.SITE))
def confirm_connection(by: Acting, site: Node, body: NewConfirmation) -> Confirmation:
    """Confirm that I connect, why, and with a code where the owner asks for it."""
    return _confirmation(confirm(by, site, body.reason, body.code))


@routes.get("/confirmations", own("where I am connected after confirming it"))
def list_confirmations(by: Acting) -> Confirmations:
    """Where I am connected after confirming it."""
    return Confirmations(items=[_confirmation(row) for row in sessions.own_sessions(by)])


@routes.delete("/confirmations/{confirmation}", own("a confirmation of mine"))
def end_confirmation(by: Acting, confirmation: Key) -> None:
    """I am done there; once more is no fault."""
    sessions.disconnect(by, confirmation)


@routes.get("/held-back", own("what I can not use now"))
def list_held_back(by: Acting) -> LevelsHeldBack:
    """Where I was let in and can not enter at this moment, but for what an owner wants; and from when I can."""
    return LevelsHeldBack(
        items=[
            HeldBack(
                level=schemas.level_name(each.node),
                reason=str(each.reason),  # type: ignore[arg-type]  # one of those that can be mended
                opens_at=each.opens_at,
            )
            for each in held_back(by, USE_REMOTE_ACCESS)
        ]
    )


def _profile(row: ProfileRow, plant: ActivePlant | None = None, preshared_key: str = "") -> Profile:
    return Profile(
        key=row.key,
        name=row.name,
        public_key=row.public_key,
        address=row.address,
        names=row.names,  # type: ignore[arg-type]  # a choice of the model
        real_addresses=row.real,
        plant=schemas.level_name(plant.node) if plant else None,
        has_preshared_key=bool(row.sealed_preshared),
        created_at=row.created_at,
        key_since=row.key_since,
        online=row.online,
        seen_at=row.seen_at,
        handshake_at=row.handshake_at,
        endpoint=row.endpoint,
        configuration=operations.configuration(row, preshared_key),
    )


def _reachable(found: ReachableSite) -> Reachable:
    devices = [
        ReachableDevice(
            key=each.device.key,
            name=each.device.name,
            kind=each.device.kind,  # type: ignore[arg-type]  # a choice of the model
            address=each.device.address,
            virtual_address=each.address,
            hostname=each.name,
            web=each.device.web,
            ports=None if each.ports is None else list(map(str, each.ports)),
        )
        for each in found.devices
    ]
    return Reachable(
        site=schemas.level_name(found.site),
        state=schemas.state(found.state),
        until=found.until,
        networks=[schemas.network(each) for each in found.networks],
        devices=devices,
    )


def _confirmation(row: SessionRow) -> Confirmation:
    return Confirmation(
        key=row.key,
        site=schemas.level_name(row.node),
        reason=row.reason,
        begun_at=row.begun_at,
        until=row.ends_at,
    )


def _device_page(row: OpenPage) -> OpenDevicePage:
    return OpenDevicePage(
        key=row.key,
        site=schemas.level_name(row.node),
        device=row.device.name,
        opened_at=row.opened_at,
        until=row.ends_at,
    )
