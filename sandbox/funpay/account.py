"""Settings of an account: where notices go, hidden offers, the second factor."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.funpay.html import page
from sandbox.funpay.visits import csrf_checked, refused, signed_in, visit, xhr_only
from sandbox.world import Refused

bp = Blueprint("account", __name__)


@bp.get("/account/settings")
@signed_in
def settings() -> ResponseReturnValue:
    return page("settings.html", "account-settings")


@bp.get("/security/twoFactorSetting")
@signed_in
def two_factor() -> ResponseReturnValue:
    """Nobody has a second factor here."""
    return page("two_factor.html", "security-twofactorsetting")


@bp.post("/account/noticeChannel")
@signed_in
@csrf_checked
def notice_channel() -> ResponseReturnValue:
    notices, raw = visit().me.notices, request.form.get("channel", "")
    channel = int(raw) if raw.isdecimal() else 0
    if channel not in notices:
        return refused(Refused("Канал не найден.", "No such channel."))
    notices[channel] = request.form.get("active", "").lower() in ("1", "true")
    button = f'<button class="btn-notice-channel" data-channel="{channel}"></button>'
    return jsonify(msg="", error=False, button=button)


@bp.post("/trade/tradeLockSettings")
@signed_in
@xhr_only
@csrf_checked
def trade_lock() -> ResponseReturnValue:
    """Hide all my offers, or show them again."""
    me, form = visit().me, request.form
    if form.get("userId") != str(me.id) or form.get("mode") not in ("0", "1"):
        return refused(Refused("Недостаточно прав.", "Not enough rights."))
    me.offers_hidden = form["mode"] == "1"
    return jsonify(showWarning=me.offers_hidden)
