"""What the frame around every page shows: language, theme, where one can go, and the moment the page was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.text import capfirst
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as remember_language

from furka import clock
from furka.gate.declare import public
from furka.people.models import Person
from furka.portal import words
from furka.portal.navigation import Branch
from furka.portal.tree_rail import rail

#: With fewer unused recovery codes, somebody is reminded to make new ones.
FEW_CODES = 3

THEMES = {"auto": _("As the system"), "light": _("Light"), "dark": _("Dark")}
THEME_COOKIE = "furka_theme"


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere one can go from every page: the name of the address, the text, the icon."""

    name: str
    text: str | Promise
    icon: str

    @property
    def url(self) -> str:
        return _address(self.name)


#: The rail, above the tree. Places without an address in this installation are not shown.
PLACES = (
    Place("home", _("Overview"), "home"),
    Place("profiles", _("My access"), "plug-connected"),
    Place("events", _("Events"), "history"),
    Place("cloud", _("Cloud status"), "cloud"),
    Place("help", _("Help"), "help-circle"),
)

#: The tabs of one's own account.
ACCOUNT = (
    Place("account-me", _("Personal data"), "user"),
    Place("account_email", _("E-mail"), "mail"),
    Place("account_change_password", _("Password"), "password"),
    Place("mfa_index", _("Two-factor"), "shield-lock"),
    Place("own-links", _("Organisations"), "id-badge"),
    Place("sessions", _("Logins"), "device-laptop"),
    Place("notifications", _("Notifications"), "bell"),
    Place("tokens", _("API tokens"), "key"),
    Place("account-data", _("Data"), "file-text"),
)


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the portal, by its own name."""

    code: str
    name: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """What the layouts read as `frame`."""

    request: HttpRequest
    at: datetime = field(default_factory=clock.now)

    @property
    def theme(self) -> str:
        """What the person chose: `auto`, `light` or `dark`."""
        chosen = self.request.COOKIES.get(THEME_COOKIE, "auto")
        return chosen if chosen in THEMES else "auto"

    @property
    def themes(self) -> list[tuple[str, str | Promise]]:
        return list(THEMES.items())

    @property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE

    @property
    def document_language(self) -> str:
        """For readers aloud: German, French and Italian are those of Switzerland."""
        return self.language if self.language == "en" else f"{self.language}-CH"

    @property
    def languages(self) -> list[Language]:
        here = self.language
        return [
            Language(code, capfirst(get_language_info(code)["name_local"]), code == here)
            for code, _name in settings.LANGUAGES
        ]

    @property
    def places(self) -> list[Place]:
        looks = getattr(self.request, "looking", None) is not None  # through somebody's eyes: levels alone
        return [place for place in PLACES if place.url and (place.name == "home" or not looks)]

    @property
    def tree(self) -> list[Branch]:
        """The tree in the rail, as far as the person may see it."""
        return rail(self.request.by, getattr(self.request, "here", None))  # type: ignore[attr-defined]

    @property
    def account(self) -> list[Place]:
        return [place for place in ACCOUNT if place.url]

    @property
    def second_factor(self) -> str:
        """What the second factor of whoever is logged in needs: `missing`, `codes-low`, or nothing."""
        user = self.request.user
        if not isinstance(user, Person):
            return ""
        factors = {row.type: row for row in Authenticator.objects.filter(user=user)}
        codes = factors.pop(Authenticator.Type.RECOVERY_CODES, None)
        if not factors:
            return "missing"
        if codes is None or len(RecoveryCodes(codes).get_unused_codes()) < FEW_CODES:
            return "codes-low"
        return ""

    @property
    def search_url(self) -> str:
        return _address("search")

    @property
    def here(self) -> str:
        """The key of the level that the page shows, if it shows one."""
        node = getattr(self.request, "here", None)
        return node.key if node is not None else ""

    @property
    def search_here(self) -> str:
        """The search, which also offers what can be done at the level that the page shows."""
        return f"{self.search_url}?here={self.here}" if self.here else self.search_url

    @property
    def home(self) -> str:
        return _address("home") or "/"

    @property
    def path(self) -> str:
        return self.request.get_full_path()

    @property
    def texts(self) -> dict[str, object]:
        """Words for the scripts."""
        return words.texts()


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context processor: `frame`, made when it is first read."""
    return {"frame": SimpleLazyObject(lambda: Frame(request))}


@public("the language of the page is everybody's choice")
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Show the pages in another language from now on; somebody with an account gets their mails in it too."""
    response = remember_language(request)
    chosen = request.POST.get("language", "")
    if isinstance(request.user, Person) and chosen in dict(settings.LANGUAGES):
        Person.objects.filter(pk=request.user.pk).update(language=chosen)
    return response


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
