"""Made-up requests for every route, by our own description of the API.

    python -m tests.web.fuzz [--requests 5000] [--seed 1]

Half of the values are drawn from the document's schemas, half break them; ids are mostly those of
a furnished shop, so that requests come far. An answer is wrong if its status is not documented, if
it is a 5xx other than 503 and `upstream_error`, if it is no JSON error, or if its body does not
fit its schema.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import jsonschema_rs
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from web_cast import Scene, Web, furnish, make_template  # noqa: E402

from opium.module import find  # noqa: E402

USUAL = 0.85
"""How often an id is one that exists."""
STOPPING = {
    ("DELETE", "/accounts/{account_id}"),
    ("PATCH", "/accounts/{account_id}/config"),
    ("POST", "/accounts/{account_id}/stop"),
    ("DELETE", "/accounts/{account_id}/modules/{module_name}"),
}
"""After these the shop is made to run again."""


@dataclass
class Fuzz:
    """One run. `wrong` holds a line per wrong answer, `codes` how often each status came."""

    web: Web
    scene: Scene
    chance: Random
    codes: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    validators: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def run(self, requests: int, number: int = 1) -> None:
        """About that many requests, evenly over the operations."""
        document = self.web.get("/openapi.json")
        schema = schemathesis.openapi.from_dict(document)
        found: list[Any] = list(schema.get_all_operations())
        operations = [operation.ok() for operation in found]
        each = max(1, -(-requests // len(operations)))
        self.validators = validators(document)
        for operation in operations:
            allowed = set(operation.definition.raw["responses"])
            good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
            self._try(good, allowed, -(-each // 2), number)
            if operation.definition.raw.get("parameters") or operation.body:
                bad = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
                self._try(bad, allowed, each // 2, number)

    def _try(self, cases: Any, allowed: set[str], times: int, number: int) -> None:
        @seed(number)
        @settings(
            max_examples=max(1, times),
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def ask(case: Any) -> None:
            self._ask(case, allowed)

        ask()

    def _ask(self, case: Any, allowed: set[str]) -> None:
        self._use_known_ids(case)
        key = (case.headers or {}).get("Idempotency-Key")
        sent: dict[str, Any] = {"headers": {} if key is None else {"Idempotency-Key": str(key)}}
        if isinstance(case.query, dict):
            sent["query_string"] = {name: _text(value) for name, value in case.query.items()}
        if isinstance(case.body, bytes | str):
            sent["data"] = _bytes(case.body)
        elif isinstance(case.body, dict | list | int | float | None):
            sent["data"] = _bytes(json.dumps(case.body))
        path = f"/api{case.formatted_path}"
        answer = self.web.owner(case.method, path, **sent)
        self.codes[answer.status_code] += 1
        if problem := self._problem(case, allowed, answer):
            shown = answer.get_data(as_text=True)[:300]
            self.wrong.append(f"{case.method} {path} {str(sent)[:400]}: {problem}: {shown}")
        if answer.status_code == 401:
            self.web.token = None  # signed out: sign in again
        if (case.method, case.path) in STOPPING and answer.status_code < 300:
            self._come_back()

    def _use_known_ids(self, case: Any) -> None:
        known = {
            "account_id": "my_shop",
            "chat_id": self.scene.chat,
            "order_id": self.scene.order.id,
            "module_name": "auto_raise",
            "product_id": "p_001",
        }
        for name in case.path_parameters or {}:
            if self.chance.random() < USUAL:
                case.path_parameters[name] = known.get(name, self.chance.randint(1, 3))

    def _come_back(self) -> None:
        """The shop runs again, as it was furnished."""
        account, seller = "/api/accounts/my_shop", self.scene.seller
        config: dict[str, Any] = {
            "golden_key": seller.golden_key,
            "proxy": None,
            "anti_detect": None,
        }
        config |= {"rate_limit": None, "reconnect": None, "disable_orders": False}
        self.web.owner("POST", "/api/accounts", {"account_id": "my_shop", **config})
        self.web.owner("PATCH", f"{account}/config", config)
        for name in self.web.core.modules.available():
            self.web.owner("POST", f"{account}/modules", {"module_name": name})
        self.web.owner("POST", f"{account}/start")
        self.web.staff()
        self.web.poll(seller)

    def _problem(self, case: Any, allowed: set[str], answer: Any) -> str | None:
        status = answer.status_code
        if str(status) not in allowed:
            return f"{status} is not documented"
        if status < 400:
            validator = self.validators.get((case.path, case.method.lower(), str(status)))
            if validator is None:
                return None
            return next((str(e.message) for e in validator.iter_errors(answer.get_json())), None)
        body = answer.get_json(silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("detail"), str):
            return "this is no error answer"
        if status == 500 and body.get("code") != "upstream_error":
            return "it broke"
        return None


def validators(document: dict[str, Any]) -> dict[tuple[str, str, str], Any]:
    """For each JSON answer of a success: path, method, status → what checks its body."""
    return {
        key: jsonschema_rs.validator_for({**schema, "components": document["components"]})
        for key, schema in _schemas(document)
    }


def _schemas(document: dict[str, Any]) -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/json")
                if status.startswith("2") and content:
                    yield (path, method, status), content["schema"]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def fuzz(folder: Path, requests: int, number: int) -> Fuzz:
    """A run over a furnished shop with all modules."""
    modules = find().ready
    template = make_template(folder / "template")
    web = Web(folder / "instance", template=template, modules=modules, token_expire_minutes=600)
    try:
        scene = furnish(web)
        for name in web.core.modules.available():
            web.owner("POST", "/api/accounts/my_shop/modules", {"module_name": name})
        run = Fuzz(web, scene, Random(number))
        run.run(requests, number)
    finally:
        web.close()
    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        run = fuzz(Path(folder), options.requests, options.seed)
    for line in run.wrong:
        print(line)
    codes = ", ".join(f"{code}: {count}" for code, count in sorted(run.codes.items()))
    print(f"{run.codes.total()} requests ({codes}), {len(run.wrong)} wrong answers")
    return 1 if run.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
