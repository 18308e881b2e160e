"""The identity provider of a level."""

from __future__ import annotations

from typing import Any

from django.db import models

from furka.tree.guard import Owned
from furka.vault import public_key_id, unseal


class IdentityProvider(Owned):
    """Where the people of a level prove who they are. The secret is sealed, and is never shown again."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    name = models.CharField(max_length=60)  # on the button
    issuer = models.CharField(max_length=300)
    client_id = models.CharField(max_length=200)
    sealed_secret = models.TextField()
    domains: models.JSONField[Any, Any] = models.JSONField(default=list)  # of e-mail addresses, in lower case
    authority = models.TextField(default="")  # PEM: who signs its certificate, if no public one does
    only_way = models.BooleanField(default=False)  # for the level's own staff, owners excepted
    enabled = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node"], name="one_identity_provider_per_level"),)

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """What proves to the provider that it is we who ask."""
        return unseal(self.sealed_secret)

    def takes(self, email: str) -> bool:
        """Whether addresses of that domain may come by it."""
        return email.rpartition("@")[2].lower() in self.domains
