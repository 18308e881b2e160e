"""A form that is sent twice (an impatient finger, a page loaded again) makes one thing."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.cache import cache

from furka.gate.request import FurkaRequest

#: How long a form is remembered after it was sent, in seconds.
REMEMBERED = 3600


class OnceForm(forms.Form):
    """A form with a mark of its own, made when the page was made."""

    once = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial["once"] = secrets.token_urlsafe(12)


def once(request: FurkaRequest, form: OnceForm, make: Callable[[], str]) -> str:
    """Make what the form asks for and return its address; the second time only the address.

    "" while the first one is still at it. If it fails, the form may be sent again.
    """
    mark = form.cleaned_data["once"]
    if not mark:
        return make()
    key = f"once-{request.user.pk}-{mark}"
    if not cache.add(key, "", timeout=REMEMBERED):
        found: str | None = cache.get(key)
        # Nobody has sent it: the mark could not be kept, since the database is busy. Then making says so itself.
        return make() if found is None else found
    try:
        address = make()
    except BaseException:
        cache.delete(key)
        raise
    cache.set(key, address, timeout=REMEMBERED)
    return address
