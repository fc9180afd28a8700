"""State machines that the database itself enforces.

`guard(table, column, arrows)` declares them as data; `install` turns them into triggers. They are
re-created after every migration and at start, because SQLite's batch mode drops them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Guard:
    """`table.column` may only move along `arrows`; `extra` is SQL that forbids a move if true."""

    table: str
    column: str
    arrows: Mapping[str, frozenset[str]]
    extra: str | None = None


GUARDS: list[Guard] = []


def guard(
    table: str, column: str, arrows: Mapping[str, set[str]], extra: str | None = None
) -> None:
    """Declare the allowed moves of a state column (D19). `extra` may name OLD and NEW."""
    frozen = {state: frozenset(nexts) for state, nexts in arrows.items()}
    GUARDS[:] = [known for known in GUARDS if (known.table, known.column) != (table, column)]
    GUARDS.append(Guard(table, column, frozen, extra))


def forbid(table: str, column: str, when: str) -> None:
    """Declare a change of a column that is no state as forbidden; `when` may name OLD and NEW."""
    guard(table, column, {}, extra=when)


def install(connection: Connection) -> int:
    """Create the triggers of all guards whose table exists; returns how many there are."""
    tables = {
        row[0]
        for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type='table'"))
    }
    present = [known for known in GUARDS if known.table in tables]
    for known in present:
        name = f"guard_{known.table}_{known.column}"
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        connection.execute(text(_trigger(name, known)))
    return len(present)


def remove(connection: Connection) -> None:
    """Drop all triggers of guards: SQLite renames no table while a trigger names one that is
    gone, so none may stand while tables are rebuilt. `install` brings them back."""
    names = connection.scalars(
        text("SELECT name FROM sqlite_master WHERE type='trigger' AND substr(name, 1, 6)='guard_'")
    )
    for name in names.all():
        connection.execute(text(f"DROP TRIGGER {name}"))


def _trigger(name: str, known: Guard) -> str:
    moves = " OR ".join(
        f"(OLD.{known.column}='{state}' AND NEW.{known.column} IN ({_quoted(nexts)}))"
        for state, nexts in sorted(known.arrows.items())
        if nexts
    )
    forbidden = " OR ".join(
        [*([f"NOT ({moves})"] if moves else []), *([f"({known.extra})"] if known.extra else [])]
    )
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {known.column} ON {known.table} "
        f"WHEN OLD.{known.column} IS NOT NEW.{known.column} AND ({forbidden}) "
        f"BEGIN SELECT RAISE(ABORT, 'forbidden move of {known.table}.{known.column}'); END"
    )


def _quoted(states: frozenset[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


# reliability 3. Beside its arrows: `waiting → failed` is a part cancelled, or a wish withdrawn,
# before it was started; a held handout leaves that state by a person's decision only.
guard(
    "commands",
    "state",
    {
        "waiting": {"started", "failed"},
        "started": {"done", "failed", "unknown", "waiting"},
        "unknown": {"done", "waiting", "held"},
        "held": {"waiting", "done", "failed"},
    },
)
guard(
    "handouts",
    "state",
    {
        "waiting_stock": {"reserved", "cancelled", "held"},
        "reserved": {"delivering", "cancelled", "held"},
        "delivering": {"delivered", "held"},
        "delivered": {"held"},
        "cancelled": {"held"},
        "held": {"waiting_stock", "reserved", "delivering", "delivered", "cancelled"},
    },
)
