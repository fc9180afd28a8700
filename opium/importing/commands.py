"""What `python app.py import-legacy` and `import-cardinal` do, and say afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from opium.backup.copies import CopyError
from opium.config import Config, ConfigError
from opium.db.migrate import SchemaError
from opium.errors import OpiumError
from opium.importing.cardinal import import_cardinal
from opium.importing.draft import Premises, clear, copied
from opium.importing.legacy import import_legacy
from opium.importing.report import NotImported, Report
from opium.lock import try_lock
from opium.vault import VaultError

MoveIn = Callable[[Premises], list[Report]]


def legacy_now(config: Config, path: Path, *, dry_run: bool, start: bool) -> tuple[str, bool]:
    """The report, and whether every account was taken. NotImported if nothing was begun."""
    return _run(config, lambda here: import_legacy(here, path, start=start), dry_run, start)


def cardinal_now(
    config: Config, path: Path, account_id: str, *, dry_run: bool, start: bool
) -> tuple[str, bool]:
    """The same for one shop of FunPayCardinal."""

    def move_in(here: Premises) -> list[Report]:
        return [import_cardinal(here, path, account_id, start=start)]

    return _run(config, move_in, dry_run, start)


def _run(config: Config, move_in: MoveIn, dry_run: bool, start: bool) -> tuple[str, bool]:
    os.umask(0o077)
    try:
        config.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = try_lock(config.instance)
        if lock is None:
            raise NotImported("Opium is running here; stop the service first.")
        with lock, ExitStack() as stack:
            clear(config)
            if dry_run:
                config = stack.enter_context(copied(config, make_key=False))
            reports = move_in(Premises(config))
    except (OpiumError, CopyError, VaultError, ConfigError, SchemaError) as exc:
        raise NotImported(str(exc)) from None
    except OSError as exc:
        raise NotImported(f"{exc.filename or config.instance}: {exc.strerror}.") from None
    return _told(reports, dry_run, start), not any(report.failed for report in reports)


def _told(reports: list[Report], dry_run: bool, start: bool) -> str:
    lines = [line for report in reports for line in report.lines()]
    new = any(report.new for report in reports)
    if dry_run:
        lines.append("This was a dry run: nothing was changed.")
    elif new and not start:
        lines += [
            "New accounts are switched off. Stop the old program for good, start the service, and",
            "start each account in the panel, or with POST /api/accounts/<account>/start.",
        ]
    elif new:
        lines.append("Stop the old program for good before you start the service.")
    return "\n".join(lines)
