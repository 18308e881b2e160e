"""The mail to somebody whose access was changed, paused or resumed by somebody else: what, by whom, until when."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.access.rights import LOOK, RIGHTS
from furka.people.notices import ACCESS_CHANGED, tell
from furka.tree.grants import Grant, State
from furka.tree.letters import until_in_words
from furka.tree.notices import address, moment
from furka.tree.operation import Work
from furka.tree.week_words import hours_in_words

_SUBJECTS: dict[str, Promise] = {
    "grant.changed": gettext_lazy("Your access to “%(name)s” was changed"),
    "grant.extended": gettext_lazy("Your access to “%(name)s” was extended"),
    "grant.paused": gettext_lazy("Your access to “%(name)s” is paused"),
    "grant.resumed": gettext_lazy("Your access to “%(name)s” is open again"),
}
_FIRST: dict[str, Promise] = {
    "grant.changed": gettext_lazy("%(person)s has changed your access to “%(name)s”."),
    "grant.extended": gettext_lazy("%(person)s has extended your access to “%(name)s”."),
    "grant.paused": gettext_lazy(
        "%(person)s has paused your access to “%(name)s”. For now you can not enter."
    ),
    "grant.resumed": gettext_lazy("%(person)s has opened your access to “%(name)s” again, as it was."),
}


def tell_changed(work: Work, before: Grant, after: Grant, action: str) -> None:
    """Tell whose access it is; not whoever changes their own, nor of what makes no difference to them."""
    person = after.person
    if person is None or after.state == State.INVITED or person.pk == work.by.person_id:
        return
    about = {"person": work.by.name, "name": after.node.name}
    if (
        before.state == after.state
        and before.valid_until == after.valid_until
        and not _differences(before, after)
    ):
        return

    def lines() -> Sequence[str]:
        found = [str(_FIRST[action]) % about, *_differences(before, after)]
        if action != "grant.paused":
            found.append(_("Your access is valid %(until)s.") % {"until": until_in_words(after)})
        return [*found, "", _("What you may enter now:"), address("/access/")]

    tell(person, ACCESS_CHANGED, lambda: str(_SUBJECTS[action]) % about, lines)


def _differences(before: Grant, after: Grant) -> list[str]:
    """What is different, each in a sentence. How far it may be passed on and what it is called concern others."""
    found = []
    if before.rights != after.rights:
        titles = [_(right.title) for right in RIGHTS.all() if right.key in after.rights and right != LOOK]
        found.append(_("You may now: %(rights)s") % {"rights": ", ".join(titles or [_(LOOK.title)])})
    if before.windows != after.windows:
        hours = "; ".join(hours_in_words(after.windows)) or _("around the clock")
        found.append(_("Access hours: %(hours)s") % {"hours": hours})
    if before.valid_from != after.valid_from:
        found.append(_("It begins %(moment)s.") % {"moment": moment(after.valid_from, after.node)})
    if before.on_request != after.on_request:
        asks = _("From now on somebody must say yes to each access.")
        found.append(asks if after.on_request else _("From now on you need not ask each time."))
    if before.reason != after.reason and after.reason:
        found.append(_("Reason: %(reason)s") % {"reason": after.reason})
    return found
