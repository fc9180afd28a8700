"""A wish that may simply be repeated: what a crash left half done is done again."""

from __future__ import annotations

from driver import Driver

from opium import journal
from opium.commands import SaveOffer
from opium.db.tables import Account, StoredCommand
from sandbox.world import World


def test_a_lot_switch_that_a_crash_cut_short_is_done_after_the_start(
    world: World, opium: Driver
) -> None:
    shop = world.seller("shop")
    lot = shop.lot("Ключ Steam")
    opium.watch(shop)
    wish = SaveOffer(offer_id=str(lot.id), active=False)
    core = opium.core
    with core.db.write() as db:
        account = db.get_one(Account, "shop")
        now = core.clock.now()
        row = journal.add_command(db, core.vault, account, wish, now)
        assert journal.begin(db, row, account.generation, None, now)
        command_id = row.id
    opium.restart()
    opium.pass_time(shop, 120)
    with opium.core.db.read() as db:
        assert db.get_one(StoredCommand, command_id).state == "done"
    assert not lot.active
