"""To begin a view and to end it; both stand in the journal, and the person who is seen is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy

from furka.access.rights import PEOPLE
from furka.errors import Conflict, Refused
from furka.people import notices
from furka.people.models import Person
from furka.tree.accesses import reach_of
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.operation import Work, operation, own_operation
from furka.viewing.models import Viewing
from furka.viewing.seeing import may_do_no_more, through

#: A view ends by itself after that time.
LASTS = timedelta(minutes=30)

BATCH = 100

_OWN = "a view belongs to its viewer; time ends it for everybody"


@operation(PEOPLE)
def begin(work: Work, node: Node, person: Person) -> Viewing:
    """See the portal as a person does who holds something at that level or below. They are told by mail."""
    if work.by.limit is not None or work.by.via == "api" or work.by.via.startswith("token"):
        raise Refused("page-only", gettext_lazy("This can only be done on a page."))
    if person.pk == work.by.person_id:
        raise Conflict("oneself", gettext_lazy("You see the portal as yourself already."))
    if all(access.is_inherited for access in reach_of(work.by, node, person, work.at)):
        raise Conflict(
            "nothing-to-see", gettext_lazy("This person can reach nothing at this level or below now.")
        )
    if not may_do_no_more(through(person, node, work.at), work.by):
        raise Refused(
            "sees-more",
            gettext_lazy("This person may do more here than you. You can not look through their eyes."),
        )
    viewing = Viewing.objects.create(
        node=node,
        viewer_id=work.acting_person_id,
        person=person,
        begun_at=work.at,
        until=work.at + LASTS,
    )
    _tell(work, viewing)
    work.record(node, "view.begun", after={"person": person.email, "until": viewing.until.isoformat()})
    return viewing


@own_operation("whoever looks may stop looking")
def end(work: Work, key: str) -> None:
    """Stop looking; once more is no fault."""
    rows = Viewing.objects.everything(_OWN).select_for_update(of=("self",)).select_related("node", "person")
    viewing = rows.filter(viewer_id=work.acting_person_id, key=key, ended_at=None).first()
    if viewing is not None:
        _end(work, viewing, min(work.at, viewing.until))


def end_expired(by: Acting) -> int:
    """End the views whose time is over, for the worker."""
    due = Viewing.objects.everything(_OWN).filter(ended_at=None, until__lte=by.at).order_by("until")
    return sum(_end_one(by, pk) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


@own_operation("time has passed; nobody has to allow that")
def _end_one(work: Work, viewing_id: int) -> bool:
    rows = Viewing.objects.everything(_OWN).select_for_update(of=("self",)).select_related("node", "person")
    viewing = rows.filter(pk=viewing_id, ended_at=None, until__lte=work.at).first()
    if viewing is None:
        return False
    _end(work, viewing, viewing.until)
    return True


def _end(work: Work, viewing: Viewing, at: datetime) -> None:
    viewing.ended_at = at
    viewing.save(update_fields=["ended_at"])
    work.record(
        viewing.node,
        "view.ended",
        at=at,
        after={"person": viewing.person.email, "began": viewing.begun_at.isoformat()},
    )


def _tell(work: Work, viewing: Viewing) -> None:
    node, zone = viewing.node, ZoneInfo(viewing.node.time_zone)

    def lines() -> list[str]:
        until = timezone.localtime(viewing.until, zone)
        return [
            gettext(
                "%(name)s looks at “%(level)s” in the portal as you see it, until %(moment)s at the latest."
            )
            % {"name": work.by.name, "level": node.name, "moment": date_format(until, "DATETIME_FORMAT")},
            gettext(
                "Nothing can be changed that way, and nothing of your account or of other levels is shown."
            ),
            gettext("It stands in the events of that level."),
        ]

    notices.tell(
        viewing.person,
        notices.SECURITY,
        lambda: gettext("%(name)s looks at the portal as you see it") % {"name": work.by.name},
        lines,
    )
