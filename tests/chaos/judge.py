"""The verdict on deliveries, from what the marketplace itself wrote down.

Words as in the fault matrix: *lost*, paid and matched, but the goods are not in the chat and
nothing visible says that they wait; *doubled*, a part or key shown more often than sold;
*unexpected*, goods that nobody paid for. Nothing here asks the program under test, except for what
it shows as waiting.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Entry = Mapping[str, Any]
"""An entry of the sandbox's log, as its control API shows it."""

_MARKER = re.compile(r"^#(?P<order>[A-Z0-9]{8})-(?P<kind>D|R\d+-)(?P<n>\d+)/(?P<of>\d+)$", re.M)
_KEY = re.compile(r"KEY-[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Sale:
    """A paid order that a mapping fits; `keys` pieces of stock are owed, 0 for static goods."""

    order: str
    account: str
    buyer: str
    keys: int
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Marker:
    order: str
    kind: str
    n: int
    of: int

    def __str__(self) -> str:
        return f"#{self.order}-{self.kind}{self.n}/{self.of}"


@dataclass(slots=True)
class Verdict:
    """Everything but `delivered` and `waiting` must be empty."""

    delivered: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    rewritten: list[str] = field(default_factory=list)
    """Attempts of one part that differ (D6)."""
    disordered: list[str] = field(default_factory=list)
    """A part posted before the one in front of it had arrived (D7)."""

    @property
    def wrongs(self) -> dict[str, list[str]]:
        found = {
            "lost": self.lost,
            "doubled": self.doubled,
            "unexpected": self.unexpected,
            "rewritten": self.rewritten,
            "disordered": self.disordered,
        }
        return {word: cases for word, cases in found.items() if cases}


def marker_of(text: str) -> Marker | None:
    """The marker line of a message, if it has one."""
    found = _MARKER.search(text)
    return Marker(found[1], found[2], int(found[3]), int(found[4])) if found else None


def keys_of(text: str) -> list[str]:
    return _KEY.findall(text)


def judge(
    sales: Sequence[Sale],
    log: Iterable[Entry],
    visible: Mapping[str, str],
    exported: Sequence[str] = (),
) -> Verdict:
    """`visible`: orders that the program shows as waiting, unknown or held, with the word;
    `exported`: keys that were taken off the shelf through the API."""
    entries = list(log)
    verdict = Verdict()
    shown = _Shown(entries)
    for sale in sales:
        _judge_sale(sale, shown, visible, verdict)
    _judge_strangers({sale.order for sale in sales}, shown, verdict)
    _judge_keys({sale.order: sale for sale in sales}, shown, verdict)
    _judge_exports(exported, shown, verdict)
    _judge_attempts(entries, verdict)
    return verdict


class _Shown:
    """What was written to buyers: `parts` counts markers, `keys` says where each key went."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.parts: Counter[Marker] = Counter()
        self.keys: dict[str, list[Marker | None]] = defaultdict(list)
        self.by_order: dict[str, list[Marker]] = defaultdict(list)
        for entry in entries:
            if entry["what"] != "message" or entry["via"] != "http":
                continue
            marker = marker_of(entry["text"])
            if marker is not None:
                self.parts[marker] += 1
                self.by_order[marker.order].append(marker)
            for key in keys_of(entry["text"]):
                self.keys[key].append(marker)


def _judge_sale(sale: Sale, shown: _Shown, visible: Mapping[str, str], verdict: Verdict) -> None:
    first = [marker for marker in shown.by_order[sale.order] if marker.kind == "D"]
    wanted = {n + 1 for n in range(first[0].of)} if first else {0}
    if {marker.n for marker in first} == wanted:
        verdict.delivered.append(sale.order)
    elif sale.order in visible:
        verdict.waiting[sale.order] = visible[sale.order]
    else:
        verdict.lost.append(f"{sale.order} ({sale.account}, {sale.buyer})")


def _judge_strangers(sold: set[str], shown: _Shown, verdict: Verdict) -> None:
    for marker, times in shown.parts.items():
        if marker.order not in sold:
            verdict.unexpected.append(str(marker))
        elif times > 1:
            verdict.doubled.append(f"{marker} {times} times")


def _judge_keys(sales: Mapping[str, Sale], shown: _Shown, verdict: Verdict) -> None:
    """Each key in messages of one order (D1), and as many as were ordered (D3)."""
    given: dict[str, set[str]] = defaultdict(set)
    for key, markers in shown.keys.items():
        orders = {marker.order if marker else "?" for marker in markers}
        if len(orders) > 1:
            verdict.doubled.append(f"{key} for {', '.join(sorted(orders))}")
        for order in orders:
            given[order].add(key)
    for order, keys in given.items():
        owed = sales[order].keys if order in sales else 0
        if len(keys) > owed:
            verdict.unexpected.append(f"{order} got {len(keys)} keys of {owed}")
        elif len(keys) < owed and order in verdict.delivered:
            verdict.lost.append(f"{order} got {len(keys)} keys of {owed}")


def _judge_exports(exported: Sequence[str], shown: _Shown, verdict: Verdict) -> None:
    for key, times in Counter(exported).items():
        if times > 1 or key in shown.keys:
            verdict.doubled.append(f"{key} exported {times} times, sold {len(shown.keys[key])}")


def sent_text(entry: Entry) -> str | None:
    """The text that a request wants to send; None for other requests and pictures."""
    if entry["what"] != "request" or entry.get("action") != "send":
        return None
    try:
        content = json.loads(entry["form"]["request"])["data"].get("content")
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return content if isinstance(content, str) else None


def _judge_attempts(entries: Iterable[Entry], verdict: Verdict) -> None:
    texts: dict[Marker, str] = {}
    arrived: set[Marker] = set()
    for entry in entries:
        ours = entry["what"] == "message" and entry["via"] == "http"
        if ours and (marker := marker_of(entry["text"])):
            arrived.add(marker)
        text = sent_text(entry)
        marker = marker_of(text) if text else None
        if text is None or marker is None:
            continue
        if texts.setdefault(marker, text) != text:
            verdict.rewritten.append(str(marker))
        before = Marker(marker.order, marker.kind, marker.n - 1, marker.of)
        if marker.n > 1 and before not in arrived:
            verdict.disordered.append(f"{marker} before {before}")
