"""The mail to both sides when a site leaves a link without anybody at the link's level having taken it out."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.links.membership import Why
from furka.links.models import Link
from furka.people.notices import Notice, register, tell
from furka.tree.models import Node
from furka.tree.notices import address, owners_of
from furka.tree.operation import Work

LINKS = register(
    Notice(
        "links",
        gettext_lazy("A site leaves a link between sites"),
        gettext_lazy("For example since it was moved, or since its owner no longer allows it."),
    )
)

#: So many sites are named in one mail.
MOST_NAMED = 20


def tell_left(work: Work, link: Link, sites: Sequence[Node], why: Why) -> None:
    """The owners of the link's level and of the sites are told which left and why; not whoever did it."""
    about = {"link": link.name, "level": link.node.name}
    names = [site.name for site in sites[:MOST_NAMED]]

    def lines() -> list[str]:
        more = [_("and others")] if len(sites) > MOST_NAMED else []
        return [
            _("These sites have left the link “%(link)s” of “%(level)s”:") % about,
            *(f"- {name}" for name in (*names, *more)),
            "",
            str(why.label),
            _("Nothing passes between them and the other sites of the link any more. The others go on."),
            _("A site comes back only when somebody adds it again:"),
            address(f"/levels/{link.node.key}/"),
        ]

    for owner in owners_of([link.node, *sites], work.at):
        if owner.pk != work.by.person_id:
            tell(owner, LINKS, lambda: _("Sites have left the link “%(link)s”") % about, lines)
