"""The runtime's side of a vision worker: starts it, takes its readings as events, starts it again. Never sees pixels."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from drivers.ports import BadReply, DeviceError, LinkLost
from edge.core.commands import Command
from edge.core.device_events import FrameRead, LabelRead
from edge.core.event import Event
from edge.core.events import LinkDown, LinkUp
from edge.core.values import Camera, Symbol
from edge.runtime.clock import Clock
from edge.runtime.exposure_count import ExposureCount
from edge.runtime.link import Health, Offer
from edge.runtime.spawn import Crew
from vision.messages import MESSAGE_MAX_BYTES, AnyMessage, CameraState, DocumentReading, LabelReading, Preview, decode

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]

START_TIMEOUT_S = 20.0
"""From start to connection: a worker loads its libraries first, on a busy machine."""
SILENT_S = 10.0
"""A worker repeats its camera's state every second."""
END_TIMEOUT_S = 3.0
RESTART_S = 0.5
_OFFER_AGAIN_S = 0.01
WAITS = "the camera's count of exposures will agree with the PLC's once its zone is empty"
SLIPPED = "the camera missed a pulse or an exposure: nothing of it counts until its zone is empty; check the trigger's cable"


def worker_argv(
    camera: Camera,
    address: str,
    socket: Path,
    *,
    frames_per_trigger: int = 2,
    layouts: Sequence[Path] = (),
    site_key: Path | None = None,
    evidence: Path | None = None,
    evidence_max: int = 2000,
) -> tuple[str, ...]:
    """Command line of the worker for `camera`; `address` as in vision/cameras.py, no layouts make a label camera."""
    argv = [sys.executable, "-m", "vision.worker", "--camera", camera.value, "--connect", address, "--socket", str(socket)]
    argv += ["--frames-per-trigger", str(frames_per_trigger)]
    if layouts:
        argv += ["--layouts", *map(str, layouts)]
    if site_key:
        argv += ["--site-key", str(site_key)]
    if evidence:
        argv += ["--evidence", str(evidence), "--evidence-max", str(evidence_max)]
    return tuple(argv)


class _EyesLost(LinkLost):
    """The connection to a worker ended, whatever became of the worker."""


class CameraLink:
    """One camera's link. With `argv` it owns the worker (demo); without, a service manager starts it.

    `plc_exposures`: what the PLC has counted for this camera, None while its zone is not empty or the PLC is not heard; for
    cameras that count by themselves.
    """

    def __init__(
        self,
        camera: Camera,
        offer: Offer,
        crew: Crew,
        clock: Clock,
        *,
        socket: Path,
        argv: Sequence[str] = (),
        plc_exposures: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.name = camera.value
        self.readings = 0
        self.dropped = 0
        self.worker_starts = 0
        self.worker_cpu_us = 0
        self.preview = b""
        """what the camera saw last, masked, as JPEG"""
        self._camera, self._offer, self._crew, self._clock = camera, offer, crew, clock
        self._socket, self._argv = socket, tuple(argv)
        self._wires: asyncio.Queue[Wire | None] = asyncio.Queue()
        self._up, self._detail, self._last_us = False, "worker not started", 0
        self._plc_exposures = plc_exposures
        self.count = ExposureCount()
        self._counts = False

    async def run(self) -> None:
        """Serve the worker until cancelled."""
        self._last_us = self._clock.now_us()
        self._socket.parent.mkdir(parents=True, exist_ok=True)
        server = await asyncio.start_unix_server(self._connected, self._socket)
        self._socket.chmod(0o600)
        try:
            while True:
                try:
                    await self._serve_worker()
                except DeviceError as error:
                    await self._went_down("bad_reply" if isinstance(error, BadReply) else "lost", str(error))
                await asyncio.sleep(RESTART_S)
        finally:
            server.close()
            self._drop_wires()
            self._socket.unlink(missing_ok=True)

    def send(self, command: Command) -> None:
        """A camera takes no commands: the PLC triggers it."""
        raise TypeError(f"{self.name} takes no {type(command).__name__}: correct the dispatch table")

    def health(self) -> Health:
        """Up while the worker has its camera; the age is that of its last message."""
        return Health(self._up, max(0, self._clock.now_us() - self._last_us) // 1000, self._detail)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._wires.put_nowait((reader, writer))

    async def _serve_worker(self) -> None:
        """One worker, through all lives of its eyes; ends with DeviceError, or when cancelled."""
        process = await self._start()
        try:
            while True:
                try:
                    await self._serve_wire(*await self._wire())
                except _EyesLost as error:  # they crashed or hung: who watches them has new ones in a moment
                    await self._went_down("lost", str(error))
        finally:
            if process:
                await _end(process)

    async def _serve_wire(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; ends with DeviceError."""
        try:
            while True:
                await self._take(await _heard(reader))
        finally:
            writer.close()
            with contextlib.suppress(OSError):  # it may be gone already
                await writer.wait_closed()

    async def _start(self) -> Process | None:
        if not self._argv:
            return None
        self._drop_wires()  # and exit notes of an earlier life
        try:
            process = await asyncio.create_subprocess_exec(*self._argv, stdin=asyncio.subprocess.DEVNULL)
        except OSError as error:
            raise LinkLost(
                f"vision worker cannot be started ({error}): check the installation with `sealline doctor`"
            ) from error
        self.worker_starts += 1
        self._crew.spawn(self._note_exit(process), f"{self.name} worker {process.pid}")
        return process

    def _drop_wires(self) -> None:
        while not self._wires.empty():
            if wire := self._wires.get_nowait():
                wire[1].close()

    async def _note_exit(self, process: Process) -> None:
        await process.wait()
        self._wires.put_nowait(None)

    async def _wire(self) -> Wire:
        try:
            async with asyncio.timeout(START_TIMEOUT_S if self._argv else None):
                wire = await self._wires.get()
        except TimeoutError:
            raise LinkLost(
                f"vision worker did not connect within {START_TIMEOUT_S:.0f} s: is the machine overloaded?"
            ) from None
        if wire is None:
            raise LinkLost("vision worker ended before it connected: its message on stderr says why")
        return wire

    async def _take(self, message: AnyMessage) -> None:
        self._last_us = self._clock.now_us()
        match message:
            case DocumentReading() | LabelReading():
                self._take_reading(message)
            case Preview():
                self.preview = message.jpeg
            case CameraState(up=True):
                await self._take_up(message)
            case CameraState():
                await self._went_down("lost", message.detail)

    def _take_reading(self, reading: DocumentReading | LabelReading) -> None:
        self.readings += 1
        self.worker_cpu_us += reading.cpu_us
        trigger = self.count.trigger(reading.trigger) if self._counts else reading.trigger
        if trigger is None:  # nobody knows whose frame this is
            self.dropped += 1
        elif not self._offer(self._event(msgspec.structs.replace(reading, trigger=trigger))):
            self.dropped += 1  # the burst's other frame, or the deadline, decides

    async def _take_up(self, state: CameraState) -> None:
        """The camera is there; one that counts by itself is up once its count agrees with the PLC's."""
        self._counts = state.exposures >= 0
        if state.new:
            self.count.begin()
        if self._counts and not self.count.compare(state.exposures, self._plc_exposures()):
            await self._went_down("slip", SLIPPED)
        if self._counts and not self.count.agreed:
            self._detail = WAITS
            return
        was_up, self._up, self._detail = self._up, True, ""
        if not was_up:
            await self._tell(LinkUp(at_us=self._last_us, link=self.name))

    def _event(self, reading: DocumentReading | LabelReading) -> Event:
        if isinstance(reading, LabelReading):
            return LabelRead(
                at_us=self._last_us,
                camera=self._camera,
                camera_boot=reading.camera_boot,
                trigger=reading.trigger,
                k=reading.k,
                symbols=tuple(Symbol(s.symbology, s.text, s.x_px, s.y_px, s.confirmed) for s in reading.symbols),
                evidence=reading.evidence,
                reason=reading.reason,
                printed=reading.printed,
                contrast_permille=reading.contrast_permille,
                modulation_permille=reading.modulation_permille,
                margin_permille=reading.margin_permille,
            )
        return FrameRead(
            at_us=self._last_us,
            camera=self._camera,
            camera_boot=reading.camera_boot,
            trigger=reading.trigger,
            k=reading.k,
            kind=reading.kind,
            flags=reading.flags,
            token=reading.token,
            skeleton=reading.skeleton,
            confidence_permille=reading.confidence_permille,
            masked=reading.masked,
            evidence=reading.evidence,
            reason=reading.reason,
            second_field=reading.second_field,
        )

    async def _went_down(self, reason: str, detail: str) -> None:
        was_up, self._up, self._detail = self._up, False, detail
        if was_up or reason != "lost":
            await self._tell(LinkDown(at_us=self._clock.now_us(), link=self.name, reason=reason, detail=detail))

    async def _tell(self, event: Event) -> None:
        while not self._offer(event):  # noqa: ASYNC110 - the pump's mouth has no bell
            await asyncio.sleep(_OFFER_AGAIN_S)


async def _heard(reader: asyncio.StreamReader) -> AnyMessage:
    """The next message, of a worker that is never silent for long. Raises LinkLost or BadReply."""
    try:
        async with asyncio.timeout(SILENT_S):
            return await _message(reader)
    except TimeoutError:
        raise LinkLost(f"vision worker was silent for {SILENT_S:.0f} s: it hangs, or the machine is overloaded") from None


async def _message(reader: asyncio.StreamReader) -> AnyMessage:
    """The next message. Raises LinkLost or BadReply."""
    try:
        length = int.from_bytes(await reader.readexactly(4), "big")
        if length > MESSAGE_MAX_BYTES:
            raise BadReply(f"vision worker announced a message of {length} bytes: it is another version than the runtime")
        return decode(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, OSError) as error:
        raise _EyesLost("vision worker ended: its message on stderr says why; it is started again") from error
    except msgspec.DecodeError as error:
        raise BadReply(
            f"vision worker sent a message that makes no sense ({error}): it is another version than the runtime"
        ) from error


async def _end(process: Process) -> None:
    """Its socket is closed, so it ends by itself; if not, or if nobody may wait for that, it is killed."""
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_TIMEOUT_S):
                await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
