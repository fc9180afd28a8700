"""What the rows of steam_rent must show at any moment, asked while the server runs or is dead.

The passwords are opened with the instance's own key, as a person could after a disaster.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from opium.vault import Vault, load_keys

from . import books
from .rents_shops import Steam

FREE_WITHOUT_PROOF = """
    SELECT a.login FROM steam_rent_accounts a WHERE a.state = 'free' AND NOT a.manual_release
    AND EXISTS (SELECT 1 FROM steam_rent_rentals r JOIN commands c ON c.handout_id = r.handout_id
        WHERE r.rental_id = a.rental_id AND c.attempt > 0)
    AND NOT EXISTS (SELECT 1 FROM steam_rent_jobs j WHERE j.id = a.job_id AND j.state = 'done'
        AND j.rental_id = a.rental_id
        AND (j.password_proved_at IS NOT NULL OR NOT j.change_password)
        AND (j.kick_proved_at IS NOT NULL OR NOT j.kick_devices))"""
LAWS: Mapping[str, str] = {
    "D14 free only with proof": FREE_WITHOUT_PROOF,
    "one tenant of an account": """
        SELECT steam_account FROM steam_rent_rentals WHERE state = 'active'
        GROUP BY steam_account HAVING count(*) > 1""",
    "one job of an account": """
        SELECT steam_account FROM steam_rent_jobs WHERE state NOT IN ('done', 'dropped')
        GROUP BY steam_account HAVING count(*) > 1""",
    "rented means an active rental": """
        SELECT a.login, a.state, r.state FROM steam_rent_accounts a
        LEFT JOIN steam_rent_rentals r ON r.rental_id = a.rental_id
        WHERE (a.state = 'rented') != (coalesce(r.state, '') = 'active')""",
    "an order that was served has its rental": """
        SELECT o.order_id FROM steam_rent_orders o
        LEFT JOIN steam_rent_rentals r ON r.rental_id = o.rental_id
        WHERE o.state IN ('rental', 'extension') AND r.rental_id IS NULL""",
    "an account out of hand has a job": """
        SELECT a.login, a.state FROM steam_rent_accounts a
        WHERE a.state = 'failed' AND NOT EXISTS (SELECT 1 FROM steam_rent_jobs j
            WHERE j.steam_account = a.id AND j.state NOT IN ('done', 'dropped'))""",
    "what is out of hand is told": """
        SELECT a.login FROM steam_rent_accounts a WHERE a.state = 'failed' AND NOT EXISTS
        (SELECT 1 FROM alerts WHERE key LIKE '%:release:' || a.id AND closed_at IS NULL)""",
}
VISIBLE = "SELECT order_id, reason FROM steam_rent_orders WHERE state = 'waiting'"
UNDONE: Mapping[str, str] = {
    "orders not decided": books.UNDECIDED,
    "messages on their way": books.OPEN,
    "handlings": "SELECT count(*) FROM handlings WHERE state = 'open'",
    "rentals running": "SELECT count(*) FROM steam_rent_rentals WHERE state = 'active'",
    "accounts not released": "SELECT count(*) FROM steam_rent_accounts WHERE state != 'free'",
    "jobs": "SELECT count(*) FROM steam_rent_jobs WHERE state NOT IN ('done', 'dropped')",
    "orders that wait for an account": """
        SELECT count(*) FROM steam_rent_orders o JOIN handouts h ON h.id = o.handout_id
        WHERE o.state = 'waiting' AND h.state = 'waiting_stock'
            AND coalesce(o.reason, '') != 'existing_rental'""",
}
JOBS = "SELECT count(*) FROM steam_rent_jobs WHERE state = 'done'"
TRIED = "SELECT coalesce(sum(tries), 0) FROM steam_rent_jobs"
FAILED = "SELECT login, last_error FROM steam_rent_accounts WHERE state = 'failed'"
_ROWS = """
    SELECT login, id, state, password_sealed, candidate_sealed, job_id, rental_id
    FROM steam_rent_accounts WHERE NOT deleted"""


@dataclass(frozen=True, slots=True)
class Row:
    """A Steam account in the database."""

    login: str
    id: int
    state: str
    password: bytes | None
    candidate: bytes | None
    job_id: int | None
    rental_id: str | None


class Inspector:
    """Compares the rows with Steam; `wrong` grows."""

    def __init__(self, database: Path, steam: Steam) -> None:
        self._database, self._steam = database, steam
        self.wrong: dict[str, list[str]] = {}
        self.looks = 0

    def look(self, shown: Mapping[str, Collection[str]] | None = None) -> None:
        """`shown`: passwords that tenants of a login were told. Rows that change meanwhile are
        left for the next time."""
        before = self._rows()
        valid = self._steam.passwords()
        free = [row for row in before if row.state == "free" and row.rental_id]
        guests = {row.login: self._steam.guests(row.login) for row in free}
        after = {row.login: row for row in self._rows()}
        vault = Vault(load_keys(self._database.parent, None, may_create=False))
        for row in before:
            if after.get(row.login) != row:
                continue
            if valid[row.login] not in self._known(vault, row):
                self._note("D15 the password is known", f"{row.login}, {row.state}")
            if guests.get(row.login):
                self._note("free, but an earlier tenant is signed in", row.login)
            if row.state == "free" and valid[row.login] in (shown or {}).get(row.login, ()):
                self._note("free, but an earlier tenant knows the password", row.login)
        self.looks += 1

    def laws(self) -> None:
        """The laws that one look at the database can tell."""
        with books.read_only(self._database) as db:
            for law, sql in LAWS.items():
                for found in db.execute(sql).fetchall():
                    self._note(law, str(found))

    def _rows(self) -> list[Row]:
        with books.read_only(self._database) as db:
            return [Row(*found) for found in db.execute(_ROWS)]

    def _known(self, vault: Vault, row: Row) -> set[str]:
        context = f"steam_rent_accounts:{row.id}:password"
        return {vault.open(sealed, context) for sealed in (row.password, row.candidate) if sealed}

    def _note(self, law: str, what: str) -> None:
        cases = self.wrong.setdefault(law, [])
        if what not in cases:
            cases.append(what)


def visible_orders(db: sqlite3.Connection) -> dict[str, str]:
    """Orders that a person can see as waiting or held."""
    mine = {str(order): str(reason) for order, reason in db.execute(VISIBLE)}
    return {**books.visible_orders(db), **mine}


def undone(db: sqlite3.Connection) -> dict[str, int]:
    """What is still under way."""
    found = {what: books.count(db, sql) for what, sql in UNDONE.items()}
    return {what: n for what, n in found.items() if n}


def leaks(folder: Path, output: Path, secrets: Collection[str]) -> list[str]:
    """Files of an instance, save its keys, in which a secret can be read."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".key"]
    found = []
    for path in (*files, output):
        content = path.read_bytes()
        hits = sum(secret.encode() in content for secret in secrets)
        if hits:
            found.append(f"{path.name}: {hits}")
    return found
