"""What the bot says, in the language of the account's settings.

A catalogue is a dictionary; both have the same keys and the same `{names}`. What is filled in must
be HTML already (`html.esc`).
"""

from __future__ import annotations

from collections.abc import Mapping

from opium.modules.telegram_bot import texts_en, texts_ru

CATALOGUES: Mapping[str, Mapping[str, str]] = {"ru": texts_ru.TEXTS, "en": texts_en.TEXTS}


def say(language: str, key: str, **values: object) -> str:
    """One text with its names filled in."""
    return CATALOGUES[language][key].format(**values)


def known(language: str, key: str) -> bool:
    return key in CATALOGUES[language]
