"""The signed account of each lot, written by the line itself when its end has come, and told to central by its digest.

A receipt lot ends when it is closed, a lot of the order pool with its last order. What the account says is what the journal
says up to that record, so whoever dies in between writes the very same bytes again. The core knows which lots want one; it
tells central once.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import structlog

from edge.core.controller import Controller
from edge.core.events import LotFiled
from edge.core.values import LotId
from edge.runtime.clock import Clock
from edge.runtime.durable import write_durably
from edge.runtime.helper import Helper, HelperLost
from edge.runtime.link import Offer
from edge.runtime.reconcile import reconciliation
from edge.runtime.records import JournalError
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
    account: int = 0
    """which one of the lot, from 1"""


class Filed(msgspec.Struct, frozen=True):
    """What lies there now. No name and no fault: the journal does not say yet that this account is due."""

    file: str = ""
    sha256: str = ""
    size_bytes: int = 0
    key: str = ""
    fault: str = ""


def file_lot(job: LotJob) -> Filed:
    """In the helper: prove the journal, say what became of the lot when its end came, sign it, and lay it down durably."""
    lot = LotId(job.lot)
    try:
        facts = gather(Path(job.journal), job.key, lambda records, _: records, until=lambda step: _due(step.controller, job))
        if not _due(facts.core(), job):
            return Filed()
        content = reconciliation(facts, lot)
        key = load_or_make(Path(job.signing_key))
        data = sign(content, key)
        digest = hashlib.sha256(data).hexdigest()
        name = f"{_UNSAFE.sub('_', job.lot)[:64]}-{digest[:12]}.json"
        folder = Path(job.folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(folder / name, data)
    except (JournalError, SignatureError) as error:
        return Filed(fault=str(error))
    except OSError as error:
        return Filed(fault=f"{job.folder} cannot keep lot {job.lot} ({error.strerror}): free it or correct its rights")
    return Filed(name, digest, len(data), bytes(key.verify_key).hex())


def _due(core: Controller, job: LotJob) -> bool:
    return core.lots.accounts.get(LotId(job.lot)) == job.account


class LotFiles:
    """Has the account of every lot written whose end has come. Nothing of the line waits for it."""

    def __init__(
        self, helper: Helper, unfiled: Callable[[], Mapping[LotId, int]], offer: Offer, clock: Clock, job: LotJob
    ) -> None:
        """`unfiled`: the lots that want one, and which one, until the core has taken the event that it lies there."""
        self._helper = helper
        self._unfiled = unfiled
        self._offer = offer
        self._clock = clock
        self._job = job

    async def run(self) -> None:
        """Write for ever."""
        while True:
            failed = False
            for lot, account in tuple(self._unfiled().items()):
                filed = await self._file(lot, account)
                failed = failed or bool(filed.fault)
                if filed.fault:
                    log.error("lot", lot=lot, error=filed.fault)
                if filed.fault or filed.file:
                    # A queue without room takes it at the next look: the same bytes lie there then.
                    self._offer(LotFiled(at_us=self._clock.now_us(), lot=lot, account=account, **msgspec.structs.asdict(filed)))
            await asyncio.sleep(AGAIN_S if failed else LOOK_S)

    async def _file(self, lot: LotId, account: int) -> Filed:
        job = msgspec.structs.replace(self._job, lot=lot, account=account)
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
