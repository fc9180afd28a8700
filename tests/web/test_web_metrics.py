"""`GET /api/metrics`: what Prometheus reads, who may read it, and that its page is true."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.orm import Session
from web_cast import MODULES, Scene, Web, furnish, refusal

from opium import alerts
from opium.config import ROOT, Config, ConfigError
from opium.db.tables import Handling, StoredCommand, StoredEvent
from opium.kit import Figure, Module
from opium.modules.auto_raise.models import Category
from opium.modules.steam_rent.rows import Rental, SteamAccount, SteamJob
from opium.modules.telegram_bot.models import Notice

TOKEN = "prometheus-reads-0123"
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


@pytest.fixture
def watched(make_web: Callable[..., Web]) -> Web:
    return make_web(metrics_token=TOKEN)


def families(web: Web) -> dict[str, Metric]:
    """The page of now, read by the library that Prometheus' own tools use."""
    answer = web.owner("GET", "/api/metrics")
    assert answer.status_code == 200
    found = list(text_string_to_metric_families(answer.get_data(as_text=True)))
    assert len({family.name for family in found}) == len(found)
    return {family.name: family for family in found}


def value(web: Web, name: str, **labels: str) -> float | None:
    """One figure; None if it is not on the page."""
    for family in families(web).values():
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return None


# --- who may read it


def test_prometheus_reads_it_with_a_token_of_its_own(watched: Web) -> None:
    answer = watched.call("GET", "/api/metrics", token=TOKEN)
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert "opium_build_info" in answer.get_data(as_text=True)
    assert watched.call("HEAD", "/api/metrics", token=TOKEN).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/status"),
        ("GET", "/api/accounts"),
        ("GET", "/api/metrics/"),
        ("POST", "/api/metrics"),
        ("DELETE", "/api/metrics"),
        ("POST", "/api/auth/logout"),
    ],
)
def test_that_token_is_good_for_nothing_else(watched: Web, method: str, path: str) -> None:
    refusal(watched.call(method, path, token=TOKEN), 401)


@pytest.mark.parametrize("token", [None, TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "", "Яндекс"])
def test_a_wrong_token_is_refused(watched: Web, token: str | None) -> None:
    given = token if token is None else token.encode().decode("latin-1")
    refusal(watched.call("GET", "/api/metrics", token=given), 401)


def test_without_the_setting_only_the_owner_reads_it(web: Web) -> None:
    refusal(web.call("GET", "/api/metrics", token=TOKEN), 401)
    assert web.owner("GET", "/api/metrics").status_code == 200


@pytest.mark.parametrize("token", ["fifteen-letters", "sixteen letters ", "шестнадцать-букв"])
def test_a_token_that_is_too_weak_stops_the_start(token: str) -> None:
    with pytest.raises(ConfigError, match="OPIUM_METRICS_TOKEN is not usable"):
        Config.load(_env_file=None, metrics_token=token)


def test_the_token_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    monkeypatch.setenv("OPIUM_METRICS_TOKEN_FILE", str(file))
    config = Config.load(_env_file=None)
    assert config.metrics_token is not None
    assert config.metrics_token.get_secret_value() == TOKEN


def test_it_is_part_of_the_api_s_document(web: Web) -> None:
    operation = web.get("/openapi.json")["paths"]["/metrics"]["get"]
    assert list(operation["responses"]["200"]["content"]) == [
        "text/plain; version=0.0.4; charset=utf-8"
    ]
    assert "401" in operation["responses"]


# --- what it says


def test_a_sale_shows_in_the_figures(web: Web, scene: Scene) -> None:
    shop = {"account": "my_shop"}
    assert value(web, "opium_accounts", state="running") == 1
    assert value(web, "opium_account_state", state="running", **shop) == 1
    assert value(web, "opium_account_state", state="error", **shop) == 0
    assert value(web, "opium_polls_total", result="good", **shop) == 3
    answers = value(web, "opium_funpay_answers_total", code="200", **shop)
    assert answers == len(web.world.log.requests())
    assert value(web, "opium_commands_ended_total", kind="send_message", state="done", **shop) == 1
    assert value(web, "opium_command_seconds_count", kind="send_message") == 1
    assert value(web, "opium_order_to_goods_seconds_count") == 1
    assert value(web, "opium_commands", state="unknown", **shop) == 0
    assert value(web, "opium_auto_delivery_deliveries", status="delivered", **shop) == 1
    web.advance(90)
    assert value(web, "opium_account_last_poll_age_seconds", **shop) == 90


def test_goods_that_waited_show_how_long_the_buyer_did(web: Web, scene: Scene) -> None:
    delivery = "/api/accounts/my_shop/modules/auto_delivery"
    body = {"name": "Ключи", "kind": "stock"}
    product = web.ok("POST", f"{delivery}/products", body)["product_id"]
    lot = scene.seller.lot("Ключ редкий")
    mapping = {"product_id": product, "match": "exact", "pattern": "Ключ редкий"}
    web.ok("POST", f"{delivery}/lot-mappings", mapping)
    scene.ann.buys(lot)
    web.poll(scene.seller, 2)
    labels = {"account": "my_shop"}
    assert value(web, "opium_auto_delivery_deliveries", status="waiting_stock", **labels) == 1
    assert value(web, "opium_auto_delivery_sold_out_products", **labels) == 1
    web.advance(1000)
    web.ok("POST", f"{delivery}/products/{product}/stock", {"lines": ["AAAA", "BBBB"]})
    web.poll(scene.seller, 2)
    assert value(web, "opium_auto_delivery_stock_lines", **labels) == 1
    assert value(web, "opium_order_to_goods_seconds_bucket", le="900.0") == 1
    assert value(web, "opium_order_to_goods_seconds_count") == 2
    seconds = value(web, "opium_order_to_goods_seconds_sum")
    assert seconds is not None
    assert 1000 < seconds < 1100


def test_what_went_wrong_shows_by_its_kind(web: Web, scene: Scene) -> None:
    shop = {"account": "my_shop"}
    web.world.faults.add("status", status=500, path="/runner/")
    web.poll(scene.seller)
    assert value(web, "opium_polls_total", result="unreachable", **shop) == 1
    assert value(web, "opium_funpay_answers_total", code="500", **shop)
    assert value(web, "opium_account_state", state="reconnecting", **shop) == 1


def test_a_deleted_account_leaves_the_page(web: Web, scene: Scene) -> None:
    assert value(web, "opium_polls_total", result="good", account="my_shop")
    web.ok("DELETE", "/api/accounts/my_shop")
    left = [
        sample.name
        for family in families(web).values()
        for sample in family.samples
        if sample.labels.get("account") == "my_shop"
    ]
    assert [name for name in left if not name.startswith("opium_auto_")] == []


def test_no_text_of_a_buyer_is_on_the_page(web: Web, scene: Scene) -> None:
    page = web.owner("GET", "/api/metrics").get_data(as_text=True)
    assert "ann" not in re.findall(r"\w+", page)
    assert scene.order.id not in page
    assert "Ключ" not in page


# --- figures of modules


def broken(kind: str) -> Module:
    """A module whose figures cannot be shown."""
    module = Module("thanks", title="Спасибо")

    @module.figures
    def figures(db: Session) -> Iterator[Figure]:
        yield Figure("good", "Fine.", 1)
        match kind:
            case "raises":
                db.execute(text("SELECT 1 FROM nowhere"))
            case "a label that is no name":
                yield Figure("bad", "Bad.", 1, {'x"}\nopium_build_info{y': "1"})
            case "labels that differ":
                yield Figure("good", "Fine.", 1, {"account": "x"})
            case "without end":
                yield from (Figure("many", "Many.", 1, {"n": str(n)}) for n in range(10**9))
            case _:
                yield Figure("text", "No number.", "three")  # type: ignore[arg-type]

    return module


@pytest.mark.parametrize(
    "kind",
    ["raises", "a label that is no name", "labels that differ", "without end", "no number"],
)
def test_a_module_that_fails_is_left_out_and_counted(
    make_web: Callable[..., Web], kind: str
) -> None:
    web = make_web(modules={**MODULES, "thanks": broken(kind)})
    found = families(web)
    assert "opium_build_info" in found
    assert [name for name in found if "thanks" in name] == []
    assert value(web, "opium_figures_failed_total", source="thanks") == 2


def test_a_figure_s_labels_cannot_forge_another_one(make_web: Callable[..., Web]) -> None:
    module = Module("thanks", title="Спасибо")
    evil = 'x"} 1\nopium_accounts{state="running'

    @module.figures
    def figures(_db: Session) -> Iterator[Figure]:
        yield Figure("thanked", "Thanked\nbuyers.", 3, {"account": evil})

    web = make_web(modules={"thanks": module})
    assert value(web, "opium_thanks_thanked", account=evil) == 3
    assert value(web, "opium_accounts", state="running") == 0


# --- the page of documentation


def everything(web: Web, _scene: Scene) -> None:
    """A row of each kind that the page counts."""
    now, at = web.core.clock.now(), {"account_id": "my_shop"}
    with web.db.write() as db:
        sent = db.query(StoredCommand).one()
        alerts.open_alert(db, "held", "command:1", "held", now, "my_shop")
        event = StoredEvent(kind="x", key="x", body_sealed=b"", created_at=now, **at)
        db.add(event)
        db.flush()
        db.add(Handling(event_id=event.id, module="x", state="held", **at))
        db.add(Category(game_id=1, name="x", nodes=[], **at))
        db.add(
            Notice(bot_id=1, chat=1, thread=1, kind="x", key="x", about={}, created_at=now, **at)
        )
        names = {"name": "x", "key": "x", "login": "x", "login_key": "x", "game_ids": []}
        how: dict[str, Any] = {"change_password": True, "kick_devices": True, "created_at": now}
        steam = SteamAccount(**names, **how, **at)
        db.add(steam)
        db.flush()
        db.add(SteamJob(steam_account=steam.id, kind="release", **how, **at))
        db.add(
            Rental(
                rental_id="x", handout_id=sent.handout_id, order_id="X", buyer_id=1, buyer="x",
                chat="x", chat_id=1, game_id="x", steam_account=steam.id, login="x", minutes=1,
                start_at=now, end_at=now, **at,
            )
        )  # fmt: skip
    web.core.keeper.take()
    families(web)


def table(web: Web) -> list[str]:
    """The lines of the page's table, as they should be."""
    lines = []
    for name, family in sorted(families(web).items()):
        shown = f"{name}_total" if family.type == "counter" else name
        labels = {key for sample in family.samples for key in sample.labels} - {"le"}
        words = ", ".join(f"`{label}`" for label in sorted(labels))
        lines.append(f"| `{shown}` | {family.type} | {words} | {family.documentation} |")
    return lines


def test_the_page_names_every_figure(make_web: Callable[..., Web]) -> None:
    """If this fails, the table in docs/metrics.md must become what is compared here."""
    web = make_web(modules={**MODULES, "thanks": broken("raises")})
    everything(web, furnish(web))
    shown = re.findall(r"^\| `(?:opium|process)_.*$", PAGE, re.M)
    assert shown == table(web)


def blocks() -> list[Any]:
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)]


def test_the_settings_for_prometheus_are_what_it_reads() -> None:
    scrape = blocks()[0]["scrape_configs"][0]
    assert scrape["metrics_path"] == "/api/metrics"
    assert scrape["authorization"]["credentials_file"]
    assert scrape["static_configs"][0]["targets"]


def test_every_rule_asks_for_figures_that_exist() -> None:
    rules = [rule for group in blocks()[1]["groups"] for rule in group["rules"]]
    assert len(rules) >= 6
    known = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.M))
    for rule in rules:
        named = set(re.findall(r"\b(?:opium|process)_\w+", rule["expr"]))
        plain = {re.sub(r"_(?:bucket|count|sum)$", "", name) for name in named}
        assert named or "up{" in rule["expr"]
        assert plain <= known, rule["alert"]
        assert rule["annotations"]["summary"]
