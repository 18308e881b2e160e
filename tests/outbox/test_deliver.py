"""Mails leave the outbox at least once, are tried again after growing pauses, and keep no secret once they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, send_mail
from django.db import transaction

from furka.clock import FakeClock
from furka.outbox.deliver import GIVE_UP_AFTER, LEASE, claim, deliver
from furka.outbox.models import Mail
from furka.tree import granting
from furka.tree.granting import Terms
from furka.vault import unseal
from tests.outbox.sink import Sink, listening
from tests.together import none_failed, together
from tests.world import NOW, World, by

SECRET = "https://portal.example.org/invitations/geheim/"
INSTANT = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def sink(settings: Any, fake_clock: FakeClock) -> Iterator[Sink]:
    """Mails go to the outbox, and from there to a server of this test's own."""
    with listening() as server:
        settings.EMAIL_BACKEND = "furka.outbox.backend.OutboxBackend"
        settings.MAIL_URL = server.url
        settings.MAIL_DOMAIN = "example.org"
        settings.DEFAULT_FROM_EMAIL = "Furka <furka@example.org>"
        yield server


def write(to: str = "sonja@example.org", subject: str = "Einladung: Schulhaus Höhe") -> Mail:
    """A mail in the outbox."""
    send_mail(subject, f"Grüezi\n\n{SECRET}\n.\n", None, [to])
    return Mail.objects.get(recipient=to, subject=subject[:300])


def taken(at: datetime) -> Mail:
    mail = claim(at)
    assert mail is not None
    return mail


def test_mail_is_sent_as_it_was_written_and_then_forgotten(database: None, sink: Sink) -> None:
    mail = write()
    assert SECRET not in mail.sealed_text
    assert SECRET in unseal(mail.sealed_text)

    assert deliver(taken(NOW), NOW)

    [sent] = sink.mails
    assert (sent["To"], sent["From"]) == ("sonja@example.org", "Furka <furka@example.org>")
    assert sent["Subject"] == "Einladung: Schulhaus Höhe"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["Date"].datetime == NOW
    assert sent.get_content().splitlines() == ["Grüezi", "", SECRET, "."]
    mail.refresh_from_db()
    assert (mail.sent_at, mail.sealed_text, mail.lease_until) == (NOW, "", None)
    assert claim(NOW + timedelta(days=9)) is None
    mail.delete()


def test_each_recipient_gets_a_mail_of_their_own(world: World, sink: Sink) -> None:
    message = EmailMultiAlternatives("Zwei", "Text", None, ["a@example.org"], cc=["b@example.org"])
    message.attach_alternative("<p>Text</p>", "text/html")
    message.send()

    while (mail := claim(NOW)) is not None:
        assert deliver(mail, NOW)

    assert sorted(sent["To"] for sent in sink.mails) == ["a@example.org", "b@example.org"]


def test_mail_waits_as_long_as_its_transaction_and_goes_with_it(world: World) -> None:
    with transaction.atomic():
        write()
        transaction.set_rollback(True)
    assert not Mail.objects.exists()

    granting.invite(by(world.rita), world.ours.school, "neu@example.org", Terms(role="viewer"))
    [mail] = Mail.objects.all()
    assert mail.recipient == "neu@example.org"


def test_failed_mail_is_tried_again_after_growing_pauses_and_not_for_ever(world: World, sink: Sink) -> None:
    sink.refuses = True
    mail, at, pauses = write(), NOW, []
    for _ in range(GIVE_UP_AFTER):
        assert not deliver(taken(at), at)
        mail.refresh_from_db()
        assert mail.last_error == "SMTPRecipientsRefused"
        assert claim(mail.due_at - INSTANT) is None
        pauses.append(mail.due_at - at)
        at = mail.due_at

    assert claim(at + timedelta(days=30)) is None
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=2), timedelta(hours=6))
    assert sum(pauses, timedelta()) > timedelta(days=2)
    assert mail.sent_at is None


def test_mail_that_failed_is_sent_when_the_server_is_back(world: World, sink: Sink, settings: Any) -> None:
    mail = write()
    settings.MAIL_URL = "smtp://127.0.0.1:1"
    assert not deliver(taken(NOW), NOW)
    settings.MAIL_URL = sink.url
    mail.refresh_from_db()

    assert deliver(taken(mail.due_at), mail.due_at)

    assert len(sink.mails) == 1
    mail.refresh_from_db()
    assert (mail.attempts, mail.last_error) == (2, "")


def test_mail_of_a_worker_that_was_killed_is_sent_by_another_after_the_lease(
    world: World, sink: Sink
) -> None:
    mail = write()
    killed = taken(NOW)

    assert claim(NOW) is None
    assert claim(NOW + LEASE) is None
    later = NOW + LEASE + INSTANT
    second = taken(later)
    assert deliver(second, later)

    assert len(sink.mails) == 1
    # The first one was only slow: what it finds out now changes nothing any more.
    sink.refuses = True
    assert not deliver(killed, later + LEASE)
    mail.refresh_from_db()
    assert (mail.sent_at, mail.attempts, mail.last_error) == (later, 2, "")


def test_mail_that_was_taken_without_a_word_is_sent_once_more_under_the_same_name(
    world: World, sink: Sink
) -> None:
    """At least once; who gets it twice can tell by its name that it is one."""
    mail = write()
    sink.dies = True
    assert not deliver(taken(NOW), NOW)
    sink.dies = False
    mail.refresh_from_db()
    assert deliver(taken(mail.due_at), mail.due_at)

    first, second = (sent["Message-ID"] for sent in sink.mails)
    assert first == second
    assert first.endswith("@example.org>")


def test_mails_go_in_the_order_in_which_they_are_due(world: World) -> None:
    for number in range(12):
        write(f"a{number}@example.org")
        Mail.objects.filter(recipient=f"a{number}@example.org").update(due_at=NOW - timedelta(minutes=number))

    assert [taken(NOW).recipient for _ in range(12)] == [
        f"a{number}@example.org" for number in reversed(range(12))
    ]


def test_long_subject_is_cut(world: World) -> None:
    assert write(subject="x" * 400).subject == "x" * 300


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_send_every_mail_once(sink: Sink) -> None:
    for number in range(15):
        write(f"a{number}@example.org")

    def work() -> int:
        done = 0
        while (mail := claim(NOW)) is not None:
            done += deliver(mail, NOW)
        return done

    # Who finds that others were quicker ten times in a row goes home; the next round takes what is left.
    first = none_failed(together([work] * 4))
    rest = partial(work)()

    assert sum(first) + rest == 15
    assert sorted(sent["To"] for sent in sink.mails) == sorted(
        f"a{number}@example.org" for number in range(15)
    )
    assert not Mail.objects.filter(sent_at=None).exists()
