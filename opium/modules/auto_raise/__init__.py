"""auto_raise: lifts the seller's lots as soon as FunPay allows it (contract 13).

rules       when a category is raised next, from what FunPay answered
categories  which games the seller has lots in, read from FunPay
rows        the same as stored, and the log
raising     wishes for FunPay, and what follows from their ends
"""

from pathlib import Path

from opium.kit import Module
from opium.modules.auto_raise.settings import AutoRaiseSettings

module = Module(
    "auto_raise",
    title="Автоподнятие",
    settings=AutoRaiseSettings,
    blueprint=lambda: routes.blueprint(),
    migrations=Path(__file__).parent / "migrations",
)

# These record on `module`, so they come after it.
from opium.modules.auto_raise import figures, handlers, routes, tasks  # noqa: E402, F401
