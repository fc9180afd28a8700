"""Games and their sections, the places where lots are offered."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Field:
    """One more thing a lot of this section tells: a select with Russian values."""

    id: str
    ru: str
    en: str
    options: tuple[str, ...]


@dataclass(eq=False)
class Section:
    """A node. Ids are unique per kind only: lots 15 is not chips 15."""

    id: int
    kind: str
    game: "Game"
    ru: str
    en: str
    fields: tuple[Field, ...] = ()
    servers: dict[int, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.id}"

    @property
    def path(self) -> str:
        return f"/{'lots' if self.kind == 'lot' else 'chips'}/{self.id}/"

    def name(self, locale: str) -> str:
        return self.en if locale == "en" else self.ru


@dataclass(eq=False)
class Game:
    id: int
    ru: str
    en: str
    sections: list[Section] = field(default_factory=list)

    def name(self, locale: str) -> str:
        return self.en if locale == "en" else self.ru

    def section(self, node: int, ru: str, en: str, kind: str = "lot", **more: object) -> Section:
        made = Section(node, kind, self, ru, en, **more)  # type: ignore[arg-type]
        self.sections.append(made)
        return made


def standard_games() -> list[Game]:
    """A small catalogue with the traps of the real one: commas in names, chips, fields."""
    dota = Game(41, "Dota 2", "Dota 2")
    kind = Field("type", "Тип", "Type", ("Продажа", "Аренда"))
    dota.section(81, "Аккаунты", "Accounts", fields=(kind,))
    dota.section(210, "Предметы", "Items")
    dota.section(82, "Буст MMR", "MMR boost")
    steam = Game(173, "Steam", "Steam")
    steam.section(1008, "Ключи", "Keys")
    steam.section(1009, "Аккаунты", "Accounts")
    steam.section(2875, "Аренда", "Rent")
    warhammer = Game(523, "Warhammer 40,000: Space Marine 2", "Warhammer 40,000: Space Marine 2")
    warhammer.section(2388, "Ключи", "Keys")
    lineage = Game(4, "Lineage 2", "Lineage 2")
    lineage.section(2, "Адена", "Adena", kind="chip", servers={71: "Airin", 72: "Elcardia"})
    lineage.section(15, "Аккаунты", "Accounts")
    return [dota, steam, warhammer, lineage]
