"""`import-legacy`: one account of the older Opium after the other, each whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opium.importing import legacy_read, legacy_rent
from opium.importing.draft import Draft, Premises
from opium.importing.entries import entries, known
from opium.importing.legacy_read import Old
from opium.importing.report import NotImported, Report, plain
from opium.kit import OpiumError
from opium.modules.telegram_bot import config as bot
from opium.modules.telegram_bot.telegram import Me

RAISE_KEYS = ("enabled", "delay_range_minutes")
BOT_KEYS = ("proxy", "language", "forum_chat_id", "topic_id")
USER_KEYS = ("telegram_id", "label")
WATCHER_KEYS = ("pattern", "custom_message", "enabled")
BUTTON_KEYS = (
    "label", "api_endpoint", "api_method", "api_body", "description", "confirm", "enabled",
)  # fmt: skip
PAST = {
    "events": "the log of notices: it begins anew",
    "log": "the log of raises: it begins anew",
    "status": "when which category was raised: it is learnt at the first raise",
}


def import_legacy(premises: Premises, root: Path, *, start: bool = False) -> list[Report]:
    """Take all accounts in a folder over. NotImported if there are none."""
    folders = legacy_read.account_folders(root)
    if not folders:
        raise NotImported(f"there is no account in {root}: it needs accounts/<id>/account.json.")
    return [_account(premises, folder, start=start) for folder in folders]


def _account(premises: Premises, folder: Path, *, start: bool) -> Report:
    report = Report(plain(folder.resolve().name))
    try:
        old = legacy_read.read(folder, report)
        if premises.has(old.account_id):
            return Report(report.account_id, "already there: nothing was changed")
        with premises.draft() as draft:
            _write(draft, old, report, start=start)
    except NotImported as exc:
        report.refuse(str(exc))
    return report


def _write(draft: Draft, old: Old, report: Report, *, start: bool) -> None:
    base = f"/api/accounts/{old.account_id}"
    body = {"account_id": old.account_id, **old.config}
    draft.ask("account.json", "POST", "/api/accounts", body)
    if not start:
        draft.ask("account.json", "POST", f"{base}/stop")
    for name, kept in old.modules.items():
        draft.ask(f"modules/{name}", "POST", f"{base}/modules", {"module_name": name})
        report.taken[f"module {name}"] += 1
        for kind in kept.keys() & PAST.keys():
            report.left_out.append(f"{kept[kind][0].file}: {PAST[kind]}")
        _WRITERS[name](draft, old, f"{base}/modules/{name}", report)


def _auto_raise(draft: Draft, old: Old, base: str, report: Report) -> None:
    for found, entry in entries(old, "auto_raise", "config"):
        body = known(entry, RAISE_KEYS, found, report)
        draft.ask(found, "PATCH", f"{base}/config", body)


def _telegram_bot(draft: Draft, old: Old, base: str, report: Report) -> None:
    for found, entry in entries(old, "telegram_bot", "config"):
        body = known(entry, ("bot_token", "notify_events", *BOT_KEYS), found, report)
        token = body.pop("bot_token", "")
        settings = {key: body.pop(key) for key in BOT_KEYS if key in body}
        draft.ask(found, "PATCH", f"{base}/config", body)
        if settings:
            draft.ask(found, "PUT", base, {"config": settings})
        if token:
            _token(draft, old.account_id, token, found)
            report.taken["Telegram bot"] += 1
    lists: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("whitelist", "users of the bot", USER_KEYS),
        ("log_watchers", "log watchers", WATCHER_KEYS),
        ("bot_buttons", "buttons", BUTTON_KEYS),
    )
    for kind, words, keys in lists:
        path = f"{base}/{kind.replace('_', '-')}"
        for found, entry in entries(old, "telegram_bot", kind, "telegram_id"):
            body = known(entry, keys, found, report, ignored={"id"})
            if _addressed(draft, kind, found, path, body, report):
                report.taken[words] += 1


def _addressed(
    draft: Draft, kind: str, found: str, path: str, body: dict[str, Any], report: Report
) -> bool:
    """Store an entry. Buttons could once call anything; one that is forbidden now is left out."""
    if kind == "bot_buttons":
        reply = draft.call("POST", path, body)
        if not reply.ok:
            report.left_out.append(f"{found}: {reply.data['detail']}")
        return reply.ok
    draft.ask(found, "POST", path, body)
    return True


def _token(draft: Draft, account_id: str, token: Any, found: str) -> None:
    """Store a token unasked: Telegram is asked at the start of the bot, and not by an import."""
    try:
        if not isinstance(token, str):
            raise NotImported(f"{found}: bot_token must be a text.")
        bot.check_form(token.strip())
        me = Me(int(token.strip().partition(":")[0]), None, None)
        with draft.work(account_id, "telegram_bot") as work:
            bot.put_in_force(work, token.strip(), me)
    except OpiumError as exc:
        raise NotImported(f"{found}: {exc}") from None


_WRITERS = {
    "auto_raise": _auto_raise,
    "telegram_bot": _telegram_bot,
    "steam_rent": legacy_rent.write,
}
