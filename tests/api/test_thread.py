"""From a click to a packet, through the API alone: up to what the hub is told."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address

from furka.clock import FakeClock
from furka.dispatch.answer import plan_since
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.plan.entries import Door, Peer, Prefix
from furka.tunnel.models import Hub
from furka.wire import PREFIX
from furka.wire.gateway import ClaimRequest
from tests.api.caller import Caller, as_person
from tests.world import NOW, a_hub, person


def test_person_reaches_a_new_site_until_the_grant_is_revoked(db: None, fake_clock: FakeClock) -> None:
    hub = a_hub()
    rita, sonja = (as_person(person(name)) for name in ("Rita", "Sonja"))

    # 1: a reseller, a customer, a site
    reseller = rita.post("/levels", {"kind": "reseller", "name": "Muster AG"}).body["key"]
    customer = rita.post(f"/levels/{reseller}/customers", {"name": "Gemeinde Muster"}).body["key"]
    site = rita.post(f"/levels/{customer}/sites", {"name": "Schulhaus Dorf"}).body["key"]

    # 2: its gateway and its network
    network = rita.post(f"/sites/{site}/networks", {"subnet": "192.168.1.0/24"}).body
    rita.post(f"/sites/{site}/devices", {"name": "Heizung", "address": "192.168.1.10"})
    gateway_key = _claim(rita.post(f"/sites/{site}/claim-code").body["code"])

    # 3: somebody is let in for a while, and accepts
    until = NOW + timedelta(hours=4)
    body = {"email": "sonja@example.org", "role": "supporter", "valid_until": until.isoformat()}
    grant = rita.post(f"/levels/{site}/grants", body).body
    secret = grant["invitation_link"].rstrip("/").rpartition("/")[2]
    assert sonja.items("/reachable") == []
    sonja.post(f"/invitations/{secret}/accept")

    # 4: with a device of theirs
    laptop_key = public_key_of(generate_private_key())
    profile = sonja.post("/profiles", {"name": "Laptop", "public_key": laptop_key}).body
    assert hub.public_key in profile["configuration"]

    # 5: the hub is told exactly that
    plan = plan_since(hub, 0, NOW)
    peers = {entry.public_key: entry for entry in plan.entries if isinstance(entry, Peer)}
    assert set(peers) == {gateway_key, laptop_key}
    [prefix] = [entry for entry in plan.entries if isinstance(entry, Prefix)]
    assert str(prefix.network) == network["virtual_subnet"]
    [door] = [entry for entry in plan.entries if isinstance(entry, Door)]
    assert (door.address, door.site, door.not_after) == (IPv4Address(profile["address"]), prefix.site, until)
    [reachable] = sonja.items("/reachable")
    assert reachable["until"] == "2026-11-24T17:00:00Z"
    assert IPv4Address(reachable["devices"][0]["virtual_address"]) in prefix.network

    # 6: and told again the moment it ends
    fake_clock.advance(timedelta(minutes=1))
    rita.delete(f"/levels/{site}/grants/{grant['key']}")
    news = plan_since(Hub.objects.get(pk=hub.pk), plan.revision, NOW)
    assert (news.complete, news.entries, news.gone) == (False, (), (door.key,))
    assert sonja.items("/reachable") == []


def _claim(code: str) -> str:
    """A box at the site says the code; returns its public key."""
    key = public_key_of(generate_private_key())
    claim = ClaimRequest(code=code, public_key=key, hostname="box", version="1")
    response = Caller().client.post(f"{PREFIX}/gateway/claim", claim.model_dump_json(), "application/json")
    assert response.status_code == 200, response.content
    return key
