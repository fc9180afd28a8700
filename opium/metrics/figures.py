"""One figure of the page of metrics, and how figures of one name become a family."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

MOST = 5000
"""Figures of one source; more of them means that a label is not bounded."""

TOTAL = "_total"
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and what it means. A name that ends in `_total` only ever grows.

    Names carry their unit (`_seconds`, `_bytes`). Labels have few values: an account, a state, a
    kind. Never a buyer, a text or an order. All figures of one name have the same labels.
    """

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def families(figures: Iterable[Figure], prefix: str = "") -> list[Metric]:
    """The figures by name; ValueError for what a page cannot show."""
    found: dict[str, Metric] = {}
    keys: dict[str, tuple[str, ...]] = {}
    for count, figure in enumerate(figures):
        if count == MOST:
            raise ValueError(f"there are more than {MOST} figures")
        name = prefix + figure.name
        if not all(_NAME.fullmatch(word) for word in (name, *figure.labels)):
            raise ValueError(f"{name} or a label of it is no name: {', '.join(figure.labels)}")
        if name not in found:
            keys[name] = tuple(figure.labels)
            found[name] = _family(name, figure.help, keys[name])
        if keys[name] != tuple(figure.labels):
            raise ValueError(f"{name} does not always have the same labels")
        labels = {key: str(value) for key, value in figure.labels.items()}
        found[name].add_sample(name, labels, float(figure.value))
    return list(found.values())


def _family(name: str, text: str, labels: tuple[str, ...]) -> Metric:
    if name.endswith(TOTAL):
        return CounterMetricFamily(name.removesuffix(TOTAL), text, labels=labels)
    return GaugeMetricFamily(name, text, labels=labels)
