"""Which sample worlds there are."""

from __future__ import annotations

from django.db import models


class SampleWorld(models.Model):
    """One visitor's world. Its people have addresses under its own domain, its levels hang below one node."""

    tag = models.CharField(max_length=12, unique=True)
    node_id = models.BigIntegerField(null=True)  # its top-level node; a value, not a key
    begun_at = models.DateTimeField(db_index=True)
    left_at = models.DateTimeField(null=True)  # the visitor has gone: it may go too

    def __str__(self) -> str:
        return self.tag

    @property
    def domain(self) -> str:
        """What the addresses of its people end with; nobody can ever get a mail there (RFC 2606)."""
        return f"@{self.tag}.beispiel.invalid"
