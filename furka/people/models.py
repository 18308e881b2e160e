"""One account per person, whatever they are to whom; and personal tokens for the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka import clock
from furka.vault import public_key_id


class PersonManager(BaseUserManager["Person"]):
    """Makes accounts; e-mail addresses are compared in lower case."""

    def create_user(self, email: str, password: str | None = None, **details: Any) -> Person:
        """Make an account; without a password nobody can log in to it with one."""
        person = self.model(email=email.strip().lower(), **details)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email=(username or "").lower())


class Person(AbstractBaseUser):
    """Somebody with an account. What they may do is said by grants, never here."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(max_length=5, default="de")
    time_zone = models.CharField(max_length=40, default="Europe/Zurich")  # for times that belong to no site
    phone = models.CharField(max_length=40, default="", blank=True)
    mobile = models.CharField(max_length=40, default="", blank=True)
    company = models.CharField(max_length=120, default="", blank=True)
    notices_off: models.JSONField[Any, Any] = models.JSONField(
        default=list
    )  # keys of mails that are not wanted
    closing_since = models.DateTimeField(
        null=True
    )  # closed by its person; can still be taken back for a while
    closed_at = models.DateTimeField(null=True)  # for good; what said who it was is gone
    sample_since = models.DateTimeField(null=True)  # somebody who only looks around in a sample world
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        if self.closed_at is not None:
            return gettext("Closed account")
        return self.name or self.email

    @property
    def is_closing(self) -> bool:
        """Whether the account is closed but can be taken back."""
        return self.closing_since is not None

    @property
    def is_sample(self) -> bool:
        """Whether this is nobody: a visitor of a sample world, or one of its invented people."""
        return self.sample_since is not None

    def get_full_name(self) -> str:
        """What libraries print of a person."""
        return str(self)

    def get_short_name(self) -> str:
        """The same, short."""
        return str(self)


class ApiToken(models.Model):
    """A personal token: acts as its person, with fewer rights if it says so, until it ends. Only its hash is kept."""

    key = models.CharField(max_length=12, unique=True, default=public_key_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    secret_hash = models.CharField(max_length=64, unique=True)
    rights = models.JSONField(null=True)  # list of right keys; null: all that the person holds
    node_id_limit = models.BigIntegerField(
        null=True
    )  # id of a node: only there and below; a value, not a key
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.name

    def is_live(self, at: datetime) -> bool:
        """Whether it works at that moment."""
        return self.revoked_at is None and at < self.expires_at


class KnownDevice(models.Model):
    """A browser in which a person has logged in before, known by a mark in a cookie; only the mark's hash is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="known_devices")
    mark_hash = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["person", "mark_hash"], name="device_known_once"),)

    def __str__(self) -> str:
        return f"{self.person_id}: {self.first_seen_at:%Y-%m-%d}"


class EmailChange(models.Model):
    """A person's wish to have another e-mail address: confirmed at the new one, and at the old one or by waiting."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="email_change")
    new_email = models.EmailField()
    new_secret_hash = models.CharField(max_length=64, unique=True)
    old_secret_hash = models.CharField(max_length=64, unique=True)
    begun_at = models.DateTimeField()
    new_confirmed_at = models.DateTimeField(null=True)
    old_confirmed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.person_id} → {self.new_email}"
