"""Diagnoses: what the gateway of a site is asked to try, and what it found."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Query
from pydantic import Field, StringConstraints

from furka.access.rights import DIAGNOSE, RESTART
from furka.api import schemas
from furka.api.paging import Page, Paging, rows_of
from furka.api.routes import Key, Routes, at_node
from furka.diagnoses import operations, queries
from furka.diagnoses.models import Diagnosis as Row
from furka.diagnoses.wishes import probe_of
from furka.dispatch.answer import linked_with
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node

routes = Routes("diagnoses")

KindToAsk = Literal[
    "ping", "tcp", "route", "name", "http", "duplicate", "scan", "macs", "size", "line", "state"
]
AnyKind = Literal[
    "ping", "tcp", "route", "name", "http", "duplicate", "scan", "macs", "size", "line", "state", "restart"
]
_Short = Annotated[schemas.Text, StringConstraints(max_length=253)]


class NewDiagnosis(schemas.Input):
    """What is to be tried, with what belongs to its kind: an address for most of them, a network for `scan` and `macs`,
    a name for `name`, nothing for what leads to the hub."""

    kind: KindToAsk
    target: _Short | None = Field(None, description="An address in the site's networks.")
    port: int | None = Field(None, description="For `tcp` and `http`.")
    network: _Short | None = Field(
        None, description="A network of the site: to look at, or for `ping` from which one to ask."
    )
    count: int | None = Field(None, description="For `ping`: how many, 1 to 20.")
    name: _Short | None = Field(None, description="For `name`: what is looked up.")
    record: Literal["A", "AAAA", "CNAME", "MX", "PTR", "SRV", "TXT"] | None = None
    server: _Short | None = Field(None, description="For `name`: a server in the site's networks.")
    secure: bool | None = Field(None, description="For `http`: over TLS.")
    path: _Short | None = Field(None, description="For `http`, such as /login.")
    mdns: bool | None = Field(None, description="For `scan`: ask for announced services.")
    knx: bool | None = Field(None, description="For `scan`: search for KNX devices.")
    bacnet: bool | None = Field(None, description="For `scan`: ask for BACnet devices.")
    modbus: bool | None = Field(None, description="For `scan`: ask each device who it is, by Modbus.")


class DiagnosisFinding(schemas.Answer):
    """One thing that the gateway found, as it said it. Texts come from devices: they are data, never markup."""

    what: str
    address: str
    mac: str
    milliseconds: float | None
    number: int | None
    name: str
    text: str


class Diagnosis(schemas.Answer):
    """A diagnosis, without what it found."""

    key: str
    kind: AnyKind
    target: str
    asked_by: str
    asked_at: datetime
    state: Literal["waiting", "running", "done", "stopped", "refused", "lapsed"]
    ending: str = Field(description="How it ended; empty while it runs.")
    count: int = Field(description="So much was found.")


class DiagnosisInFull(Diagnosis):
    """A diagnosis with what it found so far."""

    findings: list[DiagnosisFinding]


@routes.get("/sites/{key}/diagnoses", at_node(DIAGNOSE, Kind.SITE))
def list_diagnoses(by: Acting, site: Node, page: Query[Paging]) -> Page[Diagnosis]:
    """What was tried at a site, newest first."""
    rows, following = rows_of(queries.diagnoses_of(by, site), page, ("-asked_at", "-id"))
    return Page[Diagnosis](items=[Diagnosis(**_told(row, by)) for row in rows], next=following)


@routes.post("/sites/{key}/diagnoses", at_node(DIAGNOSE, Kind.SITE))
def ask_diagnosis(by: Acting, site: Node, body: NewDiagnosis) -> Diagnosis:
    """Have the gateway of a site try something in the site's own networks; what it finds is read afterwards."""
    given = body.model_dump(exclude={"kind"}, exclude_none=True)
    row = operations.ask_diagnosis(by, site, probe_of(body.kind, given), linked_with(site, by.at))
    return Diagnosis(**_told(row, by))


@routes.get("/sites/{key}/diagnoses/{diagnosis}", at_node(DIAGNOSE, Kind.SITE))
def read_diagnosis(by: Acting, site: Node, diagnosis: Key) -> DiagnosisInFull:
    """A diagnosis, as far as it has come."""
    row = queries.diagnosis_of_key(by, site, diagnosis)
    findings = [
        DiagnosisFinding(
            what=each.what,
            address=str(each.address or ""),
            mac=each.mac or "",
            milliseconds=each.milliseconds,
            number=each.number,
            name=each.name,
            text=each.text,
        )
        for each in row.found
    ]
    return DiagnosisInFull(**_told(row, by), findings=findings)


@routes.post("/sites/{key}/diagnoses/{diagnosis}/stop", at_node(DIAGNOSE, Kind.SITE))
def stop_diagnosis(by: Acting, site: Node, diagnosis: Key) -> None:
    """End a diagnosis before its time."""
    operations.stop_diagnosis(by, queries.diagnosis_of_key(by, site, diagnosis))


@routes.post("/sites/{key}/gateway/restart", at_node(RESTART, Kind.SITE))
def restart_gateway(by: Acting, site: Node) -> Diagnosis:
    """Have the program on the gateway end and start anew; the tunnel is away for a moment."""
    return Diagnosis(**_told(operations.restart_gateway(by, site), by))


def _told(row: Row, by: Acting) -> dict[str, Any]:
    return {
        "key": row.key,
        "kind": row.kind,
        "target": row.target,
        "asked_by": str(row.asked_by) if row.asked_by else "",
        "asked_at": row.asked_at,
        "state": row.state_at(by.at),
        "ending": row.ending,
        "count": row.count,
    }
