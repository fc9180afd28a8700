"""What `GET /api/metrics` shows of categories."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from opium.kit import Figure
from opium.modules.auto_raise import module
from opium.modules.auto_raise.models import Category


@module.figures
def figures(db: Session) -> Iterator[Figure]:
    """How many categories an account has, and in how many the last raise went wrong."""
    failing = func.sum(case((Category.failures > 0, 1), else_=0))
    counted = (
        select(Category.account_id, func.count(), failing)
        .where(Category.listed)
        .group_by(Category.account_id)
    )
    for account_id, number, failed in db.execute(counted):
        labels = {"account": account_id}
        yield Figure("categories", "Games in which the account has lots.", number, labels)
        text = "Those among them whose last raise failed."
        yield Figure("failing_categories", text, failed, labels)
