"""What auto_raise does when something happened."""

from __future__ import annotations

from math import ceil

from opium.kit import CommandEnded, RaiseLots, Work
from opium.modules.auto_raise import module, raising
from opium.modules.auto_raise.rules import Outcome


@module.on(CommandEnded)
def raise_ended(event: CommandEnded, work: Work) -> None:
    """FunPay answered a raise, or never will."""
    if event.command_kind != RaiseLots.kind:
        return
    category = raising.of_command(work, event.command_id)
    if category is not None:
        raising.ended(work, category, outcome_of(event))


def outcome_of(event: CommandEnded) -> Outcome:
    """The answer as the worker tells it: `data` is {"raised", "message", "wait"}.

    It is empty if there was no answer. `held`, or `unanswered` in it, says that the raise may have
    happened all the same.
    """
    data = event.data
    raised = event.state == "done" and bool(data.get("raised", True))
    certain = event.state != "held" and not data.get("unanswered", False)
    message = data.get("message") or event.reason or "FunPay did not say why."
    wait = data.get("wait")
    return Outcome(raised, str(message), None if wait is None else ceil(wait), certain)
