"""Steam Guard codes: one window is never shared (protocol 3), none after the end."""

from __future__ import annotations

import re

import pytest
from rent_cast import PASSWORD, RentShop
from sqlalchemy import text

from sandbox.steam.buyer import BuyerRefused
from sandbox.world import Buyer

CODE = re.compile(r"\b[2-9BCDFGHJKMNPQRTVWXY]{5}\b")


def windows(shop: RentShop) -> list[tuple[int, str, bool]]:
    """Window, who has it, and whether a rental is named."""
    rows = "SELECT window, taken_by, rental_id IS NOT NULL FROM steam_rent_codes ORDER BY window"
    with shop.opium.core.db.read() as db:
        return [(row[0], row[1], bool(row[2])) for row in db.execute(text(rows))]


def window_now(shop: RentShop) -> int:
    return int(shop.opium.clock.now().timestamp() // 30)


def to_window_start(shop: RentShop) -> None:
    """Travel to the beginning of the next window."""
    shop.world.travel(30 - shop.opium.clock.now().timestamp() % 30)


def asks(shop: RentShop, ann: Buyer) -> str:
    """The tenant asks, and is answered inside the same window."""
    before = len(shop.told(ann))
    ann.writes(shop.seller, "!код")
    shop.poll()
    (answer,) = shop.told(ann)[before:]
    (code,) = CODE.findall(answer)
    return str(code)


def test_inside_one_window_the_tenant_gets_the_same_code(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    to_window_start(shop)
    assert asks(shop, ann) == asks(shop, ann)
    assert [row[1:] for row in windows(shop)] == [("tenant", True)]
    to_window_start(shop)
    asks(shop, ann)
    assert [row[1:] for row in windows(shop)] == [("tenant", True)] * 2


def test_a_code_that_is_about_to_die_is_not_given(shop: RentShop, ann: Buyer) -> None:
    """He could not type it in time: he gets that of the next window."""
    lot = shop.ready()
    shop.rents(ann, lot)
    to_window_start(shop)
    shop.world.travel(17.5)  # the poll comes nine seconds later
    asks(shop, ann)
    ((window, _, _),) = windows(shop)
    assert window * 30 > shop.opium.clock.now().timestamp() - 10


def test_a_code_of_now_opens_steam(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    to_window_start(shop)
    code = asks(shop, ann)
    assert code == shop.steam.guard_code("alpha0")
    assert shop.steam.buyer_login("alpha0", PASSWORD, code).works()


def test_a_window_of_ours_is_never_the_tenants(shop: RentShop, ann: Buyer) -> None:
    """Our own sign-in used this window: the tenant gets the next one."""
    lot = shop.ready()
    shop.rents(ann, lot)
    to_window_start(shop)
    shop.opium.ok("POST", f"{shop.base}/steam-accounts/alpha0/kick-sessions", {})
    ours = [window for window, who, _ in windows(shop) if who == "opium"]
    assert ours
    code = asks(shop, ann)
    mine = [window for window, who, _ in windows(shop) if who == "tenant"]
    assert len(mine) == 1
    assert not set(mine) & set(ours)
    assert mine[0] >= window_now(shop) - 1
    ahead = mine[0] - int(shop.steam.state.now() // 30)
    assert code == shop.steam.guard_code("alpha0", later=ahead)


def test_the_sellers_window_is_not_the_tenants(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    to_window_start(shop)
    path = f"{shop.base}/steam-accounts/alpha0/guard-code"
    given = shop.opium.ok("POST", path)
    told = shop.opium.get("/api/audit")["items"][0]
    assert (told["action"], told["target"]) == (
        "SECRET_REVEALED",
        "steam_rent Guard code of alpha0",
    )
    assert asks(shop, ann) != given["code"]
    assert [row[1:] for row in windows(shop)] == [("person", False), ("tenant", True)]


def test_after_the_end_there_are_no_codes(shop: RentShop, ann: Buyer) -> None:
    """Also in the seconds before the tick that ends the rental, and while it is released."""
    lot = shop.ready()
    shop.rents(ann, lot)
    shop.pass_minutes(61)
    for command in ("!код", "!данные"):
        answer = shop.says(ann, command)
        assert "сейчас не выдаются" in answer
        assert PASSWORD not in answer
    shop.opium.run_task("steam_rent", "tick")
    assert shop.shown()["release_state"] == "releasing"
    assert "нет активной аренды" in shop.says(ann, "!код")
    assert windows(shop) == []
    shop.tick()
    assert "нет активной аренды" in shop.says(ann, "!код")


def test_while_the_password_changes_there_are_no_codes(shop: RentShop, ann: Buyer) -> None:
    """A person changes it during the rental, and Steam does not answer: both doors stay shut."""
    lot = shop.ready()
    shop.rents(ann, lot)
    shop.steam.faults.add("reset", step="ChangePassword", phase="after")
    path = f"{shop.base}/steam-accounts/alpha0/change-password"
    assert shop.opium.call("POST", path, {}).status_code == 500
    tenants = [row for row in windows(shop) if row[1] == "tenant"]
    for command in ("!код", "!данные"):
        assert "сейчас не выдаются" in shop.says(ann, command)
    assert [row for row in windows(shop) if row[1] == "tenant"] == tenants
    for _ in range(8):
        shop.pass_minutes(1)
        shop.tick()
    new = shop.steam.account("alpha0").password
    assert f"Пароль: {new}" in shop.says(ann, "!данные")
    assert shop.rental()["delivered_password"] == new
    shop.obeys_the_laws()


def test_the_code_of_the_last_tenant_opens_nothing_for_him(
    shop: RentShop, ann: Buyer, bob: Buyer
) -> None:
    lot = shop.ready()
    first = shop.rents(ann, lot)
    old = shop.password_told(first)[1]
    shop.pass_minutes(59)
    code = asks(shop, ann)
    shop.pass_minutes(2)
    shop.tick()
    second = shop.rents(bob, lot)
    assert shop.password_told(second)[1] != old
    with pytest.raises(BuyerRefused):
        shop.steam.buyer_login("alpha0", old, code)
    shop.obeys_the_laws()


def test_a_code_in_the_sellers_own_delivery_text_is_written_down(
    shop: RentShop, ann: Buyer
) -> None:
    lot = shop.ready()
    own = {"rent_success": "{login} {password} {guard_code}"}
    shop.opium.ok("PUT", f"{shop.base}/messages", own)
    shop.rents(ann, lot)
    login, password, code = shop.last(ann).splitlines()[0].split()
    assert (login, password) == ("alpha0", PASSWORD)
    assert CODE.fullmatch(code)
    assert [row[1:] for row in windows(shop)] == [("tenant", True)]


def test_old_windows_are_forgotten_after_a_year(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.rents(ann, lot)
    asks(shop, ann)
    shop.opium.run_task("steam_rent", "tidy")
    assert len(windows(shop)) == 1
    shop.pass_minutes(401 * 24 * 60)
    shop.opium.run_task("steam_rent", "tidy")
    assert windows(shop) == []
