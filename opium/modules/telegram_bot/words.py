"""What the bot answers, in the language of an account's settings; values are escaped here."""

from __future__ import annotations

from collections.abc import Mapping

from opium.modules.telegram_bot import words_en, words_ru
from opium.modules.telegram_bot.html import esc

CATALOGUES: Mapping[str, Mapping[str, str]] = {"ru": words_ru.WORDS, "en": words_en.WORDS}


class Html(str):
    """A text that is HTML already."""

    __slots__ = ()


class Words:
    """One catalogue: `words("sent")`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = CATALOGUES[language]

    def __call__(self, key: str, **values: object) -> Html:
        """A text with its names filled in: plain values are escaped, `Html` is not."""
        filled = {n: v if isinstance(v, Html) else esc(str(v)) for n, v in values.items()}
        return Html(self._texts[key].format(**filled))

    def word(self, key: str, default: str) -> str:
        """A plain word of the catalogue, or `default` if there is none."""
        return self._texts.get(key, default)


def lines(*parts: str) -> Html:
    """Parts that are HTML already, one under the other; empty ones are left out."""
    return Html("\n".join(part for part in parts if part))
