"""The control calls for faults, switches, limits, the clock and the log."""

from datetime import datetime

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.telegram import visit
from sandbox.telegram.faults import ACTIONS, Fault

bp = Blueprint("telegram_knobs", __name__)


@bp.get("/faults")
def faults() -> ResponseReturnValue:
    return jsonify([f.as_json() for f in visit.state().faults.all()])


@bp.post("/faults")
def add_fault() -> ResponseReturnValue:
    """One fault or a list of them."""
    told = request.get_json(silent=True)
    made = [Fault.from_json(item) for item in (told if isinstance(told, list) else [told])]
    return jsonify([visit.state().faults.put(f).as_json() for f in made]), 201


@bp.get("/faults/actions")
def actions() -> ResponseReturnValue:
    return jsonify(ACTIONS)


@bp.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    visit.state().faults.clear()
    return Response(status=204)


@bp.delete("/faults/<int:fault_id>")
def remove_fault(fault_id: int) -> ResponseReturnValue:
    if not visit.state().faults.remove(fault_id):
        raise LookupError(f"no fault {fault_id}")
    return Response(status=204)


@bp.get("/switches")
def switches() -> ResponseReturnValue:
    return jsonify(visit.state().switches.as_json())


@bp.patch("/switches")
def change_switches() -> ResponseReturnValue:
    visit.state().switches.change(visit.body())
    return switches()


@bp.get("/limits")
def limits() -> ResponseReturnValue:
    """Who was told to wait, and how many seconds are left."""
    return jsonify(visit.state().limits.as_json())


@bp.delete("/limits")
def forget_limits() -> ResponseReturnValue:
    visit.state().limits.forget()
    return Response(status=204)


@bp.get("/clock")
def clock() -> ResponseReturnValue:
    found = visit.state().clock
    return jsonify(now=found.now().isoformat(), frozen=found.frozen)


@bp.post("/clock")
def move_clock() -> ResponseReturnValue:
    """`advance` seconds, `set` a moment, `frozen` true or false."""
    told, moved = visit.body(), visit.state().clock
    if "frozen" in told:
        moved.freeze() if told["frozen"] else moved.thaw()
    if "set" in told:
        moment = datetime.fromisoformat(visit.text("set"))
        if moment.tzinfo is None:
            raise ValueError("`set` needs a time zone")
        moved.set(moment)
    if "advance" in told:
        moved.advance(float(told["advance"]))
    return clock()


@bp.get("/log")
def log() -> ResponseReturnValue:
    """Entries after `since`, of one `bot`, of one kind (`what`), of one `method`."""
    asked = request.args
    what, method = asked.get("what"), asked.get("method")
    found = visit.state().log.since(int(asked.get("since", 0)), asked.get("bot"))
    return jsonify([
        e.as_json() for e in found
        if what in (None, e.what) and method in (None, e.facts.get("method"))
    ])  # fmt: skip


@bp.get("/wrongdoings")
def wrongdoings() -> ResponseReturnValue:
    return jsonify(visit.state().wrongdoings)
