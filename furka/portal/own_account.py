"""One's own account: who one is, which mails come, where one is logged in."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language_info, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from furka.account import particulars, sessions
from furka.account.particulars import Particulars
from furka.gate.declare import own
from furka.gate.request import FurkaRequest
from furka.people import notices
from furka.portal.people_fields import Card
from furka.portal.refusals import errors_on

#: Names of zones that people know stand in these parts of the world; the others are for machines.
_CONTINENTS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


class ParticularsForm(forms.Form):
    """Who somebody is."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("First and last name; this is what others see of you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    company = forms.CharField(
        label=gettext_lazy("Company"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    mobile = forms.CharField(
        label=gettext_lazy("Mobile"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "mobile tel", "type": "tel"}),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), help_text=gettext_lazy("For the pages here and for mails to you.")
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy(
            "For times that belong to no site. Times of a site are shown on its own clock."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if zone.startswith(_CONTINENTS))
        self.fields["language"].choices = [  # type: ignore[attr-defined]  # it is a choice field
            (code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES
        ]
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            ("UTC", "UTC"),
            *((zone, zone.replace("_", " ")) for zone in zones),
        ]


class NoticesForm(forms.Form):
    """Which mails somebody gets."""

    wanted = forms.MultipleChoiceField(
        label=gettext_lazy("Mails to me"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wanted"].choices = [  # type: ignore[attr-defined]  # it is a choice field
            (notice.key, Card(notice.title, notice.summary))
            for notice in notices.kinds()
            if not notice.required
        ]


@own("a person's own data")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def about_me(request: FurkaRequest) -> HttpResponse:
    """Name, phone, company, language and time zone."""
    before = particulars.particulars_of(request.user)
    initial = {name: getattr(before, name) for name in Particulars.__dataclass_fields__}
    form = ParticularsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            after = particulars.change_particulars(request.by, Particulars(**form.cleaned_data))
            with override(after.language):
                messages.success(request, _("Your data is saved."))
            response = redirect("account-me")
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                after.language,
                max_age=365 * 24 * 3600,
                secure=settings.SESSION_COOKIE_SECURE,
                samesite="Lax",
            )
            return response
    return render(request, "own/me.html", {"form": form}, status=422 if form.is_bound else 200)


@own("a person's own choice of mails")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def notifications(request: FurkaRequest) -> HttpResponse:
    """Which mails I get; those about the security of the account always come."""
    wanted = [notice.key for notice in notices.kinds() if notices.wants(request.user, notice)]
    form = NoticesForm(request.POST if request.method == "POST" else None, initial={"wanted": wanted})
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            particulars.choose_notices(request.by, form.cleaned_data["wanted"])
            messages.success(request, _("Your choice is saved."))
            return redirect("notifications")
    context = {"form": form, "required": [notice for notice in notices.kinds() if notice.required]}
    return render(request, "own/notifications.html", context, status=422 if form.is_bound else 200)


@own("where a person is logged in")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def logins(request: FurkaRequest) -> HttpResponse:
    """The browsers in which I am logged in; sent as a form: log out everywhere else."""
    current = request.session.session_key
    if request.method == "POST":
        sessions.end_other_sessions(request.by, current)
        messages.success(request, _("You are logged out everywhere else."))
        return redirect("sessions")
    return render(request, "own/sessions.html", {"sessions": sessions.sessions_of(request.by, current)})


@own("where a person is logged in")
@require_POST
def end_login(request: FurkaRequest, session: str) -> HttpResponse:
    """Log one browser out."""
    sessions.end_session(request.by, session)
    if not request.session.exists(request.session.session_key or ""):
        request.session.flush()
        return redirect("account_login")
    messages.success(request, _("That browser is logged out."))
    return redirect("sessions")
