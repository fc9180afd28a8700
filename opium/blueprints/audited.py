"""Audit rows of what a person does through the API."""

from __future__ import annotations

from opium.blueprints.parts import Core
from opium.security import audit_here


def audited(core: Core, action: str, target: str, result: str = "ok") -> None:
    """Write one row about the present request."""
    with core.db.write() as session:
        audit_here(session, action, target, result)
