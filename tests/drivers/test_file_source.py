"""Files over HTTP: from granted origins only, whole or not at all, never more than allowed."""

import contextlib
import shutil
import socket
import stat
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from drivers.file_source import HttpFiles, origin_of
from drivers.ports import BadReply, DeviceRefused, LinkLost
from tests.drivers.web import Web, send, web

MAX = 100_000


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    with web() as one:
        yield one


@pytest_asyncio.fixture
async def files(server: Web) -> AsyncIterator[HttpFiles]:
    one = HttpFiles([server.origin], bytes_max=MAX, limit_s=5)
    yield one
    await one.close()


async def test_a_file_comes_byte_by_byte_and_only_we_may_read_it(server: Web, files: HttpFiles, tmp_path: Path) -> None:
    data = bytes(range(256)) * 300
    to = tmp_path / "a.pdf"
    to.write_bytes(b"what was there before")
    await files.fetch(server.file("/a", data), to)
    assert to.read_bytes() == data
    assert stat.S_IMODE(to.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, DeviceRefused), (410, DeviceRefused), (403, DeviceRefused), (204, DeviceRefused), (503, LinkLost), (429, LinkLost)],
)
async def test_answers_that_bring_no_file(
    status: int, kind: type[Exception], server: Web, files: HttpFiles, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=str(status)):
        await files.fetch(server.status("/no", status), tmp_path / "a")
    assert not names(tmp_path)


async def test_redirects_stay_at_their_origin_and_come_to_an_end(server: Web, files: HttpFiles, tmp_path: Path) -> None:
    server.file("/there", b"x")
    await files.fetch(server.status("/here", 302, Location="/there"), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"x"
    for where, text in (("http://example.invalid/x", "origins"), ("/loop", "redirects"), ("file:///etc/passwd", "origins")):
        with pytest.raises((DeviceRefused, BadReply, LinkLost)) as refused:
            await files.fetch(server.status("/loop", 302, Location=where), tmp_path / "b")
        assert text in str(refused.value) or isinstance(refused.value, LinkLost)
    assert names(tmp_path) == ["a"]


async def test_nothing_is_asked_of_other_origins(server: Web, files: HttpFiles, tmp_path: Path) -> None:
    before = len(server.asked)
    port = server.origin.rpartition(":")[2]
    for url in (f"http://127.0.0.1:{port}/a", "http://localhost/a", f"https://localhost:{port}/a", "nonsense", "http://[::1/"):
        with pytest.raises(DeviceRefused, match="origins"):
            await files.fetch(url, tmp_path / "a")
    assert len(server.asked) == before


@pytest.mark.parametrize("told", [True, False])
async def test_what_is_larger_than_allowed_is_not_kept(told: bool, server: Web, files: HttpFiles, tmp_path: Path) -> None:
    data = b"x" * (MAX + 1)
    server.answers["/big"] = lambda asked: send(asked, 200, data, **({} if told else {"Content_Length": "9" * 30}))
    if not told:
        server.answers["/big"] = lambda asked: chunked(asked, data)
    with pytest.raises(DeviceRefused, match="larger than"):
        await files.fetch(f"{server.origin}/big", tmp_path / "a")
    assert not names(tmp_path)


def chunked(asked: object, data: bytes) -> None:
    asked.protocol_version = "HTTP/1.1"  # type: ignore[attr-defined]
    asked.send_response(200)  # type: ignore[attr-defined]
    asked.send_header("Connection", "close")  # type: ignore[attr-defined]
    asked.end_headers()  # type: ignore[attr-defined]
    with contextlib.suppress(OSError):  # whoever asked has seen enough
        asked.wfile.write(data)  # type: ignore[attr-defined]


async def test_half_a_file_is_lost_and_not_kept(server: Web, files: HttpFiles, tmp_path: Path) -> None:
    server.answers["/half"] = lambda asked: send(asked, 200, b"x" * 10, Content_Length="20")
    with pytest.raises(LinkLost):
        await files.fetch(f"{server.origin}/half", tmp_path / "a")
    assert not names(tmp_path)


async def test_what_comes_packed_is_no_file(server: Web, files: HttpFiles, tmp_path: Path) -> None:
    server.answers["/packed"] = lambda asked: send(asked, 200, b"x", Content_Encoding="gzip")
    with pytest.raises(BadReply, match="packs"):
        await files.fetch(f"{server.origin}/packed", tmp_path / "a")


async def test_a_server_that_never_ends_is_left(server: Web, tmp_path: Path) -> None:
    done = threading.Event()

    def drip(asked: object) -> None:
        send(asked, 200, b"x", Content_Length="99")  # type: ignore[arg-type]
        done.wait(5)

    server.answers["/drip"] = drip
    files = HttpFiles([server.origin], bytes_max=MAX, limit_s=0.2)
    with pytest.raises(LinkLost, match="not whole after"):
        await files.fetch(f"{server.origin}/drip", tmp_path / "a")
    done.set()
    await files.close()
    assert not names(tmp_path)


async def test_nobody_is_there_or_the_folder_is_not(server: Web, files: HttpFiles, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        origin = f"http://localhost:{probe.getsockname()[1]}"
    gone = HttpFiles([origin], bytes_max=MAX, limit_s=5)
    with pytest.raises(LinkLost, match="ConnectError"):
        await gone.fetch(f"{origin}/a", tmp_path / "a")
    await gone.close()
    with pytest.raises(LinkLost, match="cannot be written"):
        await files.fetch(server.file("/a", b"x"), tmp_path / "no" / "a")


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "server.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    out = subprocess.run(
        [*command.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", "/dev/stdout", "-out", "/dev/stdout"],
        capture_output=True,
        check=True,
    )
    path.write_bytes(out.stdout)
    return path


@pytest.mark.skipif(shutil.which("openssl") is None, reason="apt-get install openssl")
async def test_only_a_server_with_a_certificate_that_we_trust(pem: Path, tmp_path: Path) -> None:
    with web(pem) as server:
        url = server.file("/a", b"x")
        for ca_file, good in (("", False), (str(pem), True), (str(tmp_path / "none.pem"), False)):
            files = HttpFiles([server.origin], ca_file=ca_file, bytes_max=MAX, limit_s=5)
            if good:
                await files.fetch(url, tmp_path / "a")
            else:
                with pytest.raises(LinkLost, match="certificate"):
                    await files.fetch(url, tmp_path / "b")
            await files.close()
    assert (tmp_path / "a").read_bytes() == b"x"
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://files.test/a?b", "https://files.test"),
        ("https://files.test:443/a", "https://files.test"),
        ("http://[::1]:80/", "http://[::1]"),
        ("https://u:p@files.test/", ""),
        ("https://files.test/#x", ""),
        ("ftp://files.test/", ""),
        ("https://", ""),
    ],
)
def test_origins(url: str, origin: str) -> None:
    assert origin_of(url) == origin
