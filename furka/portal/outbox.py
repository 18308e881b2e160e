"""The mails of this installation on a page: exists on a loopback address only, where no mail server is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from furka.gate.declare import public
from furka.outbox.models import Mail
from furka.vault import unseal

SHOWN = 50


@dataclass(frozen=True, slots=True)
class ShownMail:
    """One mail as it would be read."""

    recipient: str
    subject: str
    text: str
    at: datetime


@public("exists only on this machine's own address, for trying things out")
def outbox(request: HttpRequest) -> HttpResponse:
    """The newest mails, their links ready to be opened."""
    if not settings.OUTBOX_PAGE or not _is_from_here(request):
        raise Http404
    mails = [
        ShownMail(
            mail.recipient,
            mail.subject,
            unseal(mail.sealed_text) if mail.sealed_text else "",
            mail.created_at,
        )
        for mail in Mail.objects.all()[:SHOWN]
    ]
    template = "people/_outbox.html" if request.GET.get("part") else "people/outbox.html"
    return render(request, template, {"mails": mails})


def _is_from_here(request: HttpRequest) -> bool:
    """Whether a program of this machine asks, and by the machine's own name: a proxy calls from here for others."""
    name = urlsplit(f"//{request.get_host()}").hostname
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and name in (
        "127.0.0.1",
        "localhost",
        "::1",
    )
