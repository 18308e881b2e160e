"""How diagnoses begin, go on and end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from ipaddress import IPv4Network

from django.utils.translation import gettext_lazy as _

from furka.access.rights import DIAGNOSE, RESTART
from furka.diagnoses import reach
from furka.diagnoses.models import Diagnosis
from furka.diagnoses.vendors import vendor_of
from furka.errors import Conflict, Invalid, Refused
from furka.sites.models import Gateway
from furka.sites.serving import gateway_of
from furka.tree.models import Node
from furka.tree.operation import Work, operation, own_operation
from furka.tree.reasons import sentence
from furka.tree.samples import refuse_in_sample
from furka.tree.texts import one_line
from furka.wire.probes import MOST_OF_TASK, SECONDS, Finding, Findings, Probe, Restart, TaskAsked

_REASON = "a gateway is asked, and answers"
_MINUTE = timedelta(minutes=1)
#: So long a gateway may take to hear of a task, and to tell what it found last.
GRACE = timedelta(seconds=20)
#: So many diagnoses of one person within a minute, and so many at once at one site.
MOST_OF_PERSON, MOST_AT_ONCE = 20, 3
#: A diagnosis is remembered for so long; the journal tells of it.
KEPT = timedelta(days=30)


@operation(DIAGNOSE)
def ask_diagnosis(work: Work, site: Node, probe: Probe, linked: Collection[IPv4Network] = ()) -> Diagnosis:
    """Have the gateway of a site try something in the site's own networks.

    `linked` are the ranges to which the site's links let devices open connections (`GatewaySettings.link_peers`): a TCP
    port may be tried there, too. Raises Invalid, Conflict or Refused.
    """
    if isinstance(probe, Restart):
        raise Invalid.at("kind", "kind-wrong", _("A restart is asked for by itself."))
    reach.check(work.by, site, probe, linked)
    return _begin(work, site, probe)


@operation(RESTART)
def restart_gateway(work: Work, site: Node) -> Diagnosis:
    """Have the gateway's program end and start anew; the tunnel is away for a moment."""
    if not reach.is_whole(work.by, site, RESTART):
        raise Refused("narrowed", sentence("narrowed", RESTART))
    return _begin(work, site, Restart())


@operation(DIAGNOSE)
def stop_diagnosis(work: Work, row: Diagnosis) -> None:
    """Whoever may diagnose may also end what somebody else began."""
    locked = Diagnosis.objects.everything(_REASON).select_for_update(of=("self",)).get(pk=row.pk)
    if locked.done_at is not None:
        return
    locked.done_at, locked.ending = work.at, "stopped"
    locked.due = locked.handed_at is not None and work.at < locked.deadline
    locked.save(update_fields=["done_at", "ending", "due"])
    if locked.due:
        work.news.append((row.gateway.topic, "diagnosis"))
    work.record(row.node, "diagnosis.stopped", after=_told(locked))


@own_operation("the gateway's token is the proof")
def hand_out(work: Work, gateway: Gateway) -> tuple[tuple[TaskAsked, ...], tuple[str, ...]]:
    """What this gateway shall do now, each handed out once; and what it need not do any more."""
    rows = (
        Diagnosis.objects.everything(_REASON)
        .select_for_update(of=("self",))
        .filter(gateway=gateway, due=True)
    )
    asked, stopped = [], []
    for row in rows.order_by("asked_at", "id"):
        row.due = False
        if row.done_at is not None:
            stopped.append(row.key)
        elif work.at < row.deadline:
            row.handed_at = work.at
            asked.append(TaskAsked(name=row.key, seconds=SECONDS[row.kind], what=row.wish))
        row.save(update_fields=["due", "handed_at"])
    return tuple(asked), tuple(stopped)


@own_operation("the gateway's token is the proof")
def take_findings(work: Work, gateway: Gateway, report: Findings) -> bool:
    """What a gateway found. It is believed about tasks that it was given, and in time; returns whether to go on."""
    rows = Diagnosis.objects.everything(_REASON).select_for_update(of=("self",))
    row = (
        rows.select_related("node", "node__reseller", "node__customer")
        .filter(key=report.name, gateway=gateway, handed_at__isnull=False, done_at=None)
        .first()
    )
    if row is None or work.at > row.deadline + GRACE:
        return False
    # What was said before is said again when an answer was lost; what is missing in between never comes.
    new = report.found[max(0, row.count - report.first) :] if report.first <= row.count else ()
    row.results = [*row.results, *(_kept(each) for each in new)][:MOST_OF_TASK]
    row.count = len(row.results)
    if report.ending is not None:
        row.done_at, row.ending = work.at, report.ending
        work.record(
            row.node, "diagnosis.done", after={**_told(row), "ending": row.ending, "count": row.count}
        )
    row.save(update_fields=["results", "count", "done_at", "ending"])
    # For open pages of this site alone: levels above show nothing of it while it runs.
    work.news.append((f"node:{row.node_id}", "diagnosis"))
    return row.done_at is None


@own_operation("the worker looks after what ended by itself")
def end_lapsed(work: Work) -> int:
    """Put into the record that a gateway said nothing more in time; returns how many."""
    rows = Diagnosis.objects.everything(_REASON).select_for_update(of=("self",), skip_locked=True)
    late = rows.filter(done_at=None, deadline__lt=work.at - GRACE).defer("results")
    found = list(late.select_related("node", "node__reseller", "node__customer")[:100])
    for row in found:
        row.done_at, row.ending, row.due = work.at, "lapsed", False
        row.save(update_fields=["done_at", "ending", "due"])
        work.record(
            row.node, "diagnosis.done", after={**_told(row), "ending": row.ending, "count": row.count}
        )
    return len(found)


def forget_old(at: datetime) -> int:
    """Drop diagnoses that were made long ago."""
    return Diagnosis.objects.everything(_REASON).filter(asked_at__lt=at - KEPT).delete()[0]


def _begin(work: Work, site: Node, probe: Probe) -> Diagnosis:
    refuse_in_sample(work)
    gateway = gateway_of(site)
    if gateway is None:
        raise Conflict("no-gateway", _("The site has no gateway yet."))
    if gateway.system:
        raise Conflict("own-router", _("A router of your own keeps this tunnel; it can't be asked for this."))
    if gateway.cut_by:
        raise Conflict(
            "cut-at-the-plant",
            _("Somebody at the plant has cut remote access. It can only be allowed again there."),
        )
    rows = Diagnosis.objects.everything("to count them").filter(node=site)
    if rows.filter(done_at=None, deadline__gt=work.at).count() >= MOST_AT_ONCE:
        raise Conflict(
            "diagnoses-running", _("Several diagnoses run at this site. Please wait until one has ended.")
        )
    mine = Diagnosis.objects.everything("to count them").filter(asked_by_id=work.acting_person_id)
    if mine.filter(asked_at__gt=work.at - _MINUTE).count() >= MOST_OF_PERSON:
        raise Conflict("too-many-diagnoses", _("Many diagnoses were made just now. Please wait a minute."))
    row = Diagnosis.objects.create(
        node=site,
        gateway=gateway,
        asked_by_id=work.acting_person_id,
        kind=probe.kind,
        wish=probe.model_dump(mode="json"),
        target=reach.told(probe),
        asked_at=work.at,
        deadline=work.at + timedelta(seconds=SECONDS[probe.kind]) + GRACE,
    )
    work.news.append((gateway.topic, "diagnosis"))
    work.record(site, "diagnosis.asked", after=_told(row))
    return row


def _kept(found: Finding) -> dict[str, object]:
    """A finding as it is kept: what a device said in one line, without what nobody sees, and with the maker's name."""
    values = found.model_dump(mode="json", exclude_none=True, exclude_defaults=True) | {"what": found.what}
    for key in ("name", "text"):
        if key in values:
            values[key] = one_line(values[key])
    if found.mac is not None and "text" not in values and (vendor := vendor_of(found.mac)):
        values["text"] = one_line(vendor)[:120]
    return values


def _told(row: Diagnosis) -> dict[str, object]:
    return {"diagnosis": str(row.kind), **({"aim": row.target} if row.target else {})}
