"""The other side of an invitation: read it, accept it, decline it; and the first steps of somebody new."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from furka.access.rights import CONFIGURE, LOOK, PEOPLE
from furka.catalogue.service import visit_rights
from furka.errors import Conflict, NotThere
from furka.gate.declare import own, public
from furka.gate.request import FurkaRequest
from furka.portal import role_words
from furka.portal.level_page import level_url
from furka.portal.limits import LimitsShown, limits_told
from furka.portal.offers import waiting_for
from furka.portal.once import once
from furka.portal.refusals import errors_on
from furka.portal.welcome_form import LevelForm
from furka.tree import granting, operations, queries
from furka.tree.acting import Acting
from furka.tree.endings import invitation_too_late, link_was_used
from furka.tree.extensions import Outcome, own_requests
from furka.tree.level_roles import names_of
from furka.tree.models import Kind
from furka.tree.own_limits import limits_on
from furka.tree.queries import GrantView
from furka.tree.week_words import hours_in_words

#: So many limits of owners are told with one access.
MOST_LIMITS = 3


@public("the link in the mail is the proof; it says who invites to what, and lets nobody in by itself")
@require_http_methods(["GET", "HEAD"])
@never_cache
def invitation(request: FurkaRequest, secret: str) -> HttpResponse:
    """What somebody is invited to; they log in or open an account with the invited address to answer."""
    found = queries.invitation_of_secret(secret, request.by.at)
    if found is None:
        return _gone(request, secret)
    person = request.user if request.user.is_authenticated else None
    here = {"next": reverse("invitation", args=(secret,))}
    context = {
        "grant": found,
        "role": role_words.title(found.role, found.rights, names_of({found.role})),
        "sentence": role_words.sentence(found.role),
        "allows": role_words.rights_in_words(found.rights) if found.role else (),
        "hours": hours_in_words(found.windows),
        "secret": secret,
        "for_me": person is not None and found.email.lower() in ("", person.email.lower()),
        "logged_in": person is not None,
        "here": here["next"],
        "login_url": f"{reverse('account_login')}?{urlencode(here)}",
        "signup_url": f"{reverse('account_signup')}?{urlencode({**here, 'email': found.email})}",
    }
    return render(request, "people/answer.html", context)


def _gone(request: FurkaRequest, secret: str) -> HttpResponse:
    """It is too late for the answer, or it was given long ago."""
    if link_was_used(secret):
        return render(request, "people/link_used.html", status=410)
    late = invitation_too_late(secret, request.by.at)
    return render(request, "people/answer_gone.html", {"late": late}, status=404 if late is None else 410)


@own("only the invited person may answer; the operation checks it")
@require_http_methods(["POST"])
def accept(request: FurkaRequest, secret: str) -> HttpResponse:
    """Take the invitation up; it leads on to what the person can now do."""
    try:
        grant = granting.accept(request.by, secret)
    except (NotThere, Conflict):
        return _gone(request, secret)
    messages.success(request, _("You now have access to “%(name)s”.") % {"name": grant.node.name})
    visiting = {right.key for right in visit_rights()}
    comes_to_visit = visiting & set(grant.rights) and not {CONFIGURE.key, PEOPLE.key} & set(grant.rights)
    return redirect(reverse("profiles") if comes_to_visit else level_url(grant.node))


@own("only the invited person may answer; the operation checks it")
@require_http_methods(["POST"])
def decline(request: FurkaRequest, secret: str) -> HttpResponse:
    """Turn it down."""
    try:
        granting.decline(request.by, secret)
    except (NotThere, Conflict):
        return _gone(request, secret)
    messages.success(request, _("You have declined the invitation."))
    return redirect("home")


@dataclass(frozen=True, slots=True)
class GrantedShown:
    """An access of one's own: what it allows, in words, and where its level is if one may see it now."""

    grant: GrantView
    role: str
    hours: tuple[str, ...]
    url: str
    waits: bool  # for the answer to a request for an extension
    limits: list[LimitsShown]  # of owners, that lie on it
    more_limits: int


def granted_to(by: Acting) -> list[GrantedShown]:
    """What the one who acts was granted, for their own page."""
    asked = {key for key, row in own_requests(by).items() if row.outcome == Outcome.OPEN}
    grants = queries.grants_of(by)
    names = names_of({grant.role for grant in grants})
    limits = limits_on(by, grants)
    return [
        GrantedShown(
            grant,
            role_words.title(grant.role, grant.rights, names),
            hours_in_words(grant.windows),
            level_url(grant.node) if by.may(LOOK, grant.node.place) else "",
            grant.key in asked,
            limits_told(limits[grant.key][:MOST_LIMITS]),
            max(0, len(limits[grant.key]) - MOST_LIMITS),
        )
        for grant in grants
    ]


@own("what a person was granted")
@never_cache
def granted(request: FurkaRequest) -> HttpResponse:
    """The part of one's own page that says where one's access comes from."""
    return render(request, "people/_mine.html", {"granted": granted_to(request.by)})


@own("everybody may give up what they hold themselves")
@require_http_methods(["POST"])
def leave(request: FurkaRequest, grant: str) -> HttpResponse:
    """Give back an access that one no longer needs."""
    granting.leave(request.by, grant)
    messages.success(request, _("You have given the access back."))
    return redirect("profiles")


@own("whoever has an account may open a level of their own")
def welcome(request: FurkaRequest) -> HttpResponse:
    """The first steps of somebody who has an account and nothing else."""
    form = LevelForm(request.POST if request.method == "POST" else None)

    def make() -> str:
        kind = Kind(form.cleaned_data["kind"])
        return level_url(operations.open_level(request.by, kind, form.cleaned_data["name"]))

    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            return redirect(once(request, form, make) or reverse("home"))
    context = {"form": form, "waiting": waiting(request), "has_access": bool(queries.entrances(request.by))}
    if request.GET.get("part"):
        return render(request, "people/_waiting.html", context)
    context |= waiting_for(request.by)
    return render(request, "people/welcome.html", context, status=422 if form.is_bound else 200)


def waiting(request: FurkaRequest) -> list[tuple[GrantView, str, str]]:
    """The unanswered invitations of the one who is logged in: each with the role in words, and where it is answered."""
    return [
        (grant, role_words.title(grant.role, grant.rights), reverse("invitation", args=(secret,)))
        for grant, secret in queries.invitations_for(request.by)
    ]
