"""Gateways, claim codes, networks and devices of sites."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.access.narrowing import Narrowing
from furka.access.rights import Right
from furka.plan.addressing import PLAN, nth_address, virtual_address
from furka.tree.acting import Acting, any_of
from furka.tree.guard import Owned, OwnedQuerySet
from furka.tunnel.models import Hub
from furka.vault import public_key_id


def same_serial(one: str, other: str) -> bool:
    """Whether two serial numbers are the same, however they are spelled."""
    return _letters(one) == _letters(other)


def _letters(serial: str) -> str:
    return "".join(sign for sign in serial.casefold() if sign.isalnum())


class PathKind(models.TextChoices):
    """The ways on which a gateway reaches its hub."""

    UDP = "udp", _("UDP, directly")
    TLS = "tls", _("TLS on TCP port 443")
    TLS_PROXY = "tls-proxy", _("TLS on TCP port 443, through an HTTP proxy")


class Gateway(Owned):
    """The box at the site that keeps the tunnel, or the site's own router. A site has one at a time; released ones stay
    for the record."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    hub = models.ForeignKey(Hub, on_delete=models.PROTECT, related_name="+")
    number = models.IntegerField(unique=True)
    public_key = models.CharField(max_length=44)
    token_hash = models.CharField(max_length=64, unique=True)
    hostname = models.CharField(max_length=100, default="")
    serial = models.CharField(max_length=60, default="")  # of its maker, as the box says
    version = models.CharField(max_length=40, default="")
    back_end = models.CharField(max_length=20, default="")
    next_public_key = models.CharField(max_length=44, default="")  # on trial: not yet seen at work
    next_until = models.DateTimeField(null=True)
    key_made_at = models.DateTimeField(null=True)  # of the present key; empty: with the claim
    key_wanted_at = models.DateTimeField(null=True)  # somebody wants a new one
    claimed_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    online = models.BooleanField(default=False)
    online_changed_at = models.DateTimeField(null=True)
    handshake_at = models.DateTimeField(null=True)
    endpoint = models.CharField(max_length=80, default="")  # from where its tunnel comes
    path = models.CharField(max_length=12, choices=PathKind.choices, default="")  # the way its tunnel takes
    path_since = models.DateTimeField(null=True)
    path_told_at = models.DateTimeField(null=True)  # when a change of it was last noted in the journal
    missing_networks: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    trouble = models.CharField(max_length=300, default="")
    cut_by = models.CharField(
        max_length=10, default=""
    )  # what cut remote access at the site; empty while allowed
    cut_at = models.DateTimeField(null=True)
    # The hub's counters when they were last looked at; they begin anew when the hub's WireGuard does.
    counted_received = models.BigIntegerField(default=0)
    counted_sent = models.BigIntegerField(default=0)
    system = models.CharField(
        max_length=20, default=""
    )  # of a router without our program; empty: a box with it
    told = models.CharField(
        max_length=24, default=""
    )  # digest of what a router's configuration was made from

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["node"], condition=Q(released_at=None), name="one_gateway_per_site"
            ),
            models.UniqueConstraint(
                fields=["public_key"], condition=Q(released_at=None), name="gateway_key_once"
            ),
        )
        indexes = (
            models.Index(fields=["next_until"], name="gateway_keys_on_trial", condition=~Q(next_until=None)),
            # So gateways are counted by their state, and the few that are offline found, without a look at the rows.
            models.Index(
                fields=["hub", "online", "node"], name="gateway_states", condition=Q(released_at=None)
            ),
        )

    def __str__(self) -> str:
        return self.hostname or self.key

    @property
    def address(self) -> IPv4Address:
        """Its address inside the tunnel."""
        return nth_address(PLAN.gateways, self.number)

    @property
    def key_since(self) -> datetime:
        """Since when it has the key that it has."""
        return self.key_made_at or self.claimed_at

    @property
    def topic(self) -> str:
        """Under which the news of its settings is told."""
        return f"gateway:{self.pk}"


class ClaimCode(Owned):
    """A code with which one gateway may become the gateway of a site, once, for a while."""

    code_hash = models.CharField(max_length=64, unique=True)
    sealed_code = models.TextField()  # it is shown on the site's page until it is used
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    gateway = models.ForeignKey(Gateway, on_delete=models.SET_NULL, null=True, related_name="+")
    # Whose place the gateway takes that shows it; it works as long as this one serves the site.
    replaces = models.ForeignKey(Gateway, on_delete=models.CASCADE, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.node_id} {self.expires_at}"


class GatewayBatch(Owned):
    """Gateways that a level has prepared together, to be shipped and plugged in by anybody."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    printed_at = models.DateTimeField(null=True)  # when the codes were read last, for labels or for the boxes
    shipped_at = models.DateTimeField(null=True)  # from then on only the hashes of the codes are kept

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.name


class PreparedGateway(Owned):
    """One of them: a box with a code of its own, which makes it the gateway of the site it is assigned to, once.

    `number` stands on its label and is no secret. `public_key` is that of the box that showed the code first: no other
    one can use it any more.
    """

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    batch = models.ForeignKey(GatewayBatch, on_delete=models.CASCADE, related_name="pieces")
    number = models.CharField(max_length=12, unique=True)
    serial = models.CharField(
        max_length=60, default=""
    )  # of its maker, as it was entered; else as the box says
    said_serial = models.CharField(max_length=60, default="")  # as the box says that showed the code
    code_hash = models.CharField(max_length=64, unique=True)
    sealed_code = models.TextField(default="")  # until the batch is shipped, or the code used or withdrawn
    site = models.ForeignKey("tree.Node", on_delete=models.SET_NULL, null=True, related_name="+")
    public_key = models.CharField(max_length=44, default="")
    plugged_in_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    gateway = models.ForeignKey(Gateway, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["site"], condition=Q(used_at=None, withdrawn_at=None), name="one_prepared_per_site"
            ),
        )
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The number as it stands on the label."""
        return f"{self.number[:4]}-{self.number[4:]}"

    @property
    def is_another_box(self) -> bool:
        """Whether the box that showed the code says another serial number than was entered: a label was mixed up."""
        return bool(self.said_serial) and not same_serial(self.serial, self.said_serial)

    @property
    def state(self) -> str:
        """The step that it has reached: prepared, shipped, waiting (plugged in, without a site), assigned, online,
        offline, released or withdrawn."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.used_at is not None:
            if self.gateway is None or self.gateway.released_at is not None:
                return "released"
            return "online" if self.gateway.online else "offline"
        if self.site_id is not None:
            return "assigned"
        if self.plugged_in_at is not None:
            return "waiting"
        return "shipped" if self.batch.shipped_at is not None else "prepared"


class Network(Owned):
    """A subnet of the plant, and the virtual prefix of the same size under which it is reached through the tunnel."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    name = models.CharField(max_length=60, default="")
    subnet = models.CharField(max_length=18)  # real, such as 192.168.1.0/24
    virtual_subnet = models.CharField(max_length=18, unique=True)
    vlan = models.PositiveSmallIntegerField(null=True)  # 1 to 4094, as the plant's switches number it
    note = models.CharField(max_length=500, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node", "subnet"], name="subnet_once_per_site"),)
        ordering = ("subnet",)

    def __str__(self) -> str:
        return self.name or self.subnet

    @property
    def real(self) -> IPv4Network:
        return IPv4Network(self.subnet)

    @property
    def virtual(self) -> IPv4Network:
        return IPv4Network(self.virtual_subnet)

    def address_of(self, device: IPv4Address) -> IPv4Address:
        """Where a device of this network is reached through the tunnel."""
        return virtual_address(device, self.real, self.virtual)


class DeviceKind(models.TextChoices):
    """What a device is, for its picture and its link."""

    CONTROLLER = "controller", _("Controller")
    METER = "meter", _("Meter")
    PANEL = "panel", _("Operating panel")
    CAMERA = "camera", _("Camera")
    COMPUTER = "computer", _("Computer")
    OTHER = "other", _("Other")


class DeviceQuerySet(OwnedQuerySet["Device"]):
    """Devices, for whoever reaches them: of a part of a site only those in it."""

    def _narrow(self, by: Acting, right: Right) -> Self:
        parts = by.scope(right).parts("node__", "node_id")
        return self.filter(any_of(where & in_part(part) for part, where in parts), node__deleted_at=None)


def in_part(narrowing: Narrowing) -> Q:
    """The condition on devices to which a narrowing leads, by whatever port."""
    found = Q()
    if narrowing.devices is not None:
        found &= Q(key__in=sorted(narrowing.devices))
    for clause in narrowing.labels:
        labelled = DeviceLabel.objects.everything("joined to devices that the one who acts may see")
        found &= Q(pk__in=labelled.filter(folded__in=sorted(clause)).values("device_id"))
    return found


class Device(Owned):
    """A controller, camera, heat pump … in a site's network."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=DeviceKind.choices, default=DeviceKind.OTHER)
    address = models.GenericIPAddressField(protocol="IPv4")
    web = models.BooleanField(default=False)  # it has a page of its own, on port 80
    mac = models.CharField(max_length=17, default="")  # such as 00:1a:2b:3c:4d:5e
    ports: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(default=list)
    link = models.CharField(max_length=300, default="")  # a whole address, or a path of its own page
    note = models.CharField(max_length=500, default="")
    created_at = models.DateTimeField()

    objects = models.Manager.from_queryset(DeviceQuerySet)()  # type: ignore[misc]  # narrower than that of `Owned`

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["node", "address"], name="device_address_once_per_site"),
        )
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class DeviceLabel(Owned):
    """A word on a device, to find it among others, and by which an access can lead to it."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=30)
    folded = models.CharField(max_length=60)  # how it is compared: case and accents left out

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device", "folded"], name="label_once_per_device"),)
        indexes = (models.Index(fields=["folded", "node"], name="device_label_by_name"),)
        ordering = ("folded",)

    def __str__(self) -> str:
        return self.name
