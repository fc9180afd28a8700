"""The folder of FunPayCardinal, read: `configs/*.cfg` and `storage/products/*.txt`.

Files are read as that program does: `:` parts key and value, nothing is interpolated, keys keep
their case. A section of `auto_delivery.cfg` is a lot's title.
"""

from __future__ import annotations

from configparser import Error, RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path

from opium.importing import files
from opium.importing.report import NotImported, Report, plain

MAX_CONFIG = 1024 * 1024
MAX_GOODS = 10 * 1024 * 1024
MAX_LINES = 100_000
LOT_KEYS = {
    "response", "productsFileName", "disable", "disableMultiDelivery", "disableAutoRestore",
    "disableAutoDisable", "disableAutoDelivery",
}  # fmt: skip

Section = dict[str, str]
Ini = dict[str, Section]


@dataclass(frozen=True, slots=True)
class OldLot:
    """A lot with automatic delivery. `goods` names its file; without one it is a text."""

    title: str
    response: str
    goods: str | None
    options: Section

    def on(self, key: str) -> bool:
        return self.options.get(key, "0").strip() == "1"


@dataclass(slots=True)
class Shop:
    """All that is taken over. `goods`: the lines of each file that a lot names."""

    main: Ini = field(default_factory=dict, repr=False)
    lots: list[OldLot] = field(default_factory=list)
    goods: dict[str, list[str]] = field(default_factory=dict, repr=False)
    blacklist: list[str] = field(default_factory=list)


def read(root: Path, report: Report) -> Shop:
    """Everything in the folder. Raises NotImported, naming the file."""
    configs = root / "configs"
    if not files.is_folder(configs):
        raise NotImported(f"there is no folder configs in {root}.")
    shop = Shop()
    for name, title in (("_main.cfg", "settings"), ("auto_delivery.cfg", "lots")):
        if not files.is_file(configs / name):
            report.left_out.append(f"configs/{name}: there is no such file, so no {title}")
    if files.is_file(configs / "_main.cfg"):
        shop.main = ini(configs / "_main.cfg")
    if files.is_file(configs / "auto_delivery.cfg"):
        shop.lots = [_lot(*part, report) for part in ini(configs / "auto_delivery.cfg").items()]
    if files.is_file(configs / "auto_response.cfg"):
        n = len(ini(configs / "auto_response.cfg"))
        report.left_out.append(f"configs/auto_response.cfg: {n} answers to commands of buyers")
    for lot in shop.lots:
        if lot.goods is not None and lot.goods not in shop.goods:
            shop.goods[lot.goods] = _goods(root, lot)
    shop.blacklist = _blacklist(root, report)
    return shop


def ini(path: Path) -> Ini:
    """The sections of a file; an error names the line, and never shows it."""
    parser = RawConfigParser(delimiters=(":",), default_section="\0", strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as the manual says
    try:
        parser.read_string(files.text_of(path, MAX_CONFIG))
    except Error as exc:
        line = getattr(exc, "lineno", None) or (getattr(exc, "errors", None) or [(0, "")])[0][0]
        what = (
            "repeats a section or key" if "Duplicate" in type(exc).__name__ else "is not readable"
        )
        raise NotImported(f"{plain(path.name)}: line {line} {what}.") from None
    except (AttributeError, TypeError, IndexError):  # the parser's own slips on odd files
        raise NotImported(f"{plain(path.name)} is not readable as a configuration.") from None
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _lot(title: str, options: Section, report: Report) -> OldLot:
    for key in options.keys() - LOT_KEYS:
        report.unknown.append(f"auto_delivery.cfg: {plain(title)}: {plain(key)}")
    name = (options.get("productsFileName") or "").strip()
    return OldLot(title, (options.get("response") or "").strip(), name or None, options)


def _goods(root: Path, lot: OldLot) -> list[str]:
    """The lines of a lot's file. Its name is looked up among the files there: it is no path."""
    place = root / "storage" / "products"
    there = files.files(place) if _within(root, "storage", "products") else []
    name = str(lot.goods)
    found = next((path for path in there if path.name in (name, f"{name}.txt")), None)
    if found is None:
        raise NotImported(
            f"auto_delivery.cfg: {plain(lot.title)}: productsFileName names no file in "
            "storage/products."
        )
    lines = [line.strip() for line in files.text_of(found, MAX_GOODS).split("\n")]
    lines = [line.replace("\\n", "\n") for line in lines if line]
    if len(lines) > MAX_LINES:
        raise NotImported(f"{plain(found.name)} has more than {MAX_LINES} lines.")
    return lines


def _within(root: Path, *names: str) -> bool:
    """Whether these nested folders are there, none of them a link."""
    place = root
    for name in names:
        place = place / name
        if not files.is_folder(place):
            return False
    return True


def _blacklist(root: Path, report: Report) -> list[str]:
    path = root / "storage" / "cache" / "blacklist.json"
    if not _within(root, "storage", "cache") or not files.is_file(path):
        return []
    names = files.json_of(path)
    if not isinstance(names, list):
        report.unknown.append("storage/cache/blacklist.json")
        return []
    return list(dict.fromkeys(n.strip() for n in names if isinstance(n, str) and n.strip()))
