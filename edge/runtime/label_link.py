"""The printer's link: at most one format in the printer, each print id sent at most once (I5), and told how it ended."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from drivers.ports import DeviceError, LabelPrinterPort
from edge.core.commands import Command, PrintLabel, PrintTest, RollPassed, TryLabel, WithdrawLabels
from edge.core.device_events import LabelImpossible, LabelInDoubt, LabelPrinted, LabelUnexpected, PrinterStatus, PrintFailed
from edge.core.event import Event
from edge.core.events import LinkDown, LinkUp
from edge.core.heads import HEAD_LINKS
from edge.core.values import LabelText, PrintId, Signature
from edge.labels.fields import SIGN_BY_CODE, SIGN_IN_PERSON, LabelError, LabelFields
from edge.labels.privacy import masked
from edge.runtime.bell import Bell
from edge.runtime.clock import Clock
from edge.runtime.helper import Helper
from edge.runtime.link import Health, Offer
from line_config.label_layout import load_label_layout
from line_config.label_privacy import PrivacyRule

APPLICATOR = HEAD_LINKS[0]
"""the link that prints at the applicator's first head; any other one is told apart by its name"""
SIGNATURES = {Signature.IN_PERSON: SIGN_IN_PERSON, Signature.CODE: SIGN_BY_CODE}
Render = Callable[[LabelText], Awaitable[bytes]]

FIT = frozenset({"ready", "busy", "label_waiting"})
DOUBTFUL = frozenset({"silent", "lost", "unknown"})
"""counted only when seen twice in a row: one lost reply is no fault"""
DOUBTS_THAT_COUNT = 2
TOUCHED = frozenset({"media_out", "ribbon_out", "head_open", "silent"})
"""somebody has to be at the printer for it to become fit again; a Zebra is silent in each of these states"""
PAD_CLEARS_US = 4_500_000
"""the PLC gives up a purge whose label does not come after 3 s (P15): until then the next label would be taken for it"""
STRAY_SEEN = 2
"""so often in a row a label that nobody sent is seen to wait before it is told"""
IDLE_POLLS = 5
"""an idle printer is asked this many times less often"""


def label_fields(text: LabelText, rule: PrivacyRule) -> LabelFields:
    """The core's words for a label in the label room's, masked by the layout's rule."""
    fields = LabelFields(
        tracking_number=text.tracking_number,
        payload_qr=text.payload_qr,
        name=text.name,
        phone=text.phone,
        address=text.address,
        county=text.county,
        product=text.product,
        chute=text.chute,
        sender_unit=text.sender_unit,
        signature=SIGNATURES[text.signature],
    )
    return masked(fields, rule)


def renderer(helper: Helper, layout: Path, language: str) -> Render:
    """How a real line renders: in the helper process, with this layout, in the printer's language."""
    rule = load_label_layout(layout).privacy

    async def render(text: LabelText) -> bytes:
        return await helper.label(layout, label_fields(text, rule), language)

    return render


@dataclass
class _Job:
    """A label that waits for its turn."""

    print_id: PrintId
    label: LabelText
    queued_us: int
    fmt: bytes | None = None
    test: bool = False
    """a test label, which belongs to no item"""


@dataclass
class _Sent:
    """The one format that is in the printer, until the printer is empty again."""

    print_id: PrintId
    at_us: int
    worked: bool = False
    """the printer was seen at work since"""
    printed: bool = False
    failed: bool = False


class LabelLink:
    """Implements Link for a label printer.

    A print ends with LabelPrinted or PrintFailed. Both may come, in the order failed – printed, when a printer that was given
    up shows the label after all: the core then has it purged. While the printer is unfit the line holds; the label whose turn
    it was fails, those behind it stay queued. Where none had its turn, the first one after the fault is suspect: it fails as it
    is sent, and so is purged when it comes. A print that failed when it had been sent, and was not seen since, is purged from
    the pad; the line stays held for as long as that may take, because the next label would be one off.

    With `tests`, a printer at which somebody was prints nothing but test labels until one of them was read (RollPassed).
    """

    def __init__(
        self,
        port: LabelPrinterPort,
        offer: Offer,
        clock: Clock,
        render: Render,
        *,
        poll_ms: int,
        print_deadline_ms: int,
        name: str = APPLICATOR,
        tests: bool = False,
    ) -> None:
        self.name = name
        self._tests = tests
        self._touched = False
        """the printer was fit before, and since then somebody was at it"""
        self._untested = False
        self._feeds_a_pad = name in HEAD_LINKS
        """a person takes the labels of any other printer, and scans what was taken"""
        self._port = port
        self._offer = offer
        self._clock = clock
        self._render = render
        self._poll_s = poll_ms / 1000
        self._deadline_us = print_deadline_ms * 1000
        self._wake = Bell()
        self._queue: deque[_Job] = deque()
        self._trials: deque[TryLabel] = deque()
        self._untold: deque[Event] = deque()
        self._sent: _Sent | None = None
        self._last_id = 0
        self._withdrawn_id = 0
        """labels up to this one are given back as soon as they can be: another head prints them"""
        self._state = ""
        self._doubts = 0
        self._busy_since_us: int | None = None
        self._unfit_since_us: int | None = None
        self._one_failed = False
        self._suspect = False
        self._strays_seen = 0
        self._settles_us = 0
        """until then the pad is being cleared"""
        self._told_state = ""
        self._told_up: bool | None = None
        self._answered_us: int | None = None
        self.repeats = 0
        """print ids that came again and were not printed"""

    def send(self, command: Command) -> None:
        """Queue a PrintLabel. Print ids ascend, so one that is not above the last is a repeat and is dropped (I5)."""
        if isinstance(command, TryLabel):
            self._trials.append(command)
            self._wake.set()
        if isinstance(command, RollPassed):
            self._untested = False
            self._wake.set()
        if isinstance(command, WithdrawLabels):
            self._withdrawn_id = self._last_id
            self._wake.set()
        if not isinstance(command, PrintLabel | PrintTest):
            return
        if command.print_id <= self._last_id:
            self.repeats += 1
            return
        self._last_id = command.print_id
        job = _Job(command.print_id, command.label, self._clock.now_us(), test=isinstance(command, PrintTest))
        if job.test:
            self._untested = True
            self._settles_us = job.queued_us + PAD_CLEARS_US
            self._queue.appendleft(job)
        else:
            self._queue.append(job)
        self._wake.set()

    def health(self) -> Health:
        """Up while the printer can be reached; the detail is its state."""
        now_us = self._clock.now_us()
        age_ms = 0 if self._answered_us is None else (now_us - self._answered_us) // 1000
        return Health(bool(self._told_up), age_ms, self._state)

    async def run(self) -> None:
        """Poll, print, tell; until cancelled."""
        try:
            while True:
                await self._render_next()
                self._observe(await self._port.status())
                self._give_back()
                await self._send_next()
                self._tell_all()
                await self._pause()
        finally:
            await self._port.close()

    async def _pause(self) -> None:
        if self._trials or any(job.fmt is None for job in self._queue):
            return
        self._wake.clear()
        idle = not (self._queue or self._sent or self._untold or self._doubts)
        await self._wake.wait(self._poll_s * (IDLE_POLLS if idle else 1))

    def _tell(self, event: Event) -> None:
        self._untold.append(event)
        self._tell_all()

    def _tell_all(self) -> None:
        while self._untold and self._offer(self._untold[0]):
            self._untold.popleft()

    # --- what the printer says ---
    def _observe(self, state: str) -> None:
        now_us = self._clock.now_us()
        if state not in DOUBTFUL:
            self._answered_us = now_us
        self._doubts = self._doubts + 1 if state in DOUBTFUL else 0
        self._state = state
        if 0 < self._doubts < DOUBTS_THAT_COUNT:
            return
        self._observe_wire(state, now_us)
        state = self._stuck(state, now_us)
        if self._sent is not None:
            self._follow(self._sent, state, now_us)
        else:
            self._observe_stray(state, now_us)
        self._observe_fitness("purging" if state in FIT and now_us < self._settles_us else state, now_us)
        if state not in FIT:
            self._fail_next_in_turn(state, now_us)

    def _observe_wire(self, state: str, now_us: int) -> None:
        up = state != "lost" if state != "silent" else self._told_up
        if up is None or up == self._told_up:
            return
        self._told_up = up
        if up:
            self._tell(LinkUp(at_us=now_us, link=self.name))
        else:
            text = "no connection to the printer; check its power, its network cable and [printer] of the line's configuration"
            self._tell(LinkDown(at_us=now_us, link=self.name, reason="lost", detail=text))

    def _stuck(self, state: str, now_us: int) -> str:
        """Busy for longer than a label may take is no work: the state is unknown then."""
        if state != "busy":
            self._busy_since_us = None
            return state
        if self._busy_since_us is None:
            self._busy_since_us = now_us
        return "unknown" if now_us - self._busy_since_us > self._deadline_us else state

    def _observe_fitness(self, state: str, now_us: int) -> None:
        self._touched |= bool(self._told_state) and state in TOUCHED
        if state in FIT:
            self._untested |= self._tests and self._touched
            self._touched = False
        told = self._fit(state) if state in FIT else "silent" if state == "lost" else state
        if told != self._told_state:
            self._told_state = told
            self._tell(PrinterStatus(at_us=now_us, state=told, printer="" if self.name == APPLICATOR else self.name))
        if state in FIT:
            self._suspect |= self._unfit_since_us is not None and not self._one_failed
            self._unfit_since_us, self._one_failed = None, False
        elif self._unfit_since_us is None:
            self._unfit_since_us = now_us

    def _fit(self, state: str) -> str:
        # An applicator takes its labels by itself; one that hangs where a person takes them is worth a word.
        hangs = state == "label_waiting" and not self._feeds_a_pad
        return "untested" if self._untested else state if hangs else "ready"

    def _observe_stray(self, state: str, now_us: int) -> None:
        self._strays_seen = self._strays_seen + 1 if state == "label_waiting" else 0
        if self._strays_seen == STRAY_SEEN and self._feeds_a_pad:
            self._tell(LabelUnexpected(at_us=now_us))

    # --- the label in the printer ---
    def _follow(self, sent: _Sent, state: str, now_us: int) -> None:
        sent.worked |= state in {"busy", "label_waiting"}
        if state not in FIT:
            self._fail_sent(sent, state)
        elif state == "label_waiting":
            self._print_seen(sent)
        elif state == "ready" and (sent.worked or sent.failed):
            # The printer is empty again. A label that was not seen to wait was taken between two polls.
            if not sent.failed:
                self._print_seen(sent)
            self._empty_again(sent, now_us)
        elif state == "ready" and now_us - sent.at_us > self._deadline_us:
            self._fail_sent(sent, "no_label")
            self._empty_again(sent, now_us)

    def _empty_again(self, sent: _Sent, now_us: int) -> None:
        self._sent = None
        if not sent.printed and self._feeds_a_pad:
            self._settles_us = now_us + PAD_CLEARS_US
            self._tell(LabelInDoubt(at_us=now_us, print_id=sent.print_id))

    def _print_seen(self, sent: _Sent) -> None:
        if not sent.printed:
            sent.printed = True
            self._tell(LabelPrinted(at_us=self._clock.now_us(), print_id=sent.print_id))

    def _fail_sent(self, sent: _Sent, reason: str) -> None:
        if not (sent.printed or sent.failed):
            sent.failed = self._one_failed = True
            self._tell(PrintFailed(at_us=self._clock.now_us(), print_id=sent.print_id, sent=True, reason=reason))

    # --- the labels that wait ---
    def _fail_next_in_turn(self, state: str, now_us: int) -> None:
        """One label fails for each time that the printer is unfit: the one in it, otherwise the one whose turn it was."""
        since_us = self._unfit_since_us
        if since_us is None or self._one_failed or not self._queue or self._queue[0].queued_us > since_us:
            return
        if state in DOUBTFUL and now_us - since_us <= self._deadline_us:
            return
        self._one_failed = True
        self._fail_unsent(self._queue.popleft(), state)

    def _fail_unsent(self, job: _Job, reason: str, *, impossible: bool = False) -> None:
        now_us = self._clock.now_us()
        self._tell(PrintFailed(at_us=now_us, print_id=job.print_id, sent=False, reason=reason, impossible=impossible))

    def _give_back(self) -> None:
        """What was withdrawn and never sent; a test label is this printer's own."""
        back = [job for job in self._queue if job.print_id <= self._withdrawn_id and not job.test]
        for job in back:
            self._queue.remove(job)
            self._fail_unsent(job, "withdrawn")

    async def _render_next(self) -> None:
        job = next((job for job in self._queue if job.fmt is None), None)
        if job is None:
            await self._try_next()
            return
        try:
            job.fmt = await self._render(job.label)
        except LabelError as error:
            self._queue.remove(job)
            self._fail_unsent(job, str(error), impossible=True)

    async def _try_next(self) -> None:
        """A label that is only tried; those to be printed come first."""
        if not self._trials:
            return
        trial = self._trials.popleft()
        try:
            await self._render(trial.label)
        except LabelError as error:
            self._tell(LabelImpossible(at_us=self._clock.now_us(), order_id=trial.order_id, reason=str(error)))

    async def _send_next(self) -> None:
        if self._sent is not None or self._state != "ready" or not self._queue or self._clock.now_us() < self._settles_us:
            return
        job, fmt = self._queue[0], self._queue[0].fmt
        if fmt is None or (self._untested and not job.test):
            return
        self._queue.popleft()
        self._sent = _Sent(job.print_id, self._clock.now_us())
        try:
            await self._port.send(fmt)
        except DeviceError:
            self._fail_sent(self._sent, "lost")
        if self._suspect:
            self._suspect = False
            if job.test:
                return
            self._fail_sent(self._sent, "first_after_fault")
