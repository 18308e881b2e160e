"""Several invitations in one step: several people to one level, or one person to several levels; all or none."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from furka.access.rights import PEOPLE
from furka.errors import Conflict, Invalid
from furka.tree.granting import Terms, invite
from furka.tree.grants import Grant
from furka.tree.letters import send_invitations
from furka.tree.models import Node
from furka.tree.operation import Work, operation, own_operation
from furka.tree.queries import invitation_secret

#: So many are invited together at most.
MOST_PEOPLE = 50
MOST_LEVELS = 500


@operation(PEOPLE)
def invite_several(work: Work, node: Node, emails: Sequence[str], terms: Terms) -> list[Grant]:
    """Let several people in to one level on the same terms; each gets a mail of their own."""
    wanted = list(dict.fromkeys(email.strip().lower() for email in emails if email.strip()))
    if not wanted:
        raise Invalid.at("email", "email-missing", _("Please enter an e-mail address."))
    if len(wanted) > MOST_PEOPLE:
        raise Invalid.at("email", "too-many-addresses", _("At most 50 addresses at once."))
    if len(wanted) == 1:
        return [invite(work.by, node, wanted[0], terms)]
    made = []
    for email in wanted:
        try:
            made.append(invite(work.by, node, email, terms))
        except Conflict as error:
            raise Invalid.at("email", error.code, format_lazy("{}: {}", email, error.message)) from None
        except Invalid as error:
            if "email" not in error.fields:
                raise
            raise Invalid.at("email", error.code, format_lazy("{}: {}", email, error.message)) from None
    return made


@own_operation("each invitation is decided at its own level")
def invite_everywhere(work: Work, nodes: Sequence[Node], email: str, terms: Terms) -> list[Grant]:
    """Let one person in to several levels on the same terms; they get one mail with all the links."""
    if not nodes:
        raise Invalid("none-chosen", _("Choose at least one level."))
    if len(nodes) > MOST_LEVELS:
        raise Invalid("too-many", _("At most 500 at once."))
    made = []
    for node in nodes:
        try:
            made.append(invite(work.by, node, email, terms, mailed=False))
        except Conflict as error:
            raise Conflict(error.code, format_lazy("{}: {}", node.name, error.message)) from None
    send_invitations([(grant, invitation_secret(grant.series) or "") for grant in made], work.by.name)
    return made
