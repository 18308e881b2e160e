"""How much passes through a site's tunnel each month, and the budget that its owner set, as mobile networks have one.

Counted is what the hub's WireGuard counts: the contents of the tunnel with its own heads, without those of UDP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.access.rights import CONFIGURE, LOOK
from furka.errors import Invalid
from furka.people.notices import Notice, register, tell
from furka.sites.models import Gateway
from furka.tree.acting import Acting
from furka.tree.guard import Owned
from furka.tree.models import Node
from furka.tree.notices import address, owners_of
from furka.tree.operation import Work, operation

_REASON = "what passes is counted for whoever it concerns"
MEGABYTE = 1_000_000
LARGEST_BUDGET = 10_000_000  # megabytes
#: A warning comes before it is used up.
USUAL_WARNING = 80

BUDGET = register(
    Notice(
        "traffic-budget",
        gettext_lazy("A site of mine has nearly used up its data"),
        gettext_lazy(
            "When a part of the monthly budget is used that was set at the site, and when all of it is."
        ),
    )
)


class TrafficBudget(Owned):
    """How many megabytes a site may use in a month, and at how many percent of that its owners are warned."""

    megabytes = models.PositiveIntegerField()
    warn_percent = models.PositiveSmallIntegerField(default=USUAL_WARNING)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node"], name="one_budget_per_site"),)

    def __str__(self) -> str:
        return f"{self.node_id}: {self.megabytes} MB"


class TrafficMonth(Owned):
    """What passed through a site's tunnel in one month of its clock."""

    month = models.DateField()  # its first day
    received = models.BigIntegerField(default=0)  # from the site
    sent = models.BigIntegerField(default=0)
    warned_percent = models.PositiveSmallIntegerField(default=0)  # up to where owners were told

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node", "month"], name="one_count_per_month"),)
        ordering = ("-month",)

    def __str__(self) -> str:
        return f"{self.node_id} {self.month}"

    @property
    def bytes(self) -> int:
        """Both ways together, as a mobile network bills it."""
        return self.received + self.sent


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a site used this month, of what, and how it stands: `ok`, `warn` or `over`; without a budget only ok."""

    used: int
    budget: TrafficBudget | None
    months: Sequence[TrafficMonth]

    @property
    def percent(self) -> int:
        if self.budget is None:
            return 0
        return int(self.used * 100 / (self.budget.megabytes * MEGABYTE))

    @property
    def stands(self) -> str:
        if self.budget is None or self.percent < self.budget.warn_percent:
            return "ok"
        return "warn" if self.percent < 100 else "over"


def traffic_of(by: Acting, site: Node) -> Traffic:
    """What a site used this month and in those before, for whoever may look."""
    months = list(TrafficMonth.objects.visible_to(by, LOOK).filter(node=site)[:13])
    now = month_of(site, by.at)
    used = next((each.bytes for each in months if each.month == now), 0)
    return Traffic(used, TrafficBudget.objects.visible_to(by, LOOK).filter(node=site).first(), months)


@operation(CONFIGURE)
def set_budget(
    work: Work, site: Node, megabytes: int | None, warn_percent: int = USUAL_WARNING
) -> TrafficBudget | None:
    """What the site may use in a month; None: as much as it likes."""
    if not site.is_site:
        raise Invalid("not-a-site", gettext_lazy("This exists at sites only."))
    rows = TrafficBudget.objects.everything(_REASON).select_for_update(of=("self",)).filter(node=site)
    row = rows.first()
    before = {} if row is None else _told(row)
    if megabytes is None:
        if row is not None:
            row.delete()
            work.record(site, "traffic.budget-lifted", before=before)
        return None
    if not 1 <= megabytes <= LARGEST_BUDGET:
        raise Invalid.at("megabytes", "budget-wrong", gettext_lazy("Between 1 and 10,000,000 megabytes."))
    if not 1 <= warn_percent <= 99:
        raise Invalid.at("warn_percent", "percent-wrong", gettext_lazy("Between 1 and 99 percent."))
    row = row or TrafficBudget(node=site)
    row.megabytes, row.warn_percent = megabytes, warn_percent
    row.save()
    if before != _told(row):
        # Whoever sets another budget is told of that one.
        months = TrafficMonth.objects.everything(_REASON).filter(node=site, month=month_of(site, work.at))
        months.update(warned_percent=0)
        work.record(site, "traffic.budget-set", before=before, after=_told(row))
    return row


def count(work: Work, gateway: Gateway, received: int, sent: int) -> tuple[str, str]:
    """Add what passed since the counters were last seen; returns the columns of the gateway that are to be saved.

    Part of an operation. A counter that is lower than before has begun anew.
    """
    more = _since(gateway.counted_received, received), _since(gateway.counted_sent, sent)
    gateway.counted_received, gateway.counted_sent = received, sent
    if any(more):
        site = gateway.node
        rows = TrafficMonth.objects.everything(_REASON).select_for_update(of=("self",))
        row, _created = rows.get_or_create(node=site, month=month_of(site, work.at))
        row.received, row.sent = row.received + more[0], row.sent + more[1]
        _warn(work, site, row)
        row.save(update_fields=["received", "sent", "warned_percent"])
    return "counted_received", "counted_sent"


def month_of(site: Node, at: datetime) -> date:
    """The first day of the month, by the clock of the site."""
    return at.astimezone(ZoneInfo(site.time_zone)).date().replace(day=1)


def _since(before: int, now: int) -> int:
    now = max(0, min(now, 2**53))
    return now - before if now >= before else now


def _warn(work: Work, site: Node, row: TrafficMonth) -> None:
    budget = TrafficBudget.objects.everything(_REASON).filter(node=site).first()
    if budget is None:
        return
    traffic = Traffic(row.bytes, budget, ())
    reached = {"warn": budget.warn_percent, "over": 100}.get(traffic.stands, 0)
    if reached <= row.warned_percent:
        return
    row.warned_percent = reached
    work.record(site, "traffic.budget-near", after={"percent": traffic.percent, **_told(budget)})
    name, percent, megabytes = site.name, traffic.percent, budget.megabytes

    def subject() -> str:
        return _("“%(name)s” has used %(percent)d %% of its data") % {"name": name, "percent": percent}

    def lines() -> list[str]:
        text = _("“%(name)s” has used %(percent)d %% of the %(megabytes)d MB that were set for this month.")
        told = text % {"name": name, "percent": percent, "megabytes": megabytes}
        more = _("Nothing is switched off. What passes and the budget stand here:")
        return [told, more, address(f"/levels/{site.key}/gateway/")]

    for owner in owners_of([site], work.at):
        tell(owner, BUDGET, subject, lines)


def _told(budget: TrafficBudget) -> dict[str, int]:
    return {"megabytes": budget.megabytes, "warn_percent": budget.warn_percent}
