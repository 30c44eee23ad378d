"""The signed account of each receipt lot, written by the line itself when the lot is closed, and told to central by its digest.

What it says is what the journal says up to the record that closed the lot, so whoever dies in between writes the very same
bytes again. The core knows which lots want one; it tells central once.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import structlog

from edge.core.commands import Publish
from edge.core.events import LotFiled
from edge.core.values import LotId
from edge.runtime.clock import Clock
from edge.runtime.helper import Helper, HelperLost
from edge.runtime.link import Offer
from edge.runtime.reconcile import reconciliation
from edge.runtime.records import JournalError
from edge.runtime.replay import Step
from edge.runtime.reporting.facts import gather
from edge.runtime.signing import SignatureError, load_or_make, sign

log = structlog.get_logger("sealline")
LOOK_S = 1.0
AGAIN_S = 60.0
LOT_LIMIT_MS = 600_000
"""for a lot of a long journal, in a niced process"""
_UNSAFE = re.compile(r"[^0-9A-Za-z_\-\u4e00-\u9fff]+")


class LotJob(msgspec.Struct, frozen=True):
    """Argument of the helper's job `lot`."""

    journal: str
    key: bytes
    signing_key: str
    folder: str
    lot: str = ""


class Filed(msgspec.Struct, frozen=True):
    """What lies there now. No name and no fault: the journal does not say yet that the lot is closed."""

    file: str = ""
    sha256: str = ""
    size_bytes: int = 0
    key: str = ""
    fault: str = ""


def file_lot(job: LotJob) -> Filed:
    """In the helper: prove the journal, say what became of the lot when it was closed, sign it, and lay it down durably."""

    def closes(step: Step) -> bool:
        told = [one.body for one in step.commands if isinstance(one, Publish) and one.kind == "lot_reconciled"]
        return job.lot in [body["lot"] for body in told]

    try:
        facts = gather(Path(job.journal), job.key, lambda records, _: records, until=closes)
        content = reconciliation(facts, job.lot)
        if not content["closed"]:
            return Filed()
        key = load_or_make(Path(job.signing_key))
        data = sign(content, key)
        digest = hashlib.sha256(data).hexdigest()
        name = f"{_UNSAFE.sub('_', job.lot)[:64]}-{digest[:12]}.json"
        write_durably(Path(job.folder) / name, data)
    except (JournalError, SignatureError) as error:
        return Filed(fault=str(error))
    except OSError as error:
        return Filed(fault=f"{job.folder} cannot keep lot {job.lot} ({error.strerror}): free it or correct its rights")
    return Filed(name, digest, len(data), bytes(key.verify_key).hex())


def write_durably(path: Path, data: bytes) -> None:
    """Whole and on the disk, or not at all; a power cut leaves one or the other. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class LotFiles:
    """Has the account of every closed lot written. Nothing of the line waits for it."""

    def __init__(self, helper: Helper, unfiled: Callable[[], Iterable[LotId]], offer: Offer, clock: Clock, job: LotJob) -> None:
        """`unfiled`: the lots that want one, until the core has taken the event that one lies there."""
        self._helper = helper
        self._unfiled = unfiled
        self._offer = offer
        self._clock = clock
        self._job = job

    async def run(self) -> None:
        """Write for ever."""
        while True:
            failed = False
            for lot in tuple(self._unfiled()):
                filed = await self._file(lot)
                failed = failed or bool(filed.fault)
                if filed.fault:
                    log.error("lot", lot=lot, error=filed.fault)
                if filed.fault or filed.file:
                    # A queue without room takes it at the next look: the same bytes lie there then.
                    self._offer(LotFiled(at_us=self._clock.now_us(), lot=lot, **msgspec.structs.asdict(filed)))
            await asyncio.sleep(AGAIN_S if failed else LOOK_S)

    async def _file(self, lot: LotId) -> Filed:
        job = msgspec.structs.replace(self._job, lot=lot)
        try:
            reply = await self._helper.call("lot", msgspec.msgpack.encode(job))
        except HelperLost as error:
            return Filed(fault=f"{error}: see its last lines in the service's log and call maintenance")
        return msgspec.msgpack.decode(reply.body, type=Filed)

    def file(self, name: str) -> bytes | None:
        """A lot's file by its name; None where there is none. No path of a request reaches the disk."""
        folder = Path(self._job.folder)
        found = {path.name: path for path in folder.glob("*.json")} if folder.is_dir() else {}
        return found[name].read_bytes() if name in found else None
