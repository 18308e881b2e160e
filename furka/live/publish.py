"""Writes news at the end of a transaction and wakes the other processes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from furka.live.models import News, NewsCount
from furka.manyrows import insert_all

CHANNEL = "furka_news"


def publish(items: Iterable[tuple[str, str]], at: datetime) -> None:
    """Tell (topic, what) to whoever waits. Must be the last thing of a transaction: it holds the one lock that orders
    all news until the commit."""
    unique = list(dict.fromkeys(items))
    if not unique:
        return
    count, _ = NewsCount.objects.select_for_update(no_key=True).get_or_create(id=1)
    insert_all(
        [
            News(id=count.last + offset, topic=topic, what=what, at=at)
            for offset, (topic, what) in enumerate(unique, start=1)
        ]
    )
    count.last += len(unique)
    count.save(update_fields=["last"])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")


def prune(before: datetime) -> int:
    """Forget news older than that; returns how many."""
    return News.objects.filter(at__lt=before).delete()[0]
