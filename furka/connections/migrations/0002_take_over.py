"""What hubs saw before there was this room: both ways together, from whichever device."""

from typing import Any

from django.db import migrations

BATCH = 1000


def take_over(apps: Any, _editor: Any) -> None:
    """Copy the accesses of sites and persons that are still there."""
    connections = apps.get_model("connections", "Connection").objects
    nodes = apps.get_model("tree", "Node").objects
    persons = set(apps.get_model("people", "Person").objects.values_list("pk", flat=True))
    above = {row[0]: row for row in nodes.values_list("pk", "reseller_id", "customer_id")}
    batch = []
    for seen in apps.get_model("dispatch", "SeenAccess").objects.order_by("pk").iterator():
        if seen.site_id not in above or seen.person_id not in persons:
            continue
        _pk, reseller_id, customer_id = above[seen.site_id]
        batch.append(
            connections.model(
                node_id=seen.site_id,
                reseller_id=reseller_id,
                customer_id=customer_id,
                person_id=seen.person_id,
                hub_id=seen.hub_id,
                token=seen.token,
                began_at=seen.began_at,
                told_at=seen.ended_at or seen.began_at,
                ended_at=seen.ended_at,
                to_site=seen.bytes,
            )
        )
        if len(batch) == BATCH:
            connections.bulk_create(batch)
            batch = []
    connections.bulk_create(batch)


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0001_begin"),
        ("dispatch", "0002_accesses_of_persons"),
        ("people", "0001_begin"),
    ]

    operations = [migrations.RunPython(take_over, migrations.RunPython.noop)]
