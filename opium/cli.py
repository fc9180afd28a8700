"""The command line: serving, the demo, and what is done beside the server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from opium.config import Config, ConfigError


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Opium: without a command it serves the API."""
    os.umask(0o077)  # whatever a command makes is for its owner only
    if context.invoked_subcommand is None:
        from opium.serve import serve

        sys.exit(serve(_config()))


@main.command()
def passwd() -> None:
    """Set the admin password."""
    from opium.core import Opium
    from opium.errors import OpiumError
    from opium.security.audit import COMMAND_LINE
    from opium.security.passwords import set_password
    from opium.vault import VaultError

    config = _config()
    try:
        core = Opium(config)
        core.open_database()
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
        set_password(core.db, password, config.password_rounds, by=COMMAND_LINE)
    except (OpiumError, VaultError, ConfigError, ValueError) as exc:
        raise click.ClickException(str(exc)) from None
    click.echo("The password is set; all earlier sign-ins have ended.")


@main.command()
@click.option("--port", default=8000, show_default=True, help="Port of the API.")
@click.option("--sandbox-port", default=8100, show_default=True, help="Port of the sandbox.")
@click.option("--seconds", type=float, help="End by itself; exit 1 if an order was lost.")
def demo(port: int, sandbox_port: int, seconds: float | None) -> None:
    """Show a shop at work on the sandbox, until Ctrl-C."""
    from opium.demo import run

    sys.exit(run(port, sandbox_port, seconds))


@main.command()
@click.option("--to", type=click.Path(path_type=Path), help="A file to make, or a folder.")
def backup(to: Path | None) -> None:
    """Copy the database now, beside the running server."""
    from opium.backup.commands import backup_now
    from opium.backup.copies import CopyError

    try:
        click.echo(backup_now(_config(), to))
    except CopyError as exc:
        raise click.ClickException(f"No backup was made: {exc}") from None


@main.command()
@click.argument("which", metavar="PATH|latest")
def restore(which: str) -> None:
    """Put a backup in the database's place; the service must be stopped."""
    from opium.backup.commands import restore_now
    from opium.backup.copies import CopyError

    try:
        click.echo(restore_now(_config(), which))
    except CopyError as exc:
        raise click.ClickException(f"Nothing was changed: {exc}") from None


@main.group()
def keys() -> None:
    """The key that seals secrets in the database."""


_KEY_FILE = click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file of the key, if the settings do not name it.",
)


@keys.command()
@_KEY_FILE
def show(key_file: Path | None) -> None:
    """Where it is and what it opens, beside the running server; exit 1 if it is not everything."""
    from opium.keys.commands import KeysError, show_keys

    try:
        text, well = show_keys(_config(any_user=True), key_file)
    except KeysError as exc:
        raise click.ClickException(str(exc)) from None
    click.echo(text)
    sys.exit(0 if well else 1)


@keys.command()
@_KEY_FILE
def rotate(key_file: Path | None) -> None:
    """Seal everything with a new key; the service must be stopped. Safe to be run again."""
    from opium.keys.commands import KeysError, rotate_now

    try:
        click.echo(rotate_now(_config(any_user=True), key_file, click.echo))
    except KeysError as exc:
        raise click.ClickException(str(exc)) from None


@main.command()
def doctor() -> None:
    """Tell what is wrong and what to do, beside the running server; exit 1 if anything is."""
    from opium.doctor import examine, report

    findings = examine(_config())
    click.echo(report(findings))
    sys.exit(0 if all(finding.well for finding in findings) else 1)


@main.command("import-legacy")
@click.argument("path", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--dry-run", is_flag=True, help="Only tell what would be imported.")
@click.option("--start", is_flag=True, help="Let the accounts run when the service starts.")
def import_legacy(path: Path, dry_run: bool, start: bool) -> None:
    """Take accounts of the older Opium over; the service must be stopped."""
    from opium.importing.commands import legacy_now
    from opium.importing.report import NotImported

    try:
        told, well = legacy_now(_config(), path, dry_run=dry_run, start=start)
    except NotImported as exc:
        raise click.ClickException(f"Nothing was imported: {exc}") from None
    click.echo(told)
    sys.exit(0 if well else 1)


@main.command("import-cardinal")
@click.argument("path", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--account", required=True, help="The account's id in Opium.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be imported.")
@click.option("--start", is_flag=True, help="Let the account run when the service starts.")
def import_cardinal(path: Path, account: str, dry_run: bool, start: bool) -> None:
    """Take a shop of FunPayCardinal over; the service must be stopped."""
    from opium.importing.commands import cardinal_now
    from opium.importing.report import NotImported

    try:
        told, well = cardinal_now(_config(), path, account, dry_run=dry_run, start=start)
    except NotImported as exc:
        raise click.ClickException(f"Nothing was imported: {exc}") from None
    click.echo(told)
    sys.exit(0 if well else 1)


def _config(*, any_user: bool = False) -> Config:
    from opium.owner import refuse_stranger

    try:
        config = Config.load()
        if not any_user:
            refuse_stranger(config.instance)
    except ConfigError as exc:
        click.echo(str(exc), err=True)
        sys.exit(78)
    return config
