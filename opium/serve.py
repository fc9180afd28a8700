"""Serving: waitress in front, the core started behind it, both stopped by SIGTERM.

The API listens before the database is opened: health answers within a second of the start, and
every other route says 503 until the core is ready.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any, NoReturn

import waitress
from waitress.server import BaseWSGIServer, MultiSocketServer

from opium import connections, create_app, logs
from opium.config import Config, ConfigError
from opium.core import Opium
from opium.errors import Unavailable
from opium.notify import Systemd
from opium.vault import VaultError
from opium.vitals import Vitals
from opium.watchdog import Watchdog

log = logging.getLogger("opium.serve")

UNUSABLE = 78
"""EX_CONFIG: systemd is told not to restart after it."""

ON_A_SOCKET = "localhost"
"""How waitress calls every peer on a Unix socket, and none on the network."""

EXIT_WITHIN = 9.5
DATABASE_PAUSE = 5.0


def serve(config: Config) -> int:
    """Run until SIGTERM or Ctrl-C; the exit code."""
    os.umask(0o077)
    try:
        lines = logs.set_up(config)
        core = Opium(config, lines=lines)
        core.lock()
        app = create_app(core)
        server = _listen(app, config)
    except (ConfigError, VaultError) as exc:
        print(exc, file=sys.stderr)
        return UNUSABLE
    except OSError as exc:
        # Not 78, after which systemd leaves us alone: a mended disk needs no person to start us.
        print(f"{exc.filename or config.instance} cannot be used: {exc.strerror}.", file=sys.stderr)
        return 1
    vitals = Vitals(core.tools, core.accounts, core.registry, core.scheduler)
    watchdog = Watchdog(core, vitals, Systemd())
    stopping = threading.Thread(target=_quiesce, args=(core, watchdog), name="stop", daemon=True)
    _stop_on_signals(stopping)
    watchdog.start()
    booting = threading.Thread(target=_boot, args=(core, lines, watchdog), name="boot", daemon=True)
    booting.start()
    at = config.socket or f"http://{config.host}:{server.effective_port}"
    log.info("Listening on %s", at)
    server.run()
    return _stop(core, stopping, lines)


def _listen(app: Any, config: Config) -> BaseWSGIServer | MultiSocketServer:
    proxy = config.trusted_proxies[0] if config.trusted_proxies else None
    trusted = {
        "trusted_proxy": ON_A_SOCKET if proxy == "unix" else proxy,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
    }
    place: dict[str, Any] = {"host": config.host, "port": config.port}
    if config.socket is not None:  # for us and our group, which the proxy's user is to join
        place = {"unix_socket": str(config.socket), "unix_socket_perms": "660"}
    try:
        server = waitress.create_server(
            app,
            threads=config.web_threads,
            connection_limit=connections.LIMIT,
            asyncore_use_poll=True,  # select() fails beyond 1024 open files
            channel_timeout=30,
            cleanup_interval=10,
            max_request_body_size=11 * 1024 * 1024,
            max_request_header_size=16 * 1024,
            ident=None,
            expose_tracebacks=False,
            clear_untrusted_proxy_headers=True,
            **place,
            **(trusted if proxy else {}),
        )
    except OSError as exc:
        where = config.socket or f"{config.host}:{config.port}"
        another = "OPIUM_SOCKET" if config.socket else "OPIUM_PORT"
        raise ConfigError(
            f"Cannot listen on {where} ({exc.strerror or exc}): choose another with {another}."
        ) from None
    connections.attend(server)
    return server


def _boot(core: Opium, lines: logs.Logging, watchdog: Watchdog) -> None:
    try:
        while not core.stopping and not _booted(core):
            watchdog.ring()
            time.sleep(DATABASE_PAUSE)
        watchdog.ring()
    except Exception as exc:
        log.exception("The start failed: %s", exc)
        print(exc, file=sys.stderr)
        lines.flush()
        os._exit(UNUSABLE)


def _booted(core: Opium) -> bool:
    """Whether the start came to its end; a database that cannot be used now may be later."""
    try:
        core.boot()
    except Unavailable as exc:
        core.unusable = str(exc)
        log.error("The start waits: %s", exc)
        return False
    # What was built at the start stays: the collector need not walk over it again and again.
    gc.collect()
    gc.freeze()
    if core.unusable is not None:
        print(core.unusable, file=sys.stderr, flush=True)
    return True


def _stop_on_signals(stopping: threading.Thread) -> None:
    """SIGTERM ends `server.run`; a second one is ignored, the first is being carried out.

    The work of stopping begins at once in its own thread: waitress waits for its busy threads
    first, and those wait for what that work lets go.
    """

    def stop(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stopping.start()
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _quiesce(core: Opium, watchdog: Watchdog) -> None:
    log.info("Stopping")
    watchdog.stopping()
    # Pool threads of concurrent.futures and hanging sockets would hold a normal exit.
    timer = threading.Timer(EXIT_WITHIN, os._exit, args=(0,))
    timer.daemon = True
    timer.start()
    core.quiesce()


def _stop(core: Opium, stopping: threading.Thread, lines: logs.Logging) -> NoReturn:
    stopping.join()
    core.close()
    log.info("Stopped")
    lines.flush()
    os._exit(0)
