"""A small HTTP server for WSGI that lets the application get at the connection.

The servers of Flask's family close or finish every answer properly; a sandbox must be able
not to. Connections are kept alive, as on the real site, one thread each.
"""

import socket
import ssl
import sys
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

App = Callable[..., Iterable[bytes]]
MAX_BODY = 16 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """Serves one WSGI application until `shutdown`; threads die with the process.

    `tls` are the files of a certificate and its key.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, host: str, port: int, app: App, tls: tuple[str, str] | None = None) -> None:
        self.app = app
        self.scheme = "https" if tls else "http"
        self._tls: ssl.SSLContext | None = None
        if tls:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(*tls)
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"{self.scheme}://{host!s}:{port}"

    def get_request(self) -> tuple[socket.socket, Any]:
        """The handshake is left to the connection's own thread."""
        connection, address = super().get_request()
        if self._tls:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def server_bind(self) -> None:
        """As the parent, without asking the resolver for our own name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is everyday life here; a bug of ours is not."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 300

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.send_error(413)
            self.close_connection = True
            return
        environ = self._environ(self.rfile.read(length))
        told: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            told.extend([status, headers])

        body = self.server.app(environ, start_response)
        if environ.get("sandbox.dropped"):
            self.close_connection = True
            return
        self._answer(told[0], told[1], body)

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def _answer(self, status: str, headers: list[tuple[str, str]], body: Iterable[bytes]) -> None:
        parts = list(body) if not any(k.lower() == "content-length" for k, _ in headers) else body
        self.send_response(int(status[:3]), status[4:])
        for name, value in headers:
            self.send_header(name, value)
        if isinstance(parts, list) and parts is not body:
            self.send_header("Content-Length", str(sum(map(len, parts))))
        self.end_headers()
        if self.command != "HEAD":
            for part in parts:
                self.wfile.write(part)
                self.wfile.flush()
        self.wfile.flush()

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_name,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": str(self.client_address[0]),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": self.server.scheme,
            "wsgi.input": BytesIO(body),
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "sandbox.socket": self.connection,
        }
        for name, value in self.headers.items():
            key = "HTTP_" + name.upper().replace("-", "_")
            if key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
                environ[key] = value
        return environ

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Requests are in the sandbox's own log."""
