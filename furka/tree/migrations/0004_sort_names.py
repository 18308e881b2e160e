"""Names that are there already get their place in the lists."""

from typing import Any

from django.db import migrations

from furka.tree.texts import sort_key


def sort(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("tree", "Node").objects.values_list("name", "pk")
    with schema_editor.connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE tree_node SET sort_key = %s WHERE id = %s", [(sort_key(name), pk) for name, pk in rows]
        )


class Migration(migrations.Migration):
    dependencies = [("tree", "0003_sort_key_and_reference")]

    operations = [migrations.RunPython(sort, migrations.RunPython.noop)]
