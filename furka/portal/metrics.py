"""Numbers for Prometheus (text format 0.0.4): parts of the cloud, hubs, gateways, mails. No tenant's names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from furka import __version__, clock
from furka.gate.attempts import count_wrong, must_wait
from furka.gate.declare import machine
from furka.outbox.queries import waiting
from furka.probes.found import Level
from furka.sites.models import Gateway
from furka.status.models import Component, HubCanary, Incident, Span
from furka.status.queries import measured_at
from furka.tunnel.models import Hub
from furka.vault import same

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[Mapping[str, str], float]


@dataclass(frozen=True, slots=True)
class Metric:
    """One family of numbers."""

    name: str
    kind: str
    help: str
    samples: Iterable[Sample]


@never_cache
@require_safe
@machine("token of the installation")
def metrics(request: HttpRequest) -> HttpResponse:
    """All numbers, for a program that shows the token; where there is none, the address is not there."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if must_wait(request):
        return HttpResponse(status=429)
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not same(token.strip(), settings.METRICS_TOKEN):
        count_wrong(request)
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse("".join(map(written, _all())), content_type=CONTENT_TYPE)


def written(metric: Metric) -> str:
    """A family as text."""
    lines = [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
    for labels, value in metric.samples:
        inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        lines.append(f"{metric.name}{{{inside}}} {value:g}" if inside else f"{metric.name} {value:g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _all() -> Iterator[Metric]:
    at = clock.now()
    yield Metric("furka_info", "gauge", "The version that runs.", [({"version": __version__}, 1)])
    last = measured_at()
    age = (at - last).total_seconds() if last else -1
    yield Metric(
        "furka_looked_seconds_ago", "gauge", "Since somebody looked at the cloud; -1: never.", [({}, age)]
    )
    yield from _parts()
    yield from _hubs()
    yield Metric("furka_mails_waiting", "gauge", "Mails that are not sent yet.", [({}, waiting().count())])
    open_ = Incident.objects.filter(ended_at=None).count()
    yield Metric("furka_incidents_open", "gauge", "Incidents that go on.", [({}, open_)])


def _parts() -> Iterator[Metric]:
    parts = list(Component.objects.filter(retired_at=None).select_related("hub"))
    labels = {
        part.pk: {"part": part.key, "kind": part.kind, "hub": part.hub.name if part.hub else ""}
        for part in parts
    }
    yield Metric(
        "furka_part_state",
        "gauge",
        "0: works, 1: works with faults, 2: does not work.",
        [(labels[part.pk], Level(part.state).rank) for part in parts],
    )
    yield Metric(
        "furka_part_response_seconds",
        "gauge",
        "How long the last look took to be answered.",
        [(labels[part.pk], part.ms / 1000) for part in parts if part.ms is not None],
    )
    sums = Span.objects.filter(is_day=True, component__in=parts).values_list("component")
    rows = list(sums.annotate(looks=Sum("looks"), bad=Sum("bad")).order_by())
    yield Metric(
        "furka_part_looks_total",
        "counter",
        "Looks at a part that were made, or were due.",
        [(labels[pk], looks) for pk, looks, _bad in rows],
    )
    yield Metric(
        "furka_part_bad_looks_total",
        "counter",
        "Looks that found it not working.",
        [(labels[pk], bad) for pk, _looks, bad in rows],
    )


def _hubs() -> Iterator[Metric]:
    hubs = list(Hub.objects.order_by("pk"))
    at = clock.now()
    yield Metric(
        "furka_hub_heard_seconds_ago",
        "gauge",
        "Since a hub was heard of.",
        [({"hub": hub.name}, (at - hub.seen_at).total_seconds()) for hub in hubs if hub.seen_at],
    )
    yield Metric(
        "furka_hub_plan_behind",
        "gauge",
        "Changes of its plan that a hub has not in force yet.",
        [({"hub": hub.name}, max(0, hub.revision - hub.applied_revision)) for hub in hubs],
    )
    names = {hub.pk: hub.name for hub in hubs}
    rows = Gateway.objects.everything("numbers without names").filter(released_at=None).values_list("hub")
    counted = list(rows.annotate(online=Count("pk", filter=Q(online=True)), all=Count("pk")).order_by("hub"))
    yield Metric(
        "furka_gateways",
        "gauge",
        "Gateways by hub, and whether they are online.",
        [
            sample
            for pk, online, all_ in counted
            for sample in (
                ({"hub": names[pk], "state": "online"}, online),
                ({"hub": names[pk], "state": "offline"}, all_ - online),
            )
        ],
    )
    canaries = list(HubCanary.objects.all())
    yield Metric(
        "furka_hub_canary_ok",
        "gauge",
        "Whether a hub's own trial of the whole way went well.",
        [({"hub": names[row.hub_id]}, int(not row.code)) for row in canaries],
    )
    yield Metric(
        "furka_hub_canary_reach_seconds",
        "gauge",
        "Round trip to a device through both tunnels.",
        [({"hub": names[row.hub_id]}, row.reach_ms / 1000) for row in canaries if row.reach_ms is not None],
    )
