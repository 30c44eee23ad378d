"""A page as PDF, printed by the Chromium of this machine: no library of the product writes PDF with Chinese text."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LIMIT_S = 60


class CannotPrint(Exception):
    """There is no browser, or it did not print; the text says what to do."""


def print_page(page: str, pdf: Path) -> None:
    """Write a self-contained HTML page as PDF. Raises CannotPrint."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise CannotPrint(f"{pdf}: needs Chromium, which is not installed here: write --html and print that page elsewhere")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(page, encoding="utf-8")
        options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={folder}/profile"]
        # Chromium's own sandbox does not start for root.
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [browser, *options, f"--print-to-pdf={pdf.resolve()}", source.as_uri()]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)  # noqa: S603 - found above, no shell
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotPrint(f"{pdf}: {browser} did not print ({error}): write --html and print that page") from error
