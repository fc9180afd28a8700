"""Listens inside a process of Opium: which secrets there are, and what it says outside.

Everything goes as lines of JSON into a file of this process, in the folder that the environment
names for the present test: `{"secret", "kind"}` or `{"where", "text"}`. Nothing is imported
before the product does.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

FOLDER = "CANARIES_OF_TEST"

_lock = threading.Lock()
_waiting: dict[str, Callable[[Any], None]] = {}


def install() -> None:
    """Put all taps in, now or when their module is imported."""
    for name, tap in {
        "opium.vault": _vault,
        "opium.security.passwords": _passwords,
        "opium.security.keys": _keys,
        "opium.security.front": _front,
        "opium.modules.telegram_bot.telegram.line": _telegram,
        "opium.config": _config,
    }.items():
        if name in sys.modules:
            tap(sys.modules[name])
        else:
            _waiting[name] = tap
    sys.meta_path.insert(0, _Finder())


def secret(kind: str, text: str) -> None:
    """A canary."""
    _put({"kind": kind, "secret": text})


def said(where: str, text: str) -> None:
    """Something that came out."""
    _put({"where": where, "text": text})


def _put(line: dict[str, str]) -> None:
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    try:
        with _lock, open(f"{folder}/{os.getpid()}.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    except (FileNotFoundError, PermissionError):
        return  # a thread that has outlived its test, or root that acts as somebody else


class _Finder(MetaPathFinder):
    """Puts a tap into a module after it was imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        tap = _waiting.pop(name, None)
        if tap is None:
            return None
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def executed(module: ModuleType) -> None:
                run(module)
                tap(module)

            spec.loader.exec_module = executed  # type: ignore[method-assign]
        return spec


def _before(owner: Any, name: str, hear: Callable[..., None]) -> None:
    """Let `hear` see the arguments of each call."""
    real = getattr(owner, name)

    @wraps(real)
    def tapped(*args: Any, **more: Any) -> Any:
        hear(*args, **more)
        return real(*args, **more)

    setattr(owner, name, tapped)


def _vault(module: Any) -> None:
    """What is sealed says what it is by its context, `table:id:field`."""

    def sealed(_vault: Any, text: str, context: str) -> None:
        secret(context, text)

    _before(module.Vault, "seal", sealed)


def _passwords(module: Any) -> None:
    _before(module, "hash_password", lambda word, rounds: secret("admin password", word))


def _keys(module: Any) -> None:
    real = module.signing_key

    @wraps(real)
    def tapped(config: Any) -> str:
        key: str = real(config)
        secret("signing key", key)
        return key

    module.signing_key = tapped


def _front(module: Any) -> None:
    """Each answer of the API, with its route's path."""
    real = module.Front.__call__

    @wraps(real)
    def tapped(self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        found = real(self, environ, start_response)
        answer = list(found)
        if hasattr(found, "close"):
            found.close()
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        where = f"answer {environ.get('REQUEST_METHOD')} {path}{'?' if query else ''}{query}"
        said(where, b"".join(answer).decode("utf-8", "replace"))
        return answer

    module.Front.__call__ = tapped


def _telegram(module: Any) -> None:
    """What is told to Telegram; the token stands in the path, which is left out."""

    def spoken(_line: Any, path: str, params: Any, files: Any, total: float) -> None:
        said(f"telegram {path.rpartition('/')[2]}", repr(dict(params)) + repr(files))

    _before(module.Line, "speak", spoken)


def _config(module: Any) -> None:
    """All processes log at DEBUG."""
    real = module.Config.load

    def load(**values: Any) -> Any:
        return real(**{"log_level": "DEBUG", **values})

    module.Config.load = load


class LogTap(logging.Handler):
    """What would stand in the log, in the product's own form."""

    def emit(self, record: logging.LogRecord) -> None:
        from opium.logs import Formatter

        said("log", Formatter().format(record))
