"""API tokens: made, shown once, revoked; each person's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from furka.access.rights import RIGHTS
from furka.gate.declare import own
from furka.gate.request import FurkaRequest
from furka.gate.tokens import IssuedToken, issue_token, levels_of, revoke_token, tokens_of
from furka.people.models import ApiToken
from furka.portal import role_words
from furka.portal.once import OnceForm, once
from furka.portal.people_fields import Card
from furka.portal.refusals import errors_on
from furka.tree.models import Kind, Node
from furka.tree.queries import entrances

#: How long a token lasts, by the choice: the shortest that does is the best.
LASTS: Mapping[str, tuple[Promise, timedelta]] = {
    "month": (gettext_lazy("30 days"), timedelta(days=30)),
    "quarter": (gettext_lazy("90 days"), timedelta(days=90)),
    "year": (gettext_lazy("1 year"), timedelta(days=365)),
}


class TokenForm(OnceForm):
    """A new token: what it is for, how long it works, and whether it may do less than its person."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("Which program uses it, for example: building management."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    lasts = forms.ChoiceField(
        label=gettext_lazy("Works for"),
        choices=[(key, Card(text)) for key, (text, _span) in LASTS.items()],
        initial="quarter",
        widget=forms.RadioSelect,
    )
    extent = forms.ChoiceField(
        label=gettext_lazy("May do"),
        choices=[
            (
                "look",
                Card(gettext_lazy("Only look"), gettext_lazy("Reads what you may see, and changes nothing.")),
            ),
            (
                "all",
                Card(gettext_lazy("All that you may do"), gettext_lazy("Acts in your name without limits.")),
            ),
            (
                "chosen",
                Card(
                    gettext_lazy("Chosen rights"),
                    gettext_lazy("Of what you may do, only what you tick here."),
                ),
            ),
        ],
        initial="look",
        widget=forms.RadioSelect,
    )
    rights = forms.MultipleChoiceField(
        label=gettext_lazy("Rights"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one right.")},
    )
    level = forms.ChoiceField(label=gettext_lazy("Where"), required=False)

    def __init__(self, levels: list[Node], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._levels = {level.key: level for level in levels}
        self.fields["rights"].choices = [  # type: ignore[attr-defined]  # it is a choice field
            (right.key, _(right.title)) for right in RIGHTS.all()
        ]
        self.fields["level"].choices = [  # type: ignore[attr-defined]
            ("", _("Everywhere that you have access")),
            *((level.key, f"{Kind(level.kind).label} {level.name}") for level in levels),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("extent") != "chosen":
            self.errors.pop("rights", None)  # what stands in a field that does not count is no fault
        return cleaned

    @property
    def chosen_rights(self) -> list[str] | None:
        """The rights that the token is limited to; None for all."""
        match self.cleaned_data["extent"]:
            case "look":
                return [right.key for right in RIGHTS.all() if right.looks_only]
            case "chosen":
                return list(self.cleaned_data["rights"])
            case _:
                return None

    @property
    def chosen_level(self) -> Node | None:
        """The level that the token is limited to; None for all."""
        return self._levels.get(self.cleaned_data["level"])


@dataclass(frozen=True, slots=True)
class TokenShown:
    """A token in words."""

    token: ApiToken
    may_do: str
    where: str
    is_live: bool


@own("a person's own tokens")
@never_cache
def tokens(request: FurkaRequest) -> HttpResponse:
    """One's own tokens, and a form for another one."""
    return _page(request, TokenForm(entrances(request.by)))


@own("a person's own tokens; whoever makes one has just proved who they are")
@require_POST
@never_cache
@reauthentication_required  # type: ignore[untyped-decorator]  # the library has no types
def create(request: FurkaRequest) -> HttpResponse:
    """A new token. Its secret is on this answer alone."""
    form = TokenForm(entrances(request.by), request.POST)
    issued: list[IssuedToken] = []

    def make() -> str:
        lasts = LASTS[form.cleaned_data["lasts"]][1]
        until = request.by.at + lasts
        issued.append(
            issue_token(request.by, form.cleaned_data["name"], until, form.chosen_rights, form.chosen_level)
        )
        return issued[0].token.key

    if form.is_valid():
        with errors_on(form):
            once(request, form, make)
            if issued:
                context = {"token": issued[0].token, "secret": issued[0].secret}
                return render(request, "people/token_new.html", context, status=201)
            messages.info(request, _("This token has already been made. Its secret was shown once."))
            return redirect("tokens")
    return _page(request, form, status=422)


@own("a person's own tokens")
@require_POST
def revoke(request: FurkaRequest, token: str) -> HttpResponse:
    """A token that is no longer used, or that somebody else has seen."""
    revoke_token(request.by, token)
    messages.success(request, _("The token is revoked. It no longer works."))
    return redirect("tokens")


def _page(request: FurkaRequest, form: TokenForm, status: int = 200) -> HttpResponse:
    rows = tokens_of(request.by)
    levels = levels_of(rows)
    found = [_shown(request, row, levels) for row in rows]
    return render(request, "people/tokens.html", {"form": form, "tokens": found}, status=status)


def _shown(request: FurkaRequest, token: ApiToken, levels: dict[int, Node]) -> TokenShown:
    level = levels.get(token.node_id_limit) if token.node_id_limit is not None else None
    return TokenShown(token, _may_do(token), level.name if level else "", token.is_live(request.by.at))


def _may_do(token: ApiToken) -> str:
    if token.rights is None:
        return _("All that you may do")
    looking = {right.key for right in RIGHTS.all() if right.looks_only}
    return (
        _("Only look")
        if set(token.rights) <= looking
        else ", ".join(role_words.rights_in_words(token.rights))
    )
