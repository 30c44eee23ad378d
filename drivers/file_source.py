"""Files over HTTP(S). The only file that knows httpx.

Only from origins that the line's file names, verified by TLS, without credentials of this machine, and never more bytes than
allowed: what comes is written to a new file that only its owner may read, and deleted again where it did not come whole.
"""

import asyncio
import os
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx

from drivers.ports import BadReply, DeviceError, DeviceRefused, LinkLost

TIMEOUT_S = 10.0
"""for connecting, and between two pieces"""
REDIRECTS_MAX = 3
PIECE_BYTES = 1 << 16
OK, NOT_FOUND, GONE = 200, 404, 410
AGAIN = frozenset({408, 425, 429})
"""of the answers that blame us, those that may be different in a moment"""


def origin_of(url: str) -> str:
    """Scheme, host and port, e.g. `https://files.example:8443`; "" for what is no plain http(s) address."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return ""
    if parts.scheme not in ("http", "https") or not parts.host or parts.userinfo or parts.fragment:
        return ""
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    return f"{parts.scheme}://{host}" + ("" if parts.port is None else f":{parts.port}")


class HttpFiles:
    """Fetches files from these origins."""

    def __init__(self, origins: Sequence[str], *, ca_file: str = "", bytes_max: int, limit_s: float) -> None:
        self._origins = frozenset(map(origin_of, origins))
        self._ca_file = ca_file
        self._bytes_max = bytes_max
        self._limit_s = limit_s
        self._client: httpx.AsyncClient | None = None

    async def fetch(self, url: str, to: Path) -> None:
        """See FilePort. Redirects lead to no other origin."""
        try:
            async with asyncio.timeout(self._limit_s):
                await self._follow(url, to)
        except TimeoutError as error:
            raise LinkLost(f"files: not whole after {self._limit_s:g} s; check the network and the file server") from error

    async def _follow(self, url: str, to: Path) -> None:
        for _ in range(1 + REDIRECTS_MAX):
            if origin_of(url) not in self._origins:
                raise DeviceRefused(
                    "files: the address leads to none of `origins`; central: correct it, or line: add its origin"
                )
            onward = await self._get(url, to)
            if not onward:
                return
            url = onward
        raise DeviceRefused(f"files: more than {REDIRECTS_MAX} redirects; central: correct the address")

    async def _get(self, url: str, to: Path) -> str:
        """One request; returns where it is redirected to, "" = the file is here."""
        try:
            async with self._session().stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
                if answer.is_redirect and answer.next_request is not None:
                    return str(answer.next_request.url)
                self._require_file(answer)
                await self._write(answer, to)
        except (httpx.TransportError, httpx.StreamError) as error:
            raise LinkLost(f"files: {type(error).__name__}; check the network, the file server and its certificate") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise BadReply(f"files: {type(error).__name__}; the answer makes no sense") from error
        return ""

    def _require_file(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status >= 500 or status in AGAIN:
            raise LinkLost(f"files: the server answers {status}; it is asked again")
        if status != OK:
            why = "is not there" if status in (NOT_FOUND, GONE) else "is not given"
            raise DeviceRefused(f"files: the file {why} ({status}); central: see to it")
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise BadReply("files: the server packs it although it was asked not to; central: correct the server")
        if (
            answer.headers.get("Content-Length", "0").isdigit()
            and int(answer.headers.get("Content-Length", 0)) > self._bytes_max
        ):
            raise self._too_large()

    def _too_large(self) -> DeviceError:
        return DeviceRefused(f"files: larger than {self._bytes_max} bytes; central: send a smaller file")

    async def _write(self, answer: httpx.Response, to: Path) -> None:
        try:
            with _NewFile(to) as file:
                async for piece in answer.aiter_raw(PIECE_BYTES):
                    if file.add(piece) > self._bytes_max:
                        raise self._too_large()
        except OSError as error:
            raise LinkLost(f"files: {to.parent} cannot be written ({error.strerror}); see to the disk") from error

    def _session(self) -> httpx.AsyncClient:
        if self._client is None:
            try:
                tls = ssl.create_default_context(cafile=self._ca_file or None)
            except OSError as error:
                raise LinkLost(f"files: {self._ca_file} holds no certificates ({error.strerror}); correct ca_file") from error
            # Nothing from the environment: no proxy, no .netrc, no other certificates.
            self._client = httpx.AsyncClient(verify=tls, timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
        return self._client

    async def close(self) -> None:
        """Drop the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


class _NewFile:
    """A file that only its owner may read, and that stays only if nothing happened until its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = 0

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        return self

    def add(self, piece: bytes) -> int:
        """Write a piece; returns the size so far, bytes."""
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._size += len(piece)
        return self._size

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        os.close(self._file)
        if kind is not None:
            self._path.unlink(missing_ok=True)
