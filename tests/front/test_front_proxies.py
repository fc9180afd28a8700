"""The examples in `deploy/`, tried with the real programs: TLS, addresses, sizes (S5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.stand import free_port

from .stand import FRONTS, NAME, ROOT, Place, before, missing, opium_behind

MIB = 1024 * 1024
LIES = {"X_Forwarded_For": "198.51.100.1", "X_Real_IP": "198.51.100.2"}


@pytest.fixture(scope="module", params=FRONTS)
def front(request: pytest.FixtureRequest) -> str:
    absent = missing(request.param)
    if absent:
        pytest.skip(f"{absent} is not on this machine")
    return str(request.param)


@pytest.fixture(scope="module")
def place(front: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with opium_behind(front, tmp_path_factory.mktemp(front)) as found:
        yield found


@pytest.mark.system
def test_a_person_signs_in_over_tls(place: Place) -> None:
    token = place.sign_in()
    status = place.ask("GET", "/api/status", token=token)
    assert status.json()["running"] is True
    assert status.headers["strict-transport-security"].startswith("max-age=")
    assert not any(letter.isdigit() for letter in status.headers.get("server", ""))


@pytest.mark.system
def test_plain_http_leads_to_https(place: Place) -> None:
    answer = Place(place.plain_port).ask("GET", "/api/health", Host=NAME)
    assert answer.status in (301, 308)
    assert answer.headers["location"].startswith(f"https://{NAME}")


@pytest.mark.system
def test_the_audit_log_has_the_clients_own_address(place: Place) -> None:
    place.login(source="127.0.0.7", **LIES, Forwarded="for=198.51.100.3;proto=http")
    audit = place.ask("GET", "/api/audit?limit=20", token=place.sign_in()).json()
    addresses = {entry["ip"] for entry in audit["items"] if entry["action"] == "SIGN_IN"}
    assert addresses == {"127.0.0.1", "127.0.0.7"}


@pytest.mark.system
def test_a_guesser_is_banned_himself_whoever_he_claims_to_be(place: Place) -> None:
    for number in range(10):
        lies = {"X_Forwarded_For": f"198.51.100.{number}", "X_Real_IP": f"198.51.100.{number}"}
        assert place.login("wrong", source="127.0.0.8", **lies).status == 401
    assert place.login(source="127.0.0.8", X_Forwarded_For="127.0.0.6").status == 429
    assert place.login(source="127.0.0.6").status == 200


@pytest.mark.system
def test_the_largest_list_of_goods_passes_and_a_larger_body_gets_json(place: Place) -> None:
    token = place.sign_in()

    def post(path: str, body: object) -> object:
        answer = place.ask("POST", path, body, token=token, timeout=60)
        assert answer.status < 300, answer
        return answer.json()

    post("/api/accounts", {"account_id": "shop", "golden_key": "k" * 32})
    post("/api/accounts/shop/modules", {"module_name": "auto_delivery"})
    products = "/api/accounts/shop/modules/auto_delivery/products"
    product = post(products, {"name": "Keys", "delivery_text": "{product}"})
    assert isinstance(product, dict)
    shelf = f"{products}/{product['product_id']}/stock"
    lines = [f"{number:06d}{'x' * 1020}" for number in range(9_900)]
    assert post(shelf, {"lines": lines})
    refused = place.announce(shelf, 12 * MIB, token)
    assert refused.status == 413
    assert refused.headers["content-type"].startswith("application/json")
    assert refused.json()["detail"]


@pytest.mark.system
def test_while_opium_is_away_the_front_says_so_in_json(front: str, tmp_path: Path) -> None:
    with before(front, tmp_path, free_port(), says=503) as place:
        answer = place.ask("GET", "/api/accounts")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["code"] == "unavailable"


@pytest.mark.parametrize(("name", "kind"), [("Caddyfile", ""), ("nginx.conf", "nginx")])
def test_the_page_shows_the_files_that_were_tried(name: str, kind: str) -> None:
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    file = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    assert f"```{kind}\n{file}```" in page
