"""Many rows with one statement: for what is brought or changed by the thousand. As fast as the database can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models, router

#: From so many rows on it is worth it.
MANY = 200


def insert_all(rows: Sequence[models.Model]) -> None:
    """Store new rows of one model; each knows its number afterwards. Many must be part of a transaction.

    What `bulk_create` does, without building SQL for every few rows.
    """
    if len(rows) < MANY:
        if rows:
            _meta(rows[0]).default_manager.bulk_create(rows)
        return
    connection, meta = _connection(rows[0]), _meta(rows[0])
    columns = meta.concrete_fields
    with connection.cursor() as cursor:
        if isinstance(meta.pk, models.AutoField):
            numbers = _numbers(connection, cursor, meta, sum(row.pk is None for row in rows))
            for row in rows:
                if row.pk is None:
                    row.pk = next(numbers)
        values = (
            [column.get_db_prep_save(column.pre_save(row, True), connection) for column in columns]
            for row in rows
        )
        table = connection.ops.quote_name(meta.db_table)
        names = ", ".join(connection.ops.quote_name(column.column) for column in columns)
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for each in values:
                    copy.write_row(each)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def update_all(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Store these columns of many rows of one model, each with values of its own. Must be part of a transaction."""
    if not rows:
        return
    connection, meta = _connection(rows[0]), _meta(rows[0])
    columns = [meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    changes = ", ".join(f"{quote(column.column)} = %s" for column in columns)
    sql = f"UPDATE {quote(meta.db_table)} SET {changes} WHERE {quote(meta.pk.column)} = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(
            sql,
            [
                [
                    *(column.get_db_prep_save(column.pre_save(row, False), connection) for column in columns),
                    row.pk,
                ]
                for row in rows
            ],
        )


def _meta(row: models.Model) -> Any:
    return type(row)._meta


def _connection(row: models.Model) -> Any:
    connection = connections[router.db_for_write(type(row)) or DEFAULT_DB_ALIAS]
    if not connection.in_atomic_block:
        raise RuntimeError("many rows are written in a transaction")
    return connection


def _numbers(connection: Any, cursor: Any, meta: Any, count: int) -> Iterator[int]:
    """So many new numbers of rows."""
    if connection.vendor == "postgresql":
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [connection.ops.quote_name(meta.db_table), meta.pk.column, count],
        )
        return iter([number for (number,) in cursor.fetchall()])
    # The transaction has the database to itself, and the number of a row that went is never given again.
    cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [meta.db_table])
    last = cursor.fetchone()
    begin = (last[0] if last else 0) + 1
    return islice(iter(range(begin, begin + count)), count)
