"""What a hub that was broken into can put into the journal."""

from __future__ import annotations

import pytest

from furka.dispatch.hubs import take_report
from furka.journal.models import Event
from furka.tree.operation import program
from furka.tunnel.models import Profile
from furka.wire.hub import AccessSeen, HubReport
from tests.world import NOW, World

pytestmark = pytest.mark.django_db


def test_why_an_access_ended_is_a_word_and_no_text_of_any_length(world: World) -> None:
    profile = Profile.objects.get(person=world.sonja)
    seen = AccessSeen(
        token="token-of-access",
        profile=profile.key,
        site_name=world.ours.school.key,
        began_at=NOW,
        ended_at=NOW,
        ended_by="closed\n\u202e" + "x" * 100_000,
    )

    take_report(program("hub", NOW), world.hub, HubReport(applied_revision=1, accesses=(seen,)))

    assert Event.objects.get(action="access.ended").after["because"] == "closed " + "x" * 13
