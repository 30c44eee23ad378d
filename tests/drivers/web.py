"""A file server for tests: answers by path, on loopback, with or without TLS."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Answer = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """What it answers, and what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.origin = ""

    def file(self, path: str, data: bytes) -> str:
        self.answers[path] = lambda asked: send(asked, 200, data)
        return self.origin + path

    def status(self, path: str, status: int, **headers: str) -> str:
        self.answers[path] = lambda asked: send(asked, status, b"", **headers)
        return self.origin + path


def send(asked: BaseHTTPRequestHandler, status: int, data: bytes, **headers: str) -> None:
    asked.send_response(status)
    for name, value in {"Content_Length": str(len(data)), **headers}.items():
        asked.send_header(name.replace("_", "-"), value)
    asked.end_headers()
    asked.wfile.write(data)


@contextlib.contextmanager
def web(certificate: Path | None = None) -> Iterator[Web]:
    """`certificate`: a PEM file with key and certificate for localhost."""
    one = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            one.asked.append(self.path)
            one.answers.get(self.path, lambda asked: send(asked, 404, b""))(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https"
    one.origin = f"{scheme}://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
