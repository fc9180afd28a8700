"""What the seller may set for telegram_bot beside its own config (decisions, "Telegram")."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from opium.kit import Settings
from opium.net.proxy import BadProxy, parse_proxy


class TelegramBotSettings(Settings):
    """`forum_chat_id`: a supergroup that is served too; `topic_id`: this account's topic in it."""

    secret: ClassVar[frozenset[str]] = frozenset({"proxy"})

    proxy: str | None = Field(None, max_length=500, title="Proxy for Telegram")
    language: Literal["ru", "en"] = Field("ru", title="Language of the bot")
    forum_chat_id: int | None = Field(None, ge=-(2**52), le=-1, title="Group with topics")
    topic_id: int | None = Field(None, ge=1, le=2**31, title="This account's topic")

    @field_validator("proxy")
    @classmethod
    def _usable(cls, value: str | None) -> str | None:
        try:
            parse_proxy(value)
        except BadProxy as exc:
            raise ValueError(str(exc)) from None
        return value or None
