"""Telegram as an object: in this process without sockets, or on a port of this machine."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, cast

import requests

from sandbox.clock import Clock
from sandbox.log import Log
from sandbox.server import Server
from sandbox.steam.adapter import SteamAdapter
from sandbox.steam.proxy import ForwardProxy
from sandbox.telegram.bots import Bot
from sandbox.telegram.callbacks import Callback
from sandbox.telegram.chats import Group
from sandbox.telegram.faults import Faults
from sandbox.telegram.gate import Gate
from sandbox.telegram.messages import Message
from sandbox.telegram.site import create_site
from sandbox.telegram.state import Endpoints, State
from sandbox.telegram.switches import Switches
from sandbox.telegram.users import User

START = datetime.fromtimestamp(1_761_955_200, UTC)
ORIGIN = "http://telegram.sandbox"
"""The address of a double without sockets."""


class TelegramDouble:
    """One Telegram. Unless told another clock, its time stands still until it is advanced.

    >>> with TelegramDouble() as telegram:  # sockets; without, use `telegram.mount(session)`
    ...     bot = telegram.add_bot("shop_bot")
    ...     telegram.url, bot.token
    """

    def __init__(self, clock: Clock | None = None, seed: int = 1) -> None:
        self.clock = clock or Clock(frozen_at=START)
        self.state = State(self.clock, seed, Endpoints(ORIGIN))
        self.app = Gate(self.state, self, create_site().wsgi_app)
        self.proxies: dict[str, ForwardProxy] = {}
        self._servers: list[Server] = []

    # Where it is

    @property
    def url(self) -> str:
        return self.state.endpoints.api

    @property
    def settings(self) -> dict[str, str]:
        """As environment of Opium."""
        return {"OPIUM_TELEGRAM_URL": self.url}

    def start(self, port: int = 0, host: str = "127.0.0.1") -> "TelegramDouble":
        """Serve on this port, or on any free one."""
        self.state.closing = False
        self.state.endpoints.api = self._serve(self.app, port, host)
        for proxy in self.proxies.values():
            proxy.url = self._serve(proxy)
        return self

    def close(self) -> None:
        """Stop serving; long polls are cut, what happened stays readable."""
        with self.state.changed:
            self.state.closing = True
            self.state.changed.notify_all()
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()

    def __enter__(self) -> "TelegramDouble":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def mount(self, session: requests.Session, origin: str = ORIGIN) -> requests.Session:
        """Let this session reach a double that was not started; `origin` is what it asks for."""
        session.mount(origin, SteamAdapter(self.app, self.proxies))
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

    @property
    def callbacks(self) -> list[Callback]:
        """All buttons that were pressed, with the answers."""
        return self.state.callbacks.all

    def requests(self, method: str | None = None, bot: Bot | None = None) -> list[dict[str, Any]]:
        """What clients sent, in order; of one method, of one bot."""
        return [
            entry.facts
            for entry in self.log.requests(bot.username if bot else None)
            if method in (None, entry.facts["method"])
        ]

    def effects(self, what: str | None = None, bot: Bot | None = None) -> list[dict[str, Any]]:
        """What was accepted: `message`, `photo`, `edit`, `delete`, `answer`, ..."""
        return [e.as_json() for e in self.log.effects(what, bot.username if bot else None)]

    def messages(self, chat: int) -> list[Message]:
        """Everything that is to be seen under this chat id, by whatever bot."""
        return [m for m in self.state.messages if m.chat.id == chat and not m.deleted]

    # What happens in it

    def add_bot(self, username: str, name: str = "", bot_id: int | None = None) -> Bot:
        """A new bot; its `token` is what a seller pastes."""
        with self.state.lock:
            return self.state.add_bot(username, name, bot_id)

    def add_user(self, number: int, name: str, username: str = "", language: str = "ru") -> User:
        """A person; he has pressed /start nowhere yet."""
        with self.state.lock:
            return self.state.add_user(number, name, username, language)

    def add_group(
        self,
        title: str,
        *members: User | Bot,
        kind: str = "supergroup",
        forum: bool = False,
        admins: tuple[Bot, ...] = (),
    ) -> Group:
        """A group (`kind="group"`), a supergroup, or a forum, with people and bots in it."""
        with self.state.lock:
            made = self.state.add_group(title, kind, forum=forum)
            for member in members:
                made.adds(member)
            for admin in admins:
                made.adds(admin, admin=True)
            return made

    def add_proxy(self, name: str, login: str = "") -> ForwardProxy:
        """A proxy; `login` is `user:password`. Its `address` is for clients."""
        proxy = ForwardProxy(cast(Any, self.state), {"api": self.app}, name, login)
        self.proxies[name] = proxy
        if self._servers:
            proxy.url = self._serve(proxy)
        return proxy

    def _serve(self, app: Callable[..., Any], port: int = 0, host: str = "127.0.0.1") -> str:
        server = Server(host, port, app)
        self._servers.append(server)
        told = {"poll_interval": 0.02}
        threading.Thread(target=server.serve_forever, kwargs=told, daemon=True).start()
        return server.url
