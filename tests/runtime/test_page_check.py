"""What a file may be refused for before it is printed; nothing that comes from outside breaks the check."""

import hashlib
import random
import resource
import shutil
import subprocess
import zlib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

pypdf = pytest.importorskip("pypdf")

from edge.runtime.carrier_sheet import carrier_pdf  # noqa: E402 - behind the check that the library is there
from edge.runtime.helper import Reply, Request  # noqa: E402
from edge.runtime.helper_main import answer  # noqa: E402
from edge.runtime.page_check import MEMORY_MAX_BYTES, PageJob, fault_of  # noqa: E402
from vision.barcode import zxingcpp  # noqa: E402

MAX = 1_000_000
A4 = (595.28, 841.89)


def made(folder: Path, *sizes: tuple[float, float], password: str = "") -> bytes:
    writer = pypdf.PdfWriter()
    for width, height in sizes:
        writer.add_blank_page(width, height)
    if password:
        writer.encrypt("", password, algorithm="RC4-128")
    path = folder / "made.pdf"
    writer.write(path)
    return path.read_bytes()


def fault(folder: Path, data: bytes, *, pages: int = 1, digest: str = "", bytes_max: int = MAX) -> str:
    path = folder / "looked-at.pdf"
    path.write_bytes(data)
    said = fault_of(PageJob(str(path), digest or hashlib.sha256(data).hexdigest(), pages, bytes_max))
    return said.split(":")[0]


def test_a_sound_file_may_be_printed(tmp_path: Path) -> None:
    assert fault(tmp_path, made(tmp_path, A4, A4[::-1]), pages=2) == ""
    assert fault(tmp_path, carrier_pdf("A40000000017")) == ""


def test_each_refusal_names_its_reason(tmp_path: Path) -> None:
    sound = made(tmp_path, A4)
    assert fault(tmp_path, sound, digest="0" * 64) == "WRONG_DIGEST"
    assert fault(tmp_path, sound, pages=2) == "WRONG_PAGE_COUNT"
    assert fault(tmp_path, sound, bytes_max=len(sound) - 1) == "TOO_LARGE"
    assert fault(tmp_path, made(tmp_path, A4, password="owner")) == "ENCRYPTED"
    assert fault(tmp_path, made(tmp_path, A4, (612, 792)), pages=2) == "NOT_A4"
    assert fault(tmp_path, b"\xff\xd8\xff\xe0 a picture") == "NOT_PDF"
    assert fault(tmp_path, b"") == "NOT_PDF"
    assert fault(tmp_path, b"%PDF-1.7\nnothing else") == "NOT_PDF"
    assert fault_of(PageJob(str(tmp_path / "none"), "", 1, MAX)).startswith("NOT_READABLE")


def test_half_and_damaged_files_are_refused_or_sound_and_nothing_else(tmp_path: Path) -> None:
    sound, rng = made(tmp_path, A4), random.Random(7)
    said = set()
    for _ in range(300):
        data = bytearray(sound[: rng.randrange(1, len(sound) + 1)] if rng.random() < 0.3 else sound)
        for _ in range(rng.randrange(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        said.add(fault(tmp_path, bytes(data)))
    assert said <= {"", "NOT_PDF", "WRONG_PAGE_COUNT", "NOT_A4", "ENCRYPTED", "TOO_LARGE"}
    assert "NOT_PDF" in said


def test_a_file_that_unpacks_to_more_than_the_line_may_hold(tmp_path: Path) -> None:
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(1 << 24)) for _ in range(8)) + packer.flush()
    head = b"%PDF-1.7\n"
    xref = f"1 0 obj\n<</Type/XRef/Size 3/W[1 4 1]/Root 1 0 R/Filter/FlateDecode/Length {len(packed)}>>\nstream\n".encode()
    data = head + xref + packed + f"\nendstream\nendobj\nstartxref\n{len(head)}\n%%EOF\n".encode()
    assert fault(tmp_path, data) in {"TOO_LARGE", "NOT_PDF"}


def test_memory_is_bounded_while_it_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = resource.getrlimit(resource.RLIMIT_AS)
    monkeypatch.setattr("edge.runtime.page_check._look_into", lambda *_: str(len(bytearray(MEMORY_MAX_BYTES))))
    assert fault(tmp_path, made(tmp_path, A4)) == "TOO_LARGE"
    assert resource.getrlimit(resource.RLIMIT_AS) == limits


def test_the_helper_answers_both(tmp_path: Path) -> None:
    data = made(tmp_path, A4)
    path = tmp_path / "made.pdf"
    job = msgspec.msgpack.encode(PageJob(str(path), hashlib.sha256(data).hexdigest(), 3, MAX))
    asked = {"pages": job, "carrier": b"A40000000017"}
    said = {
        name: msgspec.msgpack.decode(answer(msgspec.msgpack.encode(Request(name, body))), type=Reply)
        for name, body in asked.items()
    }
    assert said["pages"].body.startswith(b"WRONG_PAGE_COUNT: 1 pages, 3 were granted")
    assert said["carrier"].body.startswith(b"%PDF-")
    refused = msgspec.msgpack.decode(answer(msgspec.msgpack.encode(Request("carrier", "汉".encode()))), type=Reply)
    assert "ASCII" in refused.refusal


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="apt-get install poppler-utils")
def test_the_carrier_sheet_is_read_by_its_two_symbols(tmp_path: Path) -> None:
    (tmp_path / "c.pdf").write_bytes(carrier_pdf("A40000000017"))
    subprocess.run(["pdftoppm", "-r", "150", "-png", "c.pdf", "c"], cwd=tmp_path, check=True)
    (picture,) = tmp_path.glob("c*.png")
    read = zxingcpp.read_barcodes(np.array(Image.open(picture).convert("L")))
    assert sorted((one.format.name, one.text) for one in read) == [("Code128", "A40000000017"), ("QRCode", "A40000000017")]
