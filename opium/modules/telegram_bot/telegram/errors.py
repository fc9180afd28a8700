"""What can go wrong with a call of the Bot API. No text of these holds a token.

TelegramError
├── Down             surely not delivered; trying again may help
├── TooMany          not delivered; again after `retry_after` seconds
├── Unauthorized     not delivered; the token is no longer valid: a person must act
├── Conflict         not delivered; somebody else polls with this token
├── Blocked          not delivered; this person or group does not want to hear us
├── Migrated         not delivered; the group is now `new_chat_id`
├── BadRequest       not delivered; `description` says what Telegram does not like
└── OutcomeUnknown   it was asked, and nobody can say whether it was done
"""

from __future__ import annotations

from opium.kit import UpstreamError


class TelegramError(UpstreamError):
    """Telegram did not do what we asked; `surely_not`: and it certainly has not."""

    surely_not = True


class Down(TelegramError):
    """No connection, or Telegram is out of order."""


class TooMany(TelegramError):
    """Wait `seconds` before the next message."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Telegram wants us to wait {seconds} s.")
        self.seconds = seconds


class Unauthorized(TelegramError):
    """The token was revoked, or never existed."""


class Conflict(TelegramError):
    """Another program polls with this token, or a webhook is set."""


class Blocked(TelegramError):
    """He blocked the bot or never started it, or it was removed from the group."""


class Migrated(TelegramError):
    """The group became a supergroup."""

    def __init__(self, new_chat_id: int) -> None:
        super().__init__("The group has a new id at Telegram.")
        self.new_chat_id = new_chat_id


class BadRequest(TelegramError):
    """Refused for good."""

    def __init__(self, description: str) -> None:
        super().__init__(f"Telegram refused: {description}.")
        self.description = description


class OutcomeUnknown(TelegramError):
    """The request left, and no answer came back."""

    surely_not = False
