"""The one dangerous request: sent once, repeated only after a clear refusal (§13)."""

from dataclasses import dataclass
from typing import Any

from sandbox.answers import Answer
from sandbox.steam.state import State
from sandbox.steam.wizards import DONE, Wizard

REFUSALS = (b'"errorMsg"', b'"html"')


@dataclass(frozen=True)
class Watch:
    """Looks at how a ChangePassword ended for the client."""

    wizard: Wizard | None

    def answered(self, answer: Answer) -> None:
        """A refusal that the client could read allows it to try again."""
        refused = answer.status.startswith("200") and any(w in answer.body for w in REFUSALS)
        if self.wizard is not None and refused and self.wizard.state != DONE:
            self.wizard.sending = False


def sending(state: State, noted: dict[str, Any]) -> Watch:
    """Called when a request arrives; counts a repeated ChangePassword."""
    if noted["step"] != "ChangePassword":
        return Watch(None)
    with state.lock:
        wizard = state.wizards.named(str(noted["form"].get("s", "")))
        if wizard is not None:
            if wizard.sending:
                state.wrong(f"{wizard.account.login}: ChangePassword repeated")
            wizard.sending = True
    return Watch(wizard)
