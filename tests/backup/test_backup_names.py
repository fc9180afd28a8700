"""Which copies are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opium.backup.names import DAYS, HOURS, LABELLED, Name, kept, read

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def hours_ago(*hours: float) -> list[Name]:
    return [Name(NOON - timedelta(hours=hour)) for hour in hours]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("opium-20261120T120000Z.db", Name(NOON)),
        ("opium-20261120T120000Z-before-migration.db", Name(NOON, "before-migration")),
        ("opium-20261320T120000Z.db", None),
        ("opium-20261120T120000Z.db.part", None),
        ("opium.db", None),
        ("opium-20261120T120000Z-.db", None),
    ],
)
def test_names_are_read_back(text: str, name: Name | None) -> None:
    assert read(text) == name
    assert name is None or name.text == text


@pytest.mark.parametrize(
    ("given_hours", "gone"),
    [
        ([], []),
        ([0, 1, 2], []),
        ([0, 0.5, 0.6], [0.6]),
        ([*range(30)], [24, 25, 26, 27, 28, 29]),
        ([24 * n for n in range(40)], [24 * n for n in range(24, 40)]),
    ],
    ids=["none", "few", "two in one hour", "thirty hours", "one a day"],
)
def test_the_newest_of_each_hour_and_day_stay(given_hours: list[float], gone: list[float]) -> None:
    names = hours_ago(*given_hours)
    lost = set(names) - kept(names)
    assert lost == set(hours_ago(*gone))


def test_a_month_of_hourly_copies_leaves_a_day_of_hours_and_two_weeks_of_days() -> None:
    names = hours_ago(*range(24 * 30))
    keep = kept(names)
    assert set(names[:HOURS]) <= keep
    assert len({name.at.date() for name in keep}) == DAYS
    assert len(keep) == HOURS + DAYS - 2


moments = st.integers(0, 60 * 24 * 3600).map(lambda seconds: NOON - timedelta(seconds=seconds))
every_name = st.builds(Name, moments, st.sampled_from(["", "", "before-migration"]))


@given(st.lists(every_name, max_size=80))
def test_rotation_is_bounded_keeps_the_newest_and_settles(names: list[Name]) -> None:
    keep = kept(names)
    assert keep <= set(names)
    assert len(keep) <= HOURS + DAYS + LABELLED
    assert not names or max(names) in keep
    assert kept(keep) == keep


@given(st.lists(moments, min_size=1, max_size=60))
def test_taking_and_rotating_step_by_step_never_loses_a_day_of_the_last_two_weeks(
    times: list[datetime],
) -> None:
    keep: set[Name] = set()
    for at in sorted(times):
        keep = kept({*keep, Name(at)})
    days = sorted({at.date() for at in times}, reverse=True)[:DAYS]
    assert set(days) <= {name.at.date() for name in keep}
