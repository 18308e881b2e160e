"""The index of all three-letter pieces of the texts.

SQLite: a table of its own that triggers keep, so that every way of writing a row counts. A later migration that builds
`finding_entry` anew must make the triggers again. PostgreSQL: an index of the extension pg_trgm; where the database may
not have it, searches look at each row instead and say the same.
"""

from typing import Any

from django.db import DatabaseError, migrations, transaction

SQLITE = """
CREATE VIRTUAL TABLE finding_pieces USING fts5(text, content='finding_entry', content_rowid='id', tokenize='trigram');
CREATE TRIGGER finding_entry_comes AFTER INSERT ON finding_entry BEGIN
  INSERT INTO finding_pieces(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER finding_entry_goes AFTER DELETE ON finding_entry BEGIN
  INSERT INTO finding_pieces(finding_pieces, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER finding_entry_changes AFTER UPDATE OF text ON finding_entry BEGIN
  INSERT INTO finding_pieces(finding_pieces, rowid, text) VALUES ('delete', old.id, old.text);
  INSERT INTO finding_pieces(rowid, text) VALUES (new.id, new.text);
END;
INSERT INTO finding_pieces(finding_pieces) VALUES ('rebuild');
"""


def make(_apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for statement in SQLITE.strip().replace("\n  ", " ").replace("\nEND", " END").split("\n"):
                cursor.execute(statement)
            return
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                cursor.execute("CREATE INDEX finding_pieces ON finding_entry USING gin (text gin_trgm_ops)")
        except DatabaseError:
            return


def drop(_apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in ("comes", "goes", "changes"):
                cursor.execute(f"DROP TRIGGER finding_entry_{name}")
            cursor.execute("DROP TABLE finding_pieces")
        else:
            cursor.execute("DROP INDEX IF EXISTS finding_pieces")


class Migration(migrations.Migration):
    dependencies = [("finding", "0001_begin")]

    operations = [migrations.RunPython(make, drop)]
