"""The texts that a seller changed, and what a buyer is written by them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opium.modules.steam_rent.models import RentText
from opium.modules.steam_rent.texts import CATALOGUE


def overrides(db: Session, account_id: str) -> dict[str, str]:
    """The texts that the seller changed."""
    rows = db.scalars(select(RentText).where(RentText.account_id == account_id))
    return {row.key: row.text for row in rows if row.key in CATALOGUE.templates}


def change(db: Session, account_id: str, key: str, text: str | None) -> None:
    """Store a text; None or "" brings the default back."""
    db.execute(delete(RentText).where(RentText.account_id == account_id, RentText.key == key))
    if text and text != CATALOGUE.templates[key].default:
        db.add(RentText(account_id=account_id, key=key, text=text))


def text_for(db: Session, account_id: str, key: str, values: Mapping[str, str]) -> str:
    """The text of this key in the seller's own words, placeholders filled in."""
    return CATALOGUE.render(key, overrides(db, account_id), values)
