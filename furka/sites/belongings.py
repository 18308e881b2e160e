"""What this room keeps for levels, and what becomes of it when they are deleted or belong to somebody else."""

from __future__ import annotations

from datetime import datetime

from furka.sites.models import ClaimCode, Device, Gateway, Network, PreparedGateway
from furka.tree.belongings import Belonging, register
from furka.tree.models import Node
from furka.tree.queries import below, rows_below

_REASON = "what hangs on a level is counted for whoever may change it, and goes with it"


def register_all() -> None:
    """Called once, when the program starts."""
    register(Belonging("gateways", _gateways, on_delete=_part_from_gateways, on_move=_forget_codes))
    register(Belonging("prepared", _prepared, on_move=_part_from_prepared))
    register(Belonging("networks", _networks))
    register(Belonging("devices", _devices))


def _gateways(node: Node, _at: datetime) -> int:
    rows = Gateway.objects.everything(_REASON).filter(rows_below(node), node__deleted_at=None)
    return rows.filter(released_at=None).count()


def _networks(node: Node, _at: datetime) -> int:
    return Network.objects.everything(_REASON).filter(rows_below(node), node__deleted_at=None).count()


def _devices(node: Node, _at: datetime) -> int:
    return Device.objects.everything(_REASON).filter(rows_below(node), node__deleted_at=None).count()


def _part_from_gateways(node: Node, at: datetime) -> None:
    """Their tunnels end now. Should the level be restored, they report again without a new claim."""
    rows = Gateway.objects.everything(_REASON).filter(rows_below(node), released_at=None, online=True)
    rows.update(online=False, online_changed_at=at)


def _forget_codes(node: Node, _at: datetime) -> None:
    """Whoever had the level knows the code, and must not connect a gateway of theirs any more."""
    ClaimCode.objects.everything(_REASON).filter(rows_below(node), used_at=None).delete()


def _prepared(node: Node, _at: datetime) -> int:
    rows = PreparedGateway.objects.everything(_REASON).filter(rows_below(node), node__deleted_at=None)
    return rows.filter(used_at=None, withdrawn_at=None).count()


def _part_from_prepared(node: Node, at: datetime) -> None:
    """Whoever had the level knows their codes: those that were prepared in it are withdrawn. Those that somebody above
    has assigned to its sites are assigned no more."""
    rows = PreparedGateway.objects.everything(_REASON).filter(used_at=None, withdrawn_at=None)
    rows.filter(rows_below(node)).update(withdrawn_at=at, sealed_code="", site=None)
    sites = Node.objects.everything(_REASON).filter(below(node))
    rows.filter(site__in=sites.values("pk")).update(site=None)
