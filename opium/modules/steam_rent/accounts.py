"""Steam accounts as rows, and their secrets: each is sealed with a context of its own.

Password and candidate share one context, so that a candidate is promoted as it is. `history` are
the last passwords that are no longer stored elsewhere, newest first.
"""

from __future__ import annotations

import base64
import json
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import NotFound, Refused
from opium.modules.steam_rent.matching import fold
from opium.modules.steam_rent.rows import SteamAccount, SteamJob
from opium.modules.steam_rent.steam import MaFile, Tokens

HISTORY = 5


class Sealer(Protocol):
    """The vault, as far as an account's secrets need it."""

    def seal(self, text: str, context: str) -> bytes: ...

    def open(self, sealed: bytes, context: str) -> str: ...


def of_account(db: Session, account_id: str) -> list[SteamAccount]:
    """The Steam accounts of a FunPay account, oldest first."""
    rows = select(SteamAccount).where(SteamAccount.account_id == account_id, ~SteamAccount.deleted)
    return list(db.scalars(rows.order_by(SteamAccount.id)))


def find(db: Session, account_id: str, name: str) -> SteamAccount:
    """The account with this id, in any case; NotFound if the FunPay account has none."""
    row = db.scalar(
        select(SteamAccount).where(
            SteamAccount.account_id == account_id,
            SteamAccount.key == fold(name),
            ~SteamAccount.deleted,
        )
    )
    if row is None:
        raise NotFound("Steam account not found")
    return row


def open_job(db: Session, row: SteamAccount) -> SteamJob | None:
    """The work on this account that has not ended; there is at most one."""
    return db.scalar(
        select(SteamJob).where(
            SteamJob.steam_account == row.id, SteamJob.state.not_in(("done", "dropped"))
        )
    )


# --- passwords


def password_of(vault: Sealer, row: SteamAccount) -> str:
    """The stored password; "" if there is none."""
    return _opened(vault, row.password_sealed, context(row, "password")) or ""


def candidate_of(vault: Sealer, row: SteamAccount) -> str | None:
    """The password that Steam may have instead of the stored one."""
    return _opened(vault, row.candidate_sealed, context(row, "password"))


def history_of(vault: Sealer, row: SteamAccount) -> list[str]:
    """Earlier passwords, newest first."""
    text = _opened(vault, row.history_sealed, context(row, "history"))
    return list(json.loads(text)) if text else []


def store_password(vault: Sealer, row: SteamAccount, password: str) -> None:
    """Make this the account's password; the former one goes into the history. Needs `row.id`."""
    former = password_of(vault, row)
    if password != former:
        row.password_sealed = _sealed(vault, password, context(row, "password"))
        remember(vault, row, former)


def store_candidate(vault: Sealer, row: SteamAccount, password: str) -> None:
    """Write a new password down before Steam hears of it. The database refuses to replace one
    that Steam may know of; one that it cannot know of goes into the history."""
    former = candidate_of(vault, row)
    row.candidate_sealed = _sealed(vault, password, context(row, "password"))
    if former is not None and former != password:
        remember(vault, row, former)


def promote_candidate(vault: Sealer, row: SteamAccount) -> None:
    """Steam has proven that the candidate is the password."""
    if row.candidate_sealed is None:
        raise Refused("There is no new password to keep.")
    former = password_of(vault, row)
    row.password_sealed, row.candidate_sealed = row.candidate_sealed, None
    remember(vault, row, former)


def drop_candidate(vault: Sealer, row: SteamAccount) -> None:
    """The candidate is not the password; it is kept in the history all the same."""
    former, row.candidate_sealed = candidate_of(vault, row), None
    remember(vault, row, former)


def remember(vault: Sealer, row: SteamAccount, password: str | None) -> None:
    """Put a password into the history, unless it is the one in force."""
    if not password or password == password_of(vault, row):
        return
    known = [old for old in history_of(vault, row) if old != password]
    text = json.dumps([password, *known][:HISTORY])
    row.history_sealed = vault.seal(text, context(row, "history"))


# --- the authenticator


def secrets_of(vault: Sealer, row: SteamAccount) -> tuple[bytes | None, bytes | None]:
    """shared_secret and identity_secret."""
    shared = _opened(vault, row.shared_sealed, context(row, "shared"))
    identity = _opened(vault, row.identity_sealed, context(row, "identity"))
    return _bytes(shared), _bytes(identity)


def store_shared(vault: Sealer, row: SteamAccount, secret: bytes | None) -> None:
    row.shared_sealed = _sealed(vault, _text(secret), context(row, "shared"))
    if secret is None:
        row.has_mafile = False


def store_identity(vault: Sealer, row: SteamAccount, secret: bytes | None) -> None:
    row.identity_sealed = _sealed(vault, _text(secret), context(row, "identity"))


def mafile_of(vault: Sealer, row: SteamAccount) -> MaFile | None:
    """What a Steam client needs of the authenticator; None without a shared_secret."""
    shared, identity = secrets_of(vault, row)
    if shared is None:
        return None
    return MaFile(
        steam_id=int(row.steam_id) if row.steam_id else None,
        account_name=row.login.lower(),
        shared_secret=shared,
        identity_secret=identity,
        device_id=row.device_id,
        token_gid=row.token_gid,
    )


def store_mafile(vault: Sealer, row: SteamAccount, mafile: MaFile) -> None:
    """Replace the authenticator whole. The file's own session stays its owner's: it is not kept,
    and ours belongs to the former secrets."""
    store_shared(vault, row, mafile.shared_secret)
    store_identity(vault, row, mafile.identity_secret)
    row.steam_id = str(mafile.steam_id) if mafile.steam_id is not None else None
    row.device_id, row.token_gid = mafile.device_id, mafile.token_gid
    row.has_mafile = True
    row.tokens_sealed = None


# --- our own session at Steam


def tokens_of(vault: Sealer, row: SteamAccount) -> Tokens | None:
    """The session of the last sign-in."""
    text = _opened(vault, row.tokens_sealed, context(row, "tokens"))
    return Tokens(**json.loads(text)) if text else None


def store_tokens(vault: Sealer, row: SteamAccount, tokens: Tokens | None) -> None:
    text = json.dumps({"refresh": tokens.refresh, "access": tokens.access}) if tokens else None
    row.tokens_sealed = _sealed(vault, text, context(row, "tokens"))


def wipe(row: SteamAccount) -> None:
    """Forget every secret."""
    row.password_sealed = row.candidate_sealed = row.history_sealed = None
    row.shared_sealed = row.identity_sealed = row.tokens_sealed = None
    row.has_mafile = False


def context(row: SteamAccount, field: str) -> str:
    """What a sealed value of this account is bound to."""
    return f"steam_rent_accounts:{row.id}:{field}"


def _opened(vault: Sealer, sealed: bytes | None, context: str) -> str | None:
    return None if sealed is None else vault.open(sealed, context)


def _sealed(vault: Sealer, text: str | None, context: str) -> bytes | None:
    return vault.seal(text, context) if text else None


def _text(secret: bytes | None) -> str | None:
    return base64.b64encode(secret).decode("ascii") if secret else None


def _bytes(text: str | None) -> bytes | None:
    return base64.b64decode(text) if text else None
