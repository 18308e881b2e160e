"""Sends what waits in the outbox over SMTP (RFC 5321), at least once: a row is claimed before it is sent."""

from __future__ import annotations

import logging
import smtplib
import ssl
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db.models import F, Q

from furka.outbox.models import Mail
from furka.vault import unseal

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
GIVE_UP_AFTER = 20  # attempts; with the growing pauses that is about four days


def claim(at: datetime) -> Mail | None:
    """Take one mail that is due, so that no other worker sends it meanwhile."""
    due = Mail.objects.filter(sent_at=None, due_at__lte=at, attempts__lt=GIVE_UP_AFTER)
    free = Q(lease_until=None) | Q(lease_until__lt=at)
    for mail in due.filter(free).order_by("due_at")[:10]:
        same_as_read = Mail.objects.filter(pk=mail.pk, attempts=mail.attempts, sent_at=None)
        if same_as_read.filter(free).update(lease_until=at + LEASE, attempts=F("attempts") + 1):
            mail.attempts += 1
            return mail
    return None


def deliver(mail: Mail, at: datetime) -> bool:
    """Send a claimed mail; whether it worked. A failure is tried again after a growing pause."""
    try:
        _send(mail, at)
    except (OSError, smtplib.SMTPException, ValueError, InvalidToken) as error:
        # The last two: an address that no header can hold, a text that was sealed with a key that is lost.
        pause = min(timedelta(minutes=1) * 2 ** min(mail.attempts, 9), timedelta(hours=6))
        Mail.objects.filter(pk=mail.pk, attempts=mail.attempts).update(
            due_at=at + pause, lease_until=None, last_error=type(error).__name__
        )
        log.warning("mail %s was not taken by the mail server: %s", mail.pk, type(error).__name__)
        return False
    Mail.objects.filter(pk=mail.pk, attempts=mail.attempts).update(
        sent_at=at, lease_until=None, sealed_text="", last_error=""
    )
    return True


def _send(mail: Mail, at: datetime) -> None:
    message = EmailMessage()
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(at)
    # The same at every attempt: a mail that comes twice can be told from two mails.
    message["Message-ID"] = f"<{mail.created_at:%Y%m%d%H%M%S%f}.{mail.pk}@{settings.MAIL_DOMAIN}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(unseal(mail.sealed_text))
    server = urlsplit(settings.MAIL_URL)
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.hostname or "", server.port or 465, timeout=30, context=context
        )
    else:
        smtp = smtplib.SMTP(server.hostname or "", server.port or 587, timeout=30)
    with smtp:
        if server.scheme == "smtp" and server.hostname not in ("127.0.0.1", "localhost"):
            smtp.starttls(context=context)
        if server.username:
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(message)
