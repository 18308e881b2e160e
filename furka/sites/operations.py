"""Changes at a site: claim codes, gateways, networks, devices."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE
from furka.errors import Conflict, Invalid, NotThere
from furka.plan.addressing import (
    LARGEST_PLANT_NETWORK,
    PLAN,
    PRIVATE_RANGES,
    SHARE_OF_PLANTS,
    SMALLEST_PLANT_NETWORK,
    NoAddressLeft,
    first_gap,
)
from furka.sites.equipment import (
    NOTHING_KNOWN,
    DeviceFacts,
    check_address,
    checked_facts,
    checked_name,
    checked_note,
    checked_vlan,
    told_of_device,
    write_facts,
)
from furka.sites.gateway_log import Change, note
from furka.sites.models import ClaimCode, Device, Gateway, Network, PathKind
from furka.sites.preparing import claim_prepared
from furka.sites.serving import beside, gateway_of, has_gateway, must_be_site, part, refuse_too_many, serve
from furka.tree.models import Node
from furka.tree.operation import (
    AccessTouched,
    NamesTouched,
    SiteTouched,
    Work,
    operation,
    own_operation,
)
from furka.tree.samples import refuse_in_sample
from furka.tree.texts import one_line
from furka.tunnel.addresses import draw_prefix
from furka.vault import fingerprint, fingerprints, new_code, new_token, read_code, seal
from furka.wire.gateway import GatewayReport

CODE_LASTS = timedelta(days=1)
CODE_LASTS_LONGEST = timedelta(days=30)

#: That its tunnel takes another way is noted in the journal this often at most.
TELL_PATH_EVERY = timedelta(minutes=5)

#: More networks than that a gateway does not miss.
MOST_MISSING = 50

#: Addresses are shared by all; a sample world gets by with so many networks of so many addresses.
MOST_IN_SAMPLE = 60
LARGEST_IN_SAMPLE = 256

_PROOF = "the claim code or the token is the proof"


@operation(CONFIGURE)
def issue_claim_code(work: Work, site: Node, lasts: timedelta = CODE_LASTS, *, replaces: bool = False) -> str:
    """A new code for the site; an older one that was not used stops working. Returns the code.

    With `replaces` it is for a box that takes the place of the gateway, which works until then.
    """
    refuse_in_sample(work)
    must_be_site(site)
    if not timedelta(minutes=1) <= lasts <= CODE_LASTS_LONGEST:
        raise Invalid.at("lasts", "code-lasts-wrong", _("Between one minute and 30 days."))
    present = gateway_of(site)
    if present is not None and not replaces:
        raise has_gateway()
    if present is None and replaces:
        raise Conflict("no-gateway", _("The site has no gateway yet."))
    refuse_too_many(site, work.at)
    ClaimCode.objects.everything(_PROOF).filter(node=site, used_at=None).delete()
    code = new_code()
    ClaimCode.objects.create(
        node=site,
        code_hash=fingerprint(read_code(code)),
        sealed_code=seal(code),
        created_at=work.at,
        expires_at=work.at + lasts,
        replaces=present,
    )
    told = {"valid_until": (work.at + lasts).isoformat()}
    work.record(
        site, "gateway.code-issued", after={**told, **({"replaces": str(present)} if present else {})}
    )
    return code


@dataclass(frozen=True, slots=True)
class Claimed:
    """A gateway and the token that it shows from now on; the token is not kept."""

    gateway: Gateway
    token: str


@own_operation("the claim code is the proof")
def claim_gateway(
    work: Work, code: str, public_key: str, hostname: str, version: str, serial: str = ""
) -> Claimed:
    """Make a gateway the gateway of the site that the code belongs to.

    The same code with the same key may be said again as long as the code lasts: a gateway that missed the answer asks
    once more and gets a new token. A code works for one gateway, a gateway serves one site.
    """
    found = ClaimCode.objects.everything(_PROOF).filter(code_hash__in=fingerprints(read_code(code)))
    claim = found.select_for_update(of=("self",)).select_related("node", "gateway", "replaces").first()
    if claim is None or claim.node.deleted_at is not None:
        with suppress(NotThere):
            served = claim_prepared(work, code, public_key, hostname, version, serial)
            return Claimed(served.gateway, served.token)
        raise Invalid.at(
            "code", "code-unknown", _("This claim code does not exist. Please check what you typed.")
        )
    site = claim.node
    if claim.expires_at <= work.at:
        raise Conflict(
            "code-expired", _("This claim code has expired. Make a new one on the page of the site.")
        )
    if claim.used_at is not None:
        return _claim_again(claim, public_key)
    token = new_token()
    old = claim.replaces
    told = {"hostname": hostname, "version": version, "serial": serial}
    gateway = serve(work, site, public_key, token, **told, replaces=old)
    claim.used_at, claim.gateway = work.at, gateway
    claim.save(update_fields=["used_at", "gateway"])
    before = {"gateway": old.key, "hostname": old.hostname} if old is not None else None
    what = "gateway.claimed" if old is None else "gateway.replaced"
    work.record(site, what, before=before, after={"gateway": gateway.key, "hostname": gateway.hostname})
    return Claimed(gateway, token)


def _claim_again(claim: ClaimCode, public_key: str) -> Claimed:
    gateway = claim.gateway
    if gateway is None or gateway.public_key != public_key or gateway.released_at is not None:
        raise Conflict("code-used", _("This claim code has already been used by another gateway."))
    token = new_token()
    gateway.token_hash = fingerprint(token)
    gateway.save(update_fields=["token_hash"])
    return Claimed(gateway, token)


@operation(CONFIGURE)
def release_gateway(work: Work, site: Node) -> None:
    """Part the site from its gateway: the tunnel ends at once, and the box forgets everything when it next asks."""
    gateway = gateway_of(site)
    if gateway is None:
        return
    gateway.node = site
    part(work, gateway)


@own_operation("the gateway's token is the proof")
def take_gateway_report(work: Work, gateway: Gateway, report: GatewayReport) -> None:
    """Note how a gateway is; whoever looks at the site sees it at once."""
    version = one_line(report.version)[:40]
    if version != gateway.version:
        note(gateway, Change.VERSION, version, work.at)
    gateway.version, gateway.back_end = version, one_line(report.back_end)[:20]
    gateway.missing_networks = [str(network) for network in report.missing_networks[:MOST_MISSING]]
    gateway.trouble = one_line(report.trouble)[:300]
    gateway.serial = one_line(report.serial)[:60] or gateway.serial
    _note_path(work, gateway, report)
    cut_by = report.cut_by or ""
    if cut_by != gateway.cut_by:
        gateway.cut_by, gateway.cut_at = cut_by, work.at if cut_by else None
        if cut_by:
            work.record(gateway.node, "gateway.cut", after={"cut_by": cut_by})
        else:
            work.record(gateway.node, "gateway.restored")
    told = ["version", "serial", "back_end", "missing_networks", "trouble", "cut_by", "cut_at"]
    gateway.save(update_fields=[*told, "path", "path_since", "path_told_at"])
    work.tell(gateway.node, "gateway.report")


def _note_path(work: Work, gateway: Gateway, report: GatewayReport) -> None:
    """Which way its tunnel takes. A line that comes and goes does not fill the journal: the page shows every change."""
    if report.path not in PathKind or report.path == gateway.path:
        return
    before, gateway.path = gateway.path, report.path
    gateway.path_since = min(report.path_since or work.at, work.at)
    note(gateway, Change.PATH, report.path, gateway.path_since)
    told = gateway.path_told_at is not None and work.at - gateway.path_told_at < TELL_PATH_EVERY
    if told or (not before and report.path == PathKind.UDP):
        return
    gateway.path_told_at = work.at
    work.record(
        gateway.node,
        "gateway.path-changed",
        before={"path": before} if before else None,
        after={"path": report.path},
    )


@operation(CONFIGURE)
def add_network(
    work: Work, site: Node, subnet: str, name: str = "", vlan: int | None = None, note: str = ""
) -> Network:
    """A subnet of the plant, such as 192.168.1.0/24; it gets a virtual prefix of its own."""
    must_be_site(site)
    network, vlan, note = _checked_subnet(subnet), checked_vlan(vlan), checked_note(note)
    if network.num_addresses > LARGEST_IN_SAMPLE or _networks_beside(site) >= MOST_IN_SAMPLE:
        refuse_in_sample(work)
    for other in Network.objects.everything("the right was decided on the site").filter(node=site):
        if other.real.overlaps(network):
            text = format_lazy(_("This overlaps with {network} of the same site."), network=other.subnet)
            raise Invalid.at("subnet", "subnet-overlaps-site", text)
    try:
        virtual = _virtual_for(site, network)
    except NoAddressLeft:
        raise Conflict("no-address-left", _("There is no virtual address range left.")) from None
    row = Network.objects.create(
        node=site,
        name=one_line(name)[:60],
        subnet=str(network),
        virtual_subnet=str(virtual),
        vlan=vlan,
        note=note,
        created_at=work.at,
    )
    work.touch(SiteTouched(site.pk))
    told: dict[str, object] = {"subnet": row.subnet, "virtual": row.virtual_subnet, "name": row.name}
    more = {name: value for name, value in (("vlan", row.vlan), ("note", row.note)) if value}
    work.record(site, "network.added", after={**told, **more})
    return row


@operation(CONFIGURE)
def remove_network(work: Work, network: Network) -> None:
    """The plant's subnet is no longer reached."""
    told = {"subnet": network.subnet, "virtual": network.virtual_subnet, "name": network.name}
    site = network.node
    network.delete()
    work.touch(SiteTouched(site.pk))
    work.record(site, "network.removed", before=told)


@operation(CONFIGURE)
def add_device(
    work: Work,
    site: Node,
    name: str,
    address: str,
    kind: str = "other",
    web: bool = False,
    facts: DeviceFacts = NOTHING_KNOWN,
) -> Device:
    """A device in one of the site's networks."""
    must_be_site(site)
    name, facts = checked_name(name, kind), checked_facts(facts)
    address = check_address(site.pk, address)
    device = Device(node=site, name=name, kind=kind, address=address, web=web, created_at=work.at)
    write_facts(device, facts)
    device.save()
    work.touch(NamesTouched(site.pk))
    told = told_of_device(device)
    basic = {name: told[name] for name in ("name", "address", "kind")}
    more = {name: told[name] for name in ("mac", "ports", "link", "note") if told[name]}
    work.record(site, "device.added", after={**basic, **more})
    return device


@operation(CONFIGURE)
def remove_device(work: Work, device: Device) -> None:
    """The device is no longer listed; it stays reachable for whoever may enter all of the site."""
    told = {"name": device.name, "address": device.address}
    site = device.node
    device.delete()
    work.touch(AccessTouched(None, site.pk), NamesTouched(site.pk))  # its page may be open
    work.record(site, "device.removed", before=told)


def _virtual_for(site: Node, network: IPv4Network) -> IPv4Network:
    """The virtual prefix of a new network. Raises NoAddressLeft, also where the level has had its share."""
    rows = Network.objects.everything("addresses are shared by all")
    own = sum(row.virtual.num_addresses for row in rows.filter(beside(site)))
    if own + network.num_addresses > SHARE_OF_PLANTS:
        raise NoAddressLeft("the level has had its share")
    try:
        return draw_prefix(network.prefixlen)
    except NoAddressLeft:
        # The counter stays locked until the commit, so two networks at once do not get the same gap.
        return first_gap(PLAN.plants, network.prefixlen, [row.virtual for row in rows])


def _networks_beside(site: Node) -> int:
    return Network.objects.everything("addresses are shared by all").filter(beside(site)).count()


def _checked_subnet(subnet: str) -> IPv4Network:
    try:
        network = IPv4Network(subnet.strip())
    except (AddressValueError, NetmaskValueError, ValueError):
        text = _("Please enter a network such as 192.168.1.0/24; the host part must be zero.")
        raise Invalid.at("subnet", "subnet-wrong", text) from None
    if not LARGEST_PLANT_NETWORK <= network.prefixlen <= SMALLEST_PLANT_NETWORK:
        raise Invalid.at("subnet", "subnet-size", _("The network must be between /16 and /30."))
    if not any(network.subnet_of(private) for private in PRIVATE_RANGES):
        raise Invalid.at(
            "subnet", "subnet-not-private", _("Only private networks can be reached (RFC 1918).")
        )
    own = PLAN.overlapping(network)
    if own is not None:
        collision = format_lazy(
            _("This network overlaps with {own}, which Furka uses for its tunnels."), own=own
        )
        raise Invalid.at("subnet", "subnet-overlaps-hub", collision)
    return network
