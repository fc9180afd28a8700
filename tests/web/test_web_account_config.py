"""Bounds, proxy grammar and header rules of an account's configuration (contract 4.3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from opium.account_config import (
    AccountConfig,
    AntiDetect,
    CreateBody,
    PatchBody,
    RateLimit,
    Reconnect,
    check_proxy,
    mask_proxy,
    proxies,
)
from opium.funpay.cookies import Cookies
from opium.net.proxy import parse_proxy
from opium.schema import sentence


def refused(model: type[BaseModel], values: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as error:
        model.model_validate(values)
    return sentence(error.value)


def test_defaults_are_those_of_the_contract() -> None:
    assert AntiDetect.of(None).model_dump() == {
        "startup_delay_min": 0,
        "startup_delay_max": 0,
        "shutdown_delay_min": 0,
        "shutdown_delay_max": 0,
        "runner_delay_min": 4,
        "runner_delay_max": 8,
        "session_refresh_interval": 2400,
        "session_refresh_jitter": 600,
    }
    assert RateLimit.of({}).model_dump() == {
        "base_delay": 1.0,
        "jitter_min": 0.8,
        "jitter_max": 1.3,
        "burst_limit": 5,
        "burst_window": 10,
        "cooldown_after_burst": 5,
    }
    assert Reconnect.of(None).model_dump() == {
        "enabled": True,
        "max_attempts": 50,
        "base_delay": 5,
        "max_delay": 300,
        "backoff_factor": 2,
    }


@pytest.mark.parametrize(
    ("member", "values", "names"),
    [
        ("anti_detect", {"startup_delay_max": 3601}, "startup_delay_max"),
        ("anti_detect", {"startup_delay_min": 1}, "startup_delay_min"),
        ("anti_detect", {"shutdown_delay_min": -1}, "shutdown_delay_min"),
        ("anti_detect", {"runner_delay_min": 0.5}, "runner_delay_min"),
        ("anti_detect", {"runner_delay_max": 301}, "runner_delay_max"),
        ("anti_detect", {"runner_delay_min": 9}, "runner_delay_min"),
        ("anti_detect", {"session_refresh_interval": 299}, "session_refresh_interval"),
        ("anti_detect", {"session_refresh_jitter": 2401}, "session_refresh_jitter"),
        ("anti_detect", {"startup_delay_max": "5"}, "startup_delay_max"),
        ("anti_detect", {"startup_delay_max": True}, "startup_delay_max"),
        ("anti_detect", {"startup_delay_max": float("nan")}, "startup_delay_max"),
        ("anti_detect", {"startup_delai": 1}, "startup_delai"),
        ("rate_limit", {"base_delay": 61}, "base_delay"),
        ("rate_limit", {"jitter_min": 2}, "jitter_min"),
        ("rate_limit", {"jitter_max": 11}, "jitter_max"),
        ("rate_limit", {"burst_limit": 0}, "burst_limit"),
        ("rate_limit", {"burst_limit": 1.5}, "burst_limit"),
        ("rate_limit", {"burst_window": 601}, "burst_window"),
        ("rate_limit", {"cooldown_after_burst": 601}, "cooldown_after_burst"),
        ("reconnect", {"enabled": 1}, "enabled"),
        ("reconnect", {"max_attempts": -1}, "max_attempts"),
        ("reconnect", {"base_delay": 301}, "base_delay"),
        ("reconnect", {"backoff_factor": 0.9}, "backoff_factor"),
        ("reconnect", [], "reconnect"),
        ("reconnect", "x", "reconnect"),
    ],
)
def test_a_value_out_of_bounds_is_named(member: str, values: Any, names: str) -> None:
    detail = refused(AccountConfig, {"golden_key": "k", member: values})
    assert names in detail
    assert member in detail


def test_objects_are_kept_as_they_were_given() -> None:
    config = AccountConfig(golden_key="k", reconnect={"enabled": False}, anti_detect=None)
    assert config.reconnect == {"enabled": False}
    assert config.anti_detect is None
    assert "k" not in repr(config)


@pytest.mark.parametrize("key", ["", "a b", "a;b", "a,b", "a\n", "a\r\nX: 1", "ключ", "x" * 257])
def test_a_golden_key_fits_into_a_cookie(key: str) -> None:
    assert "golden_key" in refused(CreateBody, {"account_id": "a", "golden_key": key})


@pytest.mark.parametrize("agent", ["a\nb", "a\rb", "a\0b", " a", "агент", "x" * 513])
def test_a_user_agent_fits_into_a_header(agent: str) -> None:
    assert "user_agent" in refused(AccountConfig, {"golden_key": "k", "user_agent": agent})


GOOD = [
    "1.2.3.4:1080",
    "http://1.2.3.4:80",
    "https://proxy.example.com:443",
    "socks5://user:pw@1.2.3.4:1080",
    "socks5h://user:p%40w@host_1:1080",
    "http://user:@host:1",
    "user:pa:ss@host:65535",
    "http://[2606:4700::1111]:80",
    "127.0.0.1:9050",
    "10.0.0.1:80",
    "localhost:1",
]
BAD = [
    "",
    "[object Object]",
    "host",
    "host:0",
    "host:65536",
    "host:123456",
    "ftp://host:1",
    "socks4://host:1",
    "http://host:1/",
    "http://host:1/path",
    "http://host:1?x",
    "user@host:1",
    "a b:1",
    "http://u:p@@host:1",
    "http://u/x:p@host:1",
    "host:1\n",
    "хост:1",
    "http://169.254.169.254:80",
    "169.254.1.1:80",
    "http://[fe80::1]:80",
    "http://[::ffff:169.254.169.254]:80",
    "http://metadata.google.internal:80",
    "0.0.0.0:80",
    "2852039166:80",
    "169.254.43518:80",
    "0xa9fea9fe:80",
    "0251.0376.0251.0376:80",
    "224.0.0.1:80",
    "http://[fd00:ec2::254]:80",
    "-host:1",
    5,
    [],
    {},
    {"ftp": "host:1"},
    {"http": "host:1", "ftp": "host:1"},
    {"http": None},
    {"http": ""},
    True,
]


@pytest.mark.parametrize("proxy", GOOD)
def test_good_proxies_come_back_in_the_form_given(proxy: str) -> None:
    for form in (proxy, {"http": proxy}, {"https": proxy}, {"http": proxy, "https": proxy}):
        assert AccountConfig(golden_key="k", proxy=form).proxy == form


@pytest.mark.parametrize("proxy", BAD, ids=repr)
def test_bad_proxies_are_refused_without_showing_them(proxy: Any) -> None:
    detail = refused(AccountConfig, {"golden_key": "k", "proxy": proxy})
    assert detail.startswith("proxy ")
    if isinstance(proxy, str) and len(proxy) > 4:
        assert proxy not in detail


@pytest.mark.parametrize("proxy", ["127.0.0.1:1", "localhost:1", "192.168.1.1:1", "[::1]:1"])
def test_private_proxies_depend_on_the_server(proxy: str) -> None:
    assert check_proxy(proxy) == proxy
    with pytest.raises(ValueError, match="private"):
        check_proxy(proxy, allow_private=False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ("host:1", {"http": "http://host:1", "https": "http://host:1"}),
        ("socks5://h:1", {"http": "socks5h://h:1", "https": "socks5h://h:1"}),
        ({"http": "socks5://h:1"}, {"http": "socks5h://h:1", "https": "socks5h://h:1"}),
        ({"https": "https://h:1"}, {"http": "https://h:1", "https": "https://h:1"}),
        ({"http": "a:1", "https": "b:2"}, {"http": "http://a:1", "https": "http://b:2"}),
    ],
)
def test_one_address_serves_both_schemes(given: Any, expected: Any) -> None:
    assert proxies(given) == expected


def test_masks_hide_credentials_only() -> None:
    assert mask_proxy("socks5://u:p@h:1") == "socks5://***:***@h:1"
    assert mask_proxy("u:p@h:1") == "***:***@h:1"
    assert mask_proxy("h:1") == "h:1"
    assert mask_proxy({"http": "http://u:p@h:1"}) == {"http": "http://***:***@h:1"}
    assert mask_proxy(None) is None


def test_a_patch_keeps_what_is_absent_or_masked() -> None:
    stored = AccountConfig(golden_key="k", proxy="u:p@h:1")
    assert PatchBody().changes(stored) == {}
    assert PatchBody(golden_key="***", proxy="***:***@h:1").changes(stored) == {}
    assert PatchBody(proxy=None, reconnect=None).changes(stored) == {
        "proxy": None,
        "reconnect": None,
    }
    with pytest.raises(ValueError, match="proxy must look like"):
        PatchBody(proxy="[object Object]").changes(stored)


@given(st.text() | st.integers() | st.dictionaries(st.text(), st.text()))
def test_no_proxy_breaks_the_rules_in_another_way(proxy: Any) -> None:
    try:
        accepted = check_proxy(proxy)
    except ValueError:
        return
    assert accepted == proxy
    both = proxies(accepted)
    assert both is not None
    assert set(both) == {"http", "https"}


@given(
    st.sampled_from(["anti_detect", "rate_limit", "reconnect"]),
    st.dictionaries(
        st.sampled_from([*AntiDetect.model_fields, *RateLimit.model_fields, "enabled", "x"]),
        st.floats() | st.integers() | st.booleans() | st.text(max_size=3) | st.none(),
        max_size=4,
    ),
)
def test_what_is_accepted_can_be_used(member: str, values: dict[str, Any]) -> None:
    model = {"anti_detect": AntiDetect, "rate_limit": RateLimit, "reconnect": Reconnect}[member]
    try:
        config = AccountConfig.model_validate({"golden_key": "k", member: values})
    except ValidationError:
        return
    effective = model.of(getattr(config, member))  # type: ignore[attr-defined]
    assert all(getattr(effective, name) == value for name, value in values.items())


@given(st.text(st.characters(max_codepoint=300), max_size=260))
def test_every_key_that_is_taken_can_be_sent(key: str) -> None:
    try:
        CreateBody(account_id="a", golden_key=key)
    except ValidationError:
        return
    assert Cookies(key).header


CREDENTIALS = st.text('aZ09:@/?#%\\"[ ]\x7f0ё', max_size=8) | st.text("%0aF", max_size=300)


@given(
    st.sampled_from(["", "http://", "https://", "socks5://", "socks5h://", "SOCKS5://"]),
    CREDENTIALS,
    CREDENTIALS,
    st.sampled_from(["1.2.3.4", "[2001:db8::1]", "a-b.example", "a_b", "2130706433"]),
    st.integers(0, 70000),
)
def test_every_proxy_that_is_taken_can_be_used(
    scheme: str, user: str, password: str, host: str, port: int
) -> None:
    for address in (f"{scheme}{host}:{port}", f"{scheme}{user}:{password}@{host}:{port}"):
        try:
            check_proxy(address)
        except ValueError:
            continue
        for form in (address, {"http": address}, {"https": address}, proxies(address)):
            assert parse_proxy(form)
