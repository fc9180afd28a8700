"""The office carries out what is due; nobody waits for another account's job."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from rent_cast import IDENTITY, RentShop

from opium.job import Job
from opium.modules.steam_rent import carrying
from opium.modules.steam_rent.operation import Task
from opium.modules.steam_rent.steam import Steam
from sandbox.world import World


def test_what_becomes_due_meanwhile_does_not_wait_for_a_slow_job(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One account's Steam is slow, for minutes; another rental ends in the middle of it."""
    shop = RentShop(world, tmp_path / "instance")
    lot = shop.ready(logins=2)
    for name in ("ann", "bob"):
        shop.rents(world.buyer(name), lot)
    rentals = {row["steam_account_id"]: row["rental_id"] for row in shop.rentals()}
    carry, other_is_done = carrying.carry, threading.Event()
    waited: list[bool] = []

    def slow(place: Job, task: Task, steam: Steam) -> None:
        if task.name == "alpha0":
            shop.opium.ok("POST", f"{shop.base}/rentals/{rentals['alpha1']}/terminate")
            waited.append(other_is_done.wait(10))
            monkeypatch.undo()
        carry(place, task, steam)
        if task.name == "alpha1":
            other_is_done.set()

    shop.opium.ok("POST", f"{shop.base}/rentals/{rentals['alpha0']}/terminate")
    monkeypatch.setattr(carrying, "carry", slow)
    shop.opium.run_task(IDENTITY, "steam")
    assert waited == [True]
    assert [shop.shown(name)["status"] for name in rentals] == ["free", "free"]
    shop.obeys_the_laws()
