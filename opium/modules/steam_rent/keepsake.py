"""New passwords, written down a second time outside of the database.

A database that is put back has forgotten the passwords that were set since its copy was made; the
accounts would be lost. So each candidate also goes into a file of sealed lines before Steam hears
of it, and after a start the newest line of an account is compared with its row.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from sqlalchemy import select

from opium.kit import Job, VaultError
from opium.modules.steam_rent import accounts, release
from opium.modules.steam_rent.rows import SteamAccount, SteamJob

FILE = "steam_passwords.jsonl"


def keep(place: Job, login_key: str, password: str) -> None:
    """Append a password, on disk when this returns, unless it is the newest. Raises OSError.

    Each line begins with a line break of its own: one that a crash has cut off spoils no other.
    """
    if newest(place).get(login_key) == password:
        return
    sealed = place.vault.seal(password, _context(login_key)).decode("ascii")
    line = json.dumps({"login": login_key, "at": place.now.isoformat(), "sealed": sealed})
    path = _path(place)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, f"\n{line}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def newest(place: Job) -> dict[str, str]:
    """The last password of each login; a line that was cut off by a crash counts as none."""
    try:
        lines = _path(place).read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    found: dict[str, str] = {}
    for line in lines:
        try:
            entry = json.loads(line)
            login, sealed = entry["login"], entry["sealed"].encode("ascii")
            found[login] = place.vault.open(sealed, _context(login))
        except (ValueError, KeyError, TypeError, AttributeError, VaultError):
            continue
    return found


def compare(place: Job) -> None:
    """Accounts whose newest password is unknown to the database get it as a candidate, and a job
    that asks Steam which one is valid."""
    known = newest(place)
    with place.read() as db:
        rows = list(db.scalars(select(SteamAccount).where(~SteamAccount.deleted)))
    for row in rows:
        password = known.get(row.login_key)
        stored = {
            accounts.password_of(place.vault, row),
            accounts.candidate_of(place.vault, row),
            *accounts.history_of(place.vault, row),
        }
        if password is not None and password not in stored:
            _ask(place, row, password)


def _ask(place: Job, row: SteamAccount, password: str) -> None:
    with place.work(row.account_id) as work:
        account = work.db.get_one(SteamAccount, row.id)
        job = release.unfinished(work.db, account.id)
        if job is not None and job.state != "open":
            return  # being settled; compared again at the next start
        accounts.store_candidate(place.vault, account, password)
        if job is not None:
            job.state = "sending"  # as it must have been
            work.db.flush()
            job.state = "unknown"
            return
        work.db.add(
            SteamJob(
                account_id=account.account_id,
                steam_account=account.id,
                kind="change",
                change_password=False,
                kick_devices=False,
                state="unknown",
                created_at=work.now,
            )
        )


def _path(place: Job) -> Path:
    return place.config.instance / FILE


def _context(login_key: str) -> str:
    return f"steam_passwords:{login_key}"
