"""Documents have versions: what there was is the first version of itself."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import F


def _first_versions(apps: Any, _editor: Any) -> None:
    apps.get_model("attachments", "Attachment")._base_manager.update(series=F("key"))


class Migration(migrations.Migration):
    dependencies = [("attachments", "0001_begin")]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="series",
            field=models.CharField(default="", editable=False, max_length=12),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="attachment", name="version", field=models.PositiveSmallIntegerField(default=1)
        ),
        migrations.AddField(
            model_name="attachment", name="replaced_at", field=models.DateTimeField(null=True)
        ),
        migrations.RunPython(_first_versions, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaced_at", None)),
                fields=("node", "series"),
                name="one_newest_version",
            ),
        ),
    ]
