"""The control calls for the log, faults, switches, sessions, the clock and the whole."""

from datetime import datetime

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import show
from sandbox.asked import Body, world
from sandbox.faults import KINDS, Fault
from sandbox.world import Unknown

bp = Blueprint("knobs", __name__)


@bp.get("/log")
def log() -> ResponseReturnValue:
    """Entries after `since`, of one `account`, of one kind (`what`)."""
    what, account = request.args.get("what"), request.args.get("account")
    since, limit = int(request.args.get("since", 0)), int(request.args.get("limit", 100_000))
    found = [e for e in world().log.since(since, account) if what in (None, e.what)]
    return jsonify([e.as_json() for e in found[:limit]])


@bp.get("/faults")
def faults() -> ResponseReturnValue:
    return jsonify([f.as_json() for f in world().faults.all()])


@bp.post("/faults")
def add_fault() -> ResponseReturnValue:
    """One fault or a list of them."""
    told = request.get_json(silent=True)
    made = [Fault.from_json(item) for item in (told if isinstance(told, list) else [told])]
    return jsonify([world().faults.put(f).as_json() for f in made]), 201


@bp.get("/faults/kinds")
def kinds() -> ResponseReturnValue:
    return jsonify(KINDS)


@bp.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    world().faults.clear()
    return Response(status=204)


@bp.delete("/faults/<int:fault_id>")
def remove_fault(fault_id: int) -> ResponseReturnValue:
    if not world().faults.remove(fault_id):
        raise Unknown(f"no fault {fault_id}")
    return Response(status=204)


@bp.get("/switches")
def switches() -> ResponseReturnValue:
    return jsonify(world().switches.as_json())


@bp.patch("/switches")
def change_switches() -> ResponseReturnValue:
    world().switches.change(Body().told)
    return jsonify(world().switches.as_json())


@bp.post("/sessions/expire")
def expire_sessions() -> ResponseReturnValue:
    world().sessions.expire()
    return Response(status=204)


@bp.get("/clock")
def clock() -> ResponseReturnValue:
    return jsonify(now=world().now().isoformat(), frozen=world().clock.frozen)


@bp.post("/clock")
def move_clock() -> ResponseReturnValue:
    """`advance` seconds, `set` a moment, `frozen` true or false."""
    body = Body()
    if body.optional("frozen") is not None:
        world().clock.freeze() if body.told["frozen"] else world().clock.thaw()
    if body.optional("set"):
        moment = datetime.fromisoformat(body.text("set"))
        if moment.tzinfo is None:
            raise ValueError("`set` needs a time zone")
        world().clock.set(moment)
    if body.optional("advance") is not None:
        world().clock.advance(float(body.told["advance"]))
    world().run_due()
    return clock()


@bp.get("/state")
def state() -> ResponseReturnValue:
    return jsonify(show.state(world()))


@bp.post("/reset")
def reset() -> ResponseReturnValue:
    """Everything anew; `seed` and `demo_data` if wanted."""
    body = Body()
    world().reset(body.number("seed", world().seed))
    if body.optional("demo_data"):
        from sandbox.demo import furnish

        furnish(world())
    return jsonify(show.state(world()))
