"""The endpoints of hubs and gateways; what they say is in `furka.wire`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.formats import date_format

from furka import clock
from furka.diagnoses import operations as diagnosis_operations
from furka.diagnoses import queries as diagnoses
from furka.dispatch import answer, hubs
from furka.dispatch.knocks import take_knocks
from furka.errors import Conflict, Invalid, Refused
from furka.gate.attempts import count_wrong_at, is_worn_out
from furka.links.seen import take_legs
from furka.live.listen import until
from furka.releases import operations as releases
from furka.sites import keys, operations, preparing, queries, refused_claims
from furka.sites.models import Gateway
from furka.tree.operation import program
from furka.trials import operations as trial_operations
from furka.trials import queries as trials
from furka.tunnel.models import Hub
from furka.uplink.proof import (
    Turned,
    WrongProof,
    async_machine,
    bearer,
    body,
    guess,
    machine,
    message,
    problem,
    too_many,
)
from furka.wire.gateway import (
    ClaimAnswer,
    ClaimRequest,
    GatewayReport,
    GatewayReportTaken,
    GatewaySettings,
    NewKey,
    NewKeyTaken,
    ReleaseAtSite,
    ReleasedAtSite,
)
from furka.wire.hub import HubHello, HubReport, HubReportTaken, PlanAnswer
from furka.wire.probes import Findings, FindingsTaken

#: The longest that a question is held, in seconds; proxies cut what is silent for a minute.
LONGEST_WAIT = 30

#: So many wrong codes for a release at one site within so many seconds; then it has to wait.
MOST_WRONG_CODES, WRONG_CODES_WITHIN = 5, 900


@machine("POST", "hub token")
def hub_hello(request: HttpRequest) -> HttpResponse:
    """A hub program has started."""
    hub, at = _hub(request), clock.now()
    hubs.say_hello(program(f"hub {hub.name}", at), hub, body(request, HubHello))
    return message(answer.welcome(hub, at))


@async_machine("GET", "hub token")
async def hub_plan(request: HttpRequest) -> HttpResponse:
    """What changed since a revision; waits for it if nothing has."""
    hub = await sync_to_async(_hub)(request)
    since, wait = _number(request, "since"), _number(request, "wait")
    await sync_to_async(hubs.heard_of)(hub, clock.now())
    if wait:
        await until([hub.topic], lambda: _has_news(hub, since), min(wait, LONGEST_WAIT))
        # Meanwhile the token may have been replaced.
        hub = await sync_to_async(_hub)(request)
    return message(await sync_to_async(_plan)(hub, since, clock.now()))


def _has_news(hub: Hub, since: int) -> bool:
    return answer.revision_of(hub) != since or trials.is_waiting(hub)


def _plan(hub: Hub, since: int, at: datetime) -> PlanAnswer:
    plan = answer.plan_since(hub, since, at)
    if not trials.is_waiting(hub):
        return plan
    # After the plan was read: what is to be tested is in force by then, as far as the hub is quick.
    asked = trial_operations.hand_out(program(f"hub {hub.name}", at), hub)
    return plan.model_copy(update={"trials": asked})


@machine("POST", "hub token")
def hub_report(request: HttpRequest) -> HttpResponse:
    """What a hub saw."""
    hub, at = _hub(request), clock.now()
    report = body(request, HubReport)
    take_knocks(hub, report.knocks, at)
    hubs.take_report(program(f"hub {hub.name}", at), hub, report)
    return message(HubReportTaken(now=at))


@machine("POST", "claim code")
def gateway_claim(request: HttpRequest) -> HttpResponse:
    """A gateway asks to serve a site."""
    guess(request)
    claim = body(request, ClaimRequest)
    by = program("gateway", clock.now())
    # Noted also where it has to wait, being assigned to no site yet.
    preparing.note_plugged_in(by, claim.code, claim.public_key, claim.serial)
    try:
        box = {"hostname": claim.hostname, "version": claim.version, "serial": claim.serial}
        claimed = operations.claim_gateway(by, claim.code, claim.public_key, **box)
    except Conflict as refused:
        name = refused_claims.counted_as(claim.code)
        if refused.code in refused_claims.WORTH_NOTING and not is_worn_out(name, refused_claims.MOST_NOTED):
            count_wrong_at(name, refused_claims.WITHIN)
            refused_claims.note(by, claim.code, claim.hostname, refused.code)
        raise
    return message(ClaimAnswer(token=claimed.token, site=claimed.gateway.node.name))


@async_machine("GET", "gateway token")
async def gateway_settings(request: HttpRequest) -> HttpResponse:
    """What a gateway has to have configured; waits until it differs from what it has."""
    gateway = await sync_to_async(_gateway)(request)
    seen, wait = request.GET.get("seen", ""), _number(request, "wait")

    def differs() -> bool:
        return answer.gateway_settings(gateway, clock.now()).etag != seen or diagnoses.is_due(gateway)

    if wait:
        await until([gateway.topic], differs, min(wait, LONGEST_WAIT))
        gateway = await sync_to_async(_gateway)(request)
    return message(await sync_to_async(_settings)(gateway, clock.now()))


def _settings(gateway: Gateway, at: datetime) -> GatewaySettings:
    settings = answer.gateway_settings(gateway, at)
    if settings.hub is None or not diagnoses.is_due(gateway):
        return settings
    tasks, stopped = diagnosis_operations.hand_out(program("gateway", at), gateway)
    return settings.model_copy(update={"tasks": tasks, "stopped": stopped})


@machine("POST", "gateway token")
def gateway_findings(request: HttpRequest) -> HttpResponse:
    """What a gateway found when it was asked to try something."""
    gateway, at = _gateway(request), clock.now()
    found = body(request, Findings)
    go_on = gateway.released_at is None and diagnosis_operations.take_findings(
        program("gateway", at), gateway, found
    )
    return message(FindingsTaken(now=at, go_on=go_on))


@machine("POST", "gateway token")
def gateway_report(request: HttpRequest) -> HttpResponse:
    """How a gateway is."""
    gateway, at = _gateway(request), clock.now()
    report = body(request, GatewayReport)
    by = program("gateway", at)
    operations.take_gateway_report(by, gateway, report)
    if gateway.released_at is None:
        take_legs(by, gateway, report.legs)
    return message(GatewayReportTaken(now=at))


@machine("POST", "gateway token")
def gateway_key(request: HttpRequest) -> HttpResponse:
    """A gateway would like to use a new key."""
    gateway, at = _gateway(request), clock.now()
    keys.offer_key(program("gateway", at), gateway, body(request, NewKey).public_key)
    return message(NewKeyTaken(now=at))


@machine("POST", "gateway token")
def gateway_release(request: HttpRequest) -> HttpResponse:
    """Somebody at the site lets a prepared supporter in."""
    gateway, at = _gateway(request), clock.now()
    asked = body(request, ReleaseAtSite)
    if gateway.released_at is not None:
        raise WrongProof
    by = program("gateway", at)
    name = f"release at {gateway.node_id}"
    with translation.override(asked.language):
        if is_worn_out(name, MOST_WRONG_CODES):
            raise Turned(too_many())
        try:
            let_in = releases.release(by, gateway.node, asked.code)
        except (Refused, Conflict) as refused:
            if refused.code == "release-unknown":
                count_wrong_at(name, WRONG_CODES_WITHIN)
                releases.note_wrong_code(by, gateway.node)
            # Its sentence is read at the plant, in the language that is spoken there.
            raise Turned(problem(403, refused.code, str(refused.message), str(refused.message))) from None
        assert let_in.ends_at is not None
        zone = ZoneInfo(gateway.node.time_zone)
        until = date_format(timezone.localtime(let_in.ends_at, zone), "DATETIME_FORMAT")
        person = str(let_in.person)
    return message(ReleasedAtSite(person=person, until=let_in.ends_at, until_read=until))


def _hub(request: HttpRequest) -> Hub:
    hub = hubs.hub_of_token(bearer(request))
    if hub is None:
        raise WrongProof
    return hub


def _gateway(request: HttpRequest) -> Gateway:
    gateway = queries.gateway_of_token(bearer(request))
    if gateway is None:
        raise WrongProof
    return gateway


def _number(request: HttpRequest, name: str) -> int:
    try:
        return max(0, int(request.GET.get(name, "0")))
    except ValueError:
        raise Invalid.at(name, "not-a-number", f"{name} is a whole number") from None
