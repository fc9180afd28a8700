"""Steam as an object: in this process without sockets, or on five ports of this machine."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import requests

from sandbox.clock import Clock
from sandbox.log import Log
from sandbox.server import Server
from sandbox.steam import codes
from sandbox.steam.accounts import Account
from sandbox.steam.adapter import SteamAdapter
from sandbox.steam.apps import create_apps
from sandbox.steam.buyer import IP, Buyer
from sandbox.steam.faults import Faults
from sandbox.steam.proxy import ForwardProxy
from sandbox.steam.state import Endpoints, State
from sandbox.steam.switches import SERVICES, Switches

START = datetime.fromtimestamp(1_761_955_200, UTC)
ORIGINS = Endpoints(**{name: f"http://{name}.steam.sandbox" for name in SERVICES})
"""The addresses of a double without sockets."""


class SteamDouble:
    """One Steam. Unless told another clock, its time stands still until it is advanced.

    >>> with SteamDouble() as steam:  # sockets; without `start` use `steam.mount(session)`
    ...     account = steam.add_account("rent_alpha01", "OldPassw0rd42")
    ...     steam.endpoints.api
    """

    def __init__(self, clock: Clock | None = None, seed: int = 1) -> None:
        self.clock = clock or Clock(frozen_at=START)
        self.state = State(self.clock, seed, ORIGINS)
        self.apps = create_apps(self.state, self)
        self.proxies: dict[str, ForwardProxy] = {}
        self.buyers: list[Buyer] = []
        self._servers: list[Server] = []

    # Where it is

    @property
    def endpoints(self) -> Endpoints:
        return self.state.endpoints

    def start(self, port: int = 0, host: str = "127.0.0.1") -> "SteamDouble":
        """Serve on five ports: any free ones, or `port` and the four after it."""
        urls = {}
        for place, name in enumerate(SERVICES):
            urls[name] = self._serve(self.apps[name], port and port + place, host)
        self.state.endpoints = Endpoints(**urls)
        for proxy in self.proxies.values():
            proxy.url = self._serve(proxy)
        return self

    def close(self) -> None:
        """Stop serving; what happened stays readable."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()

    def __enter__(self) -> "SteamDouble":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def mount(self, session: requests.Session) -> requests.Session:
        """Let this session reach a double that was not started."""
        for name, url in vars(ORIGINS).items():
            session.mount(url, SteamAdapter(self.apps[name], self.proxies))
        return session

    # What it knows

    @property
    def faults(self) -> Faults:
        return self.state.faults

    @property
    def switches(self) -> Switches:
        return self.state.switches

    @property
    def log(self) -> Log:
        return self.state.log

    @property
    def wrongdoings(self) -> list[str]:
        """What no client may ever do; a test asserts that it is empty."""
        return self.state.wrongdoings

    def requests(self, step: str | None = None, account: str | None = None) -> list[dict[str, Any]]:
        """Our requests (not those of buyers), in order; of one step, of one account."""
        return [
            entry.facts
            for entry in self.log.requests(account)
            if step in (None, entry.facts["step"]) and not entry.facts["of_buyer"]
        ]

    # What happens in it

    def add_account(self, login: str, password: str, **more: Any) -> Account:
        """A new account; its `mafile` is what a seller uploads."""
        with self.state.lock:
            return self.state.accounts.add(login, password, **more)

    def account(self, login: str) -> Account:
        found = self.state.accounts.get(login)
        if found is None:
            raise LookupError(f"no account {login!r}")
        return found

    def guard_code(self, login: str, later: int = 0) -> str:
        """The code of the current window, or of one `later`."""
        window = codes.window_at(self.state.now()) + later
        return codes.guard_code(self.account(login).shared_secret, window)

    def buyer_login(
        self, login: str, password: str, code: str | None = None, ip: str = IP
    ) -> Buyer:
        """Somebody signs in elsewhere; raises BuyerRefused when Steam does not let him.

        Without `code` he has one that nobody used yet, if the account wants any.
        """
        account = self.state.accounts.get(login)
        if code is None and account is not None and account.guard != "none":
            code = self._unused_code(account)
        session = requests.Session()
        buyer = Buyer(self.state, self.mount(session), login, ip)
        buyer.sign_in(password, code)
        self.buyers.append(buyer)
        return buyer

    def add_proxy(self, name: str, ip: str, login: str = "") -> ForwardProxy:
        """A proxy with this exit; `login` is `user:password`. Its `address` is for clients."""
        proxy = ForwardProxy(self.state, dict(self.apps), name, login)
        self.state.exits[name] = ip
        self.proxies[name] = proxy
        if self._servers:
            proxy.url = self._serve(proxy)
        return proxy

    def require_proxy(self, login: str, name: str) -> None:
        """From now on this account's requests must come through this proxy."""
        self.account(login).proxy = name

    def _unused_code(self, account: Account) -> str:
        now = codes.window_at(self.state.now())
        windows = [w for w in (now, now + 1, now - 1) if w not in account.used_windows]
        return codes.guard_code(account.shared_secret, (windows or [now])[0])

    def _serve(self, app: Callable[..., Any], port: int = 0, host: str = "127.0.0.1") -> str:
        server = Server(host, port, app)
        self._servers.append(server)
        told = {"poll_interval": 0.02}
        threading.Thread(target=server.serve_forever, kwargs=told, daemon=True).start()
        return server.url
