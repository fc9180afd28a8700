"""What is done to a whole database while no server uses it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection, text

from opium.db.session import Database
from opium.errors import Unavailable

_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"


@contextmanager
def triggers_lifted(connection: Connection, table: str) -> Iterator[None]:
    """No trigger of `table` looks on meanwhile; within the caller's transaction.

    They come back as they were found, whether or not the code that declared them is still there.
    """
    found = connection.execute(text(_TRIGGERS), {"table": table}).all()
    quote = connection.dialect.identifier_preparer.quote
    for name, _sql in found:
        connection.exec_driver_sql(f"DROP TRIGGER {quote(name)}")
    yield
    for _name, sql in found:
        connection.exec_driver_sql(sql)


def rewrite(database: Database) -> None:
    """Write the file anew, so that nothing that was deleted or replaced lingers in it or its log.

    Takes up to twice the room of the database for a while. Raises Unavailable.
    """
    try:
        with closing(database.engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM")
    except sqlite3.OperationalError as exc:
        raise Unavailable(f"The database cannot be written anew: {exc}.") from None
    database.checkpoint()
