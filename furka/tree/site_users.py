"""People who only use one site: links that let in whoever opens them first, and who is nothing but such a user."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from furka.access.policy import reaches
from furka.access.rights import PEOPLE
from furka.errors import Invalid
from furka.tree.acting import Acting
from furka.tree.granting import Relation, Terms, invite
from furka.tree.grants import Grant
from furka.tree.models import Kind, Node
from furka.tree.operation import Work, operation

#: How long a link can wait for whoever opens it.
LONGEST_LINK = timedelta(days=90)


@operation(PEOPLE)
def make_link(work: Work, site: Node, terms: Terms, link_until: datetime) -> Grant:
    """A link (or a code to scan) that lets in one person as a user of this site: whoever opens it first."""
    if terms.relation != Relation.SITE_USER or site.kind != Kind.SITE:
        raise Invalid.at("relation", "not-a-site-user", _("Links for anybody let in users of a site only."))
    if not work.at < link_until <= work.at + LONGEST_LINK:
        raise Invalid.at("link_until", "link-lasts", _("A link works for 90 days at most."))
    return invite(work.by, site, "", terms, link_until=link_until)


def only_uses(by: Acting, site: Node) -> bool:
    """Whether all that the one who acts holds here now makes them a user of this site, and nothing more."""
    here = [each for each in by.held if reaches(each.place.kind, each.place.id, site.place)]
    if not here or any(each.place.id != site.pk for each in here):
        return False
    rows = Grant.objects.everything("what somebody is here is asked about themselves")
    relations = rows.filter(pk__in=[each.grant_id for each in here]).values_list("relation", flat=True)
    return set(relations) == {Relation.SITE_USER}
