"""Named reads of connection tests."""

from __future__ import annotations

from furka.access.rights import LOOK
from furka.tree.acting import Acting
from furka.trials.models import Trial
from furka.tunnel.models import Hub


def own_trial(by: Acting, key: str) -> Trial | None:
    """A test that the one who acts has made, as long as they may see the site."""
    if by.person_id is None or by.looks_only:
        return None
    rows = Trial.objects.visible_to(by, LOOK).filter(key=key, asked_by_id=by.person_id)
    return rows.select_related("person", "device", "node").first()


def is_waiting(hub: Hub) -> bool:
    """Whether somebody waits for this hub to test something; asked for every question of a hub, so it costs little."""
    rows = Trial.objects.everything("a hub asks what to do").filter(gateway__hub=hub, handed_at=None)
    return rows.exists()
