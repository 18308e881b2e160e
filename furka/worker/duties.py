"""What the worker looks after."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection

from furka.account.closing import forget_closed
from furka.account.email_change import carry_out_due
from furka.connections import upkeep as connections
from furka.devicepages import operations as devicepages
from furka.diagnoses import operations as diagnoses
from furka.dispatch import upkeep
from furka.finding.index import renew_missing
from furka.inventory.imports import carry_on_waiting, forget_old
from furka.live.publish import prune
from furka.outbox.deliver import claim, deliver
from furka.reviews import operations as reviews
from furka.sandbox.visiting import sweep
from furka.sites import gateway_log, keys
from furka.status import measuring
from furka.status.rounds import Rounds
from furka.tree import ceilings, entering, expiry, extending, removal
from furka.tree.operation import program
from furka.trials import operations as trials
from furka.viewing import operations as viewing
from furka.worker.loops import Loop

log = logging.getLogger(__name__)

NEWS_LASTS = timedelta(hours=1)


def send_mail(at: datetime) -> int:
    """Deliver what waits in the outbox."""
    done = 0
    while settings.MAIL_URL and done < 100 and (mail := claim(at)) is not None:
        deliver(mail, at)
        done += 1
    return done


def end_expired_grants(at: datetime) -> int:
    """Put into the record that grants and requests came to their end; the access itself has ended by itself."""
    by = program("worker", at)
    return expiry.end_expired(by) + entering.note_time(by)


def warn_before_end(at: datetime) -> int:
    """Tell both sides of accesses that end soon."""
    return extending.warn_before_end(program("worker", at))


def look_ahead(at: datetime) -> int:
    """Expand weekly access windows and the hours of ceilings for the time ahead."""
    by = program("worker", at)
    return expiry.look_ahead(by) + ceilings.look_ahead(by)


def forget_doors(at: datetime) -> int:
    """Take doors whose time is over out of the plans."""
    return upkeep.forget_ended(program("worker", at))


def look_after_reviews(at: datetime) -> int:
    """Begin the reviews of access whose time has come, and tell owners of those that are overdue."""
    return reviews.look_after(program("worker", at))


def end_views(at: datetime) -> int:
    """End looks through somebody's eyes whose time is over."""
    return viewing.end_expired(program("worker", at))


def end_pages(at: datetime) -> int:
    """Put into the record that pages of devices came to their end."""
    return devicepages.end_overdue(program("worker", at))


def look_after_connections(at: datetime) -> int:
    """End confirmed sessions that are over or idle; close connections that a hub has lost."""
    by = program("worker", at)
    return connections.end_idle_sessions(by) + connections.close_lost(by)


def end_trials(at: datetime) -> int:
    """Take new keys of gateways back that were not seen at work."""
    return keys.end_trials(program("worker", at))


def end_diagnoses(at: datetime) -> int:
    """Put into the record that gateways did not answer in time."""
    return diagnoses.end_lapsed(program("worker", at))


def check_plans(at: datetime) -> int:
    """Compile everything anew and compare: a difference is a fault in what an operation said it touched."""
    healed = upkeep.check_all(program("worker", at))
    if healed:
        log.error("the plan of %d hubs was not what the rows say; mended", healed)
    return healed


def end_closed_accounts(at: datetime) -> int:
    """Forget accounts that can no longer be taken back; carry out changes of addresses that nobody stopped."""
    worker = program("worker", at)
    return forget_closed(worker) + carry_out_due(worker)


def end_sample_worlds(at: datetime) -> int:
    """Remove sample worlds that are over, completely."""
    return sweep(program("worker", at))


def tidy_up(at: datetime) -> int:
    """Forget old news, traces of entries, ended sessions, and notes of the cache and tests that are over."""
    ended, _ = Session.objects.filter(expire_date__lt=at).delete()
    return (
        prune(at - NEWS_LASTS)
        + upkeep.forget_traces()
        + ended
        + _forget_notes(at)
        + forget_old(at)
        + devicepages.forget_old(at)
        + gateway_log.forget_old(at)
        + trials.forget_old(at)
        + diagnoses.forget_old(at)
    )


def _forget_notes(at: datetime) -> int:
    """The cache in the database looks at what is over only when it is full, and counts all it has at every note."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cache WHERE expires < %s", [connection.ops.adapt_datetimefield_value(at)])
        return int(cursor.rowcount)


def remove_deleted_levels(at: datetime) -> int:
    """Remove levels for good that were deleted and not restored in time."""
    return removal.remove_overdue(program("worker", at))


def find_levels(_at: datetime) -> int:
    """Have levels found that did not come by an operation, and those that were there before the search was."""
    return renew_missing()


def take_in(at: datetime) -> int:
    """Go on with tables that are long to take in."""
    return carry_on_waiting(at)


ROUNDS = Rounds()


def look_at_cloud(at: datetime) -> int:
    """Look at every part of the cloud, and tell what was found."""
    return ROUNDS.run(at)


def forget_looks(at: datetime) -> int:
    """Drop what was measured long ago."""
    return measuring.forget_old(program("worker", at))


LOOPS = (
    Loop("state of the cloud", 1, look_at_cloud),
    Loop("old looks at the cloud", 600, forget_looks),
    Loop("mail", 1, send_mail),
    Loop("grants that ended", 2, end_expired_grants),
    Loop("ends that come near", 30, warn_before_end),
    Loop("access windows", 600, look_ahead),
    Loop("ended doors", 30, forget_doors),
    Loop("reviews of access", 300, look_after_reviews),
    Loop("views through others' eyes", 30, end_views),
    Loop("pages of devices that are over", 30, end_pages),
    Loop("sessions and connections", 20, look_after_connections),
    Loop("new keys of gateways", 30, end_trials),
    Loop("diagnoses", 5, end_diagnoses),
    Loop("check of the plans", 300, check_plans),
    Loop("closed accounts and changed addresses", 300, end_closed_accounts),
    Loop("imports", 1, take_in),
    Loop("levels to be found", 20, find_levels),
    Loop("sample worlds that are over", 60, end_sample_worlds),
    Loop("tidying up", 600, tidy_up),
    Loop("deleted levels", 600, remove_deleted_levels),
)
