"""The page that Prometheus reads. A source that fails is left out and counted; the rest stands."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice

from prometheus_client import CollectorRegistry, Counter, Metric, generate_latest
from prometheus_client.registry import Collector

from opium.accounts import Accounts
from opium.metrics import rows, server
from opium.metrics.figures import MOST, Figure, families
from opium.module import Figurer
from opium.tools import Tools
from opium.vitals import Vitals
from opium.workers.registry import Registry
from opium.workers.scheduler import Scheduler

log = logging.getLogger("opium.metrics")

Source = Callable[[], Iterable[Figure]]


class Page:
    """`text()` asks all sources now."""

    def __init__(
        self,
        tools: Tools,
        accounts: Accounts,
        registry: Registry,
        scheduler: Scheduler,
    ) -> None:
        self._tools = tools
        self._vitals = Vitals(tools, accounts, registry, scheduler)
        self._accounts, self._registry = accounts, registry
        self._own = CollectorRegistry(auto_describe=False)
        self._failed = Counter(
            "opium_figures_failed",
            "Times that a part of this page had to be left out.",
            ["source"],
            registry=self._own,
        )
        self._broken: set[str] = set()

    def text(self) -> bytes:
        """All figures in Prometheus' text format 0.0.4."""
        self._tools.counters.keep([info.account_id for info in self._accounts.list()])
        asked = CollectorRegistry(auto_describe=False)
        asked.register(_Asked([*self._core(), *self._modules()]))
        # Our own failures last, so that they are those of this page too.
        registries = (asked, self._tools.counters.registry, self._own)
        return b"".join(generate_latest(registry) for registry in registries)

    def _core(self) -> Iterator[Metric]:
        tools = self._tools
        yield from self._of(
            "accounts", lambda: server.accounts(tools, self._accounts, self._registry)
        )
        yield from self._of("rows", partial(self._read, rows.figures))
        yield from self._of("server", lambda: server.server(tools, self._vitals.silences()))
        yield from self._of("process", server.process)

    def _modules(self) -> Iterator[Metric]:
        for module in self._tools.attachments.ready.values():
            if module.figurer is not None:
                ask = partial(self._read, module.figurer)
                yield from self._of(module.name, ask, prefix=f"opium_{module.name}_")

    def _read(self, figurer: Figurer) -> list[Figure]:
        with self._tools.db.read() as db:
            # One more than may be shown: it is refused then, and a source without end ends here.
            return list(islice(figurer(db), MOST + 1))

    def _of(self, source: str, ask: Source, prefix: str = "") -> list[Metric]:
        try:
            found = families(ask(), prefix)
        except Exception:  # one part that fails, ours or a module's, must not hide the others
            if source not in self._broken:
                log.exception("The figures of %s are left out", source)
            self._broken.add(source)
            self._failed.labels(source).inc()
            return []
        self._broken.discard(source)
        return found


class _Asked(Collector):
    """Families that are ready, as the library wants them."""

    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found
