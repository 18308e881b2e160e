"""The mail to owners when somebody enters a site of theirs for the first time, or again after a while."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.access.policy import owner_among
from furka.connections.models import Connection
from furka.people.models import Person
from furka.people.notices import Notice, register, tell
from furka.tree.holdings import held_by
from furka.tree.models import Node
from furka.tree.notices import address, moment, owners_of
from furka.tree.operation import Work

#: Whoever was not there for so long enters for the first time again.
FORGOTTEN_AFTER = timedelta(days=30)

FIRST_ACCESS = register(
    Notice(
        "first-access",
        gettext_lazy("Somebody enters a site of mine for the first time"),
        gettext_lazy("Or again after 30 days. Not for my own staff. Only if you choose it here."),
        chosen_only=True,
    )
)

_REASON = "whether somebody was there lately"


def tell_first_access(work: Work, connection: Connection, person: Person, site: Node) -> None:
    """Owners who chose it are told that somebody from outside has entered. Part of an operation."""
    since = connection.began_at - FORGOTTEN_AFTER
    before = Connection.objects.everything(_REASON).filter(node=site, person=person, began_at__gte=since)
    if before.exclude(pk=connection.pk).exists() or _is_of_owners(person, site, work):
        return
    name, who, began = site.name, str(person), connection.began_at

    def lines() -> list[str]:
        entered = _("%(person)s has entered “%(name)s”: %(moment)s.") % {
            "person": f"{who} <{person.email}>",
            "name": name,
            "moment": moment(began, site),
        }
        return [entered, "", _("Who is in there now:"), address(f"/levels/{site.key}/connections/")]

    for owner in owners_of([site], work.at):
        if owner.pk != person.pk:
            tell(owner, FIRST_ACCESS, lambda: _("First access to “%(name)s”") % {"name": name}, lines)


def _is_of_owners(person: Person, site: Node, work: Work) -> bool:
    return any(held.staff and owner_among(held.place, site.place) for held in held_by(person.pk, work.at))
