"""`/steam-accounts`: what is rented out."""

from __future__ import annotations

from flask import Blueprint
from typing_extensions import TypedDict

from opium.kit import Invalid, Work, visit
from opium.modules.steam_rent import accounts, editing, games, module
from opium.modules.steam_rent.matching import fold
from opium.modules.steam_rent.routes.account_view import SteamAccountView, is_frozen, view
from opium.modules.steam_rent.routes.answers import Frozen, Ok
from opium.modules.steam_rent.routes.bodies import (
    KEEP,
    Freeze,
    NewSteamAccount,
    SteamAccountPatch,
    decoded,
    is_id,
)
from opium.modules.steam_rent.routes.shared import proxy_settings
from opium.modules.steam_rent.rows import SteamAccount
from opium.modules.steam_rent.steam import parse_mafile
from opium.schema import closed, typed

MAX_MAFILE = 64 * 1024


@closed
class Password(TypedDict):
    password: str


@typed
def list_accounts() -> list[SteamAccountView]:
    """All Steam accounts of this FunPay account, oldest first; secrets show as `***`."""
    here = visit(module)
    with here.read() as db:
        return [view(row) for row in accounts.of_account(db, here.account_id)]


@typed(errors=(409,))
def create_account(body: NewSteamAccount) -> SteamAccountView:
    """A new Steam account; its login may exist once in the whole server."""
    here = visit(module)
    flags = here.settings
    if body.id is None and not is_id(body.login):
        raise Invalid("id is required, since the login has characters that an id cannot have.")
    change, kick = body.change_password_on_rent, body.kick_devices_on_rent
    with here.work() as work:
        row = SteamAccount(
            account_id=here.account_id,
            name=body.id or body.login,
            key=fold(body.id or body.login),
            game_ids=games.existing(work.db, here.account_id, body.game_ids),
            state="free",
            change_password=flags.change_password_on_rent if change is None else change,
            kick_devices=flags.kick_devices_on_rent if kick is None else kick,
            proxy=proxy_settings(work.db, body.proxy_settings),
            created_at=work.now,
        )
        editing.refuse_same_id(work.db, row)
        editing.set_login(work.db, row, body.login)
        work.db.add(row)
        work.db.flush()
        _set_secrets(work, row, body)
        return view(row)


@typed(errors=(409,))
def change_account(steam_account: str, body: SteamAccountPatch) -> SteamAccountView:
    """Change what is given. Other access data end our own session at Steam."""
    here = visit(module)
    given = body.model_fields_set
    with here.work() as work:
        row = accounts.find(work.db, here.account_id, steam_account)
        if "login" in given:
            editing.set_login(work.db, row, body.login)
        if "game_ids" in given:
            row.game_ids = games.existing(work.db, here.account_id, body.game_ids)
        if "change_password_on_rent" in given:
            row.change_password = body.change_password_on_rent
        if "kick_devices_on_rent" in given:
            row.kick_devices = body.kick_devices_on_rent
        if "proxy_settings" in given:
            row.proxy = proxy_settings(work.db, body.proxy_settings)
        _set_secrets(work, row, body)
        return view(row)


@typed(errors=(409,))
def delete_account(steam_account: str) -> Ok:
    """Delete an account that nobody uses; its secrets are wiped."""
    here = visit(module)
    with here.work() as work:
        editing.delete(work, accounts.find(work.db, here.account_id, steam_account))
    return {"ok": True}


@typed(errors=(409,))
def freeze_account(steam_account: str, body: Freeze | None) -> Frozen:
    """Switch, or set, whether the account is kept back. Letting go one whose release failed is
    a person's word that it is safe, and is audited."""
    here = visit(module)
    with here.work() as work:
        row = accounts.find(work.db, here.account_id, steam_account)
        frozen = not is_frozen(row) if body is None or body.frozen is None else body.frozen
        by_hand = row.state == "failed" and not frozen
        if by_hand:
            editing.release_by_hand(work, row)
        row.frozen, name = frozen, row.name
    if by_hand:
        here.audit("MANUAL_RELEASE", f"steam_rent account {name}")
    return {"ok": True, "frozen": frozen}


@typed
def get_password(steam_account: str) -> Password:
    """The stored password; audited."""
    here = visit(module)
    with here.read() as db:
        row = accounts.find(db, here.account_id, steam_account)
        password, name = accounts.password_of(here.vault, row), row.name
    here.audit("SECRET_REVEALED", f"steam_rent account {name}")
    return {"password": password}


@typed(max_body=MAX_MAFILE)
def import_mafile(steam_account: str, body: str) -> Ok:
    """Take the authenticator's secrets from a maFile, sent as it is; its revocation code and its
    own session are not kept."""
    here = visit(module)
    mafile = parse_mafile(body)
    with here.work() as work:
        row = accounts.find(work.db, here.account_id, steam_account)
        if mafile.account_name is not None and fold(mafile.account_name) != row.login_key:
            raise Invalid("The maFile is of another login than this Steam account.")
        accounts.store_mafile(work.vault, row, mafile)
        editing.try_again(work.db, row)
    return {"ok": True}


def register(routes: Blueprint) -> None:
    routes.get("/steam-accounts")(list_accounts)
    routes.post("/steam-accounts")(create_account)
    routes.put("/steam-accounts/<steam_account>")(change_account)
    routes.delete("/steam-accounts/<steam_account>")(delete_account)
    routes.post("/steam-accounts/<steam_account>/freeze")(freeze_account)
    routes.get("/steam-accounts/<steam_account>/password")(get_password)
    routes.post("/steam-accounts/<steam_account>/import-mafile")(import_mafile)


def _set_secrets(work: Work, row: SteamAccount, body: NewSteamAccount | SteamAccountPatch) -> None:
    """Store what is neither a mask nor empty; null takes a secret of the authenticator away."""
    given = body.model_fields_set
    if body.password not in KEEP:
        editing.set_password(work, row, body.password)
    if "shared_secret" in given and body.shared_secret not in KEEP:
        secret = decoded(body.shared_secret) if body.shared_secret is not None else None
        accounts.store_shared(work.vault, row, secret)
        editing.access_changed(work.db, row)
    if "identity_secret" in given and body.identity_secret not in KEEP:
        secret = decoded(body.identity_secret) if body.identity_secret is not None else None
        accounts.store_identity(work.vault, row, secret)
        editing.access_changed(work.db, row)
