"""Access on request: using a yes, by a button or by a first packet; giving it back; saying what an emergency was."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from furka.access.rights import PEOPLE
from furka.errors import Conflict, Invalid
from furka.tree.acting import Acting
from furka.tree.grant_rows import end_for_good, locked
from furka.tree.holdings import of_person
from furka.tree.operation import Work, own_operation
from furka.tree.request_letters import tell_owners_why
from furka.tree.request_steps import let_in, move_on, note_one, own_row, told
from furka.tree.requests import AccessRequest, Stage
from furka.tree.texts import one_line

BATCH = 200


@own_operation("whoever got a yes may use it; it is looked at again")
def begin(work: Work, key: str) -> AccessRequest:
    """Use a yes: from this moment on the access lasts as long as it was given."""
    return _begun(work, key, "request.begun")


@own_operation("whoever got a yes uses it by their first packet; it is looked at again")
def begin_by_packet(work: Work, key: str) -> AccessRequest:
    """The same: a hub has seen the first packet of the one who acts."""
    return _begun(work, key, "request.begun-by-packet")


def _begun(work: Work, key: str, happening: str) -> AccessRequest:
    request = own_row(work, key)
    if request.stage_at(work.at) != Stage.APPROVED:
        raise Conflict("not-approved", _("There is no approval that you could use now."))
    if request.wanted_from is not None and work.at < request.wanted_from:
        raise Conflict("too-early", _("The approval counts from the moment that you asked for."))
    answered_by = request.answered_by
    if answered_by is None or not of_person(answered_by, work.at, "request").may(PEOPLE, request.node.place):
        raise Conflict(
            "approval-fell", _("Whoever said yes may not let anybody in any more. Please ask again.")
        )
    let_in(work, request, granted_by_id=answered_by.pk)
    work.record(request.node, happening, after=told(request))
    return request


@own_operation("everybody may give back what they got")
def end(work: Work, key: str) -> None:
    """Give the access back before its time is over."""
    request = own_row(work, key)
    if request.stage_at(work.at) != Stage.RUNNING:
        raise Conflict("not-running", _("This access has already ended."))
    live = locked(request.grant_series)
    if live is not None:
        end_for_good(work, live)
    request.ends_at = work.at
    move_on(work, request, Stage.OVER)


@own_operation("whoever entered in an emergency says what it was")
def justify(work: Work, key: str, text: str) -> AccessRequest:
    """Say afterwards why one had to enter in an emergency."""
    request = own_row(work, key)
    text = one_line(text)[:1000]
    if not text:
        raise Invalid.at("justification", "justification-missing", _("Please say what the emergency was."))
    if not request.waits_for_justification:
        raise Conflict("justified", _("This access needs no justification any more."))
    request.justification, request.justified_at = text, work.at
    request.save(update_fields=["justification", "justified_at"])
    work.record(request.node, "request.justified", after={**told(request), "justification": text})
    tell_owners_why(work, request)
    return request


def note_time(by: Acting) -> int:
    """Note that requests have lapsed and accesses are over; the access itself ends without anybody's doing."""
    rows = AccessRequest.objects.everything("time passes for everybody")
    due = [
        rows.filter(stage=Stage.OPEN, open_until__lte=by.at),
        rows.filter(stage=Stage.APPROVED, use_until__lte=by.at),
        rows.filter(stage=Stage.RUNNING, ends_at__lte=by.at),
    ]
    keys = [key for found in due for key in found.order_by("pk").values_list("key", flat=True)[:BATCH]]
    return sum(note_one(by, key) for key in keys)
