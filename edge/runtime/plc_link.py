"""One PLC's link: cycles the images, takes event slots in order, fills the command ring, says when it is not to be trusted.

An event is acknowledged only once it is durable. Writes are state, never pulses, so a repeated one does no harm.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import msgspec

from drivers.ports import BadReply, DeviceError, DeviceRefused, LinkLost, PlcPort, WaitingPort
from drivers.process_image import EdgeImage, ImageCodec, PlcImage, WrongLayout, WrongOrder, next_seq, seq_distance
from edge.core.commands import Command, SetState
from edge.core.event import Event
from edge.core.events import CommandRefused, LinkDown, LinkUp, PlcRestarted, PlcStatus
from edge.core.values import Counters, Mode, Plc, State
from edge.runtime.bell import Bell
from edge.runtime.clock import Clock
from edge.runtime.command_ring import CommandRing
from edge.runtime.link import Cursor, Health, Lease, Offer
from edge.runtime.plc_truth import ImageTruth
from edge.runtime.plc_words import UnknownEventError, event_of

FROZEN_US = 300_000
RECONNECT_MIN_S, RECONNECT_MAX_S = 0.1, 1.0
WORD = 1 << 16
REASONS: dict[type[DeviceError], str] = {
    LinkLost: "lost",
    DeviceRefused: "refused",
    BadReply: "bad_reply",
    WrongLayout: "layout",
    WrongOrder: "word_order",
}
# Header fields that change with every exchange and say nothing new to the core.
VOLATILE = frozenset({"heartbeat", "echo", "last_issued_seq", "last_consumed_seq", "edge_boot_echo"})
# A state or mode that nobody knows is the most careful one.
_STATES = {int(state): state for state in State}
_MODES = {int(mode): mode for mode in Mode}


class _Fresh(NamedTuple):
    """One event slot that was not taken before; `key` names the question that it opens, "" = none."""

    seq: int
    event: Event
    key: str


class PlcLink:
    """The link of one PLC. `wait_ms` > 0: the port itself waits for a change (virtual plant); 0: paced by `poll_ms`."""

    def __init__(
        self,
        name: Plc,
        port: PlcPort,
        codec: ImageCodec,
        *,
        offer: Offer,
        lease: Lease,
        clock: Clock,
        poll_ms: int,
        edge_boot: int,
        cursor: Cursor | None,
        wait_ms: int = 0,
    ) -> None:
        self.name = name.value
        self._plc = name
        self._port = port
        self._wake_port: Callable[[], None] = port.wake if isinstance(port, WaitingPort) else lambda: None
        self._codec = codec
        self._offer = offer
        self._lease = lease
        self._clock = clock
        self._poll_s = poll_ms / 1000
        self._wait_ms = wait_ms
        self._edge_boot = edge_boot % WORD
        self._seq_max = codec.image.seq_max
        self._status_names = tuple(f.name for f in codec.image.plc_to_edge.header if f.name not in VOLATILE)
        # what we write
        self._heartbeat = 0
        self._state = State.STOPPED
        self._ring = CommandRing(codec.image)
        # how far the PLC's events were taken (offered) and are durable (to be acknowledged)
        self._plc_boot = None if cursor is None else cursor.boot
        self._taken_seq = self._durable_seq = 0 if cursor is None else cursor.seq
        # what we have read, and what we have told of it
        self._seen: tuple[int, ...] | None = None
        self._old_news: tuple[int, ...] = ()
        """the last image of which everything was told; () = there is none"""
        self._last_news: tuple[int, ...] = ()
        self._header: dict[str, int] = {}
        self._truth = ImageTruth(self._edge_boot, Counters.__struct_fields__)
        self._told: tuple[object, ...] | None = None
        self._restart_untold = False
        self._beat_us = 0
        self._missing_since_us: int | None = None
        self._good_us: int | None = None
        self._connected = False
        self._fault: str | None = None
        self._fault_told: str | None = None
        self._detail = "not connected yet"
        self._wake = Bell()
        self.torn = 0
        self.exchanges = 0

    # --- Link ---
    def send(self, command: Command) -> None:
        """Queue a command for the ring; the state word is state, not a slot."""
        if isinstance(command, SetState):
            self._state = command.state
        else:
            self._ring.queue(command)
        self._wake_up()

    @property
    def dropped_commands(self) -> int:
        """Commands that were about another PLC boot."""
        return self._ring.dropped

    def health(self) -> Health:
        """Age since the last good exchange."""
        age_ms = -1 if self._good_us is None else (self._clock.now_us() - self._good_us) // 1000
        return Health(self._fault == "", age_ms, self._detail, self._fault or "")

    async def run(self) -> None:
        """Exchange for ever; any error drops the connection, and the next attempt comes at once, then every 0.1–1 s."""
        pause_s = 0.0
        try:
            while True:
                try:
                    await self._cycle()
                    pause_s = 0.0
                except DeviceError as error:
                    self._connected = False
                    await self._port.close()
                    self._tell_quality(REASONS[type(error)], str(error))
                    await asyncio.sleep(pause_s)
                    pause_s = min(RECONNECT_MAX_S, max(RECONNECT_MIN_S, pause_s * 2))
        finally:
            await self._port.close()

    # --- one cycle ---
    async def _cycle(self) -> None:
        if not self._connected:
            await self._port.connect()
            self._connected = True
            self._seen, self._old_news = None, ()
            self._truth.begin()
        self._wake.clear()
        self._seen = await self._port.exchange(self._image(), self._seen, self._wait_ms)
        self.exchanges += 1
        self._take(self._seen)
        if not self._wait_ms:
            await self._pace()

    async def _pace(self) -> None:
        if self._plc_boot is not None and self._ring.ready:
            return
        await self._wake.wait(self._poll_s)

    def _wake_up(self) -> None:
        self._wake.set()
        self._wake_port()

    def _tell_quality(self, fault: str, detail: str = "") -> None:
        """Offer LinkUp (`fault` "") or LinkDown when it differs from what was told; a full queue is asked again later."""
        self._fault, self._detail = fault, detail
        if fault == self._fault_told:
            return
        now_us = self._clock.now_us()
        down = LinkDown(at_us=now_us, link=self.name, reason=fault, detail=detail)
        if self._offer(down if fault else LinkUp(at_us=now_us, link=self.name)):
            # Behind each LinkUp comes a status: only that says whether everything was told.
            self._fault_told, self._told = fault, None

    # --- what we write ---
    def _image(self) -> tuple[int, ...]:
        if self._lease.beating():
            self._heartbeat = (self._heartbeat + 1) % WORD
            self._truth.sent(self._heartbeat, self._clock.now_us())
        if self._plc_boot is not None:
            self._ring.fill(self._plc_boot)
        header = {
            "heartbeat": self._heartbeat,
            "boot_id": self._edge_boot,
            "plc_boot_echo": self._plc_boot or 0,
            "state": int(self._state),
            "permit": self._lease.permit_word(),
            "echo": self._header.get("heartbeat", 0),
            "last_consumed_seq": self._durable_seq,
            "last_issued_seq": self._ring.issued_seq,
        }
        return self._codec.encode_edge(EdgeImage(header, self._ring.slots))

    # --- what we read ---
    def _take(self, words: tuple[int, ...]) -> None:
        now_us, news = self._clock.now_us(), self._codec.news(words)
        doubt = self._truth.doubt(self._codec.echo(words), now_us).reason
        if news == self._old_news and not doubt and self._codec.beat(words) != self._header["heartbeat"]:
            self._header["heartbeat"] = self._codec.beat(words)
            self._beat_us = self._good_us = now_us
            return
        self._take_news(self._codec.decode_plc(words), now_us, changed=news != self._last_news)
        self._last_news = news
        taken = self._missing_since_us is None and self._header["last_issued_seq"] == self._taken_seq
        told = taken and self._fault_told == self._fault == "" and self._told == self._status_words()
        self._old_news = news if told else ()

    def _take_news(self, image: PlcImage, now_us: int, *, changed: bool) -> None:
        self.torn += image.torn
        if image.header["heartbeat"] != self._header.get("heartbeat"):
            self._beat_us = now_us
        self._header = image.header
        if self._plc_boot is None and image.torn:
            self._tell_quality("bad_reply", "a slot of the PLC's window is torn, so it is not known where to begin")
            return
        self._know_boot(image)
        if image.header["edge_boot_echo"] == self._edge_boot:
            self._ring.consumed(image.header["last_consumed_seq"])
        fresh = self._fresh(image, now_us)
        if changed:
            self._truth.news(image.header, now_us)
        doubt = self._truth.doubt(image.header["echo"], now_us)
        if now_us - self._beat_us > FROZEN_US:
            self._tell_quality("stale", "the PLC's heartbeat stands still: is its program running?")
        elif doubt.reason:
            self._tell_quality(doubt.reason, doubt.detail)
        elif self._lastingly_missing(fresh, now_us):
            self._tell_quality(
                "bad_reply",
                f"event {next_seq(self._taken_seq, self._seq_max)} of {self._header['last_issued_seq']} issued is not in the "
                "PLC's window: check its program; was this journal restored from an older copy?",
            )
        elif self._tell_restart(now_us):
            self._good_us = now_us
            self._tell_quality("")
            self._offer_events(fresh)
            self._tell_status(now_us)

    def _know_boot(self, image: PlcImage) -> None:
        boot = image.header["boot_id"]
        if boot == self._plc_boot:
            return
        if self._plc_boot is None:
            # A new journal at a PLC that has been at work: what it still keeps unacknowledged is where we begin.
            self._taken_seq = self._durable_seq = self._before_window(image)
        else:
            self._taken_seq = self._durable_seq = 0
            self._restart_untold = True
        self._plc_boot = boot
        self._truth.begin()
        self._told = None
        self._ring.restart()

    def _before_window(self, image: PlcImage) -> int:
        issued = image.header["last_issued_seq"]
        before = (slot.seq - 1 for slot in image.events)
        return max(before, key=lambda seq: seq_distance(seq, issued, self._seq_max), default=issued)

    def _tell_restart(self, now_us: int) -> bool:
        if self._restart_untold:
            restarted = PlcRestarted(at_us=now_us, plc=self._plc, boot=self._plc_boot or 0)
            self._restart_untold = not self._offer(restarted)
        return not self._restart_untold

    def _fresh(self, image: PlcImage, now_us: int) -> list[_Fresh]:
        by_seq = {slot.seq: slot for slot in image.events}
        fresh: list[_Fresh] = []
        seq = self._taken_seq
        while (slot := by_seq.get(seq := next_seq(seq, self._seq_max))) is not None:
            try:
                event, key = event_of(slot, self._plc, self._plc_boot or 0, now_us)
            except UnknownEventError as error:
                raise BadReply(str(error)) from error
            if isinstance(event, CommandRefused):
                event = msgspec.structs.replace(event, key=self._ring.key_of(event.command_seq))
            fresh.append(_Fresh(seq, event, key))
        return fresh

    def _lastingly_missing(self, fresh: list[_Fresh], now_us: int) -> bool:
        """A slot may be torn for a moment, never for long."""
        if fresh or self._header["last_issued_seq"] == self._taken_seq:
            self._missing_since_us = None
        elif self._missing_since_us is None:
            self._missing_since_us = now_us
        return self._missing_since_us is not None and now_us - self._missing_since_us > FROZEN_US

    def _offer_events(self, fresh: list[_Fresh]) -> None:
        boot = self._plc_boot or 0
        for seq, event, key in fresh:
            if not self._offer(event, cursor=Cursor(self.name, boot, seq), on_durable=partial(self._durable, boot, seq)):
                return
            self._taken_seq = seq
            if key:
                self._ring.asked(key, seq)

    def _durable(self, boot: int, seq: int) -> None:
        if boot == self._plc_boot:
            self._durable_seq = seq
            self._wake_up()

    def _status_words(self) -> tuple[object, ...]:
        """What a PlcStatus of the last image says."""
        header = self._header
        return (header["last_issued_seq"] == self._taken_seq, *map(header.__getitem__, self._status_names))

    def _tell_status(self, now_us: int) -> None:
        header, told = self._header, self._status_words()
        if told == self._told:
            return
        status = PlcStatus(
            at_us=now_us,
            plc=self._plc,
            boot=header["boot_id"],
            state=_STATES.get(header["state"], State.STOPPED),
            mode=_MODES.get(header["mode"], Mode.MANUAL),
            faults=header["faults"],
            alarms=header["alarms"],
            buttons=header["buttons"],
            guard_zones=header["guard_zones"],
            zones_empty=header["zones_empty"],
            exposures_1=header["exposures_1"],
            exposures_2=header["exposures_2"],
            counters=Counters(**{name: header[name] for name in Counters.__struct_fields__}),
            caught_up=bool(told[0]),
        )
        if self._offer(status):
            self._told = told
