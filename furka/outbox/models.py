"""Mails that wait to be sent, or were."""

from __future__ import annotations

from django.db import models


class Mail(models.Model):
    """One mail to one address. Its text may hold a link that lets somebody in: sealed at rest, wiped once sent."""

    recipient = models.EmailField()
    subject = models.CharField(max_length=300)
    sealed_text = models.TextField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, default="")

    class Meta:
        indexes = (models.Index(fields=["due_at"], name="mail_due", condition=models.Q(sent_at=None)),)
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.subject
