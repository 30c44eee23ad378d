"""A printer for pages, over IPP: a CUPS queue or the printer itself. Speaks through CUPS' own client `ipptool`.

Print-Job after RFC 8011, 4.2.1: one request, whose answer names the job. Where no answer came, nobody knows whether it prints.
"""

import plistlib
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from drivers.ports import BadReply, DeviceRefused, LinkLost

TOOL = "ipptool"
TIMEOUT_S = 15
BUSY, BUSY_TRIES, BUSY_PAUSE_S = "server-error-busy", 60, 1.0
"""a printer without a queue takes one page after the other"""
TEST = """{
  OPERATION Print-Job
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR language attributes-natural-language en
  ATTR uri printer-uri $uri
  ATTR name requesting-user-name sealline
  ATTR name job-name "$jobname"
  ATTR mimeMediaType document-format application/pdf
  GROUP job-attributes-tag
  ATTR integer copies 1
  ATTR keyword sides $sides
  FILE $filename
}
"""


class IppPrinter:
    """One queue, `ipp://host:port/printers/name` or `ipps://…`."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def print_document(self, path: Path, name: str, *, duplex: bool = False) -> int:
        """Print a PDF once; returns the job's number. Blocks until the queue has taken it.

        Raises LinkLost (no answer: it may have been printed or not), DeviceRefused, BadReply.
        """
        if not self._uri.startswith(("ipp://", "ipps://")):
            raise DeviceRefused(f"{self._uri}: this is no printer's address; write ipp://host/printers/queue")
        sides = "two-sided-long-edge" if duplex else "one-sided"
        options = ["-d", f"jobname={name}", "-d", f"sides={sides}", "-f", str(path)]
        answer = self._ask(options)
        for _ in range(BUSY_TRIES):
            if answer.get("StatusCode") != BUSY:
                break
            time.sleep(BUSY_PAUSE_S)  # it has taken nothing (RFC 8011, B.1.5.8), so asking again prints nothing twice
            answer = self._ask(options)
        status = answer.get("StatusCode")
        if not isinstance(status, str):
            raise BadReply(f"{self._uri}: the queue's answer has no status; is this an IPP printer?")
        if not status.startswith("successful-ok"):
            raise DeviceRefused(f"{self._uri}: the queue refused the page ({status}); look at the queue and its driver")
        groups = [group for group in answer.get("ResponseAttributes", []) if isinstance(group, dict)]
        job = next((group["job-id"] for group in groups if "job-id" in group), None)
        if not isinstance(job, int):
            raise BadReply(f"{self._uri}: the queue's answer names no job; look whether the page comes out")
        return job

    def _ask(self, options: list[str]) -> dict[str, Any]:
        """One request and what was answered."""
        tool = shutil.which(TOOL)
        if tool is None:
            raise DeviceRefused(f"{TOOL} is not there; install the package cups-ipp-utils")
        with tempfile.TemporaryDirectory() as folder:
            test = Path(folder) / "print.test"
            test.write_text(TEST, encoding="utf-8")
            command = [tool, "-X", "-T", str(TIMEOUT_S), *options, self._uri, str(test)]
            try:
                run = subprocess.run(command, capture_output=True, timeout=2 * TIMEOUT_S, check=False)  # noqa: S603
            except subprocess.TimeoutExpired as error:
                raise LinkLost(f"{self._uri}: no answer in {2 * TIMEOUT_S} s; look whether the page comes out") from error
        try:
            said = plistlib.loads(run.stdout)
        except (plistlib.InvalidFileException, ExpatError, ValueError) as error:
            raise BadReply(f"{self._uri}: {TOOL} said nothing that makes sense; try it by hand") from error
        if not said.get("Tests"):
            why = said.get("ErrorMessage", "no answer")
            raise LinkLost(f"{self._uri}: {why}; check the printer's power, cable and address")
        answer = said["Tests"][0]
        return answer if isinstance(answer, dict) else {}
