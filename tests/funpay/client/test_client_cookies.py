from __future__ import annotations

import pytest

from opium.funpay.cookies import Cookies
from opium.funpay.errors import SignedOut


def test_every_cookie_is_kept_and_sent_back() -> None:
    jar = Cookies("gk")
    jar.store(["PHPSESSID=abc; path=/; HttpOnly", "golden_seal=s1; expires=Thu, 01 Jan 2099"])
    jar.store(["golden_seal=s2"])
    assert jar.header == "golden_key=gk; cookie_prefs=1; PHPSESSID=abc; golden_seal=s2"


def test_the_golden_key_is_never_replaced() -> None:
    jar = Cookies("gk")
    jar.store(["golden_key=other; path=/"])
    assert jar.header.startswith("golden_key=gk;")


@pytest.mark.parametrize("line", ["golden_key=deleted", "golden_key=", "golden_key=x; Max-Age=0"])
def test_a_deleted_golden_key_means_signed_out(line: str) -> None:
    jar = Cookies("gk")
    with pytest.raises(SignedOut):
        jar.store([line, "golden_seal=s"])
    assert jar.header == "golden_key=gk; cookie_prefs=1; golden_seal=s"


def test_deleted_cookies_go() -> None:
    jar = Cookies("gk")
    jar.store(["fav_games=1", "PHPSESSID=abc"])
    jar.store(["fav_games=deleted; Max-Age=0", "PHPSESSID=abc; max-age=0; path=/"])
    assert jar.header == "golden_key=gk; cookie_prefs=1"


@pytest.mark.parametrize("line", ["nonsense", "a b=c", "x=a\r\nEvil: y", "=v", 'q="x;y"'])
def test_what_is_no_cookie_is_left_out(line: str) -> None:
    jar = Cookies("gk")
    jar.store([line])
    assert jar.header == "golden_key=gk; cookie_prefs=1"


def test_the_number_of_cookies_is_bounded() -> None:
    jar = Cookies("gk")
    jar.store([f"c{number}=v" for number in range(1000)])
    assert jar.header.count("=") == 32


@pytest.mark.parametrize("key", ["", "a b", "a;b", "a\r\nb", "ключ"])
def test_a_key_that_cannot_be_one_is_refused(key: str) -> None:
    with pytest.raises(SignedOut):
        Cookies(key)


def test_a_new_session_is_adopted_only_if_it_works() -> None:
    jar = Cookies("gk")
    jar.store(["PHPSESSID=old", "golden_seal=s1"])
    trial = jar.without_session()
    assert trial.session is None
    trial.store(["PHPSESSID=new", "golden_seal=s2"])
    jar.take(trial, with_session=False)
    assert jar.header.endswith("PHPSESSID=old; golden_seal=s2")
    jar.take(trial, with_session=True)
    assert jar.session == "new"
