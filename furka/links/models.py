"""Links between sites, their members, their rules, and the devices that a central site reaches."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from furka.sites.models import Device, Network
from furka.tree.guard import Owned
from furka.tree.models import Node
from furka.vault import public_key_id


class Mode(models.TextChoices):
    """How the sites of a link are joined; the same words as in `furka.plan.links.Mode`."""

    BRIDGED = "bridged", _("One network (layer 2)")
    ROUTED = "routed", _("Routed (layer 3)")
    CENTRAL = "central", _("Central site")


class Link(Owned):
    """Sites of a level that are joined. The node is the level that manages it, all members stand below."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    number = models.PositiveIntegerField(unique=True)  # 1 to 65535, in the whole installation
    name = models.CharField(max_length=60)
    purpose = models.CharField(max_length=300, default="")
    mode = models.CharField(max_length=8, choices=Mode.choices)
    paused_at = models.DateTimeField(null=True)  # since then nothing passes
    # Of bridged links: what does not cross, and how much may.
    dhcp_filter = models.BooleanField(default=True)
    storm_per_second = models.PositiveIntegerField(default=500)
    most_macs = models.PositiveIntegerField(default=256)
    # Addresses that every site has for itself, such as its router; their ARP does not cross.
    own_addresses: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    # Of central links: under addresses of this range the central site reaches the devices.
    range = models.CharField(max_length=18, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["node", "name"], name="link_name_once_per_level"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="link_mode_known"),
            models.CheckConstraint(condition=Q(number__range=(1, 0xFFFF)), name="link_number_in_range"),
        )
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name

    @property
    def central_range(self) -> IPv4Network | None:
        """The range of a central link."""
        return IPv4Network(self.range) if self.range else None


class LinkMember(Owned):
    """A site in a link; the node is the site. With `whole` all its networks take part, else one.

    A member without either has lost its network; it leaves at the end of the same transaction.
    """

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="+")
    network = models.ForeignKey(Network, on_delete=models.SET_NULL, null=True, related_name="+")
    whole = models.BooleanField(default=False)
    central = models.BooleanField(default=False)
    vlan = models.PositiveSmallIntegerField(null=True)  # as the site tags the network; null: untagged
    segment = models.PositiveIntegerField(unique=True)  # of the leg in a bridged link: the VXLAN's number
    joined_at = models.DateTimeField()
    # What the hub counts, since it began to; and how the leg of a bridged link is at the gateway.
    seen_at = models.DateTimeField(null=True)
    sent_bytes = models.BigIntegerField(default=0)  # by the site into the link
    got_bytes = models.BigIntegerField(default=0)
    refused_packets = models.BigIntegerField(default=0)  # sent, but dropped by a filter, a rule or a limit
    macs = models.PositiveIntegerField(default=0)  # devices seen lately behind the leg
    leg_joined = models.BooleanField(null=True)  # null: the gateway has not told
    leg_trouble = models.CharField(max_length=200, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["link", "node"], name="site_once_per_link"),
            models.UniqueConstraint(
                fields=["link"], condition=Q(central=True), name="one_central_site_per_link"
            ),
            models.CheckConstraint(condition=Q(segment__range=(1, 0xFFFFFF)), name="segment_in_range"),
        )
        ordering = ("joined_at", "pk")

    def __str__(self) -> str:
        return f"{self.node_id} in {self.link_id}"


class LinkRule(Owned):
    """Who may, or may not, open connections to whom in a link; the node is the level of the link.

    An end is a site, or one of its devices (its key), or without a site everybody. A rule about a site or a device that
    is not in the link, or not any more, counts for nobody until it comes back.
    """

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveIntegerField()
    allow = models.BooleanField()
    source_site = models.ForeignKey(Node, on_delete=models.CASCADE, null=True, related_name="+")
    source_device = models.CharField(max_length=12, default="")
    destination_site = models.ForeignKey(Node, on_delete=models.CASCADE, null=True, related_name="+")
    destination_device = models.CharField(max_length=12, default="")
    protocol = models.CharField(max_length=4, default="")  # tcp, udp or icmp; empty: any
    ports: models.JSONField[Any, Any] = models.JSONField(default=list)  # pairs of first and last; none: any
    note = models.CharField(max_length=200, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["link", "place"], name="rule_place_once_per_link"),)
        ordering = ("place", "pk")

    def __str__(self) -> str:
        return f"{self.link_id}: {'allow' if self.allow else 'deny'} {self.place}"


class MappedDevice(Owned):
    """A device that the central site of a link reaches under an address of the link's range; the node is its site."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+")
    address = models.GenericIPAddressField(protocol="IPv4")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["link", "device"], name="device_mapped_once_per_link"),
            models.UniqueConstraint(fields=["link", "address"], name="mapped_address_once_per_link"),
        )
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.address} → {self.device_id}"

    @property
    def reached_at(self) -> IPv4Address:
        """Under which the central site reaches it."""
        return IPv4Address(self.address)
