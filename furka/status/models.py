"""Parts of the cloud, what was measured of them, and incidents."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from furka.probes.found import Level
from furka.probes.steadiness import Standing
from furka.status.kinds import GROUP_OF, Group, Kind
from furka.tunnel.models import Hub
from furka.vault import public_key_id


class Component(models.Model):
    """A part of the cloud, and how it stands."""

    key = models.CharField(max_length=30, unique=True)  # its kind; of a hub's parts with the key of the hub
    kind = models.CharField(max_length=12, choices=Kind.choices)
    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, null=True, related_name="+")
    state = models.CharField(max_length=4, default=Level.OK)
    since = models.DateTimeField(null=True)
    against = models.JSONField(default=list)  # looks in a row that say otherwise: level, moment
    falls = models.IntegerField(default=0)
    fell_at = models.DateTimeField(null=True)
    measured_at = models.DateTimeField(null=True)
    ms = models.IntegerField(null=True)
    findings = models.JSONField(default=list)  # of the last look: what, level, code, ms, number
    retired_at = models.DateTimeField(null=True)  # it is no longer a part of the cloud

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.key

    @property
    def name(self) -> str:
        """As people read it."""
        title = str(Kind(self.kind).label)
        return f"{title} {self.hub.name}" if self.hub is not None else title

    @property
    def group(self) -> Group:
        """With which others it is shown."""
        return GROUP_OF[Kind(self.kind)]

    @property
    def standing(self) -> Standing:
        """For the pure part."""
        return Standing(
            Level(self.state),
            self.since,
            tuple((Level(level), datetime.fromisoformat(at)) for level, at in self.against),
            self.falls,
            self.fell_at,
        )

    def stand(self, standing: Standing) -> None:
        """Take over what the pure part says."""
        self.state, self.since = standing.state, standing.since
        self.against = [[level, at.isoformat()] for level, at in standing.against]
        self.falls, self.fell_at = standing.falls, standing.fell_at


class Result(models.Model):
    """One look at one part. Kept for some days; the sums in `Span` are kept longer."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="results")
    at = models.DateTimeField()
    level = models.CharField(max_length=4)
    ms = models.IntegerField(null=True)
    findings = models.JSONField(default=list)  # only what was not well

    class Meta:
        indexes = (
            models.Index(fields=["component", "-at"], name="result_of_component"),
            models.Index(fields=["at"], name="result_at"),
        )

    def __str__(self) -> str:
        return f"{self.component_id} {self.at:%Y-%m-%d %H:%M:%S} {self.level}"


class Span(models.Model):
    """What was measured of one part within one hour or one day (UTC), added up."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="spans")
    is_day = models.BooleanField()
    begins_at = models.DateTimeField()
    looks = models.IntegerField(default=0)
    weak = models.IntegerField(default=0)
    bad = models.IntegerField(default=0)
    timed = models.IntegerField(default=0)  # looks that have a time
    ms = models.BigIntegerField(default=0)  # of all of them together
    ms_most = models.IntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["is_day", "begins_at", "component"], name="span_once"),
        )

    def __str__(self) -> str:
        return f"{self.component_id} {self.begins_at:%Y-%m-%d %H:%M}"


class Round(models.Model):
    """The one row by which workers agree who looks next; and when somebody last did."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="one_round"),)

    def __str__(self) -> str:
        return f"{self.due_at:%H:%M:%S}"


class HubCanary(models.Model):
    """What a hub's own trial of the whole way found last: connect, reach a device, be cut off."""

    hub = models.OneToOneField(Hub, on_delete=models.CASCADE, related_name="canary")
    at = models.DateTimeField()
    code = models.CharField(max_length=20, default="")  # which step failed; empty: none
    connect_ms = models.IntegerField(null=True)
    reach_ms = models.IntegerField(null=True)
    lost = models.IntegerField(default=0)  # of so many packets …
    sent = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.hub_id} {self.code or 'ok'}"


class Incident(models.Model):
    """Something in the cloud that did not work. It begins and ends by what is measured; people add what they know."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    began_at = models.DateTimeField()
    noticed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    quiet = models.BooleanField(default=False)  # it was announced: nobody is alarmed
    told_at = models.DateTimeField(null=True)  # whoever wants to know was told that it began
    post_mortem: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    post_mortem_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["-began_at", "-id"], name="incident_in_order"),)
        ordering = ("-began_at", "-id")

    def __str__(self) -> str:
        return self.key


class Part(models.Model):
    """That a part of the cloud was bad within an incident, from when until when."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="parts")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="parts")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    findings = models.JSONField(default=list)  # what was found when it began

    class Meta:
        indexes = (models.Index(fields=["component", "-began_at"], name="part_of_component"),)
        ordering = ("began_at", "id")

    def __str__(self) -> str:
        return f"{self.incident_id} {self.component_id}"

    def lasted_until(self, at: datetime) -> datetime:
        """Its end, or now."""
        return self.ended_at or at


class Stage(models.TextChoices):
    """How far people are with an incident."""

    INVESTIGATING = "investigating", _("We are looking into it")
    IDENTIFIED = "identified", _("The cause is known")
    MONITORING = "monitoring", _("Mended, we keep an eye on it")
    RESOLVED = "resolved", _("Resolved")


class Update(models.Model):
    """What the operator says about an incident, in one or several languages."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    at = models.DateTimeField()
    stage = models.CharField(max_length=14, choices=Stage.choices)
    texts: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.incident_id} {self.stage}"
