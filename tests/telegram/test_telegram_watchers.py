"""Log watchers: what the seller wants to hear of the log, and nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from outbox_cast import HOUR, Office

from opium import logs
from opium.modules.telegram_bot.watching import PER_MINUTE, Watch

INFO, DEBUG = logging.INFO, logging.DEBUG


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "instance")


@pytest.fixture
def watch(office: Office) -> Watch:
    return Watch(office.opium.clock.monotonic)


def line(text: str, name: str = "opium.raise") -> str:
    return f"2026-11-20 12:00:00 | INFO     | {name} | {text}"


def wants(office: Office, watch: Watch, pattern: str, custom: str = "", *, on: bool = True) -> None:
    body = {"pattern": pattern, "custom_message": custom, "enabled": on}
    office.ask("POST", "/log-watchers", body)
    watch.load(office.job)


def read(office: Office, watch: Watch) -> list[str]:
    watch.tell(office.job)
    office.sends(100)
    return office.shown()


def test_a_line_that_fits_is_told_and_stands_not_in_the_event_log(
    office: Office, watch: Watch
) -> None:
    wants(office, watch, "Raised")
    watch.see(None, INFO, line("[shop] Raised <3> lots"))
    watch.see(None, INFO, line("[shop] raised in small letters"))
    shown = read(office, watch)
    assert shown == ["[shop] 📜 " + line("[shop] Raised <3> lots")]
    assert [e.type for e in office.messages()[0].entities if e.type == "pre"] == ["pre"]
    assert office.log() == []


def test_the_pattern_sees_time_level_and_name(office: Office, watch: Watch) -> None:
    wants(office, watch, "INFO     | opium.raise |", "raised & told")
    watch.see(None, INFO, line("[shop] x"))
    assert read(office, watch) == ["[shop] 📜 raised & told"]


def test_the_first_enabled_one_wins(office: Office, watch: Watch) -> None:
    wants(office, watch, "Rai", "off", on=False)
    wants(office, watch, "Raised", "first")
    wants(office, watch, "Raised", "second")
    watch.see(None, INFO, line("[shop] Raised"))
    assert read(office, watch) == ["[shop] 📜 first"]


@pytest.mark.parametrize(
    ("account", "level", "text"),
    [
        (None, INFO, line("[other] Raised")),
        ("other", INFO, line("Raised")),
        (None, DEBUG, line("[shop] Raised")),
        (None, INFO, line("[shop] Raised", "opium.telegram_bot")),
        (None, INFO, line("[shop] Raised", "opium.telegram_bot.polling")),
        (None, INFO, line("[shop] Raised", "TeleBot")),
        (None, INFO, line("[shop] Raised", "urllib3")),
    ],
)
def test_what_is_none_of_his_business(
    office: Office, watch: Watch, account: str | None, level: int, text: str
) -> None:
    wants(office, watch, "Raised")
    watch.see(account, level, text)
    assert read(office, watch) == []


@pytest.mark.parametrize(("account", "text"), [(None, "Raised"), ("shop", "Raised")])
def test_global_and_own_lines_are_his(
    office: Office, watch: Watch, account: str | None, text: str
) -> None:
    wants(office, watch, "Raised", "yes")
    watch.see(account, INFO, line(text))
    assert read(office, watch) == ["[shop] 📜 yes"]


def test_no_more_than_twenty_a_minute_and_then_how_many_more(office: Office, watch: Watch) -> None:
    wants(office, watch, "Raised", "x")
    for _ in range(50):
        watch.see(None, INFO, line("[shop] Raised"))
    assert len(read(office, watch)) == PER_MINUTE
    shown = read(office, watch)
    assert len(shown) == PER_MINUTE + 1
    assert "ещё 30" in shown[-1]
    watch.see(None, INFO, line("[shop] Raised"))
    assert len(read(office, watch)) == PER_MINUTE + 2


def test_a_removed_watcher_is_silent(office: Office, watch: Watch) -> None:
    wants(office, watch, "Raised")
    found = office.ask("GET", "/log-watchers")[0]["id"]
    office.ask("DELETE", f"/log-watchers/{found}")
    watch.load(office.job)
    watch.see(None, INFO, line("[shop] Raised"))
    assert read(office, watch) == []


def test_a_long_line_is_one_message(office: Office, watch: Watch) -> None:
    wants(office, watch, "Raised")
    watch.see(None, INFO, line("[shop] Raised " + "<" * 9000))
    assert [len(text) < 4096 for text in read(office, watch)] == [True]


@pytest.fixture
def lines(office: Office) -> Iterator[logs.Logging]:
    made = logs.set_up(office.opium.core.config, console=False)
    yield made
    made.close()


def test_the_real_log_is_watched_redacted(office: Office, lines: logs.Logging) -> None:
    watch = Watch(office.opium.clock.monotonic)
    wants(office, watch, "hello")
    stop = lines.watch(watch.see)
    logging.getLogger("opium.test").info("[shop] hello golden_key=%s", "k" * 32)
    logging.getLogger("opium.test").info("[other] hello")
    assert lines.flush()
    stop()
    [shown] = read(office, watch)
    assert "hello golden_key=***" in shown


def test_the_log_does_not_wait_for_the_database(office: Office, watch: Watch) -> None:
    wants(office, watch, "Raised")
    with office.opium.core.db.write():
        began = time.perf_counter()
        for _ in range(1000):
            watch.see(None, INFO, line("[shop] Raised"))
        assert time.perf_counter() - began < 0.5


def test_a_lost_line_is_named_in_a_digest(office: Office, watch: Watch) -> None:
    wants(office, watch, "Raised", "lots raised")
    office.fails("reset")
    watch.see(None, INFO, line("[shop] Raised"))
    watch.tell(office.job)
    office.sends(HOUR)
    assert "lots raised" in office.shown()[-1]
