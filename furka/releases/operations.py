"""Changes: prepare a supporter for a site, take that back, and let them in when somebody on the spot says so."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from furka.access.rights import PEOPLE
from furka.errors import Conflict, Invalid, Refused
from furka.people.models import Person
from furka.releases.codes import hash_of, hashes_of, is_code, new_pin
from furka.releases.models import PreparedRelease
from furka.tree.answering import let_in_at_the_site, refuse_who_may_not_answer, rights_to_release
from furka.tree.holdings import of_person
from furka.tree.models import Kind, Node
from furka.tree.operation import Work, operation, own_operation
from furka.tree.requests import AccessRequest

LONGEST_MINUTES = 24 * 60
_MOST_TRIES = 20

_ROW = "a code at the site is the proof"


@operation(PEOPLE)
def prepare(work: Work, site: Node, person: Person, minutes: int) -> tuple[PreparedRelease, str]:
    """Somebody at the site may let this supporter in from now on, each time for so many minutes.

    Returns the row and the PIN, which is told this once. Whoever is prepared already gets a new PIN; the old one ends.
    """
    if site.kind != Kind.SITE:
        raise Invalid.at("person", "not-a-site", _("People are let in at sites."))
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise Invalid.at("minutes", "duration-out-of-range", _("Between one minute and a day."))
    asker = of_person(person, work.at, "release")
    rights = rights_to_release(asker, site)
    if not rights:
        text = _(
            "For this person nothing has to be released here: choose a supporter whose access needs a yes."
        )
        raise Invalid.at("person", "nothing-to-release", text)
    refuse_who_may_not_answer(work.by, site, rights, person.pk)
    _end(work, site, person.pk)
    row, pin = _with_a_free_pin(work, site, person, minutes)
    work.record(site, "release.prepared", after=_told(row))
    return row, pin


@operation(PEOPLE)
def take_back(work: Work, release: PreparedRelease) -> None:
    """Nobody at the site may let this supporter in any more; an access that runs goes on."""
    if _end(work, release.node, release.person_id):
        work.record(release.node, "release.taken-back", before=_told(release))


@own_operation("the gateway's token and a code of somebody who is prepared are the proof")
def release(work: Work, site: Node, code: str) -> AccessRequest:
    """Let the supporter in to whom a PIN or a code read over the phone belongs. Raises Refused, Conflict."""
    row = _of_code(work, site, code)
    if row is None:
        raise Refused("release-unknown", _("This PIN or code does not count here."))
    preparer = of_person(row.prepared_by, work.at, "release")
    asker = of_person(row.person, work.at, "release")
    request = let_in_at_the_site(work, asker, preparer, site, row.minutes)
    row.used_at = work.at
    row.save(update_fields=["used_at"])
    return request


@own_operation("that somebody guesses is noted, whoever it is")
def note_wrong_code(work: Work, site: Node) -> None:
    """Somebody at the site showed a code that counts for nothing."""
    work.record(site, "release.refused")


def _of_code(work: Work, site: Node, code: str) -> PreparedRelease | None:
    rows = PreparedRelease.objects.everything(_ROW).filter(node=site, ended_at=None)
    hashes = set(hashes_of(site.pk, code))
    live = list(rows.select_for_update(of=("self",)).select_related("person", "prepared_by"))
    found = [row for row in live if (row.pin_hash in hashes) | is_code(row.key, work.at, code)]
    return found[0] if len(found) == 1 else None


def _end(work: Work, site: Node, person_id: int) -> bool:
    rows = PreparedRelease.objects.everything(_ROW).filter(node=site, person_id=person_id, ended_at=None)
    return bool(rows.update(ended_at=work.at))


def _with_a_free_pin(work: Work, site: Node, person: Person, minutes: int) -> tuple[PreparedRelease, str]:
    for _try in range(_MOST_TRIES):
        pin = new_pin()
        try:
            with transaction.atomic():
                row = PreparedRelease.objects.create(
                    node=site,
                    person=person,
                    pin_hash=hash_of(site.pk, pin),
                    minutes=minutes,
                    prepared_at=work.at,
                    prepared_by_id=work.acting_person_id,
                )
        except IntegrityError:
            continue  # somebody else has this PIN here
        return row, pin
    raise Conflict("no-pin-left", _("No free PIN was found. Please try again."))


def _told(row: PreparedRelease) -> dict[str, object]:
    return {"person": row.person.email, "minutes": row.minutes}
