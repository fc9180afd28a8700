"""`python -m sandbox --port 8100` serves the sandbox until it is told to stop."""

import argparse
import signal
import threading

from sandbox.funpay import create_app
from sandbox.server import Server
from sandbox.steam import SteamDouble
from sandbox.telegram import TelegramDouble
from sandbox.world import World


def main() -> None:
    told = _arguments()
    world = World(seed=told.seed)
    world.base_url = told.base_url.rstrip("/")
    if told.demo_data:
        from sandbox.demo import furnish

        furnish(world)
    server = Server(told.host, told.port, create_app(world), tls=told.tls)
    # Waited for, not handled: a handler that sets an event may meet its waiter holding the lock.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    threading.Thread(target=server.serve_forever, name="sandbox", daemon=True).start()
    print(f"Sandbox at {server.url} (play the buyer at {server.url}/__sandbox__/)", flush=True)
    steam = SteamDouble(world.clock, told.seed)
    if told.steam_port is not None:
        steam.start(told.steam_port, told.host)
        for name, url in steam.endpoints.as_settings().items():
            print(f"{name}={url}", flush=True)
    telegram = TelegramDouble(world.clock, told.seed)
    if told.demo_data:
        telegram.add_bot("opium_demo_bot", "Opium")
        telegram.add_user(100500, "Продавец")
    if told.telegram_port is not None:
        telegram.start(told.telegram_port, told.host)
        print(f"OPIUM_TELEGRAM_URL={telegram.url}", flush=True)
    signal.sigwait(ends)
    telegram.close()
    steam.close()
    server.shutdown()
    server.server_close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100, help="0 takes any free port")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--demo-data", action="store_true", help="begin with a shop and buyers")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="serve HTTPS")
    parser.add_argument("--base-url", default="", help="what links begin with, else the Host")
    parser.add_argument(
        "--steam-port",
        type=int,
        help="serve Steam, too, on this port and the four after it; 0 takes any free ones",
    )
    parser.add_argument(
        "--telegram-port",
        type=int,
        help="serve Telegram, too, on this port, with a phone to look at; 0 takes any free one",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
