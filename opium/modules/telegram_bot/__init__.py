"""telegram_bot: tells the seller everything and lets him steer from his phone (contract 11, 12)."""

from pathlib import Path

from opium.kit import Module
from opium.modules.telegram_bot.settings import TelegramBotSettings

module = Module(
    "telegram_bot",
    title="Telegram",
    settings=TelegramBotSettings,
    blueprint=lambda: routes.blueprint(),
    migrations=Path(__file__).parent / "migrations",
)

# These record on `module`, so they come after it.
from opium.modules.telegram_bot import (  # noqa: E402
    figures,  # noqa: F401
    handlers,  # noqa: F401
    models,  # noqa: F401
    outgoing,  # noqa: F401
    polling,  # noqa: F401
    routes,
)
