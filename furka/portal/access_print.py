"""The answers to "who has access?" on paper, for an audit: each print carries the hash that the journal keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from furka.access.rights import Right
from furka.people.models import Person
from furka.portal import words
from furka.portal.access_words import AccessShown
from furka.reports.paper import Column, Paper, PaperWords
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.noted_since import not_noted_before
from furka.tree.records import Record

#: The fonts that the pages use, too.
FONTS = Path(__file__).parent / "static" / "vendor"


def paper_words() -> PaperWords:
    """What every paper says by itself."""
    return PaperWords(
        language=get_language() or "de",
        page=_("Page {number} of {count}"),
        nothing=_("Nobody."),
    )


def printed(
    by: Acting,
    node: Node,
    moment: datetime,
    record: Record,
    accesses: Sequence[AccessShown],
    *,
    person: Person | None = None,
    right: Right | None = None,
) -> bytes:
    """The answer as a PDF."""
    if person is None:
        title = _("Who has access to %(name)s?") % {"name": node.name}
    else:
        title = _("What can %(name)s reach?") % {"name": person}
    digest = record.hash
    foot = _("Furka · %(name)s · checksum %(hash)s") % {"name": node.name, "hash": digest[:16]}
    paper = Paper(FONTS, paper_words(), title, foot=foot, at=by.at, wide=True)
    facts = [(str(Kind(node.kind).label), node.name)]
    if person is not None:
        facts.append((_("Person"), f"{person}, {person.email}"))
    facts.append((_("As it was on"), words.moment(moment, node.time_zone, named=True)))
    if right is not None:
        facts.append((_("Only who may"), _(right.title)))
    facts += [
        (_("Asked by"), by.name),
        (_("Printed on"), words.moment(by.at, node.time_zone, named=True)),
        (_("Accesses"), words.number(len(accesses))),
        (_("Checksum"), digest),
    ]
    paper.facts(facts)
    paper.table(_columns(person is not None), [_row(each, person is not None) for each in accesses])
    since = not_noted_before(node, moment)
    if since is not None:
        paper.paragraph(not_noted(since, node.time_zone))
    paper.paragraph(
        _(
            "The journal of this level keeps the checksum. Enter it on the page “Who has access?” to see whether"
            " this print is genuine."
        )
    )
    return paper.finished()


def not_noted(since: datetime, zone: str) -> str:
    """What an answer about an early moment can not know."""
    return _(
        "Before %(moment)s it was not noted which levels were in the archive or deleted for a while, nor who had a"
        " second factor for a while. Such gaps are missing in this answer."
    ) % {"moment": words.moment(since, zone, named=True)}


def _columns(of_person: bool) -> list[Column]:
    first = Column(_("Level"), 20) if of_person else Column(_("Person"), 20)
    rest = Column(_("Sites"), 6) if of_person else Column(_("Through"), 16)
    return [
        first,
        rest,
        Column(_("May do"), 30),
        Column(_("Because"), 20),
        Column(_("Access hours"), 16),
        Column(_("From"), 13),
        Column(_("Until"), 13),
    ]


def _row(each: AccessShown, of_person: bool) -> list[str]:
    access = each.access
    zone = access.time_zone
    level = f"{each.level_kind} {access.level_name}"
    first = level if of_person else f"{access.name}\n{access.email}"
    rest = ("" if each.sites is None else words.number(each.sites)) if of_person else level
    rights = each.role if each.role == each.rights else f"{each.role}: {each.rights}"
    return [
        first,
        rest,
        f"{rights}\n{each.part}" if each.part else rights,
        each.because,
        "\n".join(each.hours) or _("around the clock"),
        words.moment(access.valid_from, zone),
        each.until,
    ]
