"""Looks into a file before it is printed: is it the one that was granted, and is it nothing but pages. Runs in the helper.

The only file that knows pypdf. Nothing is repaired: what is not as granted is refused with the reason.
"""

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pypdf
from pypdf.errors import PyPdfError

MEMORY_MAX_BYTES = 1 << 30
"""address space of the process while it looks: a file that unpacks to more is refused"""
A4_MM, TOLERANCE_MM, POINTS_PER_MM = (210, 297), 4, 72 / 25.4


class PageJob(msgspec.Struct):
    """Argument of the helper's job `pages`."""

    path: str
    sha256: str
    pages: int
    bytes_max: int


def fault_of(job: PageJob) -> str:
    """Why this file must not be printed, "" = it may. Whatever else it breaks ends this process, which refuses it as well."""
    path = Path(job.path)
    try:
        fault = _fault_of_bytes(path, job)
        if fault:
            return fault
        with _little_memory():
            return _look_into(path, job.pages)
    except OSError as error:
        return f"NOT_READABLE: {error.strerror}"
    except MemoryError:
        return "TOO_LARGE: it unpacks to more than this line may hold; central: send a simpler file"
    except (PyPdfError, RecursionError, ValueError, TypeError, LookupError, AttributeError) as error:
        # What a parser says of a malformed file has no single base class; each of these means the same here.
        return f"NOT_PDF: it cannot be read ({type(error).__name__}); central: send a sound PDF"


def _fault_of_bytes(path: Path, job: PageJob) -> str:
    size = path.stat().st_size
    if size > job.bytes_max:
        return f"TOO_LARGE: {size} bytes, at most {job.bytes_max}; central: send a smaller file"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        head = file.read(5)
    if digest != job.sha256:
        return "WRONG_DIGEST: it is not the file that was granted; central: correct the digest or the file"
    return "" if head == b"%PDF-" else "NOT_PDF: it does not begin as a PDF; central: send a PDF"


def _look_into(path: Path, pages: int) -> str:
    with pypdf.PdfReader(path, strict=False) as reader:
        if reader.is_encrypted:
            return "ENCRYPTED: it is protected; central: send it without protection"
        count = len(reader.pages)
        if count != pages:
            return f"WRONG_PAGE_COUNT: {count} pages, {pages} were granted; central: correct one of them"
        for number, page in enumerate(reader.pages, 1):
            box, unit = page.cropbox, float(page.get("/UserUnit", 1))
            sides_mm = sorted(float(side) * unit / POINTS_PER_MM for side in (box.width, box.height))
            if any(abs(side - a4) > TOLERANCE_MM for side, a4 in zip(sides_mm, A4_MM, strict=True)):
                sides = " x ".join(f"{side:.0f}" for side in sides_mm)
                return f"NOT_A4: page {number} is {sides} mm; central: send A4 pages"
    return ""


@contextmanager
def _little_memory() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
