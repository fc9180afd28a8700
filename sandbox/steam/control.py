"""`/__sandbox__/` on each port: Steam seen and moved from outside, in JSON. For loopback only.

Every call is in the README beside this file. Wrong input is 400 and unknown things are 404,
both with `{"detail": ...}`.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.steam import events, show, visit
from sandbox.steam.accounts import change
from sandbox.steam.buyer import IP, Buyer, BuyerRefused
from sandbox.steam.faults import ACTIONS, EXPIRABLE, Fault

if TYPE_CHECKING:
    from sandbox.steam.double import SteamDouble

bp = Blueprint("steam_control", __name__, url_prefix="/__sandbox__")
PROXY_TROUBLES = ("down", "slow", "dies_after", "dies_answering")


def double() -> "SteamDouble":
    """The double this request came for."""
    found: SteamDouble = request.environ["steam.double"]
    return found


@bp.errorhandler(ValueError)
@bp.errorhandler(TypeError)
@bp.errorhandler(KeyError)
def wrong(error: Exception) -> ResponseReturnValue:
    return jsonify(detail=str(error)), 400


@bp.errorhandler(LookupError)
def unknown(error: Exception) -> ResponseReturnValue:
    return jsonify(detail=str(error)), 404


@bp.errorhandler(BuyerRefused)
def refused(error: BuyerRefused) -> ResponseReturnValue:
    return jsonify(detail=str(error), eresult=error.eresult), 409


# Accounts


@bp.get("/accounts")
def accounts() -> ResponseReturnValue:
    return jsonify([show.account(a) for a in visit.state().accounts])


@bp.post("/accounts")
def add_account() -> ResponseReturnValue:
    told = _body()
    return jsonify(show.account(double().add_account(_text("login"), _text("password"), **{
        name: value for name, value in told.items() if name not in ("login", "password")
    }))), 201  # fmt: skip


@bp.get("/accounts/<login>")
def account(login: str) -> ResponseReturnValue:
    return jsonify(show.account(double().account(login)))


@bp.patch("/accounts/<login>")
def change_account(login: str) -> ResponseReturnValue:
    found = double().account(login)
    with visit.state().lock:
        change(found, _body())
    return jsonify(show.account(found))


@bp.get("/accounts/<login>/mafile")
def mafile(login: str) -> ResponseReturnValue:
    found = double().account(login)
    name = f'attachment; filename="{found.steamid}.maFile"'
    return Response(found.mafile, headers={"Content-Disposition": name})


@bp.get("/accounts/<login>/code")
def code(login: str) -> ResponseReturnValue:
    return jsonify(code=double().guard_code(login))


@bp.get("/accounts/<login>/sessions")
def sessions(login: str) -> ResponseReturnValue:
    return jsonify(show.sessions(visit.state(), double().account(login)))


@bp.post("/accounts/<login>/decoys")
def decoys(login: str) -> ResponseReturnValue:
    """Trade, market and other confirmations that nobody of ours asked for."""
    with visit.state().lock:
        visit.state().confirmations.decoys(double().account(login))
    return sessions(login)


@bp.post("/accounts/<login>/expire")
def expire(login: str) -> ResponseReturnValue:
    """`what`: wizard, rsa_key, auth_session, access_token or refresh_token."""
    what = _text("what")
    if what not in EXPIRABLE:
        raise ValueError(f"`what` is one of {', '.join(EXPIRABLE)}")
    with visit.state().lock:
        events.expire(visit.state(), double().account(login), what)
    return sessions(login)


# Buyers


@bp.get("/buyers")
def buyers() -> ResponseReturnValue:
    return jsonify([_buyer_json(number) for number in range(len(double().buyers))])


@bp.post("/buyers")
def sign_in() -> ResponseReturnValue:
    """`login`, `password`, and `code` or none to have an unused one; 409 when refused."""
    told = _body()
    double().buyer_login(_text("login"), _text("password"), told.get("code"), told.get("ip", IP))
    return jsonify(_buyer_json(len(double().buyers) - 1)), 201


@bp.get("/buyers/<int:number>")
def buyer(number: int) -> ResponseReturnValue:
    return jsonify(_buyer_json(number))


@bp.post("/buyers/<int:number>/deauthorize")
def deauthorize(number: int) -> ResponseReturnValue:
    _buyer(number).deauthorize()
    return jsonify(_buyer_json(number))


@bp.post("/buyers/<int:number>/password")
def buyer_changes_password(number: int) -> ResponseReturnValue:
    _buyer(number).change_password(_text("password"))
    return jsonify(_buyer_json(number))


@bp.post("/buyers/<int:number>/wizard")
def buyer_opens_wizard(number: int) -> ResponseReturnValue:
    _buyer(number).opens_wizard()
    return jsonify(_buyer_json(number))


# Knobs


@bp.get("/faults")
def faults() -> ResponseReturnValue:
    return jsonify([f.as_json() for f in double().faults.all()])


@bp.post("/faults")
def add_fault() -> ResponseReturnValue:
    """One fault or a list of them."""
    told = request.get_json(silent=True)
    made = [Fault.from_json(item) for item in (told if isinstance(told, list) else [told])]
    return jsonify([double().faults.put(f).as_json() for f in made]), 201


@bp.get("/faults/actions")
def actions() -> ResponseReturnValue:
    return jsonify(ACTIONS)


@bp.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    double().faults.clear()
    return Response(status=204)


@bp.delete("/faults/<int:fault_id>")
def remove_fault(fault_id: int) -> ResponseReturnValue:
    if not double().faults.remove(fault_id):
        raise LookupError(f"no fault {fault_id}")
    return Response(status=204)


@bp.get("/switches")
def switches() -> ResponseReturnValue:
    return jsonify(double().switches.as_json())


@bp.patch("/switches")
def change_switches() -> ResponseReturnValue:
    double().switches.change(_body())
    return switches()


@bp.get("/limits")
def limits() -> ResponseReturnValue:
    """Who must wait, and how many seconds."""
    return jsonify(visit.state().limits.as_json())


@bp.delete("/limits")
def forget_limits() -> ResponseReturnValue:
    visit.state().limits.forget()
    return Response(status=204)


@bp.get("/clock")
def clock() -> ResponseReturnValue:
    return jsonify(now=double().clock.now().isoformat(), frozen=double().clock.frozen)


@bp.post("/clock")
def move_clock() -> ResponseReturnValue:
    """`advance` seconds, `set` a moment, `frozen` true or false."""
    told, moved = _body(), double().clock
    if "frozen" in told:
        moved.freeze() if told["frozen"] else moved.thaw()
    if "set" in told:
        moment = datetime.fromisoformat(_text("set"))
        if moment.tzinfo is None:
            raise ValueError("`set` needs a time zone")
        moved.set(moment)
    if "advance" in told:
        moved.advance(float(told["advance"]))
    return clock()


@bp.get("/log")
def log() -> ResponseReturnValue:
    """Entries after `since`, of one `account`, of one kind (`what`), of one `step`."""
    what, step = request.args.get("what"), request.args.get("step")
    found = double().log.since(int(request.args.get("since", 0)), request.args.get("account"))
    return jsonify([
        e.as_json() for e in found
        if what in (None, e.what) and step in (None, e.facts.get("step"))
    ])  # fmt: skip


@bp.get("/wrongdoings")
def wrongdoings() -> ResponseReturnValue:
    return jsonify(double().wrongdoings)


@bp.get("/endpoints")
def endpoints() -> ResponseReturnValue:
    return jsonify(double().endpoints.as_settings())


# Proxies


@bp.get("/proxies")
def proxies() -> ResponseReturnValue:
    return jsonify([show.proxy(p) for p in double().proxies.values()])


@bp.post("/proxies")
def add_proxy() -> ResponseReturnValue:
    """`name`, exit `ip`, `login` (`user:password`) or none."""
    made = double().add_proxy(_text("name"), _text("ip"), _body().get("login", ""))
    return jsonify(show.proxy(made)), 201


@bp.patch("/proxies/<name>")
def change_proxy(name: str) -> ResponseReturnValue:
    found = double().proxies.get(name)
    if found is None:
        raise LookupError(f"no proxy {name!r}")
    for key, value in _body().items():
        if key not in PROXY_TROUBLES:
            raise ValueError(f"unknown member {key!r}; known: {', '.join(PROXY_TROUBLES)}")
        setattr(found, key, value)
    return jsonify(show.proxy(found))


def _body() -> dict[str, Any]:
    told = request.get_json(silent=True) if request.data else {}
    if not isinstance(told, dict):
        raise ValueError("the body must be a JSON object")
    return told


def _text(name: str) -> str:
    value = _body().get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"`{name}` must be a text")
    return value


def _buyer(number: int) -> Buyer:
    if number >= len(double().buyers):
        raise LookupError(f"no buyer {number}")
    return double().buyers[number]


def _buyer_json(number: int) -> dict[str, Any]:
    return {"id": number, **_buyer(number).as_json()}
