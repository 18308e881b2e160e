"""Profiles: a person's ends of tunnels, one per device."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from furka.activeplants.models import ActivePlant
from furka.errors import Conflict, Invalid, NotThere
from furka.plan.addressing import PLAN, PRIVATE_RANGES
from furka.plan.names import DOMAIN
from furka.services.connect.queries import reachable_among
from furka.sites.routers import checked_key
from furka.sites.serving import ends_elsewhere, home_hub
from furka.tree.models import Node
from furka.tree.operation import AccessTouched, ProfileTouched, Work, own_operation
from furka.tree.queries import operator
from furka.tree.samples import refuse_in_sample
from furka.tree.texts import one_line
from furka.tree.within import refuse_beyond
from furka.tunnel.addresses import draw, hub_address
from furka.tunnel.models import NamesBy, Profile
from furka.vault import seal

MOST_PROFILES = 20

#: A number in the address plan is never given out twice.
MOST_PROFILES_A_DAY = 50

#: Stands where the private key belongs, in the text that the server makes; only the person's device can fill it in.
PRIVATE_KEY_PLACE = "PRIVATE_KEY"

#: Stands where the pre-shared key belongs, which is told once.
PRESHARED_KEY_PLACE = "PRESHARED_KEY"

_OWN = "a person's own devices"


@dataclass(frozen=True, slots=True)
class MadeProfile:
    """A profile, and the secret that its tunnel knows beside the keys; it is told this once."""

    profile: Profile
    preshared_key: str


@own_operation("a profile opens nothing by itself; grants say what it reaches")
def create_profile(
    work: Work, name: str, public_key: str, names: str = NamesBy.NOBODY, real: bool = False
) -> MadeProfile:
    """A new device of the one who acts. The key pair was made on the device; only its public half comes here.

    `names` says how it learns names, `real` that it sends private addresses into the tunnel, for a plant at hand.
    """
    refuse_in_sample(work)
    refuse_beyond(work)
    person_id = work.acting_person_id
    name = one_line(name)
    if not name or len(name) > 60:
        raise Invalid.at("name", "name-wrong", _("Please enter a name of at most 60 characters."))
    key = checked_key(public_key)
    if names not in NamesBy.values:
        raise Invalid.at("names", "names-unknown", _("Please choose one of these."))
    if ends_elsewhere(key):
        raise _key_taken()
    live = Profile.objects.filter(person_id=person_id, revoked_at=None)
    if live.count() >= MOST_PROFILES:
        raise Conflict(
            "too-many-profiles", _("You have many profiles already. Please revoke one that is not used.")
        )
    lately = Profile.objects.filter(person_id=person_id, created_at__gt=work.at - timedelta(days=1))
    if lately.count() >= MOST_PROFILES_A_DAY:
        raise Conflict("too-many-profiles", _("You have made many profiles today. Please go on tomorrow."))
    hub = home_hub()
    if hub is None:
        raise Conflict("no-hub", _("No hub is ready yet. Please try again in a moment."))
    preshared_key = _new_secret()
    try:
        with transaction.atomic():
            profile = Profile.objects.create(
                person_id=person_id,
                hub=hub,
                name=name,
                public_key=key,
                number=draw("profiles"),
                names=names,
                real=real,
                sealed_preshared=seal(preshared_key),
                created_at=work.at,
            )
    except IntegrityError:
        raise _key_taken() from None
    work.touch(ProfileTouched(profile.pk))
    work.tell_person(profile.person_id, "profile")
    work.record(operator(), "profile.created", after={"profile": profile.key, "name": name})
    return MadeProfile(profile, preshared_key)


@own_operation("everybody may give their own devices new keys")
def renew_profile(work: Work, key: str, public_key: str) -> MadeProfile:
    """New keys for a device of the one who acts: the old ones end at once, address and name stay."""
    refuse_in_sample(work)
    refuse_beyond(work)
    profile = _own_profile(work, key)
    fresh = checked_key(public_key)
    if profile.revoked_at is not None:
        raise Conflict("profile-revoked", _("This device is blocked. Please add it anew."))
    if ends_elsewhere(fresh):
        raise _key_taken()
    preshared_key = _new_secret()
    profile.public_key, profile.sealed_preshared = fresh, seal(preshared_key)
    profile.key_made_at, profile.online = work.at, False
    try:
        with transaction.atomic():
            profile.save(update_fields=["public_key", "sealed_preshared", "key_made_at", "online"])
    except IntegrityError:
        raise _key_taken() from None
    work.touch(ProfileTouched(profile.pk))
    work.tell_person(profile.person_id, "profile")
    work.record(operator(), "profile.renewed", after={"profile": profile.key, "name": profile.name})
    return MadeProfile(profile, preshared_key)


@own_operation("which plant is at hand opens nothing; grants say what is reached")
def choose_plant(work: Work, key: str, site: Node | None) -> None:
    """Which plant a device of the one who acts reaches under its real addresses too; None: no plant.

    Only one that the person may enter now. What ran under those addresses before begins anew.
    """
    refuse_in_sample(work)
    profile = _own_profile(work, key)
    if profile.revoked_at is not None or not profile.real:
        raise Conflict(
            "not-for-real-addresses", _("This device is not set up for the real addresses of a plant.")
        )
    if site is not None and not reachable_among(work.by, [site]):
        raise Conflict("not-reached", _("You may not enter this site now."))
    before = ActivePlant.objects.everything(_OWN).filter(profile=profile).select_related("node").first()
    if (before.node_id if before else None) == (site.pk if site else None):
        return
    if before is not None:
        before.delete()
        work.touch(AccessTouched(profile.person_id, before.node_id))
        work.record(before.node, "plant.put-away", before={"device": profile.name})
    if site is not None:
        ActivePlant.objects.create(node=site, profile=profile, chosen_at=work.at)
        work.touch(AccessTouched(profile.person_id, site.pk))
        work.record(site, "plant.at-hand", after={"device": profile.name})
    work.tell_person(profile.person_id, "profile")


@own_operation("everybody may revoke their own profiles")
def revoke_profile(work: Work, key: str) -> None:
    """The device is lost or no longer used: it connects to nothing any more."""
    profile = _own_profile(work, key)
    if profile.revoked_at is not None:
        return
    profile.revoked_at, profile.online, profile.sealed_preshared = work.at, False, ""
    profile.save(update_fields=["revoked_at", "online", "sealed_preshared"])
    work.touch(ProfileTouched(profile.pk))
    work.tell_person(profile.person_id, "profile")
    work.record(operator(), "profile.revoked", before={"profile": profile.key, "name": profile.name})


def configuration(profile: Profile, preshared_key: str = "") -> str:
    """The profile as a file for WireGuard's own apps (wg-quick format), with a place for the private key.

    The pre-shared key stands in it when it was just made; later there is a place for it only.
    """
    allowed: tuple[IPv4Network, ...] = (PLAN.plants, PLAN.hubs, *(PRIVATE_RANGES if profile.real else ()))
    secret = preshared_key or (PRESHARED_KEY_PLACE if profile.sealed_preshared else "")
    return "\n".join(
        (
            "[Interface]",
            f"PrivateKey = {PRIVATE_KEY_PLACE}",
            f"Address = {profile.address}/32",
            "MTU = 1420",
            *_name_lines(profile),
            "",
            "[Peer]",
            f"PublicKey = {profile.hub.public_key}",
            *([f"PresharedKey = {secret}"] if secret else []),
            f"Endpoint = {profile.hub.endpoint}",
            f"AllowedIPs = {', '.join(map(str, allowed))}",
            "PersistentKeepalive = 25",
            "",
        )
    )


def _name_lines(profile: Profile) -> list[str]:
    """How the device learns names of plants, and of nothing else."""
    server = hub_address(profile.hub.number)
    match profile.names:
        case NamesBy.APP:
            return [f"DNS = {server}, {DOMAIN}"]
        case NamesBy.RESOLVED:
            return [f"PostUp = resolvectl dns %i {server}; resolvectl domain %i '~{DOMAIN}'"]
        case _:
            return []


def _own_profile(work: Work, key: str) -> Profile:
    rows = Profile.objects.select_for_update(of=("self",)).select_related("hub")
    profile = rows.filter(person_id=work.acting_person_id, key=key).first()
    if profile is None:
        raise NotThere("not-there", _("This profile does not exist."))
    return profile


def _new_secret() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _key_taken() -> Conflict:
    return Conflict("key-taken", _("This key is already in use. Please make a new one."))
