from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Min, Q


def note_what_is_absent(apps: Any, _schema_editor: Any) -> None:
    """What is in the archive or deleted now: noted where it was done, so not where the level above went as well."""
    nodes, absences = apps.get_model("tree", "Node"), apps.get_model("tree", "Absence")
    for what in ("archived", "deleted"):
        went = nodes.objects.filter(**{f"{what}_at__isnull": False}).exclude(
            **{f"parent__{what}_at": F(f"{what}_at")}
        )
        rows = went.values_list("pk", f"{what}_at").iterator()
        absences.objects.bulk_create(
            (absences(node_id=pk, what=what, begun_at=at) for pk, at in rows), batch_size=500
        )


def note_who_is_strong(apps: Any, _schema_editor: Any) -> None:
    """Whoever has a second factor has had it since the oldest of those that are still there."""
    factors, times = apps.get_model("mfa", "Authenticator"), apps.get_model("tree", "StrongTime")
    since = (
        factors.objects.filter(type__in=("totp", "webauthn"))
        .order_by()
        .values_list("user_id")
        .annotate(Min("created_at"))
    )
    times.objects.bulk_create((times(person_id=user, begun_at=at) for user, at in since), batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("mfa", "0003_authenticator_type_uniq"),
        ("tree", "0009_indexes_for_long_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[("archived", "Archived"), ("deleted", "Deleted")], max_length=8
                    ),
                ),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "node",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tree.node",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["node", "begun_at"], name="absence_of_node")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("ended_at", None)),
                        fields=("node", "what"),
                        name="one_absence_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StrongTime",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("ended_at", None)), fields=("person",), name="one_strong_time_at_once"
                    )
                ],
            },
        ),
        migrations.RunPython(note_what_is_absent, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(note_who_is_strong, migrations.RunPython.noop, elidable=True),
    ]
