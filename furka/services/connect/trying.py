"""Trying it: the hub tries a device, for whoever may reach that device themselves."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from furka.catalogue.operations import settings_at
from furka.errors import Conflict, Invalid, Refused
from furka.services.connect.manifest import SERVICE, USE_REMOTE_ACCESS
from furka.services.connect.why import Question
from furka.sites.queries import gateway_of
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.reasons import sentence
from furka.tree.samples import refuse_in_sample
from furka.trials.models import Trial
from furka.trials.operations import begin


def may_try(by: Acting, question: Question) -> bool:
    """Whether somebody may have a device tried: who may reach exactly this themselves now."""
    if question.port is None or by.looks_only or by.in_sample:
        return False
    return by.decide_at(USE_REMOTE_ACCESS, question.site.place, question.spot).allowed


@operation(USE_REMOTE_ACCESS)
def try_out(work: Work, site: Node, question: Question) -> Trial:
    """Have the hub look up the doors of a person to a device, and try it.

    It goes where the one who asks may go by themselves, and nowhere else; the person asked about needs no right:
    their doors are looked up, nothing more. Raises Refused, Invalid or Conflict.
    """
    refuse_in_sample(work)
    if question.port is None:
        raise Invalid.at("port", "port-missing", _("Enter the port that is to be tried."))
    mine = work.by.decide_at(USE_REMOTE_ACCESS, site.place, question.spot)
    if not mine.allowed:
        raise Refused(mine.reason, sentence(mine.reason, USE_REMOTE_ACCESS))
    if not settings_at(work.by, site, SERVICE.key).enabled:
        raise Conflict("service-off", _("Remote access is switched off at this site."))
    gateway = gateway_of(work.by, site)
    if gateway is None:
        raise Conflict("no-gateway", _("The site has no gateway yet."))
    if gateway.cut_by:
        raise Conflict(
            "cut-at-the-plant",
            _("Somebody at the plant has cut remote access. It can only be allowed again there."),
        )
    if question.reached_at is None:
        raise Conflict(
            "in-no-network", _("The device lies in no network of this site, so it is not reached.")
        )
    return begin(
        work,
        site,
        gateway,
        question.person,
        question.device,
        question.address,
        question.reached_at,
        question.port,
    )
