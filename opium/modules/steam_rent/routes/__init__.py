"""The routes under `/api/accounts/<account>/modules/steam_rent` (contract 9)."""

from flask import Blueprint


def blueprint() -> Blueprint:
    """The routes, made anew for each application."""
    return Blueprint("steam_rent", __name__)
