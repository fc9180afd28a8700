"""`/rentals`: who has which account until when, and what a person may do about it."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint
from pydantic import Field, field_validator
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from opium.kit import Handout, Invalid, NotFound, Visit, Work, visit
from opium.modules.steam_rent import module, rentals
from opium.modules.steam_rent.rental_view import RentalView, views
from opium.modules.steam_rent.rows import Rental
from opium.schema import Body, Query, typed


class RentalsQuery(Query):
    status: Literal["active", "expired", "revoked"] | None = None
    limit: int | None = Field(None, ge=1, le=1000)
    offset: int = Field(0, ge=0)


class Minutes(Body):
    """How much longer, or shorter if negative."""

    minutes: int = Field(ge=-525_600, le=525_600)

    @field_validator("minutes")
    @classmethod
    def not_zero(cls, value: int) -> int:
        if value == 0:
            raise ValueError("must not be 0")
        return value


@typed
def list_rentals(query: RentalsQuery) -> list[RentalView]:
    """Rentals, newest first. Passwords of active ones are shown, which is audited."""
    rows = select(Rental).order_by(Rental.start_at.desc(), Rental.rental_id)
    if query.status is not None:
        rows = rows.where(Rental.state == query.status)
    if query.limit is not None:
        rows = rows.limit(query.limit)
    if query.offset:
        rows = rows.offset(query.offset)
    return _shown(visit(module), rows)


@typed
def list_active() -> list[RentalView]:
    """Running rentals, the one that ends first first."""
    rows = select(Rental).where(Rental.state == "active").order_by(Rental.end_at)
    return _shown(visit(module), rows)


@typed
def change_time(rental_id: str, body: Minutes) -> RentalView:
    """Lengthen or shorten a running rental."""
    here = visit(module)
    with here.work() as work:
        rentals.add_time(work, _one(work.db, here, rental_id), body.minutes)
    here.audit("RENTAL_TIME", f"steam_rent rental {rental_id}, {body.minutes:+d} minutes")
    return _after(here, rental_id)


@typed
def terminate(rental_id: str) -> RentalView:
    """End a rental at once. Password change and sign-out run afterwards."""
    here = visit(module)
    with here.work() as work:
        rental = _one(work.db, here, rental_id)
        if rental.state != "active":
            raise Invalid("The rental is not active, so it cannot be terminated.")
        rentals.terminate(work, rental, "a person ended it")
        _tell_of_money(work, rental)
    here.audit("RENTAL_TERMINATED", f"steam_rent rental {rental_id}")
    return _after(here, rental_id)


def register(routes: Blueprint) -> None:
    routes.get("/rentals")(list_rentals)
    routes.get("/rentals/active")(list_active)
    routes.patch("/rentals/<rental_id>/time")(change_time)
    routes.post("/rentals/<rental_id>/terminate")(terminate)


def _tell_of_money(work: Work, rental: Rental) -> None:
    """A rental that ended before its buyer got anything is paid all the same."""
    if work.db.get_one(Handout, rental.handout_id).state == "cancelled":
        text = f"Order {rental.order_id} was ended before its buyer got the account, and is paid."
        work.alert("waiting", f"ended:{rental.order_id}", f"{text} Give the money back.")


def _one(db: Session, here: Visit, rental_id: str) -> Rental:
    rental = db.get(Rental, rental_id)
    if rental is None or rental.account_id != here.account_id:
        raise NotFound("Rental not found")
    return rental


def _shown(here: Visit, rows: Select[Rental]) -> list[RentalView]:
    with here.read() as db:
        found = list(db.scalars(rows.where(Rental.account_id == here.account_id)))
        shown = views(db, here.vault, found, here.iso)
    return _noted(here, shown)


def _after(here: Visit, rental_id: str) -> RentalView:
    with here.read() as db:
        shown = views(db, here.vault, [_one(db, here, rental_id)], here.iso)
    return _noted(here, shown)[0]


def _noted(here: Visit, shown: list[RentalView]) -> list[RentalView]:
    """The same; passwords among them leave a line in the audit log."""
    if any(row["status"] == "active" for row in shown):
        here.audit("SECRET_REVEALED", "steam_rent passwords of active rentals")
    return shown
