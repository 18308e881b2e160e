"""Connecting with a confirmation: no door without one, and it ends by time, by a pause, or by whoever ends it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import auth as recovery
from allauth.mfa.totp.internal import auth as totp
from django.http import HttpRequest
from django.test import Client

from furka.access.policy import Reason
from furka.connections.models import Connection
from furka.connections.operations import end_connection
from furka.connections.upkeep import close_lost, end_idle_sessions
from furka.dispatch.models import PlanEntry
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import requesting, sessions
from furka.tree.accesses import who_may
from furka.tree.ceilings import CeilingTerms, set_ceiling
from furka.tree.models import Node
from furka.tree.operation import program
from furka.tree.own_limits import held_back
from furka.tree.requesting import Wish
from furka.tunnel.models import Hub
from tests.api.caller import as_person
from tests.portal.pages import page, text_of, url
from tests.world import NOW, World, a_connection, by

pytestmark = pytest.mark.usefixtures("fake_clock")

RIGHTS = (USE_REMOTE_ACCESS,)
MINUTE = timedelta(minutes=1)


def asks(world: World, **terms: object) -> None:
    """The owner of our customer wants connections to be confirmed."""
    usual: dict[str, object] = {"confirm": [USE_REMOTE_ACCESS.key], "confirm_reason": True}
    set_ceiling(by(world.karl), world.ours.customer, CeilingTerms(**{**usual, **terms}))  # type: ignore[arg-type]


def doors(site: Node, *people: Person) -> int:
    rows = PlanEntry.objects.filter(gone=False, site_id=site.pk, person_id__in=[each.pk for each in people])
    return rows.filter(key__startswith="door/").count()


def actions(*beginnings: str) -> Collection[str]:
    rows = Event.objects.filter(action__startswith="session.").order_by("id")
    return list(rows.values_list("action", flat=True))


def test_no_door_before_one_after_and_none_when_it_is_over(world: World) -> None:
    school = world.ours.school
    asks(world)
    assert doors(school, world.sonja, world.rita) == 0
    assert doors(world.ours.depot, world.rita) == 1
    [waits] = held_back(by(world.sonja), USE_REMOTE_ACCESS)
    assert (waits.node, waits.reason) == (school, Reason.UNCONFIRMED)

    row = sessions.connect(by(world.sonja), school, RIGHTS, "Pumpe prüfen")
    assert (row.ends_at, doors(school, world.sonja), doors(school, world.rita)) == (
        NOW + timedelta(hours=8),
        1,
        0,
    )
    assert school in Node.objects.visible_to(by(world.sonja), USE_REMOTE_ACCESS)
    assert sessions.connect(by(world.sonja), school, RIGHTS, "noch einmal").key == row.key
    entry = PlanEntry.objects.get(gone=False, person_id=world.sonja.pk, key__startswith="door/")
    assert entry.not_after == min(row.ends_at, by(world.sonja).held[0].interval.ends_at or row.ends_at)

    sessions.disconnect(by(world.sonja), row.key)
    sessions.disconnect(by(world.sonja), row.key)
    assert doors(school, world.sonja) == 0
    assert actions() == ["session.begun", "session.ended"]
    assert Event.objects.get(action="session.begun").after["reason"] == "Pumpe prüfen"


def test_owners_people_confirm_as_well_and_administer_without(world: World) -> None:
    asks(world, confirm_reason=False)
    karl = by(world.karl)
    assert karl.decide(USE_REMOTE_ACCESS, world.ours.school.place).reason is Reason.UNCONFIRMED
    sessions.connect(karl, world.ours.school, RIGHTS)
    assert by(world.karl).may(USE_REMOTE_ACCESS, world.ours.school.place)
    assert not by(world.karl).may(USE_REMOTE_ACCESS, world.ours.customer.place)


def test_what_the_owner_asks_for_is_asked(world: World) -> None:
    school = world.ours.school
    with pytest.raises(Conflict):
        sessions.connect(by(world.sonja), school, RIGHTS)
    asks(world, confirm_factor=True)
    with pytest.raises(Invalid) as missing:
        sessions.connect(by(world.sonja), school, RIGHTS, " ")
    assert missing.value.code == "reason-missing"
    with pytest.raises(Refused) as refused:
        sessions.connect(by(world.sonja), school, RIGHTS, "Pumpe")
    assert refused.value.code == "factor-needed"
    with pytest.raises(Refused) as no_right:
        sessions.connect(by(world.max), school, RIGHTS, "Neugier", proven=True)
    assert no_right.value.code == Reason.RIGHT_MISSING
    with pytest.raises(NotThere):
        sessions.connect(by(world.nora), school, RIGHTS, "Neugier", proven=True)
    sessions.connect(by(world.sonja), school, RIGHTS, "Pumpe", proven=True)
    assert doors(school, world.sonja) == 1


def test_a_pause_ends_it_and_so_does_its_longest_time(world: World) -> None:
    school = world.ours.school
    asks(world, idle_minutes=10, longest_minutes=60)
    sessions.connect(by(world.sonja), school, RIGHTS, "Pumpe")

    def look(minutes: int) -> int:
        return end_idle_sessions(program("worker", NOW + minutes * MINUTE))

    assert look(9) == 0
    a_connection(world, 60)  # goes on
    assert look(30) == 0
    Connection.objects.everything("a test").update(ended_at=NOW + 25 * MINUTE)
    assert (look(34), doors(school, world.sonja)) == (0, 1)
    assert (look(35), doors(school, world.sonja)) == (1, 0)
    sessions.connect(by(world.sonja, NOW + 36 * MINUTE), school, RIGHTS, "Pumpe")
    Connection.objects.everything("a test").update(ended_at=None)
    assert (look(95), look(96), look(97)) == (0, 1, 0)
    because = [row.after["because"] for row in Event.objects.filter(action="session.ended").order_by("id")]
    assert because == ["idle", "time"]


def test_whoever_is_kept_out_has_no_session_any_more(world: World) -> None:
    school = world.ours.school
    asks(world)
    sessions.connect(by(world.sonja), school, RIGHTS, "Pumpe")
    end_connection(by(world.karl), a_connection(world), 15 * MINUTE)
    assert sessions.sessions_at(by(world.karl), school) == []
    later = by(world.sonja, NOW + 15 * MINUTE)
    assert later.decide(USE_REMOTE_ACCESS, school.place).reason is Reason.UNCONFIRMED


def test_other_terms_ask_anew_and_lifting_them_opens(world: World) -> None:
    school = world.ours.school
    asks(world)
    sessions.connect(by(world.sonja), school, RIGHTS, "Pumpe")
    asks(world, confirm_factor=True)
    assert doors(school, world.sonja) == 0
    set_ceiling(by(world.karl), world.ours.customer, CeilingTerms())
    assert doors(school, world.sonja) == 1


def test_terms_that_make_no_sense_are_refused(world: World) -> None:
    for wrong in (
        {"idle_minutes": 0},
        {"idle_minutes": 61, "longest_minutes": 60},
        {"longest_minutes": 1441},
    ):
        with pytest.raises(Invalid):
            asks(world, **wrong)
    with pytest.raises(Invalid):
        set_ceiling(by(world.rita), world.ours.reseller, CeilingTerms(confirm=["connect.use"]))


def test_whoever_can_let_themselves_in_has_access_and_nothing_to_ask_for(world: World) -> None:
    asks(world)
    found = who_may(by(world.karl), world.ours.school, NOW)
    assert "Sonja" in {each.name for each in found if USE_REMOTE_ACCESS.key in each.rights}
    with pytest.raises(Conflict) as already:
        requesting.ask(by(world.sonja), world.ours.school, Wish((USE_REMOTE_ACCESS.key,), 60, "Störung"))
    assert already.value.code == "may-already"


def test_connections_that_a_hub_lost_are_closed(world: World) -> None:
    a_connection(world)
    at = NOW + 20 * MINUTE
    assert close_lost(program("worker", at)) == 0  # a silent hub may still have it
    Hub.objects.update(seen_at=at)
    assert close_lost(program("worker", at)) == 1
    assert Connection.objects.everything("a test").get().ended_at == NOW


def test_program_shows_the_factor_by_a_code(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asks(world, confirm_factor=True)
    path, sonja = f"/sites/{world.ours.school.key}/confirmation", as_person(world.sonja)

    def sent(code: str, reason: str = "Pumpe") -> str:
        answer = sonja.post(path, {"reason": reason, "code": code})
        return "" if answer.status == 201 else str(answer.body["code"])

    assert sent("123456") == "factor-needed"  # there is none
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: 3000.0))
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(world.sonja, secret)
    right = totp.format_hotp_value(totp.hotp_value(secret, 3000 // 30))
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    assert (sent(""), sent(right, " "), sent(wrong)) == ("factor-needed", "reason-missing", "code-wrong")
    assert sent(f"{right[:3]} {right[3:]}") == ""
    [row] = sessions.own_sessions(by(world.sonja))
    assert row.with_factor
    sessions.disconnect(by(world.sonja), row.key)
    assert sent(right) == "code-wrong"  # each is good for once
    [spare, *_] = recovery.RecoveryCodes.activate(world.sonja).get_unused_codes()
    assert sent(spare) == ""
    sessions.disconnect(by(world.sonja), sessions.own_sessions(by(world.sonja))[0].key)
    assert [sent(wrong) for _ in range(4)][-2:] == ["code-wrong", "too-many-codes"]
    assert sent(right) == "too-many-codes"


def shows_second_factor(client: Client, person: Person) -> None:
    """As the account library notes it, by its own clock."""
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, person, "mfa", type="totp")
    request.session.save()


def test_page_asks_for_reason_and_factor_and_connects(world: World, client: Client) -> None:
    school = world.ours.school
    asks(world, confirm_factor=True)
    assert f"{url(school)}connect/" in text_of(page(client, world.sonja, url(school)))
    assert "Confirm to connect" in text_of(page(client, world.sonja, "/access/"))
    assert "First set up a second factor" in text_of(page(client, world.sonja, url(school, "connect/")))
    Authenticator.objects.create(user=world.sonja, type=Authenticator.Type.TOTP, data={})
    assert "reauthenticate/?next=" in text_of(page(client, world.sonja, url(school, "connect/")))
    sent = client.post(url(school, "connect/"), {"reason": "Pumpe"})
    assert (sent.status_code, "reauthenticate" in sent["Location"]) == (302, True)

    shows_second_factor(client, world.sonja)
    assert client.post(url(school, "connect/"), {"reason": ""}).status_code == 422
    assert client.post(url(school, "connect/"), {"reason": "Pumpe"}).status_code == 302
    [row] = sessions.own_sessions(by(world.sonja))
    assert row.with_factor
    assert "Pumpe" in text_of(page(client, world.sonja, "/access/"))
    assert "Disconnect" in text_of(page(client, world.sonja, url(school, "connect/")))
    assert client.post(f"/access/confirmations/{row.key}/end/").status_code == 302
    assert sessions.own_sessions(by(world.sonja)) == []
