"""The answers a fault gives instead of the site's, and what it does to the true one."""

import json
from dataclasses import dataclass, replace
from typing import Any

from sandbox.faults import Fault

Headers = list[tuple[str, str]]
HTML = ("Content-Type", "text/html; charset=utf-8")
JSON = ("Content-Type", "application/json")
PHRASES = {
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
STALE = "Обновите страницу и повторите попытку."
FLOOD = "Нельзя отправлять сообщения слишком часто."
FLOOD_USERS = "Нельзя слишком часто отправлять сообщения разным пользователям."
CHALLENGE = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>'
    '<div class="main-content"><noscript>Enable JavaScript and cookies to continue</noscript>'
    '</div><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>'
    "</body></html>"
)
MAINTENANCE = (
    "<html><head><title>FunPay</title></head><body><h1>Технические работы</h1></body></html>"
)
LOGIN_PAGE = (
    '<!DOCTYPE html><html lang="ru"><head><title>Авторизация / FunPay</title></head>'
    '<body data-app-data="{&quot;locale&quot;:&quot;ru&quot;,&quot;csrf-token&quot;:'
    '&quot;0000000000000000&quot;,&quot;userId&quot;:0}"><header id="header">'
    '<a class="menu-item-login" href="/account/login">Войти</a></header>'
    '<section id="content-body"><div id="content" class="content-account content-account-login">'
    '<form action="/account/login" method="post"><input type="text" name="login">'
    '<input type="password" name="password"></form></div></section></body></html>'
)
BLOCKED = (
    '<!DOCTYPE html><html lang="ru"><head><title>FunPay</title></head><body>'
    '<div class="account-blocked-box"><h1>Аккаунт заблокирован</h1><p>{reason}</p></div>'
    "</body></html>"
)


@dataclass(frozen=True)
class Answer:
    """A whole answer. `drip` is the pause between its bytes."""

    status: str
    headers: Headers
    body: bytes
    drip: float = 0


def instead(fault: Fault, environ: dict[str, Any]) -> Answer:
    """What the client is told although something else is true."""
    match fault.kind:
        case "status":
            return _nginx(fault.status, fault.retry_after)
        case "login":
            prefix = "/en" if environ.get("sandbox.locale") == "en" else ""
            return Answer("302 Found", [HTML, ("Location", f"{prefix}/account/login")], b"")
        case "blocked":
            reason = fault.text or "Нарушение правил."
            return _page("200 OK", BLOCKED.format(reason=reason))
        case "login_page":
            return _page("200 OK", LOGIN_PAGE)
        case "challenge":
            return _page("200 OK", CHALLENGE)
        case "maintenance":
            return _page("503 Service Temporarily Unavailable", MAINTENANCE)
        case "stale":
            return _json({"msg": STALE, "error": 1})
        case "empty":
            return Answer("200 OK", [HTML], b"")
        case "flood":
            return _refusal(environ, fault.text or FLOOD)
        case "flood_users":
            return _refusal(environ, fault.text or FLOOD_USERS)
        case _:
            return _refusal(environ, fault.text or "Произошла ошибка.")


def changed(fault: Fault, answer: Answer) -> Answer:
    """The true answer, spoiled."""
    match fault.kind:
        case "drip":
            return replace(answer, drip=fault.seconds or 1.0)
        case "cut_body":
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        case "markup":
            spoiled = answer.body.replace(fault.text.encode(), fault.replacement.encode())
            return replace(answer, body=spoiled)
        case "no_echo":
            return replace(answer, body=_without_echo(answer.body))
        case _:
            return answer


def _without_echo(body: bytes) -> bytes:
    try:
        told = json.loads(body)
        told["objects"] = [o for o in told["objects"] if o["type"] != "chat_node"]
    except (ValueError, KeyError, TypeError):
        return body
    return json.dumps(told, ensure_ascii=False).encode()


def _refusal(environ: dict[str, Any], text: str) -> Answer:
    if environ["PATH_INFO"] == "/runner/":
        return _json({"objects": [], "response": {"error": text}})
    return _json({"error": True, "msg": text})


def _nginx(status: int, retry_after: int | None) -> Answer:
    title = f"{status} {PHRASES[status]}"
    # Byte for byte the page captured with a 429, its line ends included.
    page = (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n"
        "<hr><center>nginx</center>\n</body>\n</html>\n"
    )
    headers = [("Content-Type", "text/html")]
    if retry_after is not None:
        headers.append(("Retry-After", str(retry_after)))
    return Answer(title, headers, page.encode())


def _page(status: str, html: str) -> Answer:
    return Answer(status, [HTML], html.encode())


def _json(told: dict[str, Any]) -> Answer:
    return Answer("200 OK", [JSON], json.dumps(told, ensure_ascii=False).encode())
