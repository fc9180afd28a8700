"""The Bot API: client, line and errors; everything else of the module speaks to `Telegram`."""

from opium.modules.telegram_bot.telegram.client import Keyboard, Me, Telegram
from opium.modules.telegram_bot.telegram.errors import (
    BadRequest,
    Blocked,
    Conflict,
    Down,
    Migrated,
    OutcomeUnknown,
    TelegramError,
    TooMany,
    Unauthorized,
)
from opium.modules.telegram_bot.telegram.line import Line
from opium.modules.telegram_bot.telegram.pauses import Pauses

__all__ = [
    "BadRequest",
    "Blocked",
    "Conflict",
    "Down",
    "Keyboard",
    "Line",
    "Me",
    "Migrated",
    "OutcomeUnknown",
    "Pauses",
    "Telegram",
    "TelegramError",
    "TooMany",
    "Unauthorized",
]
