"""The command line: serving, the demo, and what is done beside the server."""

from __future__ import annotations

import sys

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


def _config() -> Config:
    try:
        return Config.load()
    except ConfigError as exc:
        click.echo(str(exc), err=True)
        sys.exit(78)
