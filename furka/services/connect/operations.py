"""Profiles: a person's ends of tunnels, one per device."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from furka.errors import Conflict, Invalid, NotThere
from furka.plan.addressing import PLAN
from furka.sites.routers import checked_key
from furka.sites.serving import ends_elsewhere, home_hub
from furka.tree.operation import ProfileTouched, Work, own_operation
from furka.tree.queries import operator
from furka.tree.samples import refuse_in_sample
from furka.tree.texts import one_line
from furka.tree.within import refuse_beyond
from furka.tunnel.addresses import draw
from furka.tunnel.models import Profile

MOST_PROFILES = 20

#: A number in the address plan is never given out twice.
MOST_PROFILES_A_DAY = 50

#: Stands where the private key belongs, in the text that the server makes; only the person's device can fill it in.
PRIVATE_KEY_PLACE = "PRIVATE_KEY"


@own_operation("a profile opens nothing by itself; grants say what it reaches")
def create_profile(work: Work, name: str, public_key: str) -> Profile:
    """A new device of the one who acts. The key pair was made on the device; only its public half comes here."""
    refuse_in_sample(work)
    refuse_beyond(work)
    person_id = work.acting_person_id
    name = one_line(name)
    if not name or len(name) > 60:
        raise Invalid.at("name", "name-wrong", _("Please enter a name of at most 60 characters."))
    key = checked_key(public_key)
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
    try:
        with transaction.atomic():
            profile = Profile.objects.create(
                person_id=person_id,
                hub=hub,
                name=name,
                public_key=key,
                number=draw("profiles"),
                created_at=work.at,
            )
    except IntegrityError:
        raise _key_taken() from None
    work.touch(ProfileTouched(profile.pk))
    work.tell_person(profile.person_id, "profile")
    work.record(operator(), "profile.created", after={"profile": profile.key, "name": name})
    return profile


@own_operation("everybody may revoke their own profiles")
def revoke_profile(work: Work, key: str) -> None:
    """The device is lost or no longer used: it connects to nothing any more."""
    rows = Profile.objects.select_for_update().filter(person_id=work.acting_person_id, key=key)
    profile = rows.first()
    if profile is None:
        raise NotThere("not-there", _("This profile does not exist."))
    if profile.revoked_at is not None:
        return
    profile.revoked_at, profile.online = work.at, False
    profile.save(update_fields=["revoked_at", "online"])
    work.touch(ProfileTouched(profile.pk))
    work.tell_person(profile.person_id, "profile")
    work.record(operator(), "profile.revoked", before={"profile": profile.key, "name": profile.name})


def configuration(profile: Profile) -> str:
    """The profile as a file for WireGuard's own apps (wg-quick format), with a place for the private key."""
    allowed: tuple[IPv4Network, ...] = (PLAN.plants, PLAN.hubs)
    return "\n".join(
        (
            "[Interface]",
            f"PrivateKey = {PRIVATE_KEY_PLACE}",
            f"Address = {profile.address}/32",
            "MTU = 1420",
            "",
            "[Peer]",
            f"PublicKey = {profile.hub.public_key}",
            f"Endpoint = {profile.hub.endpoint}",
            f"AllowedIPs = {', '.join(map(str, allowed))}",
            "PersistentKeepalive = 25",
            "",
        )
    )


def _key_taken() -> Conflict:
    return Conflict("key-taken", _("This key is already in use. Please make a new one."))
