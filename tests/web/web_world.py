"""The cast of the web tests: a core whose services are simple and in memory, a real database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from opium.account_config import AccountConfig, CreateBody
from opium.blueprints import create_app
from opium.blueprints.parts import FunPay
from opium.clock import ManualClock
from opium.config import Config
from opium.db.session import Database
from opium.db.tables import Base
from opium.errors import Invalid, NotFound, Refused
from opium.funpay.errors import Missing
from opium.funpay.models import (
    AppData,
    Balance,
    ChatHistory,
    ChatPage,
    Contact,
    Currency,
    Header,
    Message,
    MessageType,
    Money,
    Order,
    OrderRow,
    OrdersPage,
    OrderStatus,
)
from opium.schema import Body, typed
from opium.security import set_password

PASSWORD = "correct horse battery"
KEY = "k" * 64
HOME = "203.0.113.7"


@dataclass(frozen=True)
class Info:
    account_id: str
    username: str | None = "my_shop"
    fp_id: int | None = 12345
    state: str = "running"
    is_running: bool = True
    last_error: str | None = None
    modules: tuple[str, ...] = ()


class FakeAccounts:
    def __init__(self) -> None:
        self.infos: dict[str, Info] = {}
        self.configs: dict[str, AccountConfig] = {}

    def list(self) -> Iterable[Info]:
        return list(self.infos.values())

    def info(self, account_id: str, /) -> Info:
        if account_id not in self.infos:
            raise NotFound("Account not found")
        return self.infos[account_id]

    def create(self, body: CreateBody, /) -> None:
        if body.account_id in self.infos:
            raise Invalid("An account with this id exists already.")
        self.infos[body.account_id] = Info(body.account_id, None, None, "initializing", False)
        self.configs[body.account_id] = AccountConfig.model_validate(
            body.model_dump(exclude={"account_id"})
        )

    def delete(self, account_id: str, /, *, purge: bool) -> None:
        del self.infos[account_id], self.configs[account_id]

    def config(self, account_id: str, /) -> AccountConfig:
        self.info(account_id)
        return self.configs[account_id]

    def patch(self, account_id: str, changes: dict[str, Any], /) -> AccountConfig:
        self.configs[account_id] = self.configs[account_id].model_copy(update=changes)
        return self.configs[account_id]

    def start(self, account_id: str, /) -> str:
        return "starting"

    def stop(self, account_id: str, /) -> str:
        return "stopping"


class FakeFunPay:
    """What the site would say; `calls` counts how often it was asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.contacts: tuple[Contact, ...] = (
            Contact(67890, "Покупатель", 111, 110, "Здравствуйте!", True, None, "12:00"),
            Contact(5, "", 0, 0, "", False, "https://sfunpay.com/a.jpg", None),
        )
        self.messages = (
            message(110, "Привет!", 777, None),
            message(111, "Ваш ключ", 12345, None),
            message(112, "оплатил заказ", 0, None),
        )
        self.rows: tuple[OrderRow, ...] = (
            order_row("ABC12345"),
            order_row("DEF1", OrderStatus.CLOSED),
            order_row("GHI2", OrderStatus.REFUNDED),
            order_row("JKL3", OrderStatus.UNPAID),
            order_row("MNO4", OrderStatus.PARTIALLY_REFUNDED),
        )

    def chats(self) -> tuple[Contact, ...]:
        self.calls.append("chats")
        return self.contacts

    def open_chat(self, chat: int, /) -> ChatPage:
        self.calls.append("open_chat")
        if chat == 404:
            return chat_page(None, ())
        return chat_page(chat, self.messages)

    def history(self, chat: int, before: int, /) -> ChatHistory:
        self.calls.append("history")
        return ChatHistory(chat, "users-1-2", self.messages, False)

    def sales(self, cursor: str | None, status: None, /, *, order_work: bool) -> OrdersPage:
        self.calls.append("sales")
        return OrdersPage(None, self.rows, "XYZ99999")

    def order(self, order_id: str, /, *, order_work: bool) -> Order:
        self.calls.append("order")
        if order_id == "NONE":
            raise Missing("Order not found")
        return order(order_id)

    def balance(self) -> Balance:
        self.calls.append("balance")
        zero = Decimal(0)
        return Balance(Decimal("5000.00"), Decimal("4500.00"), zero, zero, zero, zero)


class FakeRegistry:
    def __init__(self, accounts: FakeAccounts) -> None:
        self._accounts = accounts
        self.funpay = FakeFunPay()

    def client(self, account_id: str, /) -> FunPay:
        info = self._accounts.info(account_id)
        if info.fp_id is None:
            raise Refused(f"Account {account_id} is not initialised.")
        if info.state in ("stopped", "stopping", "error"):
            raise Refused(f"Account {account_id} is stopped. Start it first.")
        return self.funpay


@dataclass
class FakeWishes:
    sent: list[tuple[Any, ...]] = field(default_factory=list)
    error: Exception | None = None

    def send_message(
        self, account_id: str, chat_id: int, text: str, idempotency_key: str | None
    ) -> None:
        if self.error:
            raise self.error
        self.sent.append((account_id, chat_id, text, idempotency_key))

    def refund(
        self, account_id: str, order_id: str, idempotency_key: str | None, actor: str
    ) -> None:
        if self.error:
            raise self.error
        self.sent.append((account_id, order_id, idempotency_key, actor))

    def resolve(self, command_id: int, decision: str, actor: str) -> None:
        if self.error:
            raise self.error
        raise NotFound("Command not found")


class Price(Body):
    minutes: int = 5


class FakeModules:
    """One module that exists, `auto_raise`, with a blueprint of its own."""

    def __init__(self, accounts: FakeAccounts) -> None:
        self._accounts = accounts
        self.configs: dict[tuple[str, str], dict[str, Any]] = {}
        self.found: dict[str, Any] = {"tags": {}, "modules": [], "games": {}}
        self.orders_given: object = "not asked"

    def available(self) -> list[str]:
        return ["steam_rent", "auto_raise"]

    def attached(self, account_id: str, /) -> Iterable[tuple[str, dict[str, Any]]]:
        return [(n, self.configs[account_id, n]) for n in self._accounts.info(account_id).modules]

    def attach(self, account_id: str, name: str, config: dict[str, Any] | None, /) -> None:
        info = self._accounts.info(account_id)
        if name not in self.available():
            raise Invalid("There is no such module.")
        self.configs[account_id, name] = config or {}
        self._accounts.infos[account_id] = replace(info, modules=(*info.modules, name))

    def config(self, account_id: str, name: str, /) -> dict[str, Any]:
        return self.configs[account_id, name]

    def replace(self, account_id: str, name: str, config: dict[str, Any], /) -> dict[str, Any]:
        self.configs[account_id, name] = config
        return config

    def detach(self, account_id: str, name: str, /) -> None:
        info = self._accounts.info(account_id)
        kept = tuple(module for module in info.modules if module != name)
        self._accounts.infos[account_id] = replace(info, modules=kept)

    def tags(self, account_id: str, orders: Sequence[OrderRow] | None, /) -> dict[str, Any]:
        self.orders_given = orders
        return self.found

    def blueprints(self) -> Iterable[tuple[str, Blueprint]]:
        bp = Blueprint("auto_raise", __name__)

        @bp.get("/status")
        @typed
        def status() -> dict[str, Any]:
            return {"active": True}

        @bp.patch("/config")
        @typed
        def patch(body: Price) -> dict[str, Any]:
            return {"minutes": body.minutes}

        return [("auto_raise", bp)]


class World:
    """A core, its application and a browser at `HOME`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        values: dict[str, Any] = {
            "instance": folder,
            "password_rounds": 1000,
            "secret_key": KEY,
            "rate_limit_per_minute": 100_000,
            "login_rate_limit_per_minute": 1000,
            "docs": True,
            "timezone": "Europe/Moscow",
        }
        self.config = Config.load(_env_file=None, **(values | settings))
        self.clock = ManualClock(datetime.now(UTC))
        self.db = Database(folder / "opium.db", pool_size=4)
        Base.metadata.create_all(self.db.engine)
        self.ready = True
        self.stopping = False
        self.accounts = FakeAccounts()
        self.registry = FakeRegistry(self.accounts)
        self.wishes = FakeWishes()
        self.modules = FakeModules(self.accounts)
        set_password(self.db, PASSWORD, 1000)
        self.app: Flask = create_app(self)
        self.token: str | None = None

    def restart(self) -> None:
        """A new process on the same instance folder."""
        self.app = create_app(self)

    def shop(self, account_id: str = "my_shop", **members: Any) -> str:
        self.accounts.infos[account_id] = Info(account_id, **members)
        self.accounts.configs[account_id] = AccountConfig(golden_key="abc123")
        return account_id

    def call(
        self,
        method: str,
        path: str,
        *,
        ip: str = HOME,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> TestResponse:
        """One request from `ip`, without a token unless one is given."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        client: FlaskClient = self.app.test_client()
        return client.open(
            path,
            method=method,
            headers=sent,
            environ_base={"REMOTE_ADDR": ip},
            buffered=True,
            **more,
        )

    def login(self, password: str = PASSWORD, name: str = "admin", ip: str = HOME) -> TestResponse:
        body = {"username": name, "password": password}
        return self.call("POST", "/api/auth/login", ip=ip, json=body)

    def sign_in(self, ip: str = HOME) -> str:
        token: str = json_of(self.login(ip=ip))["access_token"]
        return token

    def owner(self, method: str, path: str, **more: Any) -> TestResponse:
        """A request of the signed-in owner."""
        if self.token is None:
            self.token = self.sign_in()
        return self.call(method, path, token=self.token, **more)


def json_of(answer: TestResponse) -> Any:
    return answer.get_json()


def refusal(answer: TestResponse, status: int) -> str:
    """The sentence of an error answer, whose shape is checked."""
    assert answer.status_code == status, (answer.status_code, answer.get_data(as_text=True))
    body = answer.get_json()
    assert answer.content_type == "application/json"
    assert set(body) <= {"detail", "code", "retry_after"}
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert isinstance(body["code"], str)
    return str(body["detail"])


def message(number: int, text: str, author_id: int, author: str | None) -> Message:
    return Message(
        number, text, text, author, author_id, MessageType.PLAIN, None, None, None, None, None
    )


def chat_page(chat: int | None, messages: tuple[Message, ...]) -> ChatPage:
    header = Header(AppData(12345, "t", "ru"), "my_shop", 0, 0, 0, None, None, None)
    return ChatPage(
        header, (), None, chat, "users-1-2", "Покупатель", None, 777, messages, False, None, None
    )


def order_row(order_id: str, status: OrderStatus = OrderStatus.PAID) -> OrderRow:
    price = Money(Decimal("150.00"), Currency.RUB)
    date = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)
    return OrderRow(
        order_id, status, "CS2 аренда", "CS2", 1, price, "Покупатель", 777, date, "", True, False
    )


def order(order_id: str) -> Order:
    return Order(
        order_id=order_id,
        status=OrderStatus.PARTIALLY_REFUNDED,
        summary="CS2 аренда",
        description="",
        amount=1,
        price=Money(Decimal("0.55"), Currency.RUB),
        buyer_id=777,
        buyer="Покупатель",
        seller_id=12345,
        chat_name="users-1-2",
        chat_id=67890,
        section_id=None,
        section_type=None,
        section_text=None,
        game=None,
        date=datetime(2024, 1, 15, 9, 0, tzinfo=UTC),
        review=None,
    )
