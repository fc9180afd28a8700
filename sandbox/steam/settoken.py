"""`/login/…` of the three sites: taking a transfer, and the page that asks to sign in (§5.4)."""

from urllib.parse import quote

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.steam import pages, visit
from sandbox.steam.state import State
from sandbox.steam.tokens import RefreshToken

bp = Blueprint("settoken", __name__)


def new_transfer(state: State, token: RefreshToken, site: str) -> tuple[str, str]:
    """A nonce and its proof, good once, for one site."""
    nonce, auth = state.chance.hex(32, "transfer"), state.chance.hex(32, "transfer")
    state.transfers[nonce, auth] = (token, site)
    return nonce, auth


@bp.route("/login/settoken", methods=["GET", "POST"])
def settoken() -> ResponseReturnValue:
    """The site's own cookie; its token is good for this site only."""
    state, given = visit.state(), request.values
    proof = (given.get("nonce", ""), given.get("auth", ""))
    token, site = state.transfers.get(proof, (None, ""))
    steamid = given.get("steamID", "")
    if token is None or site != visit.service() or steamid != str(token.account.steamid):
        return jsonify(result=8)
    del state.transfers[proof]
    if not state.tokens.lives(token):
        return jsonify(result=15)
    access = state.tokens.access(token, (f"web:{site}",))
    answer: Response = jsonify(result=1, rtExpiry=int(token.expires))
    if request.method == "GET":
        answer = pages.moved(given.get("redir", "/"))
    answer.set_cookie("steamLoginSecure", quote(f"{steamid}||{access.text}"), httponly=True)
    return answer


@bp.get("/login/")
@bp.get("/login/home/")
@bp.get("/en/login/")
def sign_in() -> ResponseReturnValue:
    """The page nobody wants to see."""
    return pages.sign_in()
