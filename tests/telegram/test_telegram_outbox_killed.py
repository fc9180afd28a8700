"""The outbox of a real process that is killed: nothing arrives twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from opium.config import ROOT
from sandbox.telegram import TelegramDouble

SCRIPT = """
import sys
from pathlib import Path
from opium.account_config import CreateBody
from opium.clock import Clock
from opium.config import Config
from opium.core import Opium
from opium.job import Job
from opium.modules.telegram_bot import outbox, sending
from opium.modules.telegram_bot.models import BotSetup, Listed

class Fast(Clock):
    ahead = 0.0
    def monotonic(self):
        return super().monotonic() + self.ahead

folder, url, token = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
clock = Fast()
core = Opium(Config.load(instance=folder, telegram_url=url, _env_file=None), clock=clock)
core.boot(threads=False)
if not core.accounts.count():
    core.accounts.create(CreateBody(account_id="shop", golden_key="k" * 32))
    core.attachments.attach("shop", "telegram_bot", None)
job = Job(core.tools, core.attachments.ready["telegram_bot"])
with job.work("shop") as work:
    if work.db.get(BotSetup, "shop") is None:
        sealed = work.vault.seal(token, "telegram_bot_setups:shop:token")
        bot_id = int(token.split(":")[0])
        work.db.add(BotSetup(account_id="shop", token_sealed=sealed, bot_id=bot_id,
                             notify_events=["new_order"]))
        work.db.add(Listed(account_id="shop", telegram_id=501, label="", position=1))
    for n in range(5):
        outbox.put(work, "new_order", f"new_order:{n}", f"[shop] #N{n}", name=f"#N{n}")
for _ in range(20):
    sending.send_due(job)
    clock.ahead += 2
"""


@pytest.mark.system
@pytest.mark.parametrize("point", ["notice_started", "notice_sent"])
def test_a_killed_sender_repeats_nothing(tmp_path: Path, point: str) -> None:
    with TelegramDouble() as telegram:
        bot = telegram.add_bot("shop_bot")
        kim = telegram.add_user(501, "Kim")
        kim.starts(bot)
        telegram.switches.private_burst = 100
        for failpoint in (f"{point}:3", ""):
            run = subprocess.run(
                [sys.executable, "-c", SCRIPT, str(tmp_path), telegram.url, bot.token],
                cwd=ROOT,
                env={**os.environ, "OPIUM_FAILPOINT": failpoint},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert run.returncode == (-9 if failpoint else 0), run.stderr[-800:]
        there = [message.text for message in kim.messages(bot)]
    wanted = {f"[shop] #N{n}" for n in range(5)} - (
        {"[shop] #N2"} if point == "notice_started" else set()
    )
    assert sorted(there) == sorted(wanted)
