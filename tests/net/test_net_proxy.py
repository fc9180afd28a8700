from __future__ import annotations

import pytest

from opium.net.proxy import BadProxy, Proxy, outgoing, parse_proxy


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("1.2.3.4:8080", Proxy("http", "1.2.3.4", 8080)),
        ("socks5://u:p@host.example:1080", Proxy("socks5h", "host.example", 1080, "u", "p")),
        ("socks5h://host:1", Proxy("socks5h", "host", 1)),
        ("HTTP://u:p%40ss%3A@h:80/", Proxy("http", "h", 80, "u", "p@ss:")),
        ("http://[::1]:3128", Proxy("http", "::1", 3128)),
        ({"http": "socks5://u:pw@1.2.3.4:1080"}, Proxy("socks5h", "1.2.3.4", 1080, "u", "pw")),
        ({"http": "http://a:1", "https": "http://b:2"}, Proxy("http", "b", 2)),
    ],
)
def test_an_address_means(value: str | dict[str, str] | None, expected: Proxy | None) -> None:
    assert parse_proxy(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "host",
        "host:0",
        "host:65536",
        "ftp://host:1",
        "http://host:1/path",
        "http://u:p@ss@host:1",
        "[object Object]",
        "[object Object]:80",
        "http://a b:1",
        "http://u%0d%0a:p@h:1",
        {},
        {"https": "nonsense"},
    ],
)
def test_anything_else_is_refused_without_repeating_it(value: str | dict[str, str]) -> None:
    with pytest.raises(BadProxy) as refused:
        parse_proxy(value)
    assert "nonsense" not in str(refused.value)


def test_credentials_are_never_shown() -> None:
    proxy = Proxy("http", "::1", 80, "ann", "s3cret")
    assert str(proxy) == "http://[::1]:80"
    assert "s3cret" not in repr(proxy) + outgoing(proxy)


def test_the_outgoing_address_is_the_users_of_a_proxy() -> None:
    assert outgoing(None) == "direct"
    assert outgoing(Proxy("http", "h", 1, "a", "x")) != outgoing(Proxy("http", "h", 1, "b", "x"))
