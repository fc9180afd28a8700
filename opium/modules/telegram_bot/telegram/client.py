"""Telegram: what a bot can say and hear, in our words. Every method raises TelegramError."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opium.modules.telegram_bot.telegram import library
from opium.modules.telegram_bot.telegram.errors import BadRequest, OutcomeUnknown, TooMany
from opium.modules.telegram_bot.telegram.line import Line
from opium.modules.telegram_bot.telegram.pauses import Pauses

Keyboard = Sequence[Sequence[Sequence[str]]]
"""Rows of buttons; a button is (text, data)."""

SEND_SECONDS = 35.0
ANSWER_SECONDS = 5.0
LOOK_SECONDS = 10.0
POLL_GRACE = 10.0
"""Seconds that a long poll may take beyond its own time."""
TOAST = 200
KINDS = ["message", "callback_query"]


@dataclass(frozen=True, slots=True)
class Me:
    """The bot as Telegram knows it."""

    id: int
    username: str | None
    first_name: str | None


class Telegram:
    """One bot over one line. `token` is never shown."""

    def __init__(self, token: str, line: Line, pauses: Pauses | None = None) -> None:
        self._token = token
        self._line = line
        self._pauses = pauses or Pauses(line.clock)
        self.bot_id = int(token.partition(":")[0])

    def __repr__(self) -> str:
        return f"<Telegram bot {self.bot_id}>"

    def me(self) -> Me:
        """Who this bot is: proves the token, within ten seconds."""
        with library.speaking(self._line, self.bot_id, LOOK_SECONDS) as api:
            told = _object(api.get_me(self._token))
        username, first_name = told.get("username"), told.get("first_name")
        return Me(
            self.bot_id,
            username if isinstance(username, str) else None,
            first_name if isinstance(first_name, str) else None,
        )

    def updates(self, offset: int, seconds: int) -> list[dict[str, Any]]:
        """What happened since `offset`, at once or within `seconds`; what is no object is left
        out."""
        total = seconds + POLL_GRACE
        with library.speaking(self._line, self.bot_id, total) as api:
            told = api.get_updates(
                self._token,
                offset=offset,
                long_polling_timeout=seconds,
                allowed_updates=KINDS,
            )
        if not isinstance(told, list):
            raise OutcomeUnknown("Telegram's answer is incomplete.")
        return [update for update in told if isinstance(update, dict)]

    def send(
        self,
        chat: int,
        html: str,
        *,
        keyboard: Keyboard | None = None,
        thread: int | None = None,
        reply_to: int | None = None,
        asks: bool = False,
        silent: bool = False,
    ) -> int:
        """Send a message; its id. `asks`: his app opens a field for the answer to it.

        TooMany without asking while Telegram wants this chat to be left in peace.
        """
        self._pauses.check(chat)
        types = library.types()
        markup = types.ForceReply() if asks else _markup(keyboard)
        reply = (
            types.ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None
        )
        try:
            with library.speaking(self._line, self.bot_id, SEND_SECONDS) as api:
                told = api.send_message(
                    self._token,
                    chat,
                    html,
                    parse_mode="HTML",
                    reply_markup=markup,
                    message_thread_id=thread or None,
                    reply_parameters=reply,
                    disable_notification=True if silent else None,
                    link_preview_options=types.LinkPreviewOptions(is_disabled=True),
                )
        except TooMany as exc:
            self._pauses.rest(chat, exc.seconds)
            raise
        message_id = _object(told).get("message_id")
        if not isinstance(message_id, int):
            raise OutcomeUnknown("Telegram's answer is incomplete.")
        return message_id

    def edit(self, chat: int, message: int, html: str, keyboard: Keyboard | None = None) -> None:
        """Replace text and keyboard of an own message; nothing if they are that already."""
        types = library.types()
        with library.speaking(self._line, self.bot_id, SEND_SECONDS) as api:
            _unless_same(
                api.edit_message_text,
                self._token,
                text=html,
                chat_id=chat,
                message_id=message,
                parse_mode="HTML",
                reply_markup=_markup(keyboard),
                link_preview_options=types.LinkPreviewOptions(is_disabled=True),
            )

    def clear_keyboard(self, chat: int, message: int) -> None:
        """Take the buttons of an own message away."""
        with library.speaking(self._line, self.bot_id, ANSWER_SECONDS) as api:
            _unless_same(
                api.edit_message_reply_markup, self._token, chat_id=chat, message_id=message
            )

    def answer(self, callback_id: str, text: str = "", *, alert: bool = False) -> None:
        """Let the clock on a pressed button end; `text` is shown for a moment, or as `alert`."""
        with library.speaking(self._line, self.bot_id, ANSWER_SECONDS) as api:
            api.answer_callback_query(
                self._token, callback_id, text=text[:TOAST] or None, show_alert=alert or None
            )

    def tell_commands(self, commands: Sequence[tuple[str, str]]) -> None:
        """The commands that the app offers when "/" is typed."""
        types = library.types()
        wanted = [types.BotCommand(name, about) for name, about in commands]
        with library.speaking(self._line, self.bot_id, ANSWER_SECONDS) as api:
            api.set_my_commands(self._token, wanted)

    @property
    def closed(self) -> bool:
        return self._line.closed

    def close(self) -> None:
        """Ask nothing any more; a request under way may end."""
        self._line.close()

    def cut(self) -> None:
        """The same, and end the request under way."""
        self._line.cut()


def _markup(keyboard: Keyboard | None) -> Any:
    if not keyboard:
        return None
    types = library.types()
    return types.InlineKeyboardMarkup(
        [
            [types.InlineKeyboardButton(button[0], callback_data=button[1]) for button in row]
            for row in keyboard
        ]
    )


def _object(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise OutcomeUnknown("Telegram's answer is incomplete.")
    return told


def _unless_same(call: Any, *args: Any, **more: Any) -> None:
    try:
        call(*args, **more)
    except BadRequest as exc:
        if "message is not modified" not in exc.description:
            raise
