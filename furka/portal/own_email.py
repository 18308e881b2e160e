"""Another e-mail address for one's own account, confirmed at the new and at the old one."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from furka.account import email_change
from furka.errors import NotThere
from furka.gate.declare import own, public
from furka.gate.request import FurkaRequest
from furka.portal.refusals import errors_on


class EmailForm(forms.Form):
    """The new address."""

    email = forms.EmailField(
        label=gettext_lazy("New e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


@own("a person's own address")
@require_safe
@never_cache
def email(request: FurkaRequest) -> HttpResponse:
    """The address, a change that waits, and a form to ask for another one."""
    return _page(request, EmailForm())


@own("a person's own address; whoever changes it has just proved who they are")
@require_POST
@never_cache
@reauthentication_required  # type: ignore[untyped-decorator]  # the library has no types
def change(request: FurkaRequest) -> HttpResponse:
    """Ask both addresses."""
    form = EmailForm(request.POST)
    if form.is_valid():
        with errors_on(form):
            email_change.ask_for_change(request.by, form.cleaned_data["email"])
            messages.success(request, _("We have sent a link to both addresses."))
            return redirect("account_email")
    return _page(request, form, status=422)


def _page(request: FurkaRequest, form: EmailForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "waiting": email_change.waiting_change(request.by)}
    return render(request, "own/email.html", context, status=status)


@own("everybody may take back what they asked for")
@require_POST
def take_back(request: FurkaRequest) -> HttpResponse:
    """Forget the change that waits."""
    email_change.take_back(request.by)
    messages.success(request, _("Your address stays as it is."))
    return redirect("account_email")


@public("the link in the mail is the proof")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def answer(request: FurkaRequest, secret: str) -> HttpResponse:
    """Confirm or stop the change at one of both addresses."""
    asked = email_change.asked_by(secret, request.by.at)
    if asked is None:
        return render(request, "own/email_answer.html", {"outcome": "gone"}, status=404)
    outcome = ""
    if request.method == "POST":
        try:
            if request.POST.get("answer") == "stop":
                email_change.stop(request.by, secret)
                outcome = "stopped"
            else:
                outcome = "done" if email_change.confirm(request.by, secret) else "waits"
        except NotThere:
            outcome = "gone"
    return render(request, "own/email_answer.html", {"asked": asked, "outcome": outcome})
