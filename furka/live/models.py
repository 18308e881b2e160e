"""News as rows: the truth behind live pages and long polls, kept for a short while."""

from __future__ import annotations

from django.db import models


class NewsCount(models.Model):
    """The one row that is locked while numbers of news are drawn, so that they become visible in order."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="one_news_count"),)

    def __str__(self) -> str:
        return str(self.last)


class News(models.Model):
    """Something changed under a topic, such as `node:7` or `hub:1`."""

    id = models.BigIntegerField(primary_key=True)  # drawn under the lock of NewsCount
    topic = models.CharField(max_length=60)
    what = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["topic", "id"], name="news_of_topic"),
            models.Index(fields=["at"], name="news_at"),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.topic} {self.what}"
