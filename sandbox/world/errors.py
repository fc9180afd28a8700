"""A rule of the marketplace said no."""


class Refused(Exception):
    """The text is what the site would show, in the language of who asked."""

    def __init__(self, ru: str, en: str) -> None:
        super().__init__(ru)
        self.texts = {"ru": ru, "en": en}

    def text(self, locale: str) -> str:
        return self.texts.get(locale, self.texts["ru"])


class Unknown(LookupError):
    """Nobody and nothing of this name exists in the world."""
