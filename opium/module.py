"""A module is a recording of what it adds; importing it changes nothing (architecture 7).

`find()` loads every folder of `opium.modules` and every entry point of that name; each ends as
ready, or as broken with the reason. A broken module is never fatal.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Blueprint
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from opium.db.tables import Handout
from opium.events import Event
from opium.metrics.figures import Figure

if TYPE_CHECKING:
    from opium.backup.rebuilding import OwnChat
    from opium.funpay.models import OrderRow
    from opium.job import Job
    from opium.work import Work

log = logging.getLogger("opium.module")

Handler = Callable[[Any, "Work"], None]
Wanted = Callable[[Any], bool]
Task = Callable[["Job"], None]
Tag = dict[str, str]
Reconciler = Callable[["OwnChat", "Work"], int]
Figurer = Callable[[Session], Iterable[Figure]]


class Settings(BaseModel):
    """Base of a module's settings: strict, unknown keys refused, every field with a default.

    `secret` names the fields that answers show as `***`; sending the mask back keeps the value.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    secret: ClassVar[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Every:
    """A task and its period."""

    name: str
    seconds: float
    first_after: float
    run: Task


@dataclass(frozen=True, slots=True)
class TagContext:
    """What a module's tags are made from: its rows, and the sales list if FunPay gave it."""

    db: Session
    account_id: str
    settings: Any
    orders: tuple[OrderRow, ...]


@dataclass(frozen=True, slots=True)
class Tags:
    """`by_order`: order id → tag without `module`; `games`: game id → its name."""

    by_order: dict[str, Tag]
    games: dict[str, str] = field(default_factory=dict)


class Module:
    """The manifest of a module.

    `takes_orders`: paid orders are its business, so an order that no such module takes raises an
    alert. `migrations`: the folder of its Alembic versions. `needs`: modules loaded before it.
    """

    def __init__(
        self,
        name: str,
        *,
        title: str,
        settings: type[Settings] = Settings,
        blueprint: Callable[[], Blueprint] | None = None,
        migrations: Path | None = None,
        takes_orders: bool = False,
        needs: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.title = title
        self.settings = settings
        self.blueprint = blueprint
        self.migrations = migrations
        self.takes_orders = takes_orders
        self.needs = tuple(needs)
        self.handlers: dict[str, Handler] = {}
        self.filters: dict[str, Wanted] = {}
        self.hearer: Callable[[Session, str], Collection[str]] | None = None
        self.tasks: list[Every] = []
        self.tagger: Callable[[TagContext], Tags] | None = None
        self.releaser: Callable[[Session, Handout], None] | None = None
        self.reconciler: Reconciler | None = None
        self.figurer: Figurer | None = None

    def on(
        self, *kinds: type[Event] | str, when: Wanted | None = None
    ) -> Callable[[Handler], Handler]:
        """Handle events of these classes, or of another module by name, one transaction each.

        `when` looks at the event alone (pure, cheap): what it does not want is not even stored.
        """

        def record(handler: Handler) -> Handler:
            for kind in kinds:
                name = kind if isinstance(kind, str) else kind.kind
                if name in self.handlers:
                    raise ValueError(f"{self.name} handles {name} twice")
                self.handlers[name] = handler
                if when is not None:
                    self.filters[name] = when
            return handler

        return record

    def wants(self, kind: str, event: Event) -> bool:
        """Whether this module handles such an event."""
        if kind not in self.handlers:
            return False
        wanted = self.filters.get(kind)
        return wanted is None or wanted(event)

    def hears(
        self, hearer: Callable[[Session, str], Collection[str]]
    ) -> Callable[[Session, str], Collection[str]]:
        """Say, by rows, which of its events this module wants for an account now: no others are
        stored, and chats that nobody wants are not read. `work.hear_anew()` asks again."""
        self.hearer = hearer
        return hearer

    def every(self, *, seconds: float, first_after: float = 5) -> Callable[[Task], Task]:
        """Run a task periodically in the scheduler, never two of the same at once."""

        def record(task: Task) -> Task:
            self.tasks.append(Every(task.__name__, seconds, first_after, task))
            return task

        return record

    def tags(self, tagger: Callable[[TagContext], Tags]) -> Callable[[TagContext], Tags]:
        """Say which orders are this module's business (`order-tags`)."""
        self.tagger = tagger
        return tagger

    def releases(
        self, releaser: Callable[[Session, Handout], None]
    ) -> Callable[[Session, Handout], None]:
        """Give back a cancelled handout's goods, in the transaction that cancels it."""
        self.releaser = releaser
        return releaser

    def reconciles(self, reconciler: Reconciler) -> Reconciler:
        """After a restore: say which goods the messages of a chat show, once per chat.

        Runs in one Work: `work.rebuild` writes down the handout of an order that got them.
        Returns how many goods were found. May be called again for a chat.
        """
        self.reconciler = reconciler
        return reconciler

    def figures(self, figurer: Figurer) -> Figurer:
        """Say, by rows, what `GET /api/metrics` shows as `opium_<module>_<name>`.

        Asked at each look with a read session: a few queries that use an index. One that raises
        is left out and counted.
        """
        self.figurer = figurer
        return figurer


@dataclass(frozen=True, slots=True)
class Found:
    """The modules that can be used, and why the others cannot."""

    ready: dict[str, Module]
    broken: dict[str, str]


def find(package: str = "opium.modules") -> Found:
    """Load all modules; the reason of a broken one is one sentence."""
    ready: dict[str, Module] = {}
    broken: dict[str, str] = {}
    for name, load in _candidates(package):
        try:
            module = load()
            if not isinstance(module, Module):
                raise TypeError("it has no `module = Module(...)`")
            ready[module.name] = module
        except Exception as exc:
            log.exception("Module %s cannot be loaded", name)
            broken[name] = f"{type(exc).__name__}: {exc}"
    while missing := [m for m in ready.values() if not set(m.needs) <= ready.keys()]:
        for module in missing:
            broken[module.name] = f"it needs {', '.join(sorted(set(module.needs) - ready.keys()))}"
            del ready[module.name]
    return Found(dict(sorted(ready.items())), broken)


def _candidates(package: str) -> Iterable[tuple[str, Callable[[], object]]]:
    root = importlib.import_module(package)
    for info in pkgutil.iter_modules(root.__path__):
        path = f"{package}.{info.name}"
        yield info.name, partial(_module_in, path)
    for point in entry_points(group=package):
        yield point.name, point.load


def _module_in(path: str) -> object:
    return importlib.import_module(path).module
