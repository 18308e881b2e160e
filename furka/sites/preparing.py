"""Gateways that are prepared in batches, shipped, and plugged in without a visit.

Each has a code of its own, which is kept as a hash; a sealed copy is kept for labels until the batch is shipped. A code
works once, for the box that shows it first, at the site that it is assigned to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from furka.access.rights import CONFIGURE
from furka.errors import Conflict, Invalid, NotThere
from furka.sites.models import Gateway, GatewayBatch, PreparedGateway
from furka.sites.serving import gateway_of, has_gateway, must_be_site, serve
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.operation import Work, operation, own_operation
from furka.tree.reasons import sentence
from furka.tree.samples import refuse_in_sample
from furka.tree.texts import one_line
from furka.vault import fingerprint, fingerprints, new_code, new_token, read_code, seal, unseal

MOST_IN_BATCH = 500
#: So many that were not used yet may one level have.
MOST_WAITING = 5000

_PROOF = "the code is the proof"
_REASON = "the right was decided on the level or on the site"


@dataclass(frozen=True, slots=True)
class WithCode:
    """A prepared gateway and its code."""

    piece: PreparedGateway
    code: str


@operation(CONFIGURE)
def prepare(work: Work, node: Node, name: str, count: int = 0, serials: Sequence[str] = ()) -> GatewayBatch:
    """Prepare so many gateways, or one for each serial number."""
    refuse_in_sample(work)
    if node.kind not in (Kind.RESELLER, Kind.CUSTOMER):
        raise Invalid("wrong-level", _("Gateways are prepared by resellers and customers."))
    name = one_line(name)
    if not name or len(name) > 80:
        raise Invalid.at("name", "name-wrong", _("Please enter a name of at most 80 characters."))
    wanted = _serials(serials) or [""] * count
    if not 1 <= len(wanted) <= MOST_IN_BATCH:
        text = format_lazy(_("Between 1 and {most} gateways at once."), most=MOST_IN_BATCH)
        raise Invalid.at("count", "count-wrong", text)
    rows = PreparedGateway.objects.everything(_REASON).filter(node=node, used_at=None, withdrawn_at=None)
    if rows.count() + len(wanted) > MOST_WAITING:
        raise Conflict("too-many-prepared", _("Many gateways wait here already. Withdraw those not needed."))
    known = rows.filter(serial__in=[serial for serial in wanted if serial]).values_list("serial", flat=True)
    if known:
        text = format_lazy(_("{serial} is prepared already."), serial=known[0])
        raise Invalid.at("serials", "serial-twice", text)
    batch = GatewayBatch.objects.create(node=node, name=name, created_at=work.at)
    PreparedGateway.objects.bulk_create(
        PreparedGateway(
            node=node,
            batch=batch,
            number=new_code(groups=1, size=8),
            serial=serial,
            code_hash=fingerprint(read_code(code)),
            sealed_code=seal(code),
        )
        for serial, code in ((serial, new_code(groups=5)) for serial in wanted)
    )
    work.record(node, "gateway.prepared", after={"name": name, "count": len(wanted)})
    return batch


@operation(CONFIGURE)
def read_codes(work: Work, batch: GatewayBatch) -> list[WithCode]:
    """The codes of a batch that were not used yet, for labels and for the boxes; reading them stands in the record."""
    rows = (
        PreparedGateway.objects.everything(_REASON)
        .filter(batch=batch, used_at=None, withdrawn_at=None)
        .exclude(sealed_code="")
    )
    found = [WithCode(row, unseal(row.sealed_code)) for row in rows]
    if not found:
        raise Conflict(
            "codes-gone", _("The codes are no longer kept: the gateways are shipped, used or withdrawn.")
        )
    batch.printed_at = work.at
    batch.save(update_fields=["printed_at"])
    work.record(batch.node, "gateway.codes-read", after={"name": batch.name, "count": len(found)})
    return found


@operation(CONFIGURE)
def ship(work: Work, batch: GatewayBatch) -> None:
    """The labels are on the boxes: the codes are forgotten, only their hashes stay."""
    if batch.shipped_at is not None:
        return
    batch.shipped_at = work.at
    batch.save(update_fields=["shipped_at"])
    PreparedGateway.objects.everything(_REASON).filter(batch=batch).update(sealed_code="")
    work.record(batch.node, "gateway.shipped", after={"name": batch.name})


@operation(CONFIGURE)
def withdraw(work: Work, piece: PreparedGateway) -> None:
    """Its code works no more; the site that it was assigned to is free. One that serves is released instead."""
    if piece.used_at is not None:
        raise Conflict("prepared-used", _("This gateway is connected. Release it on the page of its site."))
    if piece.withdrawn_at is not None:
        return
    piece.withdrawn_at, piece.sealed_code = work.at, ""
    piece.save(update_fields=["withdrawn_at", "sealed_code"])
    work.record(piece.node, "gateway.withdrawn", before={"number": piece.label, "serial": piece.serial})


@operation(CONFIGURE)
def assign(work: Work, site: Node, number: str) -> PreparedGateway:
    """Have the box with this number, or this serial number, become the gateway of the site when it is plugged in.

    It was prepared at a level above, by somebody whose rights the one who acts has there, too.
    """
    must_be_site(site)
    if gateway_of(site) is not None:
        raise has_gateway()
    piece = prepared_at(work.by, site, number)
    if piece is None:
        raise Invalid.at(
            "number", "number-unknown", _("There is no prepared gateway with this number for this site.")
        )
    before = PreparedGateway.objects.everything(_REASON).filter(site=site, used_at=None, withdrawn_at=None)
    before.exclude(pk=piece.pk).update(site=None)
    piece.site = site
    try:
        with transaction.atomic():
            piece.save(update_fields=["site"])
    except IntegrityError:  # somebody was quicker with another one
        raise has_gateway() from None
    work.record(site, "gateway.assigned", after={"number": piece.label, "serial": piece.serial})
    return piece


@operation(CONFIGURE)
def unassign(work: Work, site: Node) -> None:
    """The site waits for no prepared gateway any more."""
    piece = waiting_for(site)
    if piece is None:
        return
    piece.site = None
    piece.save(update_fields=["site"])
    work.record(site, "gateway.unassigned", before={"number": piece.label, "serial": piece.serial})


def waiting_for(site: Node) -> PreparedGateway | None:
    """The prepared gateway that a site waits for."""
    rows = PreparedGateway.objects.everything(_REASON).filter(site=site, used_at=None, withdrawn_at=None)
    return rows.select_related("batch").first()


def prepared_at(by: Acting, site: Node, number: str) -> PreparedGateway | None:
    """The gateway with that number or serial number which may become that of the site, for whoever prepared it."""
    above = [level for level in (site.reseller_id, site.customer_id) if level is not None]
    rows = usable(by).filter(node__in=above)
    plain = number.rpartition("/plug/")[2].partition("#")[0].strip("/ ")
    return (
        rows.filter(number=read_code(plain)).first()
        or rows.filter(serial__iexact=one_line(number)).exclude(serial="").first()
    )


def batches_at(by: Acting, node: Node) -> list[GatewayBatch]:
    """What was prepared at a level, the newest first."""
    return list(GatewayBatch.objects.visible_to(by, CONFIGURE).filter(node=node))


def batch_at(by: Acting, node: Node, key: str) -> GatewayBatch:
    """One of them. Raises NotThere."""
    rows = GatewayBatch.objects.visible_to(by, CONFIGURE).filter(node=node, key=key)
    row = rows.select_related("node").first()
    if row is None:
        raise NotThere("not-there", _("These gateways do not exist."))
    return row


def pieces_at(by: Acting, node: Node) -> QuerySet[PreparedGateway]:
    """The gateways that were prepared at a level."""
    rows = PreparedGateway.objects.visible_to(by, CONFIGURE).filter(node=node)
    return rows.select_related("batch", "node", "site", "gateway")


def usable(by: Acting) -> QuerySet[PreparedGateway]:
    """Those that were not used or withdrawn, for whoever may configure where they were prepared."""
    rows = PreparedGateway.objects.visible_to(by, CONFIGURE)
    return rows.filter(used_at=None, withdrawn_at=None).select_related("batch", "node", "site")


@own_operation("the code is the proof")
def note_plugged_in(work: Work, code: str, public_key: str, serial: str = "") -> None:
    """A box shows its code. The first one that does is the only one that can use it; it may have to wait for a site."""
    piece = _of_code(code)
    if (
        piece is None
        or piece.public_key
        or piece.withdrawn_at is not None
        or piece.node.deleted_at is not None
    ):
        return
    piece.public_key, piece.plugged_in_at, piece.sealed_code = public_key, work.at, ""
    piece.said_serial = one_line(serial)[:60]
    piece.serial = piece.serial or piece.said_serial
    piece.save(update_fields=["public_key", "plugged_in_at", "sealed_code", "serial", "said_serial"])
    told = {"number": piece.label, "serial": piece.serial}
    work.record(piece.node, "gateway.plugged-in", after=told)
    if piece.is_another_box:
        work.record(piece.node, "gateway.serial-differs", before=told, after={"serial": piece.said_serial})


@dataclass(frozen=True, slots=True)
class Served:
    """A prepared gateway that serves now, and its new token."""

    gateway: Gateway
    token: str


def claim_prepared(
    work: Work, code: str, public_key: str, hostname: str, version: str, serial: str = ""
) -> Served:
    """Make a box with a prepared code the gateway of its site. Raises NotThere if it is no such code."""
    piece = _of_code(code)
    if piece is None or piece.node.deleted_at is not None:
        raise NotThere("not-there", sentence("not-visible"))
    if piece.withdrawn_at is not None:
        raise Conflict("code-withdrawn", _("This code was withdrawn."))
    if piece.public_key and piece.public_key != public_key:
        raise Conflict("code-used", _("This claim code has already been used by another gateway."))
    token = new_token()
    if piece.used_at is not None:
        gateway = piece.gateway
        if gateway is None or gateway.released_at is not None:
            raise Conflict("code-used", _("This claim code has already been used by another gateway."))
        gateway.token_hash = fingerprint(token)
        gateway.save(update_fields=["token_hash"])
        return Served(gateway, token)
    if piece.site is None or piece.site.deleted_at is not None:
        raise Conflict("not-assigned", _("This gateway is not assigned to a site yet."))
    gateway = serve(work, piece.site, public_key, token, hostname=hostname, version=version, serial=serial)
    piece.used_at, piece.gateway, piece.public_key, piece.sealed_code = work.at, gateway, public_key, ""
    piece.save(update_fields=["used_at", "gateway", "public_key", "sealed_code"])
    told = {"gateway": gateway.key, "hostname": gateway.hostname, "number": piece.label}
    work.record(piece.site, "gateway.claimed", after=told)
    return Served(gateway, token)


def _of_code(code: str) -> PreparedGateway | None:
    rows = PreparedGateway.objects.everything(_PROOF).filter(code_hash__in=fingerprints(read_code(code)))
    return rows.select_for_update(of=("self",)).select_related("node", "site", "gateway", "batch").first()


def _serials(serials: Sequence[str]) -> list[str]:
    plain = [one_line(serial) for serial in serials]
    found = list(dict.fromkeys(serial for serial in plain if serial))
    if any(len(serial) > 60 for serial in found):
        raise Invalid.at("serials", "serial-wrong", _("A serial number has at most 60 characters."))
    return found
