"""The link to the central systems: manifests in, the outbox out, the line's state retained at the broker.

Topics under `sealline/v1/<site>/<line>/`, JSON, QoS 1; what each message holds: edge/runtime/contract.
"""

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec

from drivers.ports import BrokerPort, Delivery, DeviceError, DeviceRefused, Question
from edge.core.commands import AskCentral, Command
from edge.core.event import Event
from edge.core.events import LinkDown, LinkUp, ManifestRefused, MessageRefused
from edge.core.values import SortPlan
from edge.runtime.asking import ANSWERS, Abilities, Asking, Needs
from edge.runtime.clock import Clock
from edge.runtime.contract.inward import MESSAGE_MAX_BYTES, Confirm
from edge.runtime.contract.outward import EventMessage, LineState
from edge.runtime.line_now import LineNow
from edge.runtime.link import Health, Offer
from edge.runtime.manifest import ManifestDesk, ManifestKey, Settled, Steps, T
from edge.runtime.messages import MESSAGES, decode_message
from edge.runtime.outbox import Outbox, OutboxStore
from edge.runtime.refusals import Allowance, Refusals
from edge.runtime.signing import SignatureError, payload_of
from edge.runtime.spawn import Crew
from line_config.tracking_number import S10, NumberForm

RECONNECT_S = (0.0, 0.1, 0.2, 0.5, 1.0)
OFFER_AGAIN_S = 0.02
LOOK_S = 0.25
AGAIN_S = 5.0
UNACKED_PARTS_MAX = 16
COMMANDS_PER_S, COMMANDS_BURST = 50.0, 500.0
WAITING_MAX = 100
"""commands that wait for their turn; more than a broker has under way without acknowledgement"""
TOO_MANY = "too many commands at once; central: send fewer, at QoS 1"
STRANGE = "topic is none of this line's; broker: correct the rights"
TOO_LARGE = f"message is larger than {MESSAGE_MAX_BYTES} bytes; central: send less at once"
RETAINED = "retained; central: send commands without the retain flag, and clear what the broker keeps on this topic"

_LONG_AGO_S = float("-inf")
NOTHING_NEEDED, NO_ABILITIES = Needs(), Abilities()
_encode = msgspec.json.Encoder().encode


_decode_confirm = msgspec.json.Decoder(Confirm).decode
OFFLINE = _encode(LineState(online=False))


def topic_root(site: str, line: str) -> str:
    """Where this line's topics begin."""
    return f"sealline/v1/{site}/{line}/"


class CentralLink:
    """Connects for ever. Nothing of the line waits for it: while central is away the outbox grows."""

    name = "central"

    def __init__(
        self,
        offer: Offer,
        port: BrokerPort,
        store: OutboxStore,
        clock: Clock,
        crew: Crew,
        *,
        root: str,
        sort_plan: SortPlan,
        line_now: Callable[[], LineNow],
        boot: int = 1,
        needs: Needs = NOTHING_NEEDED,
        abilities: Abilities = NO_ABILITIES,
        forms: tuple[NumberForm, ...] = (S10,),
        public: bytes = b"",
        prints: bool = False,
    ) -> None:
        """`needs`, `abilities`: what to ask central for, and what not to grant.

        `public`: central's key; where there is one, its orders are believed only with its signature over them.
        `prints`: see ManifestDesk.
        """
        self._offer = offer
        self._port = port
        self._clock = clock
        self._crew = crew
        self._root = root
        self._line_now = line_now
        self._boot = boot
        self._asking = Asking(store.journal_id, boot, needs, abilities)
        self._desk = ManifestDesk(sort_plan, forms, prints=prints)
        self._public = public
        self._unacked: dict[ManifestKey, list[Delivery]] = {}
        self._online = asyncio.Event()
        self._up = False
        self._detail = ""
        self._told: LineNow | None = None
        self._told_s = _LONG_AGO_S
        self.outbox = Outbox(store)
        self._journal_id = store.journal_id
        self.stray_confirms = 0
        self.refusals = Refusals()
        self._commands = Allowance(COMMANDS_PER_S, COMMANDS_BURST)
        self._waiting: asyncio.Queue[tuple[Event, Delivery]] = asyncio.Queue(WAITING_MAX)

    # --- what the rest of the runtime sees ---
    def send(self, command: Command) -> None:
        """Only questions go to central: what it gets to know comes out of the outbox."""
        if not isinstance(command, AskCentral):
            raise TypeError(f"dispatch table sends {type(command).__name__} to central")
        self._asking.orders(command.lot)

    def health(self) -> Health:
        """Up = connected to the broker and taken up again; the detail says what is on its way."""
        age_s = asyncio.get_running_loop().time() - self._port.heard_s()
        differs = f", central's account differs at event {self.outbox.differs_seq}" if self.outbox.differs_seq else ""
        return Health(self._up, round(age_s * 1000), self._detail or f"{self.outbox.waiting()} waiting{differs}")

    def counters(self) -> dict[str, int]:
        """Rows sent (repeats included), repeated, confirmed up to, and waiting; what was refused of central's messages."""
        outbox = self.outbox
        return {
            "sent": outbox.sent,
            "repeated": outbox.repeated,
            "confirmed": outbox.confirmed_seq,
            "waiting": outbox.waiting(),
            "stray_confirms": self.stray_confirms,
            "refused": self.refusals.count,
            "agreed": outbox.agreed_seq,
            "differs": outbox.differs_seq,
        }

    async def run(self) -> None:
        """Serve the connection until cancelled, then say that the line is off."""
        self._crew.spawn(self._act(), "central commands")
        self._crew.spawn(self._send_rows(), "central outbox")
        self._crew.spawn(self.outbox.forget(), "central confirmations")
        self._crew.spawn(self._keep_up(), "central housekeeping")
        attempt = 0
        try:
            while True:
                try:
                    await asyncio.sleep(RECONNECT_S[min(attempt, len(RECONNECT_S) - 1)])
                    await self._take_up()
                    attempt = 0
                    await self._listen()
                except DeviceError as error:
                    attempt += 1
                    await self._down(error)
        finally:
            await self._farewell()

    # --- the connection ---
    async def _take_up(self) -> None:
        await self._port.connect()
        for topic in ("manifest", *MESSAGES):
            await self._port.subscribe(self._root + topic, 1)
        # Confirmations are cumulative and sent again for repeated rows, so a lost one does no harm; at QoS 0 they do
        # not stand in the queue behind manifest messages that wait for their acknowledgement.
        await self._port.subscribe(self._root + "confirm", 0)
        # Whatever was lost with the old connection, or handed out while there was none, is unconfirmed and goes again.
        self.outbox.rewind()
        self._told, self._told_s = None, _LONG_AGO_S
        self._asking.connected()
        self._online.set()
        self._up, self._detail = True, ""
        await self._tell(LinkUp(at_us=self._clock.now_us(), link=self.name))

    async def _down(self, error: DeviceError) -> None:
        self._online.clear()
        # The broker delivers again what was not acknowledged, under new message ids.
        self._unacked.clear()
        reason = "refused" if isinstance(error, DeviceRefused) else "lost"
        # A publisher that failed first knows the cause; the receiver only sees the connection gone.
        detail = self._detail if self._up and self._detail else str(error)
        was_up, self._up, self._detail = self._up, False, detail
        await self._port.close()
        if was_up:
            await self._tell(LinkDown(at_us=self._clock.now_us(), link=self.name, reason=reason, detail=detail))

    async def _farewell(self) -> None:
        if self._up:
            try:
                await self._port.publish(self._root + "state", OFFLINE, retain=True)
            except DeviceError as error:
                self._detail = str(error)
        self._online.clear()
        self._up = False
        await self._port.close()

    async def _tell(self, event: Event, on_durable: Callable[[], None] | None = None) -> None:
        while not self._offer(event, on_durable=on_durable):  # noqa: ASYNC110 - the pump's queue tells nobody of room
            await asyncio.sleep(OFFER_AGAIN_S)

    # --- from central ---
    async def _listen(self) -> None:
        while True:
            delivery = await self._port.receive()
            topic = delivery.topic.removeprefix(self._root)
            if delivery.retained and delivery.topic.startswith(self._root):
                await self._refuse(delivery, RETAINED)
            elif len(delivery.payload) > MESSAGE_MAX_BYTES:
                await self._refuse(delivery, TOO_LARGE)
            elif topic == "confirm":
                self._confirm(delivery)
            elif topic == "manifest" or topic in MESSAGES:
                await self._command(topic, delivery)
            else:
                await self._refuse(delivery, STRANGE)

    async def _command(self, topic: str, delivery: Delivery) -> None:
        """What has an effect; who may say so has signed it, where the line knows central's key."""
        if self._public:
            try:
                delivery = delivery._replace(payload=payload_of(delivery.payload, self._public))
            except SignatureError as error:
                await self._refuse(delivery, f"{error}; central: sign it with the key that this line knows")
                return
        await (self._manifest(delivery) if topic == "manifest" else self._message(delivery))

    async def _message(self, delivery: Delivery) -> None:
        """One message is one event; it is acknowledged when that is durable."""
        event = decode_message(delivery.topic.removeprefix(self._root), delivery.payload, self._clock.now_us())
        if isinstance(event, MessageRefused):
            await self._refuse(delivery, event.fault)
            return
        if not self._waiting.full():
            self._waiting.put_nowait((event, delivery))
        elif delivery.qos == 0:
            await self._refuse(delivery, TOO_MANY)
        else:
            await self._waiting.put((event, delivery))

    async def _act(self) -> None:
        """Commands in their order. In thousands they are nobody's will: what waits is not acknowledged, so no more comes."""
        while True:
            event, delivery = await self._waiting.get()
            await asyncio.sleep(self._commands.wait_s(self._now_s()))
            await self._tell(event, partial(self._port.ack, delivery))

    async def _refuse(self, delivery: Delivery, fault: str) -> None:
        """A message that has no effect: counted, and recorded unless there are too many of them."""
        if self.refusals.record(fault, self._now_s()):
            event = MessageRefused(at_us=self._clock.now_us(), topic=delivery.topic.removeprefix(self._root)[:64], fault=fault)
            await self._tell(event, partial(self._port.ack, delivery))
        else:
            self._port.ack(delivery)

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()

    def _confirm(self, delivery: Delivery) -> None:
        try:
            confirm = _decode_confirm(delivery.payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.stray_confirms += 1
        else:
            self.stray_confirms += not self.outbox.confirm(confirm.journal_id, confirm.seq, confirm.digest)
        self._port.ack(delivery)

    async def _manifest(self, delivery: Delivery) -> None:
        key, settled = await _in_turns(self._desk.take(delivery.payload, self._clock.now_us()))
        parts = self._unacked.setdefault(key, [])
        parts.append(delivery)
        refusal = settled is not None and isinstance(settled.events[-1], ManifestRefused)
        if settled is not None and refusal and not self.refusals.record("manifest", self._now_s()):
            for part in self._unacked.pop(key):
                self._port.ack(part)
        elif settled is not None:
            await self._settle(settled, self._unacked.pop(key))
        elif len(parts) > UNACKED_PARTS_MAX:
            # A broker stops delivering after some 20 unacknowledged messages, so a long manifest would never be whole.
            # Letting its first parts go is safe: a part alone has no effect, and a restart asks for the manifest anew.
            self._port.ack(parts.pop(0))

    async def _settle(self, settled: Settled, parts: list[Delivery]) -> None:
        def durable() -> None:
            for part in parts:
                self._port.ack(part)
            self._asking.got_orders()

        # Events become durable in order, so the last one stands for all.
        for event in settled.events[:-1]:
            await self._tell(event)
        await self._tell(settled.events[-1], durable)

    # --- to central: two tasks that outlive connections ---
    async def _send_rows(self) -> None:
        while True:
            await self._online.wait()
            row = await self.outbox.next()
            message = EventMessage(
                journal_id=self._journal_id,
                seq=row.seq,
                key=f"{self._journal_id}:{row.seq}",
                at_ms=row.at_ms,
                kind=row.kind,
                body=msgspec.Raw(row.body),
            )
            if not await self._publish("events", _encode(message)):
                await asyncio.sleep(RECONNECT_S[1])

    async def _keep_up(self) -> None:
        while True:
            await self._online.wait()
            now_s = asyncio.get_running_loop().time()
            for settled in self._desk.overdue(self._clock.now_us()):
                await self._settle(settled, self._unacked.pop((settled.lot, settled.version), []))
            self.outbox.review(now_s)
            await self._sum_up(now_s)
            await self._keep_asking(now_s)
            await self._keep_telling(now_s)
            await asyncio.sleep(LOOK_S)

    async def _sum_up(self, now_s: float) -> None:
        found = self.refusals.sum(now_s)
        if found is not None:
            fault = f"{found.messages} more messages refused, the last: {found.last}; central or broker: see who sends them"
            await self._tell(MessageRefused(at_us=self._clock.now_us(), topic="", fault=fault))

    async def _keep_asking(self, now_s: float) -> None:
        for request in self._asking.due(now_s):
            topic, expires_s = ANSWERS[request.want]
            if not await self._publish("request", _encode(request), question=Question(self._root + topic, expires_s)):
                self._asking.failed(request)

    async def _keep_telling(self, now_s: float) -> None:
        now, told = self._line_now(), self._told
        changed = told is None or (now.state, now.conditions) != (told.state, told.conditions)
        if not changed and now_s - self._told_s < AGAIN_S:
            return
        state = LineState(online=True, journal_id=self._journal_id, waiting=self.outbox.waiting(), **now._asdict())
        if await self._publish("state", _encode(state), retain=True):
            self._told, self._told_s = now, now_s

    async def _publish(self, topic: str, payload: bytes, *, retain: bool = False, question: Question | None = None) -> bool:
        """False = the connection is lost; the receiving task sees the same and reconnects."""
        try:
            await self._port.publish(self._root + topic, payload, retain=retain, question=question)
        except DeviceError as error:
            self._detail = str(error)
            return False
        return True


async def _in_turns(steps: Steps[T]) -> T:
    """Work done step by step, with everybody else's turn in between."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        await asyncio.sleep(0)
