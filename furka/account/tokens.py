"""The end of all API tokens of somebody at once."""

from __future__ import annotations

from furka.people.models import ApiToken
from furka.tree.operation import Work, own_operation
from furka.tree.queries import operator


@own_operation("everybody may end their own tokens")
def end_tokens(work: Work) -> int:
    """All tokens of the one who acts work no longer; how many ended."""
    live = ApiToken.objects.select_for_update().filter(
        person_id=work.acting_person_id, revoked_at=None, expires_at__gt=work.at
    )
    rows = list(live.order_by("pk"))
    for token in rows:
        token.revoked_at = work.at
        token.save(update_fields=["revoked_at"])
        work.record(operator(), "token.revoked", before={"token": token.key, "name": token.name})
    if rows:
        work.tell_person(work.acting_person_id, "token")
    return len(rows)
