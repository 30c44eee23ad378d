"""The panel's listening end, inside the runtime's own loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette


class PanelError(Exception):
    """The panel cannot listen; the text says why and what to do."""


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: the runtime owns the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Open the panel's port (0 = any free one). Raises PanelError."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise PanelError(
            f"panel: cannot listen on {host}:{port} ({error.strerror}). "
            "Stop the program that uses it, or change [panel] in the line's file."
        ) from error


def address(listening: socket.socket) -> str:
    """The page's address with the real port."""
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}/"


async def serve(app: Starlette, listening: socket.socket) -> None:
    """Serve until cancelled, then end the streams and close within about a second."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    try:
        await server.serve(sockets=[listening])
    except asyncio.CancelledError:
        app.state.feed.close()
        await server.shutdown(sockets=[listening])
        raise
