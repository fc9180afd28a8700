"""Answers that are not Steam's: errors of proxies and gateways, and outcomes that are not true."""

import json

from sandbox.answers import HTML, JSON, Answer
from sandbox.steam.faults import Fault, Visit
from sandbox.steam.pages import OFFERS, wizard_part

BINARY = ("Content-Type", "application/octet-stream")
PHRASES = {
    200: "OK",
    403: "Forbidden",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def status(code: int, body: str, true: Answer | None = None) -> Answer:
    """A status with a body that says nothing."""
    phrase = PHRASES.get(code, "Error")
    line = f"{code} {phrase}"
    page = f"<html><head><title>{line}</title></head><body><h1>{phrase}</h1></body></html>"
    match body:
        case "empty":
            return Answer(line, [HTML], b"")
        case "json-null":
            return Answer(line, [JSON], b"null")
        case "truncated":
            whole = true or Answer(line, [JSON], b'{"success":true,"hash":"wizard/HelpWith"}')
            return Answer(line, whole.headers, whole.body[: len(whole.body) // 2])
        case _:
            return Answer(line, [HTML], page.encode())


def instead(fault: Fault, visit: Visit, true: Answer | None) -> Answer:
    """What the client is told although something else is true."""
    match fault.action:
        case "eresult":
            return _outcome(fault, visit)
        case "html":
            button = f'<a class="help_wizard_button" href="#"><span>{OFFERS["email"]}</span></a>'
            told = {"html": wizard_part("Verify your account", fault.text or button)}
            return Answer("200 OK", [JSON], json.dumps(told).encode())
        case "redirect_login":
            return Answer("302 Found", [HTML, ("Location", "/login/home/?goto=")], b"")
        case "redirect":
            return Answer("302 Found", [HTML, ("Location", fault.url)], b"")
        case _:
            return status(fault.status, fault.body, true)


def _outcome(fault: Fault, visit: Visit) -> Answer:
    if visit.service == "api":
        kind = BINARY if visit.protobuf else JSON
        headers = [kind, ("x-eresult", str(fault.eresult)), ("x-error_message", fault.text)]
        return Answer("200 OK", headers, b"" if visit.protobuf else b'{"response":{}}')
    told: dict[str, object] = {"success": fault.eresult == 1}
    if visit.service == "help":
        told = {"errorMsg": fault.text or "An error occurred. Please try again later."}
    elif visit.service == "login":
        told = {"success": False, "error": fault.eresult}
    elif fault.text:
        told["message"] = fault.text
    return Answer("200 OK", [JSON], json.dumps(told).encode())
