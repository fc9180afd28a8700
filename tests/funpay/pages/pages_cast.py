"""Pages for the parsers' tests: our own small ones, and the captured ones beside the project."""

from __future__ import annotations

import html as entities
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

NOW = datetime(2026, 8, 19, 12, 0, tzinfo=UTC)
ME = 1000001
HERE = Path(__file__).resolve()
CAPTURED = HERE.parents[4] / "shared" / "funpay" / "pages"

HEADER = """
<header id="header"><ul>
 <li><a class="user-link-dropdown" href="https://funpay.com/users/1000001/">
  <div class="user-link-name">SellerOne</div></a></li>
 <li><a class="menu-item-orders">Покупки <span class="badge badge-orders hidden">0</span></a></li>
 <li class="active"><a class="menu-item-trade">Продажи
  <span class="badge badge-trade">3</span></a></li>
 <li><a class="menu-item-chat">Сообщения <span class="badge badge-chat">12</span></a></li>
 <li><a class="menu-item-balance">Финансы
  <span class="badge badge-balance">1\u00a0234 ₽</span></a></li>
 <li><div class="user-link-name">SellerOne</div></li></ul>
 <div class="hidden" id="live-counters" data-orders="k3x9a1bc" data-chat="0p2m4n6q"></div>
</header>"""
GUEST_HEADER = """
<header id="header"><button class="navbar-toggle navbar-toggle-guest"></button>
 <a class="menu-item-login" href="https://funpay.com/account/login">Войти</a>
 <a class="menu-item-register" href="https://funpay.com/account/register">Регистрация</a></header>"""


def app(user_id: int = ME) -> str:
    data = {"locale": "ru", "csrf-token": "a1b2c3d4e5f6g7h8", "userId": user_id}
    return entities.escape(json.dumps(data))


def page(root: str, inner: str, *, guest: bool = False, header: str = HEADER) -> str:
    """A whole page around a content root such as `content-orders-trade`."""
    return (
        f'<!DOCTYPE html><html><head><title>FunPay</title></head><body class="x" data-app-data="'
        f'{app(0 if guest else ME)}"><div class="wrapper">{GUEST_HEADER if guest else header}'
        f'<section id="content-body"><div id="content" class="content {root}">{inner}</div>'
        f"</section></div></body></html>"
    )


LOGIN = page("content-account content-account-login", "<form>login</form>", guest=True)
GUEST = page("content-promo content-promo-index", "<p>Добро пожаловать</p>", guest=True)
GUEST_LIST = page("content-lots content-lots-node", '<a class="tc-item">lot</a>', guest=True)
BLOCKED = page(
    "content-account-blocked",
    '<div class="account-blocked-box"><h1>!</h1><p>Ваш аккаунт</p><p>заблокирован.</p></div>',
)
CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>"
    '<script src="/cdn-cgi/challenge-platform/x.js"></script></body></html>'
)
MAINTENANCE = "<html><head><title>FunPay</title></head><body><h1>Ведутся работы</h1></body></html>"
TOO_MANY = (
    "<html>\n<head><title>429 Too Many Requests</title></head>\n<body>\n<center><h1>429 Too Many "
    "Requests</h1></center>\n<hr><center>nginx</center>\n</body>\n</html>\n"
)
NOT_FOUND = page(
    "content-error",
    '<div class="page-content-full"><h1 class="page-header">Страница не найдена</h1></div>',
)


def captured(name: str) -> str:
    """A captured page; the test is skipped where they are not at hand."""
    if not CAPTURED.is_dir():
        pytest.skip("the captured pages lie beside the project, not in it")
    return (CAPTURED / name).read_text(encoding="utf-8")


def skeleton(name: str) -> str:
    """A captured skeleton whose masked texts and attributes got values of the same shape."""
    text = captured(name)
    text = re.sub(r'data-app-data="[^"]*"', f'data-app-data="{app()}"', text)
    text = re.sub(r'id="T13:ap#5"', 'id="live-counters"', text)
    text = re.sub(r'id="T18:adp#(\d+)"', r'id="message-49000\1"', text)
    text = re.sub(r"/orders/\{n(\d+)\}/", lambda m: f"/orders/ABCD{int(m[1]):04}/", text)
    text = re.sub(r"node=\{q(\d+)\}", r"node=10\1", text)
    text = re.sub(r"offer=\{q(\d+)\}", r"offer=20\1", text)
    text = re.sub(r"\{([nq])(\d+)\}", r"10\2", text)
    return re.sub(r"T(\d+):([a-z]+)(?:#(\d+))?", _filled, text)


def _filled(match: re.Match[str]) -> str:
    size, kinds, which = int(match[1]), match[2], match[3] or "1"
    if set(kinds) == {"d"}:
        return "4" * (size - len(which)) + which if size > len(which) else which
    if set(kinds) == {"d", "p"}:
        return "1." + "5" * (size - 2)
    if "d" in kinds and set(kinds) <= set("dos"):
        return "5 ₽"
    return "₽" if kinds == "o" else "ы" * size if "c" in kinds else "x" * size
