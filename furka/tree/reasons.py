"""The sentences behind the policy's reasons, for people."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from furka.access.delegation import Excess
from furka.access.policy import Reason
from furka.access.rights import Right

_TEXTS: Mapping[str, Promise] = {
    Reason.NOT_VISIBLE: gettext_lazy("This does not exist, or you may not see it."),
    Reason.LIMITED: gettext_lazy("The access token does not allow this."),
    Reason.ARCHIVED: gettext_lazy("This level is archived. Restore it first."),
    Reason.TWO_FACTOR: gettext_lazy(
        "This level asks for a second factor. Please set one up in your account."
    ),
    Reason.CEILING: gettext_lazy("The owner of this level does not leave this to others."),
    Reason.CEILING_HOURS: gettext_lazy("The owner of this level leaves this to others at other hours."),
    Reason.APPROVAL: gettext_lazy(
        "The owner of this level wants to be asked each time. Please request access."
    ),
    Reason.UNCONFIRMED: gettext_lazy(
        "Before each connection you confirm here in the portal that you connect."
    ),
    Reason.KEPT_OUT: gettext_lazy("Your access to this site was ended for a while."),
    Reason.NARROWED: gettext_lazy(
        "You may do this at the site, but not with this device or not on this port."
    ),
    "lock-out-two-factor": gettext_lazy(
        "You would lock yourself out. Set up a second factor for yourself first."
    ),
    Reason.NOT_NOW: gettext_lazy("You may do this at other times, but not now."),
    Reason.RIGHT_MISSING: gettext_lazy("You do not have the right for this."),
    Excess.NO_RIGHTS: gettext_lazy("Choose at least one right."),
    Excess.ENDS_BEFORE_BEGIN: gettext_lazy("The access would end before it begins."),
    Excess.PAST: gettext_lazy("The access would begin in the past."),
    Excess.NODE: gettext_lazy("You may not invite anybody here."),
    Excess.PEOPLE: gettext_lazy("You may not administer people here."),
    Excess.STAFF: gettext_lazy("The owner limits others here: you can let in supporters, but no staff."),
    Excess.RIGHTS: gettext_lazy("You can only pass on rights that you hold yourself."),
    Excess.PART: gettext_lazy("You can only pass on the devices and ports that you reach yourself."),
    Excess.TIME: gettext_lazy("You can not let anybody in for longer than you may enter yourself."),
    Excess.DEPTH: gettext_lazy("Your own access may not be passed on."),
}


def sentence(reason: str, right: Right | None = None) -> str:
    """Why something was refused, in the language of the reader."""
    text = str(_TEXTS[reason])
    if reason == Reason.RIGHT_MISSING and right is not None:
        return gettext("You do not have the right “%(right)s” here.") % {"right": gettext(right.title)}
    return text
