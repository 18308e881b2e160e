"""Setting up the identity provider of a level, trying it out, and linking people to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from furka.access.rights import PEOPLE
from furka.errors import Conflict, Invalid
from furka.identity.authority import NoAuthority, authorities_in, checked_authority
from furka.identity.library import ALGORITHMS, DISCOVERY, checked_configuration
from furka.identity.models import IdentityProvider
from furka.identity.outward import OutwardSession, PrivateAddress, is_closed, may_ask
from furka.identity.reach import may_reach
from furka.people.models import Person
from furka.people.notices import SECURITY, tell
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.operation import Work, operation, own_operation
from furka.tree.samples import refuse_in_sample
from furka.tree.texts import one_line
from furka.vault import seal

MOST_DOMAINS = 20

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
#: What to do about it is told to those who set up a provider.
_PRIVATE = _(
    "This address lies in a private network, where the portal asks nobody. Whoever runs this portal can allow that "
    "network."
)
_DECIDED = "the right was decided on the level"


@dataclass(frozen=True, slots=True)
class Setup:
    """How a provider is set up. An empty secret keeps the one that is there."""

    name: str
    issuer: str
    client_id: str
    domains: Sequence[str]
    secret: str = ""
    authority: str = ""  # PEM
    only_way: bool = False
    enabled: bool = True


def provider_at(by: Acting, node: Node) -> IdentityProvider | None:
    """The provider of a level, for whoever administers people there."""
    return IdentityProvider.objects.visible_to(by, PEOPLE).filter(node=node).first()


@operation(PEOPLE)
def set_up(work: Work, node: Node, given: Setup) -> IdentityProvider:
    """Set up the provider of a reseller, or change it."""
    refuse_in_sample(work)
    if node.kind != Kind.RESELLER:
        raise Invalid("wrong-kind", _("Only a reseller has an identity provider."))
    rows = IdentityProvider.objects.everything(_DECIDED).select_for_update(of=("self",))
    row = rows.filter(node=node).first()
    values = _checked(given, work.at, has_secret=row is not None)
    before = _told(row) if row else {}
    if row is None:
        row = IdentityProvider(node=node)
    elif row.issuer != values["issuer"]:
        # Names that another issuer gave mean nothing here: everybody links anew.
        SocialAccount.objects.filter(provider=row.key).delete()
    for name, value in values.items():
        setattr(row, name, value)
    if given.secret:
        row.sealed_secret = seal(given.secret.strip())
    row.changed_at = work.at
    row.save()
    work.record(node, "identity.set-up", before=before, after=_told(row))
    return row


@operation(PEOPLE)
def remove(work: Work, node: Node) -> None:
    """People of the level log in by themselves again; those who never had a password ask for one by mail."""
    row = (
        IdentityProvider.objects.everything(_DECIDED)
        .select_for_update(of=("self",))
        .filter(node=node)
        .first()
    )
    if row is None:
        return
    SocialAccount.objects.filter(provider=row.key).delete()
    work.record(node, "identity.removed", before=_told(row))
    row.delete()


@dataclass(frozen=True, slots=True)
class Tried:
    """What came out of asking a provider: whether it would work, and the sentence about it."""

    works: bool
    text: str


def try_out(by: Acting, node: Node) -> Tried:
    """Ask the provider what it says of itself and for its keys."""
    row = provider_at(by, node)
    if row is None:
        return Tried(False, gettext("Nothing is set up yet."))
    session = OutwardSession(row.authority)
    try:
        found = session.get(row.issuer.rstrip("/") + DISCOVERY)
        if found.status_code != 200:
            return Tried(
                False, gettext("The provider answers with %(number)s.") % {"number": found.status_code}
            )
        configuration = checked_configuration(found.json(), row.issuer)
        keys = session.get(configuration["jwks_uri"]).json()["keys"]
    except OAuth2Error as error:
        return Tried(
            False, gettext("What the provider says of itself does not fit: %(fault)s") % {"fault": error}
        )
    except requests.exceptions.SSLError:
        return Tried(
            False,
            gettext(
                "The certificate of the provider was signed by nobody who is known here. If it has an authority of"
                " its own, enter that one's certificate."
            ),
        )
    except PrivateAddress:
        return Tried(False, str(_PRIVATE))
    except requests.JSONDecodeError:
        return Tried(False, gettext("The provider does not answer as one of OpenID Connect does."))
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return Tried(False, gettext("The provider does not answer at this address."))
    if not any(str(key.get("alg", "RS256")) in ALGORITHMS for key in keys if isinstance(key, dict)):
        return Tried(False, gettext("The provider has no key with which we could check its answers."))
    return Tried(True, gettext("The provider answers as it should. Now log in once by it to see the rest."))


@own_operation("the link in the mail to the address is the proof; the provider is asked again at the login")
def link(work: Work, row: IdentityProvider, uid: str, email: str, name: str, language: str) -> Person:
    """Link what the provider calls somebody with the account of this address, which was confirmed by its mail.

    Who has no account and is invited gets one, without a password.
    """
    person = Person.objects.select_for_update().filter(email=email).first()
    if not may_reach(row, email, person):
        raise Conflict("not-known-here", _("Nobody with this address has access there, or is invited."))
    other = SocialAccount.objects.filter(provider=row.key, uid=uid).select_related("user").first()
    if other is not None and (person is None or other.user_id != person.pk):
        raise Conflict("linked-already", _("This login already belongs to another account."))
    if person is None:
        shown = one_line(name)[:120] or email.partition("@")[0]
        person = Person.objects.create_user(email, None, name=shown, language=language)
        EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    SocialAccount.objects.filter(provider=row.key, user=person).exclude(uid=uid).delete()
    SocialAccount.objects.get_or_create(provider=row.key, uid=uid, defaults={"user": person})
    work.record(row.node, "identity.linked", after={"person": email, "name": row.name})
    told = {"name": row.name, "level": row.node.name}
    tell(
        person,
        SECURITY,
        lambda: gettext("Your account is linked with “%(name)s”") % told,
        lambda: [gettext("You can now log in by “%(name)s”. Such a login reaches “%(level)s” only.") % told],
    )
    return person


def _checked(given: Setup, at: datetime, *, has_secret: bool) -> dict[str, Any]:
    faults: dict[str, list[object]] = {}
    name, issuer, client_id = one_line(given.name), given.issuer.strip().rstrip("/"), given.client_id.strip()
    if not name or len(name) > 60:
        faults["name"] = [_("Please enter a name of at most 60 characters.")]
    if len(issuer) > 300 or not may_ask(issuer) or "?" in issuer or "#" in issuer:
        faults["issuer"] = [_("Please enter an address that begins with https://.")]
    elif is_closed(issuer):
        faults["issuer"] = [_PRIVATE]
    if not client_id or len(client_id) > 200:
        faults["client_id"] = [_("Please enter what the provider calls this portal.")]
    if not given.secret.strip() and not has_secret:
        faults["secret"] = [_("Please enter the secret that the provider shows.")]
    domains = list(dict.fromkeys(each.strip().lower().lstrip("@") for each in given.domains if each.strip()))
    if not domains or len(domains) > MOST_DOMAINS:
        faults["domains"] = [_("Please enter between 1 and 20 domains.")]
    elif wrong := next((each for each in domains if not _DOMAIN.fullmatch(each) or len(each) > 250), None):
        faults["domains"] = [_("“%(domain)s” is not a domain.") % {"domain": wrong[:80]}]
    authority = ""
    try:
        authority = checked_authority(given.authority, at)
    except NoAuthority as fault:
        faults["authority"] = [fault.sentence]
    if faults:
        raise Invalid("provider-wrong", _("Some fields are wrong."), faults)
    return {
        "name": name,
        "issuer": issuer,
        "client_id": client_id,
        "domains": domains,
        "authority": authority,
        "only_way": given.only_way,
        "enabled": given.enabled,
    }


def _told(row: IdentityProvider) -> dict[str, Any]:
    """For the journal; the secret never."""
    return {
        "name": row.name,
        "issuer": row.issuer,
        "domains": row.domains,
        "authority": [each.fingerprint for each in authorities_in(row.authority)],
        "only_way": row.only_way,
        "enabled": row.enabled,
    }
