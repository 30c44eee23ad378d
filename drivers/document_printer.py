"""A printer for pages, over IPP: a CUPS queue or the printer itself. Speaks through CUPS' own client `ipptool`.

Print-Job after RFC 8011, 4.2.1: one request, whose answer names the job. Where no answer came, nobody knows whether it prints.
What became of a job, and how many sides came out, is asked with Get-Job-Attributes (4.3.4).
"""

import asyncio
import plistlib
import shutil
import tempfile
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from drivers.ports import BadReply, DeviceRefused, LinkLost, PageJob

TOOL = "ipptool"
TIMEOUT_S = 15
BUSY, BUSY_TRIES, BUSY_PAUSE_S = "server-error-busy", 60, 1.0
"""a printer without a queue takes one page after the other"""
HEAD = """{
  OPERATION %s
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR language attributes-natural-language en
  ATTR uri printer-uri $uri
  %s
}
"""
# Fidelity: a printer that cannot print it so must refuse it, instead of printing it otherwise.
PRINT = HEAD % (
    "Print-Job",
    """ATTR name requesting-user-name sealline
  ATTR name job-name "$jobname"
  ATTR boolean ipp-attribute-fidelity true
  ATTR mimeMediaType document-format application/pdf
  GROUP job-attributes-tag
  ATTR integer copies 1
  ATTR keyword sides $sides
  FILE $filename""",
)
FOLLOW = HEAD % (
    "Get-Job-Attributes",
    """ATTR integer job-id $job
  ATTR name requesting-user-name sealline""",
)
LOOK = HEAD % (
    "Get-Printer-Attributes",
    """ATTR name requesting-user-name sealline
  ATTR keyword requested-attributes printer-state,printer-state-reasons,printer-is-accepting-jobs,queued-job-count""",
)
JOB_STATES = {3: "waiting", 4: "waiting", 5: "printing", 6: "stopped", 7: "canceled", 8: "aborted", 9: "completed"}
STOPPED = 5
# Reasons (RFC 8011, 5.4.12) for which no sheet comes out although the printer calls itself idle or at work.
BLOCKING = frozenset({
    "media-empty", "media-needed", "media-jam", "input-tray-missing", "output-area-full", "cover-open", "door-open",
    "interlock-open", "toner-empty", "marker-supply-empty", "fuser-over-temp", "paused", "moving-to-paused", "shutdown",
    "offline", "timed-out",
})  # fmt: skip


class IppPrinter:
    """One queue, `ipp://host:port/printers/name` or `ipps://…`."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    async def print_document(self, path: Path, name: str, *, duplex: bool = False) -> int:
        """Print a PDF once; returns the job's number as soon as the queue has taken it.

        Raises LinkLost (no answer: it may be printed or not), DeviceRefused (nothing of it is printed), BadReply (as LinkLost).
        """
        sides = "two-sided-long-edge" if duplex else "one-sided"
        # A control character in a name makes every later answer about the job unreadable for the tool.
        printable = "".join(letter if letter.isprintable() else " " for letter in name)
        options = ["-d", f"jobname={printable}", "-d", f"sides={sides}", "-f", str(path)]
        answer = await self._ask(PRINT, options)
        for _ in range(BUSY_TRIES):
            if answer.get("StatusCode") != BUSY:
                break
            await asyncio.sleep(BUSY_PAUSE_S)  # it has taken nothing (RFC 8011, B.1.5.8), so asking again prints nothing twice
            answer = await self._ask(PRINT, options)
        job = self._said(answer).get("job-id")
        if not isinstance(job, int):
            raise BadReply(f"{self._uri}: the queue's answer names no job; look whether the page comes out")
        return job

    async def job(self, number: int) -> PageJob:
        """How a job stands. Raises LinkLost, DeviceRefused (it does not know the job any more), BadReply."""
        said = self._said(await self._ask(FOLLOW, ["-d", f"job={number}"]))
        state, sides = JOB_STATES.get(said.get("job-state", 0)), said.get("job-impressions-completed")
        if state is None:
            raise BadReply(f"{self._uri}: the queue's answer has no job-state; is this an IPP printer?")
        return PageJob(state, sides if isinstance(sides, int) else None, _listed(said.get("job-state-reasons")))

    async def status(self, jobs: int = 0) -> str:
        """Why nothing would come out now, "" = it is ready. Raises LinkLost, DeviceRefused, BadReply.

        More than `jobs` jobs in the queue stand against it as well: sheets of one that was given up may still come out.
        """
        said = self._said(await self._ask(LOOK, []))
        reasons = _listed(said.get("printer-state-reasons"))
        blocking = [reason for reason in reasons if reason.removesuffix("-error") in BLOCKING]
        if blocking:
            return ", ".join(blocking)
        if said.get("printer-is-accepting-jobs") is False:
            return "not accepting jobs"
        if said.get("printer-state") == STOPPED:
            return f"stopped: {', '.join(reasons)}"
        waiting = said.get("queued-job-count", 0)
        return f"{waiting} jobs in the queue: wait or cancel them there" if waiting > jobs else ""

    def _said(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The attributes of a good answer, all groups in one."""
        status = answer.get("StatusCode")
        if not isinstance(status, str):
            raise BadReply(f"{self._uri}: the queue's answer has no status; is this an IPP printer?")
        if not status.startswith("successful-ok"):
            raise DeviceRefused(f"{self._uri}: the queue refused it ({status}); look at the queue and its driver")
        said: dict[str, Any] = {}
        for group in answer.get("ResponseAttributes", []):
            said.update(group if isinstance(group, dict) else {})
        return said

    async def _ask(self, test: str, options: list[str]) -> dict[str, Any]:
        """One request and what was answered."""
        if not self._uri.startswith(("ipp://", "ipps://")):
            raise DeviceRefused(f"{self._uri}: this is no printer's address; write ipp://host/printers/queue")
        tool = shutil.which(TOOL)
        if tool is None:
            raise DeviceRefused(f"{TOOL} is not there; install the package cups-ipp-utils")
        with tempfile.NamedTemporaryFile("w", suffix=".test", encoding="utf-8") as file:
            file.write(test)
            file.flush()
            said = _parsed(await self._run(tool, "-X", "-T", str(TIMEOUT_S), *options, self._uri, file.name))
        if said is None:
            raise BadReply(f"{self._uri}: {TOOL} said nothing that makes sense; try it by hand")
        if not said.get("Tests"):
            why = said.get("ErrorMessage", "no answer")
            raise LinkLost(f"{self._uri}: {why}; check the printer's power, cable and address")
        answer = said["Tests"][0]
        return answer if isinstance(answer, dict) else {}

    async def _run(self, *command: str) -> bytes:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
        try:
            async with asyncio.timeout(2 * TIMEOUT_S):
                out, _ = await process.communicate()
        except TimeoutError as error:
            raise LinkLost(f"{self._uri}: no answer in {2 * TIMEOUT_S} s; look whether the page comes out") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return out


def _parsed(out: bytes) -> dict[str, Any] | None:
    try:
        said = plistlib.loads(out)
    except (plistlib.InvalidFileException, ExpatError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def _listed(said: Any) -> tuple[str, ...]:
    """A set of keywords: one is a string, several are a list, "none" is none."""
    words = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    return tuple(word for word in words if isinstance(word, str) and word != "none")
