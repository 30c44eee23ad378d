"""Manifests: bytes from central → orders that may enter the pool, or a list of faults; a manifest is refused whole."""

import hashlib
import itertools
import re
from collections.abc import Generator, Iterator
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias, TypeVar

import msgspec

from edge.core.event import Event
from edge.core.events import ManifestGranted, ManifestRefused, ManifestSealed
from edge.core.routing import route
from edge.core.values import LotId, Order, OrderDocument, SortPlan
from edge.runtime.contract.inward import MESSAGE_MAX_BYTES, ORDERS_MAX, PAGES_MAX, ManifestHead
from line_config.tracking_number import S10, NumberForm, fits_one, numbers_from

MANIFEST_ORDERS_MAX = 50_000
OPEN_MAX = 8
FAULTS_MAX = 20
ORDERS_A_STEP = 100
PART_DEADLINE_MS = 30_000

T = TypeVar("T")
Steps: TypeAlias = Generator[None, None, T]
"""Work in steps of about a millisecond, so that nothing in the loop waits for a whole manifest."""
ManifestKey: TypeAlias = tuple[str, int]
"""(lot, version)"""

_TOKEN = re.compile(r"[0-9a-f]{32}")
_COUNTY = re.compile(r"[0-9]{6}")
_URL = re.compile(r"https?://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?/[!-~]{1,1000}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CARRIER = re.compile(r"[0-9A-Z]{4,20}")
_ID_NUMBER = re.compile(r"(?<![0-9])[0-9]{6}(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9])")
"""the form of GB 11643: region, date of birth, sequence, check character"""
_encode = msgspec.json.Encoder(order="sorted").encode


class FaultCode(StrEnum):
    """What can be wrong with a manifest; the value says what it means and who has to act."""

    TOO_LARGE = f"message is larger than {MESSAGE_MAX_BYTES} bytes; central: send chunks of at most {ORDERS_MAX} orders"
    NOT_UTF8 = "message is not UTF-8; central: correct the encoding"
    NOT_JSON = "message is not JSON; central: correct the message"
    WRONG_TYPE = "field missing or of the wrong type; central: correct the message"
    TOO_MANY_ORDERS = f"more than {ORDERS_MAX} orders in one chunk; central: send smaller chunks"
    TOO_LONG = f"more than {MANIFEST_ORDERS_MAX} orders in one manifest; central: make several lots of them"
    WRONG_CHUNK = "chunk number is not within 1..chunks; central: correct the message"
    CONTRADICTORY_CHUNK = "chunks of one manifest disagree; central: send it again under a new version"
    MISSING_CHUNK = "chunk did not come; central: send the whole manifest again"
    DIGEST_MISMATCH = "orders do not fit the digest; central: send the whole manifest again"
    HALF_A_LEASE = "epoch without lease_end_ms, or the other way round; central: send both or neither"
    DUPLICATE_ORDER = "order stands there twice; central: send each order once"
    DUPLICATE_DOCUMENT = "document belongs to two orders; central: decide which"
    DUPLICATE_TRACKING_NUMBER = "tracking number is used twice; central: give each order its own"
    BAD_NUMBER_RANGE = "first_number is no S10 number, or not enough numbers follow it; central: grant other numbers"
    BAD_TRACKING_NUMBER = "tracking number has no form of this line's, or its check digit is wrong; central: correct it"
    MISSING_ADDRESS = "address has no text, name or six-digit county code; central: complete it"
    UNROUTABLE = "sort plan has no chute for this county; line: extend the sort plan, or central: take the order back"
    BAD_FILE = "file has no https address, no sha256 of 64 hex digits or no pages (1..500); central: correct it"
    BAD_FILE_INDEX = "files name no document of their order, or two the same one; central: correct it"
    BAD_CARRIER = "code of the carrier sheet is not 4 to 20 capital letters and digits; central: correct it"
    NO_DOCUMENT_PRINTER = "this line prints no documents; central: grant it elsewhere, or line: add [document_printer]"
    BAD_LIMITS = "limit or weight below 0, or the least weight above the most; central: correct it"
    NO_DOCUMENT = "order has no document; central: correct it"
    PLAIN_NUMBER = "document is not given by tokens of 32 hex digits; central: send keyed tokens, never numbers"
    PLAIN_NUMBER_IN_ADDRESS = "a file's address bears what may be a person's number; central: give the file another name"


class Fault(NamedTuple):
    """One fault and the place where it is; never the value itself, which might be somebody's number (I17)."""

    code: FaultCode
    where: str = ""

    def line(self) -> str:
        """For people: CODE at place: meaning and remedy."""
        return f"{self.code.name}{' at ' if self.where else ''}{self.where}: {self.code.value}"


class Settled(NamedTuple):
    """The end of one manifest: what the core gets to know, in this order."""

    lot: LotId
    version: int
    events: tuple[Event, ...]


class _Part(NamedTuple):
    head: ManifestHead
    orders: tuple[Order, ...]
    canonical: bytes
    """the orders' canonical lines, joined by newlines"""
    faults: tuple[Fault, ...]


class _UnusableError(Exception):
    """A message that does not even say which manifest it belongs to."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.line())
        self.fault = fault


def at_once(steps: Steps[T]) -> T:
    """The end of work that nobody waits beside."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def canonical(orders: list[Any]) -> bytes:
    """The form of orders that the digest is taken over: JSON with sorted keys and no spaces, UTF-8, one order a line."""
    return b"\n".join(_encode(order) for order in orders)


def _decode(data: bytes) -> Any:
    if len(data) > MESSAGE_MAX_BYTES:
        raise _UnusableError(Fault(FaultCode.TOO_LARGE))
    try:
        return msgspec.json.decode(data.decode())
    except UnicodeDecodeError as error:
        raise _UnusableError(Fault(FaultCode.NOT_UTF8, f"byte {error.start}")) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise _UnusableError(Fault(FaultCode.NOT_JSON)) from error


def _part(data: bytes, plan: SortPlan, forms: tuple[NumberForm, ...], *, prints: bool) -> Steps[_Part]:
    raw = _decode(data)
    yield
    try:
        head = msgspec.convert(raw, ManifestHead)
    except msgspec.ValidationError as error:
        raise _UnusableError(Fault(FaultCode.WRONG_TYPE, _place(error))) from error
    listed = raw.get("orders")
    if head.chunk > head.chunks:
        return _Part(head, (), b"", (Fault(FaultCode.WRONG_CHUNK, f"chunk {head.chunk} of {head.chunks}"),))
    if isinstance(listed, list) and len(listed) > ORDERS_MAX:
        return _Part(head, (), b"", (Fault(FaultCode.TOO_MANY_ORDERS, f"chunk {head.chunk}"),))
    try:
        orders, lines = msgspec.convert(listed, tuple[Order, ...]), canonical(listed)
    except msgspec.ValidationError as error:
        return _Part(head, (), b"", (Fault(FaultCode.WRONG_TYPE, f"chunk {head.chunk}, orders: {_place(error)}"),))
    except RecursionError as error:
        raise _UnusableError(Fault(FaultCode.NOT_JSON, "too deep")) from error
    faults: list[Fault] = []
    if not all(order.tracking_number for order in orders):
        yield
        orders, short = _numbered(orders, head.first_number)
        faults += [Fault(FaultCode.BAD_NUMBER_RANGE, f"chunk {head.chunk}")] * short
    for begin in range(0, len(orders), ORDERS_A_STEP):
        yield
        for order in orders[begin : begin + ORDERS_A_STEP]:
            faults += _faults_of(order, plan, forms, prints=prints)
    faults += [Fault(FaultCode.PLAIN_NUMBER, f"order {order['order_id'][:32]!r}") for order in listed if _plain(order)]
    return _Part(head, orders, lines, tuple(faults))


def _numbered(orders: tuple[Order, ...], first_number: str) -> tuple[tuple[Order, ...], bool]:
    """Orders without a number get the granted ones in turn; True where these are none, or too few."""
    if not first_number:
        return orders, False
    wanted = sum(not order.tracking_number for order in orders)
    try:
        numbers = list(itertools.islice(numbers_from(first_number), wanted))
    except ValueError:
        numbers = []
    if len(numbers) < wanted:
        return orders, True
    granted = iter(numbers)
    return tuple(
        order if order.tracking_number else msgspec.structs.replace(order, tracking_number=next(granted)) for order in orders
    ), False


def _place(error: msgspec.ValidationError) -> str:
    # "Expected `int`, got `str` - at `$.version`": types and path, never the value.
    return str(error)


def _faults_of(order: Order, plan: SortPlan, forms: tuple[NumberForm, ...], *, prints: bool) -> Iterator[Fault]:
    where = f"order {order.order_id[:32]!r}"
    address = order.address
    if not fits_one(order.tracking_number, forms):
        yield Fault(FaultCode.BAD_TRACKING_NUMBER, where)
    if not (address.text.strip() and address.name.strip() and _COUNTY.fullmatch(address.county)):
        yield Fault(FaultCode.MISSING_ADDRESS, where)
    elif route(plan, address.county) is None:
        yield Fault(FaultCode.UNROUTABLE, f"{where}, county {address.county}")
    if order.limit_min < 0 or not 0 <= order.weight_min_g <= (order.weight_max_g or order.weight_min_g):
        yield Fault(FaultCode.BAD_LIMITS, where)
    if not order.documents:
        yield Fault(FaultCode.NO_DOCUMENT, where)
    if not all(_all_tokens(document) for document in order.documents):
        yield Fault(FaultCode.PLAIN_NUMBER, where)
    if order.files:
        yield from _faults_of_files(order, where, prints=prints)


def _faults_of_files(order: Order, where: str, *, prints: bool) -> Iterator[Fault]:
    if not prints:
        yield Fault(FaultCode.NO_DOCUMENT_PRINTER, where)
    indexes = {file.index for file in order.files}
    if len(indexes) < len(order.files) or not indexes <= set(range(len(order.documents))):
        yield Fault(FaultCode.BAD_FILE_INDEX, where)
    for file in order.files:
        # The address may bear credentials or numbers of persons: it is never said what is wrong with it.
        if not (_URL.fullmatch(file.url) and _SHA256.fullmatch(file.sha256) and 1 <= file.pages <= PAGES_MAX):
            yield Fault(FaultCode.BAD_FILE, f"{where}, file {file.index}")
        if _ID_NUMBER.search(file.url):
            yield Fault(FaultCode.PLAIN_NUMBER_IN_ADDRESS, f"{where}, file {file.index}")
        if file.carrier and not _CARRIER.fullmatch(file.carrier):
            yield Fault(FaultCode.BAD_CARRIER, f"{where}, file {file.index}")


def _all_tokens(document: OrderDocument) -> bool:
    """Whether nothing but tokens is there; a second field need not be."""
    needed = document.token, document.skeleton, document.second_field or document.token
    return all(map(_TOKEN.fullmatch, needed))


def _plain(order: dict[str, Any]) -> bool:
    """Whether what the tokens stand for is there beside them, in a field that would otherwise only be ignored."""
    return any(name in document for document in order["documents"] for name in ("number", "birth", "expiry"))


def _said_of_all(head: ManifestHead) -> tuple[object, ...]:
    """What every chunk must say alike."""
    return head.chunks, head.digest, head.epoch, head.lease_end_ms


class _Open:
    """A manifest of which some chunks are still to come; what can be checked is checked as they come."""

    def __init__(self, head: ManifestHead, at_us: int) -> None:
        self.head = head
        self.begun_us = at_us
        self._parts: dict[int, _Part] = {}
        self._faults: list[Fault] = []
        self._contradiction = False
        self._ids: set[str] = set()
        self._numbers: set[str] = set()
        self._tokens: set[tuple[str, str]] = set()
        self._hash = hashlib.sha256()
        self._hash_begun = False
        self._hashed = 0
        """chunks 1.._hashed are in the hash"""

    def take(self, part: _Part) -> None:
        earlier = self._parts.get(part.head.chunk)
        agrees = _said_of_all(part.head) == _said_of_all(self.head)
        if not agrees or (earlier is not None and (earlier.canonical, earlier.orders) != (part.canonical, part.orders)):
            self._contradiction = True
        if earlier is None:
            self._parts[part.head.chunk] = part
            self._faults += part.faults
            for order in part.orders:
                self._faults += self._duplicates(order)
            self._advance_hash()

    def _duplicates(self, order: Order) -> Iterator[Fault]:
        where = f"order {order.order_id[:32]!r}"
        tokens = {(document.kind, document.token) for document in order.documents}
        if order.order_id in self._ids:
            # An order that stands there twice naturally repeats its document and number as well.
            yield Fault(FaultCode.DUPLICATE_ORDER, where)
            return
        if len(tokens) < len(order.documents) or not self._tokens.isdisjoint(tokens):
            yield Fault(FaultCode.DUPLICATE_DOCUMENT, where)
        if order.tracking_number in self._numbers:
            yield Fault(FaultCode.DUPLICATE_TRACKING_NUMBER, where)
        self._ids.add(order.order_id)
        self._numbers.add(order.tracking_number)
        self._tokens |= tokens

    def _advance_hash(self) -> None:
        while (part := self._parts.get(self._hashed + 1)) is not None:
            if part.orders:
                self._hash.update(b"\n" * self._hash_begun + part.canonical)
                self._hash_begun = True
            self._hashed += 1

    def complete(self) -> bool:
        return len(self._parts) >= self.head.chunks

    def faults(self) -> list[Fault]:
        missing = [chunk for chunk in range(1, self.head.chunks + 1) if chunk not in self._parts]
        faults = self._faults[:]
        if self._contradiction:
            faults.append(Fault(FaultCode.CONTRADICTORY_CHUNK))
        if bool(self.head.epoch) != bool(self.head.lease_end_ms):
            faults.append(Fault(FaultCode.HALF_A_LEASE))
        if len(self._ids) > MANIFEST_ORDERS_MAX:
            faults.append(Fault(FaultCode.TOO_LONG))
        faults += [Fault(FaultCode.MISSING_CHUNK, f"chunk {chunk} of {self.head.chunks}") for chunk in missing]
        # The digest can only say something about orders that came and could be read.
        if not faults and self._hash.hexdigest() != self.head.digest:
            faults.append(Fault(FaultCode.DIGEST_MISMATCH))
        return faults

    def settle(self, at_us: int) -> Settled:
        lot, version = LotId(self.head.lot), self.head.version
        faults = self.faults()
        if faults:
            return Settled(lot, version, (_refusal(lot, version, faults, at_us),))
        granted = [
            ManifestGranted(at_us=at_us, lot=lot, version=version, chunk=chunk, orders=part.orders)
            for chunk, part in sorted(self._parts.items())
        ]
        chunks, digest = self.head.chunks, self.head.digest
        sealed = ManifestSealed(
            at_us=at_us,
            lot=lot,
            version=version,
            chunks=chunks,
            digest=digest,
            epoch=self.head.epoch,
            lease_end_ms=self.head.lease_end_ms,
        )
        return Settled(lot, version, (*granted, sealed))


def _refusal(lot: LotId, version: int, faults: list[Fault], at_us: int) -> ManifestRefused:
    lines = [fault.line() for fault in faults[:FAULTS_MAX]]
    if len(faults) > FAULTS_MAX:
        lines.append(f"and {len(faults) - FAULTS_MAX} more faults")
    return ManifestRefused(at_us=at_us, lot=lot, version=version, faults=tuple(lines))


class ManifestDesk:
    """Gathers the chunks of manifests and settles each one whole: granted and sealed, or refused with all its faults."""

    def __init__(self, plan: SortPlan, forms: tuple[NumberForm, ...] = (S10,), *, prints: bool = False) -> None:
        """`forms`: what a tracking number may look like. `prints`: this line prints documents that come as files."""
        self._plan = plan
        self._forms = forms
        self._prints = prints
        self._open: dict[ManifestKey, _Open] = {}

    def take(self, data: bytes, at_us: int) -> Steps[tuple[ManifestKey, Settled | None]]:
        """One message, in steps of about a millisecond → its manifest, and that one's end if this was the last chunk.

        Never raises for the message's content: one that does not say which manifest it belongs to is refused as ("", 0).
        """
        try:
            part = yield from _part(data, self._plan, self._forms, prints=self._prints)
        except _UnusableError as unusable:
            return ("", 0), Settled(LotId(""), 0, (_refusal(LotId(""), 0, [unusable.fault], at_us),))
        key = (part.head.lot, part.head.version)
        yield
        # No step between these two: `overdue` might settle the manifest in between.
        manifest = self._open.setdefault(key, _Open(part.head, at_us))
        manifest.take(part)
        return key, self._open.pop(key).settle(at_us) if manifest.complete() else None

    def overdue(self, at_us: int) -> list[Settled]:
        """Manifests that wait for chunks too long, or of which too many are open: refused."""
        late = [key for key, one in self._open.items() if at_us - one.begun_us > PART_DEADLINE_MS * 1000]
        surplus = list(self._open)[: max(0, len(self._open) - OPEN_MAX)]
        return [self._open.pop(key).settle(at_us) for key in dict.fromkeys(late + surplus)]
