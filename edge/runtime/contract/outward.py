"""What a line sends to central."""

import msgspec

CONTRACT = "1.0"
"""the contract's version: the first number stands in the topics as well"""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all that a line sends."""


class Request(Message, frozen=True):
    """The line asks: for its orders, for the next lot, for its leases after a restart, for cancellations of open bags."""

    want: str
    request_id: str
    journal_id: str
    boot: int
    lot: str = ""
    kinds: list[str] = []
    formats: list[str] = []
    thickness_max_mm: int = 0
    number_forms: list[str] = []
    orders: list[str] = []


class LineState(Message, frozen=True):
    """Retained: whether the line is online, and how it is now, past all events that wait. The last will says that it is not."""

    online: bool
    state: str = ""
    journal_id: str = ""
    conditions: tuple[str, ...] = ()
    rate_per_h: int = 0
    dispatched: int = 0
    waiting: int = 0
    contract: str = CONTRACT


class EventMessage(Message, frozen=True):
    """One event, in a sequence without gaps; sent again until it is confirmed, so it may come twice."""

    journal_id: str
    seq: int
    key: str
    at_ms: int
    kind: str
    body: msgspec.Raw


# topic → (message, what it says in Chinese)
OUTWARD: dict[str, tuple[type[Message], str]] = {
    "request": (Request, "本线请求订单"),
    "state": (LineState, "本线状态(保留消息)；遗嘱消息表示离线"),
    "events": (EventMessage, "事件：按日志连续编号，未确认则重发"),
}
