"""Nothing that opens an account reaches a log, an error or a printed object."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from steam_cast import (
    ACCESS,
    AJAX,
    IDENTITY,
    NEW,
    PASSWORD,
    REFRESH,
    SHARED,
    Cast,
    as_json,
    cast,
    listing,
    lost,
    obliging,
)

from opium.modules.steam_rent.steam import Tokens, errors

PATHS = sorted(obliging()._answers)
TROUBLE: dict[str, Any] = {
    "lost": lost,
    "down": (502, {}, b"<html>Bad gateway</html>"),
    "forbidden": (403, {}, b"<html>"),
    "not found": (404, {}, b"<html>"),
    "nonsense": (200, {}, b"\xff\xfe<html>"),
    "refused": (200, {"x-eresult": "8"}, b'{"success":false}'),
}


def hidden(here: Cast) -> list[str]:
    """Everything that must never be seen, as it may be written."""
    keys = [asked.query["k"] for asked in here.site.asked if "k" in asked.query]
    plain = [PASSWORD, NEW, REFRESH, ACCESS, *keys]
    plain += [base64.b64encode(secret).decode() for secret in (SHARED, IDENTITY)]
    plain += [asked.form["password"] for asked in here.site.asked if "password" in asked.form]
    return [form for text in plain for form in (text, quote(text, safe=""))]


def everything(here: Cast) -> None:
    steam = here.steam
    works: list[Callable[[], object]] = [
        lambda: steam.sign_in(PASSWORD),
        steam.check,
        here.change,
        lambda: steam.sign_in(NEW),
        steam.kick,
        lambda: steam.probe(NEW),
    ]
    for work in works:
        try:
            logging.getLogger("opium").info("ended with %r", work())
        except errors.SteamError as exc:
            logging.getLogger("opium").exception("failed: %s %r", exc, exc)
            logging.getLogger("opium").info("".join(traceback.format_exception(exc)))


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("path", PATHS)
def test_no_secret_is_told_whatever_fails(
    path: str, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    foreign = listing(1 << 63, 7)
    site = obliging().on("/IAuthenticationService/EnumerateTokens/v1/", foreign)
    here = cast(site.on(path, TROUBLE[trouble]))
    everything(here)
    told = caplog.text
    assert told
    assert [text for text in hidden(here) if text in told] == []


def test_the_gauge_measures(caplog: pytest.LogCaptureFixture) -> None:
    """What the fake raises does hold secrets, so the test above can fail."""
    here = cast(obliging().on("/mobileconf/getlist", lost))
    with pytest.raises(errors.NoConfirmation):
        here.change()
    with pytest.raises(Exception, match="k=") as raised:
        lost(here.site.requests("getlist")[0])
    assert any(text in str(raised.value) for text in hidden(here))


def test_the_wizard_s_own_words_are_shown_without_our_secrets() -> None:
    said = as_json({"errorMsg": f"<b>{NEW}</b> and {PASSWORD} are <i>bad</i>."})
    here = cast(obliging().on(f"{AJAX}CheckPasswordAvailable/", said))
    with pytest.raises(errors.PasswordRefused) as told:
        here.change()
    assert told.value.reason == "*** and *** are bad ."


def test_printed_objects_show_nothing() -> None:
    here = cast(tokens=Tokens(REFRESH, ACCESS))
    here.steam.sign_in(PASSWORD)
    shown = repr((here.steam, here.kept, vars(here.steam), vars(here.steam._http)))
    assert [text for text in hidden(here) if text in shown] == []
