"""The command line: serving, the demo, and what is done beside the server."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from opium.config import Config, ConfigError


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Opium: without a command it serves the API."""
    if context.invoked_subcommand is None:
        from opium.serve import serve

        sys.exit(serve(_config()))


@main.command()
def passwd() -> None:
    """Set the admin password."""
    from opium.core import Opium
    from opium.errors import OpiumError
    from opium.security.passwords import set_password
    from opium.vault import VaultError

    config = _config()
    try:
        core = Opium(config)
        core.open_database()
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
        set_password(core.db, password, config.password_rounds)
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


@main.command()
def doctor() -> None:
    """Tell what is wrong and what to do, beside the running server; exit 1 if anything is."""
    from opium.doctor import examine, report

    findings = examine(_config())
    click.echo(report(findings))
    sys.exit(0 if all(finding.well for finding in findings) else 1)


def _config() -> Config:
    try:
        return Config.load()
    except ConfigError as exc:
        click.echo(str(exc), err=True)
        sys.exit(78)
