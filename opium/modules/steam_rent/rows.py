"""Tables of steam_rent: the accounts, and what happens to them. Handouts are the core's.

SteamAccount        what is rented out; a Steam login exists once in the whole instance
RentOrder → Rental  a paid order, and the rental that came of it
SteamJob            work at Steam that outlives a process: the end of a rental (D14, D15)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from opium.kit import Base, Id, forbid, guard


class SteamAccount(Base):
    """An account that is rented out.

    `state`: `free`; `rented`; `releasing` after a rental until Steam has proven that the last
    tenant is out; `failed` when that could not be proven. `frozen` is the seller's own switch.
    {`password`, `candidate`} always contains the password that is valid at Steam (D15): a new one
    is stored as candidate before Steam hears of it. `job_id`: the job whose proof freed it last.
    Both passwords are sealed with one context, so that a candidate is promoted as it is.
    """

    __tablename__ = "steam_rent_accounts"
    __table_args__ = (
        Index(
            "steam_rent_one_name",
            "key",
            unique=True,
            sqlite_where=text("NOT deleted"),
            postgresql_where=text("NOT deleted"),
        ),
        Index(
            "steam_rent_one_login",
            "login_key",
            unique=True,
            sqlite_where=text("NOT deleted"),
            postgresql_where=text("NOT deleted"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128))
    """The folded `name`: the API's `id`."""
    login: Mapped[str] = mapped_column(String(64))
    login_key: Mapped[str] = mapped_column(String(128))
    password_sealed: Mapped[bytes | None]
    candidate_sealed: Mapped[bytes | None]
    history_sealed: Mapped[bytes | None]
    shared_sealed: Mapped[bytes | None]
    identity_sealed: Mapped[bytes | None]
    tokens_sealed: Mapped[bytes | None]
    has_mafile: Mapped[bool] = mapped_column(Boolean, default=False)
    steam_id: Mapped[str | None] = mapped_column(String(20))
    device_id: Mapped[str | None] = mapped_column(String(64))
    token_gid: Mapped[str | None] = mapped_column(String(32))
    game_ids: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(9), default="free")
    frozen: Mapped[bool] = mapped_column(Boolean, default=False)
    change_password: Mapped[bool] = mapped_column(Boolean)
    kick_devices: Mapped[bool] = mapped_column(Boolean)
    proxy: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    rental_id: Mapped[str | None] = mapped_column(String(36))
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    manual_release: Mapped[bool] = mapped_column(Boolean, default=False)
    """A person said that it is safe, without proof from Steam."""
    last_error: Mapped[str | None] = mapped_column(Text)
    last_rented_at: Mapped[datetime | None]
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)
    """Its secrets are gone; old rentals speak of it."""
    created_at: Mapped[datetime]


# D14: free again only with the proof that was asked for, or on a person's word; or if the buyer
# cannot have seen the password, because no message of the handout was ever attempted.
guard(
    "steam_rent_accounts",
    "state",
    {
        "free": {"rented", "failed"},
        "rented": {"releasing", "free"},
        "releasing": {"free", "failed"},
        "failed": {"releasing", "free"},
    },
    extra="(OLD.state = 'rented' AND NEW.state = 'free' AND EXISTS (SELECT 1 FROM commands"
    " WHERE commands.attempt > 0 AND commands.handout_id = (SELECT handout_id FROM"
    " steam_rent_rentals WHERE rental_id = OLD.rental_id)))"
    " OR (OLD.state IN ('releasing', 'failed') AND NEW.state = 'free' AND NOT NEW.manual_release"
    " AND NOT EXISTS (SELECT 1 FROM steam_rent_jobs AS job WHERE job.id = NEW.job_id"
    " AND job.steam_account = NEW.id AND job.state = 'done' AND job.rental_id IS OLD.rental_id"
    " AND (job.password_proved_at IS NOT NULL OR NOT job.change_password)"
    " AND (job.kick_proved_at IS NOT NULL OR NOT job.kick_devices)))",
)


class RentOrder(Base):
    """A paid order that this module took: what was bought, and what became of it.

    `state`: `waiting` for an account or for the buyer's choice (`reason`: existing_rental,
    no_account, game_frozen, game_missing, held, refunding), then `rental`, `extension`, or
    `closed` with the reason (refunded, removed, …). `told`: the buyer knows that it waits.
    """

    __tablename__ = "steam_rent_orders"
    __table_args__ = (Index("steam_rent_orders_by_buyer", "account_id", "buyer_id", "state"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    handout_id: Mapped[str] = mapped_column(ForeignKey("handouts.id"), unique=True)
    account_id: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[str] = mapped_column(String(16), index=True)
    buyer_id: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[str] = mapped_column(String(128))
    chat: Mapped[str] = mapped_column(String(64))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    game_id: Mapped[str] = mapped_column(String(64))
    minutes: Mapped[int] = mapped_column(Integer)
    bonus_minutes: Mapped[int] = mapped_column(Integer)
    min_rating: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(9), default="waiting")
    reason: Mapped[str | None] = mapped_column(String(64))
    rental_id: Mapped[str | None] = mapped_column(String(36), index=True)
    choice: Mapped[str | None] = mapped_column(String(36))
    """What the buyer or a person chose for it: `rent`, or the rental that it lengthens."""
    told: Mapped[bool] = mapped_column(Boolean, default=False)
    paid_at: Mapped[datetime]
    created_at: Mapped[datetime]


guard(
    "steam_rent_orders",
    "state",
    {
        "waiting": {"rental", "extension", "closed"},
        "rental": {"closed"},
        "extension": {"closed"},
        "closed": {"waiting"},
    },
)


class Rental(Base):
    """An account in a buyer's hands, from its order on. The clock starts when the message with
    the password was sent: until then `delivered` is false and `end_at` provisional.

    `bonus_due`: entitled minutes of the order and of its extensions; `bonus`: given so far.
    """

    __tablename__ = "steam_rent_rentals"
    __table_args__ = (
        Index(
            "steam_rent_one_tenant",
            "steam_account",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index("steam_rent_rentals_by_end", "state", "end_at"),
        Index("steam_rent_rentals_by_buyer", "account_id", "buyer_id", "state"),
    )
    rental_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    handout_id: Mapped[str] = mapped_column(ForeignKey("handouts.id"), unique=True)
    account_id: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[str] = mapped_column(String(16), index=True)
    buyer_id: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[str] = mapped_column(String(128))
    chat: Mapped[str] = mapped_column(String(64))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    game_id: Mapped[str] = mapped_column(String(64))
    steam_account: Mapped[int] = mapped_column(BigInteger)
    login: Mapped[str] = mapped_column(String(64))
    minutes: Mapped[int] = mapped_column(Integer)
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    bonus_due: Mapped[int] = mapped_column(Integer, default=0)
    min_rating: Mapped[int] = mapped_column(Integer, default=4)
    bonus: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(8), default="active")
    delivered: Mapped[bool] = mapped_column(Boolean, default=False)
    warned: Mapped[bool] = mapped_column(Boolean, default=False)
    farewell: Mapped[bool] = mapped_column(Boolean, default=False)
    """The buyer was told of the end."""
    ended_at: Mapped[datetime | None]


guard(
    "steam_rent_rentals",
    "state",
    {"active": {"expired", "revoked"}, "expired": set(), "revoked": set()},
)


class SteamJob(Base):
    """Work on one Steam account that a crash must not end: password change, sign-out, or both.

    `state`: `open` (what is valid at Steam is the stored password) → `sending` (the request that
    changes it is on the wire) → `changed` (the new one is proven and stored) → `done`. A lost
    answer is `unknown` until a sign-in with candidate or old password tells. `dropped`: a person
    took over. At most one job of an account is not ended.
    `next_at`: when to try again; None: now. `stopped`: trying again would not help, so a person
    must start it anew. `old_right`: how often in a row Steam took the old password while the
    outcome was unknown.
    """

    __tablename__ = "steam_rent_jobs"
    __table_args__ = (
        Index(
            "steam_rent_one_job",
            "steam_account",
            unique=True,
            sqlite_where=text("state NOT IN ('done', 'dropped')"),
            postgresql_where=text("state NOT IN ('done', 'dropped')"),
        ),
        CheckConstraint(
            "state != 'done' OR ((password_proved_at IS NOT NULL OR NOT change_password)"
            " AND (kick_proved_at IS NOT NULL OR NOT kick_devices))",
            name="steam_rent_done_is_proven",
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    steam_account: Mapped[int] = mapped_column(ForeignKey("steam_rent_accounts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    """`release`, or what a person asked for: `change`, `kick`"""
    rental_id: Mapped[str | None] = mapped_column(String(36))
    change_password: Mapped[bool] = mapped_column(Boolean)
    kick_devices: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(String(8), default="open")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    old_right: Mapped[int] = mapped_column(Integer, default=0)
    stopped: Mapped[bool] = mapped_column(Boolean, default=False)
    next_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    password_proved_at: Mapped[datetime | None]
    kick_proved_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


guard(
    "steam_rent_jobs",
    "state",
    {
        "open": {"sending", "done", "dropped"},
        "sending": {"open", "unknown", "changed"},
        "unknown": {"open", "changed", "dropped"},
        "changed": {"done", "dropped"},
    },
)
# D15: a candidate that Steam may know of is only replaced by being promoted.
forbid(
    "steam_rent_accounts",
    "candidate_sealed",
    "OLD.candidate_sealed IS NOT NULL"
    " AND NEW.password_sealed IS NOT OLD.candidate_sealed AND EXISTS (SELECT 1 FROM"
    " steam_rent_jobs AS job WHERE job.steam_account = OLD.id"
    " AND job.state IN ('sending', 'unknown'))",
)


class CodeGiven(Base):
    """A Guard code window that is used up: by a tenant (`rental_id`), a person, or our own
    sign-in. One window is never shared; the rows are evidence in a dispute."""

    __tablename__ = "steam_rent_codes"
    __table_args__ = (Index("steam_rent_codes_by_rental", "rental_id"),)
    steam_account: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    taken_by: Mapped[str] = mapped_column(String(8))
    """`tenant`, `person` or `opium`"""
    rental_id: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[datetime]


class ReviewCheck(Base):
    """A review of this order is to be read; kept until FunPay has shown the order."""

    __tablename__ = "steam_rent_reviews"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime]


class Asked(Base):
    """When a buyer last used a command, for its cool-down; old rows are dropped."""

    __tablename__ = "steam_rent_asked"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    buyer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    command: Mapped[str] = mapped_column(String(8), primary_key=True)
    at: Mapped[datetime]
