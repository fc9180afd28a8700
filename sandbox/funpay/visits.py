"""Who asks: session, account, language, and the guards in front of the views."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

from flask import Flask, Response, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from sandbox.answers import STALE
from sandbox.faults import Fault
from sandbox.world import Person, Refused, World
from sandbox.world.sessions import Session

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]
STALE_TEXT = Refused(STALE, "Please refresh the page and try again.")
OWN = "/__sandbox__"
OPEN_TO_BANNED = ("/account/blocked", "/account/logout")


@dataclass
class Visit:
    """One request, understood."""

    world: World
    person: Person | None
    session: Session
    locale: str
    base: str
    fault: Fault | None = None

    @property
    def me(self) -> Person:
        """The signed-in person; views behind `signed_in` may rely on it."""
        if self.person is None:
            raise NotFound
        return self.person

    def url(self, path: str) -> str:
        """An absolute address in the language of this page."""
        return f"{self.base}{'/en' if self.locale == 'en' else ''}{path}"

    def shown(self, block: str) -> bool:
        """Whether an optional block of a page is not left out by a switch or a fault."""
        left_out = self.fault.blocks if self.fault and self.fault.kind == "omit" else ()
        return block not in self.world.switches.omit and block not in left_out


def visit() -> Visit:
    found: Visit = g.visit
    return found


def is_xhr() -> bool:
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"


def init_app(app: Flask) -> None:
    @app.before_request
    def arrive() -> ResponseReturnValue | None:
        return None if request.path.startswith(OWN) else _arrive()

    @app.after_request
    def leave(response: Response) -> Response:
        return _leave(response)


def signed_in(view: View[P]) -> View[P]:
    """Others are sent to the login page; XHR gets 403 or the same, as switched."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        current = visit()
        if current.person is None:
            if (is_xhr() or request.is_json) and current.world.switches.xhr_signed_out == "403":
                return Response("", 403, content_type="text/html; charset=utf-8")
            return redirect(current.url("/account/login"))
        return view(*args, **kwargs)

    return guarded


def xhr_only(view: View[P]) -> View[P]:
    """Without X-Requested-With there is no such address. The site is often laxer."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not is_xhr():
            raise NotFound
        return view(*args, **kwargs)

    return guarded


def csrf_checked(view: View[P]) -> View[P]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if request.form.get("csrf_token") != visit().session.csrf:
            return stale(visit().world.switches.csrf_status)
        return view(*args, **kwargs)

    return guarded


def stale(status: int = 200) -> ResponseReturnValue:
    """The answer to an old session: refresh the page and try again."""
    return jsonify(msg=STALE_TEXT.text(visit().locale), error=1), status


def refused(error: Refused, **more: Any) -> ResponseReturnValue:
    """The answer to a wish the rules forbid."""
    return jsonify(msg=error.text(visit().locale), error=True, **more)


def _arrive() -> ResponseReturnValue | None:
    world: World = request.environ["sandbox.world"]
    key = request.cookies.get("golden_key")
    person = world.by_key(key)
    session = world.sessions.resume(request.cookies.get("PHPSESSID"), key)
    locale = request.environ.get("sandbox.locale", "ru")
    fault = request.environ.get("sandbox.fault")
    base = world.base_url or request.host_url.rstrip("/")
    g.visit = current = Visit(world, person, session, locale, base, fault)
    if person is None:
        return None
    if person.banned and request.path not in OPEN_TO_BANNED:
        return redirect(current.url("/account/blocked"))
    if is_xhr() or request.is_json:
        seal = request.cookies.get("golden_seal")
        return None if world.sessions.seal_holds(str(key), seal) else stale()
    person.seen = world.now()
    if request.method == "GET":
        if not request.path.startswith("/s/"):
            person.viewing = None
        return _right_language(current, person)
    return None


def _right_language(current: Visit, person: Person) -> ResponseReturnValue | None:
    wanted = request.args.get("setlocale")
    if wanted in ("ru", "en"):
        person.locale = wanted
    if wanted or (current.world.switches.locale_redirect and person.locale != current.locale):
        query = "&".join(
            part
            for part in request.query_string.decode().split("&")
            if part and not part.startswith("setlocale=")
        )
        current.locale = person.locale
        return redirect(current.url(request.path) + (f"?{query}" if query else ""))
    return None


def _leave(response: Response) -> Response:
    current: Visit | None = g.get("visit")
    if current is None:
        return response
    if request.cookies.get("PHPSESSID") != current.session.id:
        response.set_cookie("PHPSESSID", current.session.id, httponly=True)
    switches = current.world.switches
    if current.person and switches.golden_seal_minutes and not is_xhr():
        seal = current.world.sessions.seal_for(str(current.person.golden_key))
        response.set_cookie("golden_seal", seal, httponly=True)
    return response
