"""Diagnoses as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from furka.sites.models import Gateway
from furka.tree.guard import Owned
from furka.vault import public_key_id
from furka.wire.probes import PROBE, Finding, Probe


class DiagnosisKind(models.TextChoices):
    """What is looked at."""

    PING = "ping", _("Ping")
    TCP = "tcp", _("TCP port")
    ROUTE = "route", _("Way to a device")
    NAME = "name", _("Name lookup (DNS)")
    HTTP = "http", _("Web page (HTTP)")
    DUPLICATE = "duplicate", _("Address used twice?")
    SCAN = "scan", _("Who is on the network?")
    MACS = "macs", _("MAC addresses seen")
    SIZE = "size", _("Size of packets to the hub")
    LINE = "line", _("Line to the hub")
    STATE = "state", _("State of the gateway")
    RESTART = "restart", _("Restart of the gateway")


class Diagnosis(Owned):
    """One task for a gateway. What the gateway says of it is believed about that alone."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=DiagnosisKind.choices)
    wish: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()  # a probe, as on the wire
    target = models.CharField(max_length=260, default="")  # what was looked at, to be read in a list
    asked_at = models.DateTimeField()
    deadline = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)  # the gateway has it
    done_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=12, default="")  # how it ended, as on the wire, or `lapsed`
    due = models.BooleanField(default=True)  # the gateway has yet to hear of it, or of its end
    results: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)
    count = models.PositiveSmallIntegerField(default=0)  # of results

    class Meta:
        indexes = (
            models.Index(fields=["gateway"], condition=models.Q(due=True), name="diagnosis_due"),
            models.Index(fields=["node", "-asked_at", "-id"], name="diagnosis_of_site"),
            models.Index(fields=["asked_by", "-asked_at"], name="diagnosis_of_person"),
            models.Index(fields=["asked_at"], name="diagnosis_age"),
            models.Index(fields=["deadline"], condition=models.Q(done_at=None), name="diagnosis_running"),
        )
        ordering = ("-asked_at", "-id")

    def __str__(self) -> str:
        return f"{self.kind} {self.target}".strip()

    @property
    def probe(self) -> Probe:
        """What was asked for."""
        return PROBE.validate_python(self.wish)

    @property
    def found(self) -> list[Finding]:
        """What came back so far."""
        return [Finding.model_validate(each) for each in self.results]

    def state_at(self, at: datetime) -> str:
        """`waiting` for the gateway, `running`, `done`, `stopped`, `refused` by the gateway, or `lapsed`: it said
        nothing more in time."""
        if self.done_at is not None:
            if self.ending in ("done", "over-time"):
                return "done"
            return self.ending if self.ending in ("stopped", "lapsed") else "refused"
        if at >= self.deadline:
            return "lapsed"
        return "waiting" if self.handed_at is None else "running"
