"""Ending other people's sessions: done is what an enumeration proves."""

from __future__ import annotations

from typing import Any

import pytest
from steam_cast import (
    AUTH,
    DEAUTHORIZE_PAGE,
    OURS,
    PASSWORD,
    SHARED,
    SITE,
    STEAM_ID,
    TWO_FACTOR,
    Cast,
    FakeSteam,
    as_json,
    cast,
    confirmations,
    listing,
    lost,
    ma_file,
    obliging,
    proto,
    to,
)

from opium.modules.steam_rent.steam import Options, crypto, errors
from opium.modules.steam_rent.steam import messages as m

LIST = f"{AUTH}EnumerateTokens/v1/"
REVOKE = f"{AUTH}RevokeRefreshToken/v1/"
FOREIGN = (1 << 64) - 2


def signed_in(site: FakeSteam, **how: Any) -> Cast:
    here = cast(site, **how)
    here.steam.sign_in(PASSWORD)
    return here


def test_each_foreign_session_is_ended_with_a_signature_and_ours_is_not() -> None:
    here = signed_in(obliging().on(LIST, listing(FOREIGN, OURS, 7), listing(OURS)))
    assert here.steam.kick() == 2
    revoked = [a.message(m.RevokeRequest) for a in here.site.requests("RevokeRefreshToken/v1")]
    assert [request.token_id for request in revoked] == [FOREIGN, 7]
    assert revoked[0].signature == crypto.revoke_signature(SHARED, FOREIGN)
    assert (revoked[0].steamid, revoked[0].revoke_action) == (STEAM_ID, 1)
    assert here.site.count("manage_action") == 0


def test_nobody_there_is_nothing_to_do() -> None:
    here = signed_in(obliging())
    assert here.steam.kick() == 0
    assert here.site.count("RevokeRefreshToken/v1") == 0


def test_who_signs_in_meanwhile_is_ended_too() -> None:
    site = obliging().on(LIST, listing(OURS, 7), listing(OURS, 8), listing(OURS))
    assert signed_in(site).steam.kick() == 2


def test_where_revoking_is_denied_all_devices_are_signed_out() -> None:
    site = obliging().on(REVOKE, proto(result=15)).on(LIST, *[listing(OURS, 7)] * 2, listing(OURS))
    here = signed_in(site)
    assert here.steam.kick() == 1
    assert [asked.form for asked in site.requests("manage_action")] == [
        {"action": "deauthorize", "sessionid": "abc123"}
    ]
    assert site.count("RevokeRefreshToken/v1") == 1


def test_signing_out_all_devices_may_sign_us_out_too() -> None:
    site = obliging().on(REVOKE, proto(result=15))
    site.on(LIST, *[listing(OURS, 7)] * 2, proto(result=15), listing(OURS))
    site.on(f"{AUTH}GenerateAccessTokenForApp/v1/", proto(result=15))
    here = signed_in(site)
    assert here.steam.kick() == 1
    assert site.count("BeginAuthSessionViaCredentials/v1") == 2


@pytest.mark.parametrize("answer", [(200, {}, b"<html>All devices signed out</html>"), lost,
                                    to(f"{SITE.store}/login/")])  # fmt: skip
def test_a_page_that_looks_like_success_is_none(answer: Any) -> None:
    site = obliging().on(LIST, listing(OURS, 7)).on("/twofactor/manage_action", answer)
    with pytest.raises(errors.NotKicked) as told:
        signed_in(site).steam.kick()
    assert told.value.left == 1


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b""),
        (200, {}, b"<html>maintenance</html>"),
        (500, {}, b""),
        proto(m.EnumerateAnswer(requesting_token=0)),
        proto(result=20),
        lost,
    ],
)
def test_without_an_enumeration_nothing_is_proven(answer: Any) -> None:
    site = obliging().on(LIST, listing(OURS, 7), answer)
    with pytest.raises(errors.SteamError):
        signed_in(site).steam.kick()


def test_a_lost_answer_to_a_revoke_is_judged_by_the_next_enumeration() -> None:
    site = obliging().on(REVOKE, lost).on(LIST, listing(OURS, 7), listing(OURS))
    assert signed_in(site).steam.kick() == 1
    assert site.count("RevokeRefreshToken/v1") == 1


def test_a_session_that_is_dead_already_does_not_count() -> None:
    dead = m.RefreshTokenDescription(token_id=7, effective_token_state=99)
    live = m.RefreshTokenDescription(token_id=OURS, effective_token_state=3)
    site = obliging().on(LIST, proto(m.EnumerateAnswer((dead, live), OURS)))
    assert signed_in(site).steam.kick() == 0


def test_sessions_are_shown_with_where_they_are() -> None:
    seen = m.SeenEvent(time=1_761_955_200, country="DE", city="Berlin")
    odd = m.SeenEvent(time=(1 << 64) - 1)
    found = (
        m.RefreshTokenDescription(token_id=7, token_description="BUYER-PC", last_seen=seen),
        m.RefreshTokenDescription(token_id=OURS, last_seen=odd),
    )
    sessions = signed_in(
        obliging().on(LIST, proto(m.EnumerateAnswer(found, OURS)))
    ).steam.sessions()
    assert [(s.is_ours, s.description, s.country) for s in sessions] == [
        (False, "BUYER-PC", "DE"),
        (True, "", ""),
    ]
    assert sessions[0].last_seen is not None
    assert sessions[1].last_seen is None


def test_a_store_that_wants_a_web_session_gets_one_which_is_ended_afterwards() -> None:
    site = obliging().on(REVOKE, proto(result=15))
    site.on(LIST, *[listing(OURS, 7)] * 2, listing(OURS))
    site.on("/twofactor/manage", *[to(f"{SITE.store}/login/")] * 2, DEAUTHORIZE_PAGE)
    transfers = [
        {"url": f"{url}/login/settoken", "params": {"nonce": "n", "auth": "a"}}
        for url in (SITE.community, SITE.store, SITE.help)
    ]
    site.on("/jwt/finalizelogin", as_json({"transfer_info": transfers}))
    cookie = {"Set-Cookie": "steamLoginSecure=web-session"}
    site.on("/login/settoken", (200, cookie, b'{"result":1}'))
    site.on(f"{AUTH}RevokeToken/v1/", proto())
    assert signed_in(site).steam.kick() == 1
    assert "web-session" in site.requests("manage_action")[0].request.headers["Cookie"]
    assert site.count("RevokeToken/v1") == 1


def test_without_the_web_fallback_a_closed_store_is_told() -> None:
    site = obliging().on(LIST, listing(OURS, 7)).on("/twofactor/manage", (200, {}, b"<html>"))
    here = signed_in(site, options=Options(web_fallback=False))
    with pytest.raises(errors.SignedOut):
        here.steam.kick()
    assert site.count("manage_action") == 0


# --- the import check


def test_a_working_mafile_is_told() -> None:
    here = signed_in(obliging())
    status = here.steam.check()
    assert (status.is_ours, status.can_confirm) == (True, True)
    assert here.site.requests("QueryStatus/v1")[0].query["access_token"]


def test_a_replaced_authenticator_is_told() -> None:
    site = obliging().on(f"{TWO_FACTOR}QueryStatus/v1/", proto(m.QueryStatusAnswer(token_gid="9")))
    assert signed_in(site).steam.check().is_ours is False


def test_a_wrong_identity_secret_is_told() -> None:
    said = {"success": False, "message": "Incorrect Steam Guard codes."}
    site = obliging().on("/mobileconf/getlist", as_json(said))
    assert signed_in(site).steam.check().can_confirm is False


def test_a_mafile_that_leaves_things_open_is_told() -> None:
    bare = ma_file(identity_secret=None, token_gid=None)
    status = signed_in(obliging(), mafile=bare).steam.check()
    assert (status.is_ours, status.can_confirm) == (None, None)


@pytest.mark.parametrize("told", ["android:from-steam", ""])
def test_a_missing_device_id_comes_from_steam_or_is_derived(told: str) -> None:
    answer = proto(m.QueryStatusAnswer(device_identifier=told))
    site = obliging().on(f"{TWO_FACTOR}QueryStatus/v1/", answer)
    site.on("/mobileconf/getlist", confirmations())
    here = signed_in(site, mafile=ma_file(device_id=None))
    here.steam.check()
    used = site.requests("getlist")[0].query["p"]
    assert used == (told or crypto.derived_device_id(STEAM_ID))
