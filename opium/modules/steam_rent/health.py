"""Whether a proxy reaches Steam: a page that Steam shows to everybody, asked for through it."""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass

from opium.clock import Clock
from opium.kit import Job, OpiumError
from opium.modules.steam_rent.steam import Endpoints, Throttle
from opium.modules.steam_rent.steam.endpoints import Host, Place
from opium.modules.steam_rent.steam.http import Http
from opium.net.proxy import Proxy
from opium.net.wire import Wire

SECONDS = 10.0
"""Whatever the proxy does, the answer is known by then."""
KEPT_SECONDS = 300.0

_NEWS = Place(Host.API, "/ISteamNews/GetNewsForApp/v2/", "appid=730&count=1&maxlength=1")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at a proxy has shown."""

    healthy: bool
    latency_ms: int | None = None
    """None if there was no answer"""


class Health:
    """What is known of the proxies while the process lives; get it with `health(place)`."""

    def __init__(self, place: Job) -> None:
        self._clock = place.clock
        self._adapter = place.adapter
        self._endpoints = Endpoints(api=place.config.steam_api_url)
        self._known: dict[Proxy, tuple[float, bool]] = {}
        self._lock = threading.Lock()

    def is_good(self, proxy: Proxy) -> bool:
        """As seen within the last five minutes, else by a look now."""
        with self._lock:
            known = self._known.get(proxy)
        if known is not None and self._clock.monotonic() - known[0] < KEPT_SECONDS:
            return known[1]
        return self.check(proxy).healthy

    def is_good_now(self, proxy: Proxy) -> bool:
        """By a look now."""
        return self.check(proxy).healthy

    def check(self, proxy: Proxy) -> Checked:
        """Ask Steam through the proxy now, 10 s in all. Network: never inside a Work."""
        found = self._look(proxy)
        now = self._clock.monotonic()
        with self._lock:
            old = [key for key, (at, _) in self._known.items() if now - at >= KEPT_SECONDS]
            for key in old:
                del self._known[key]
            self._known[proxy] = (now, found.healthy)
        return found

    def _look(self, proxy: Proxy) -> Checked:
        clock = Clock()  # what the network takes is real, also where time stands still
        http_ = Http(self._endpoints, clock=clock, throttle=Throttle(clock), proxy=proxy)
        request = http_.fresh(http_.prepare("GET", _NEWS))
        adapter = self._adapter or Wire(clock, proxy)
        began = clock.monotonic()
        try:
            status = adapter.send(request, timeout=(SECONDS, SECONDS)).status_code
        except (OpiumError, OSError, http.client.HTTPException):
            return Checked(healthy=False)
        return Checked(status == 200, round((clock.monotonic() - began) * 1000))


def health(place: Job) -> Health:
    """What this process knows of the proxies."""
    return place.kept("health", lambda: Health(place))
