"""The API called from inside: the same routes and words, no token, and a name in the audit log."""

from __future__ import annotations

from web_cast import Scene, Web


def test_a_call_from_inside_needs_no_token_and_names_its_actor(web: Web) -> None:
    answer = web.core.inside.call("GET", "/api/accounts", actor="telegram:42")
    assert (answer.status, answer.data) == (200, [])


def test_it_obeys_the_same_checks_of_route_account_and_body(web: Web, scene: Scene) -> None:
    call = web.core.inside.call
    assert call("GET", "/api/nothing", actor="telegram:42").status == 404
    assert call("DELETE", "/api/health", actor="telegram:42").status == 405
    assert call("GET", "/api/accounts/ghost", actor="telegram:42").status == 404
    bad = call("PATCH", "/api/accounts/my_shop/config", {"proxy": 5}, actor="telegram:42")
    assert bad.status == 400
    assert "detail" in bad.data


def test_the_actor_stands_in_the_audit_log(web: Web, scene: Scene) -> None:
    done = web.core.inside.call("POST", "/api/accounts/my_shop/stop", actor="telegram:42")
    assert done.ok
    rows = web.get("/api/audit")["items"]
    assert "telegram:42" in {row["actor"] for row in rows}


def test_no_header_makes_a_request_one_from_inside(web: Web) -> None:
    for name in ("opium.actor", "Opium-Actor", "Opium.Actor", "HTTP_OPIUM_ACTOR"):
        answer = web.api.get("/api/accounts", headers={name: "telegram:42"})
        assert answer.status_code == 401
