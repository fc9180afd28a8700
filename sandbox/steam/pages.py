"""The few pages that clients read, with the markers they look for (§8, §9)."""

import json
from html import escape
from typing import Any

from flask import Response

OFFERS = {
    "": "Send a confirmation to my Steam Mobile app",
    "email": "Email an account verification code to s***@example.com",
    "phone": "Text an account verification code to my phone number ending in 42",
    "remove_guard": "Remove Steam Guard Mobile Authenticator",
}


def page(title: str, inner: str, status: int = 200) -> Response:
    html = (
        f'<!DOCTYPE html>\n<html lang="en"><head><title>{escape(title)}</title></head>\n'
        f'<body class="responsive_page">{inner}</body></html>\n'
    )
    return Response(html, status, content_type="text/html; charset=UTF-8")


def sign_in() -> Response:
    return page("Sign In", '<div class="login_form"><h1>Sign In</h1></div>')


def to_login(fresh: bool = False) -> Response:
    """A redirect to the sign-in page; `fresh` wants the password again."""
    query = "need_password=1&" if fresh else ""
    return moved(f"/login/home/?{query}goto=")


def moved(place: str) -> Response:
    return Response(b"", 302, {"Location": place}, content_type="text/html; charset=UTF-8")


def forbidden() -> Response:
    return page("Access Denied", "<h1>Access Denied</h1>", 403)


def wizard(title: str, inner: str) -> Response:
    return page("Steam Support", wizard_part(title, inner))


def wizard_part(title: str, inner: str) -> str:
    """What the `html` variant of an Ajax answer holds, too."""
    head = f'<div class="help_page_title">{escape(title)}</div>'
    return f'<div class="wizard_content_wrapper">{head}{inner}</div>'


def offer(demand: str, link: str) -> str:
    """The button that says what the wizard wants."""
    text = OFFERS[demand]
    return f'<a class="help_wizard_button" href="{escape(link)}"><span>{text}</span></a>'


def hidden_form(identity: str, action: str, fields: dict[str, str]) -> str:
    inputs = "".join(
        f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in fields.items()
    )
    return f'<form id="{identity}" method="POST" action="{escape(action)}">{inputs}</form>'


def attributes(identity: str, values: dict[str, Any]) -> str:
    """An element that carries JSON in its attributes."""
    told = "".join(f' data-{k}="{escape(json.dumps(v))}"' for k, v in values.items())
    return f'<div id="{identity}"{told}></div>'
