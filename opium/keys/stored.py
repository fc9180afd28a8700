"""What a database itself keeps of its keys, sealed, in its settings."""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from opium.db.tables import Setting
from opium.vault import CANARY, CANARY_CONTEXT, FINGERPRINTS, FINGERPRINTS_CONTEXT, Vault

PROOF = "opium"
SEALED = (FINGERPRINTS, CANARY)
"""The settings whose values are sealed."""


def settle(db: Session, vault: Vault) -> None:
    """Let `vault` take the stored key of the fingerprints; store it, and the canary, if missing.

    A database that has fingerprints already goes on with the key that the vault made them with.
    """
    known = db.get(Setting, FINGERPRINTS)
    if known is not None:
        text = vault.open(known.value.encode(), FINGERPRINTS_CONTEXT)
        vault.fingerprint_key = bytes.fromhex(text)
    elif db.get(Setting, CANARY) is None:
        vault.fingerprint_key = secrets.token_bytes(32)
    _add(db, vault, FINGERPRINTS, vault.fingerprint_key.hex(), FINGERPRINTS_CONTEXT)
    _add(db, vault, CANARY, PROOF, CANARY_CONTEXT)


def _add(db: Session, vault: Vault, key: str, text: str, context: str) -> None:
    if db.get(Setting, key) is None:
        db.add(Setting(key=key, value=vault.seal(text, context).decode()))
