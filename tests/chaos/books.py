"""What the database under test must show whatever happened: its own books (D1-D4, D9), by SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

LAWS: Mapping[str, str] = {
    "D1 one line, one handout": """
        SELECT product, fingerprint FROM auto_delivery_stock WHERE state IN ('taken', 'burned')
        GROUP BY product, fingerprint, copy HAVING count(DISTINCT handout_id) > 1""",
    "D2 one handout per order": """
        SELECT fp_id, order_id FROM handouts GROUP BY fp_id, order_id HAVING count(*) > 1""",
    "D3 as many as ordered, or none": """
        SELECT d.order_id, h.state, d.given, d.owed, count(s.id) AS taken
        FROM auto_delivery_deliveries d JOIN handouts h ON h.id = d.handout_id
        JOIN auto_delivery_products p ON p.id = d.product AND p.kind = 'stock'
        LEFT JOIN auto_delivery_stock s ON s.handout_id = h.id AND s.state = 'taken'
        GROUP BY d.id HAVING taken NOT IN (0, d.owed) OR taken != d.given
            OR (h.state IN ('waiting_stock', 'cancelled') AND taken != 0)
            OR (h.state IN ('reserved', 'delivering', 'delivered') AND taken != d.owed)""",
    "D4 every line accounted for": """
        SELECT id, state FROM auto_delivery_stock
        WHERE state NOT IN ('free', 'taken', 'burned', 'withdrawn')
            OR (state IN ('taken', 'burned')) != (handout_id IS NOT NULL)""",
    "D5 nothing done without an attempt": """
        SELECT id, marker FROM commands
        WHERE state IN ('done', 'unknown', 'started') AND attempt = 0""",
    "D7 parts in order": """
        SELECT later.id FROM commands later JOIN commands earlier
            ON earlier.handout_id = later.handout_id AND earlier.id < later.id
            AND earlier.state NOT IN ('done', 'failed')
        WHERE later.state IN ('started', 'unknown', 'done')""",
    "delivered means all parts done": """
        SELECT h.order_id FROM handouts h JOIN commands c ON c.handout_id = h.id
        WHERE h.state = 'delivered' AND c.state != 'done' AND c.marker LIKE '%-D%'""",
}

VISIBLE = """
    SELECT order_id, state FROM handouts WHERE state IN ('waiting_stock', 'held')
    UNION SELECT order_id, state FROM commands
        WHERE order_id IS NOT NULL AND state IN ('waiting', 'unknown', 'held')
    UNION SELECT order_id, 'alert' FROM orders_seen WHERE decision IN ('held', 'unmatched')"""

OPEN = """
    SELECT count(*) FROM commands WHERE state IN ('waiting', 'started', 'unknown')
        AND NOT EXISTS (SELECT 1 FROM handouts h WHERE h.id = handout_id AND h.state = 'held')"""
UNDECIDED = "SELECT count(*) FROM orders_seen WHERE decision IN ('pending', 'look', 'offered')"
ALERTS = "SELECT text FROM alerts WHERE closed_at IS NULL ORDER BY id"
RECOVERED = "SELECT count(*) FROM commands WHERE unknowns > 0 AND state = 'done'"


def read_only(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)


def broken_laws(
    db: sqlite3.Connection, imported: int | None = None, unsure: int = 0
) -> dict[str, list[object]]:
    """The laws that do not hold, with the rows that show it. `unsure`: so many of the imported
    lines may not have arrived."""
    found: dict[str, list[object]] = {}
    for law, sql in LAWS.items():
        rows = db.execute(sql).fetchall()
        if rows:
            found[law] = list(rows)
    lines = count(db, "SELECT count(*) FROM auto_delivery_stock")
    if imported is not None and not imported - unsure <= lines <= imported:
        found["D4 every line accounted for"] = [f"{lines} lines of {imported}"]
    return found


def integrity(db: sqlite3.Connection) -> str:
    return str(db.execute("PRAGMA integrity_check").fetchone()[0])


def false_alarms(db: sqlite3.Connection) -> list[object]:
    """Alerts of doubled messages, ever; to be asked where nothing was doubled."""
    return [row[0] for row in db.execute("SELECT text FROM alerts WHERE kind = 'a1_broken'")]


def taken_for_new(db: sqlite3.Connection, old: Sequence[str]) -> list[object]:
    """Orders from before the first contact that were not left alone."""
    marks = ", ".join("?" * len(old))
    sql = f"SELECT order_id, decision FROM orders_seen WHERE order_id IN ({marks})"
    return [row for row in db.execute(sql, old) if row[1] != "old"]


def visible_orders(db: sqlite3.Connection) -> dict[str, str]:
    """Orders that a person can see as waiting, being checked or held."""
    return {str(row[0]): str(row[1]) for row in db.execute(VISIBLE)}


def count(db: sqlite3.Connection, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])
