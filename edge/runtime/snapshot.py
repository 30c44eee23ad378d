"""Snapshots: the core's state behind one record of the journal, so that a start replays only what came after it (I13).

A snapshot holds for one journal, one place in its chain and one core, and is sealed with the journal's key. It is a shortcut
and never the truth: without one, or with one that does not fit, the journal is replayed from its beginning.
"""

import contextlib
import hashlib
import hmac
import io
import pickle
import platform
import zlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache, partial
from pathlib import Path
from types import MethodType
from typing import Any

import msgspec

import edge.core
from edge.core.controller import Controller
from edge.core.invariants import Auditor
from edge.runtime.durable import write_durably
from edge.runtime.ledger import Head, Reader

_MAC_BYTES = 32
CACHES: dict[str, frozenset[str]] = {"Deadlines": frozenset({"_heap"})}
"""class → fields that hold nothing of their own: the heap keeps what was forgotten until it comes to its top"""


class Snapshot(msgspec.Struct, frozen=True):
    """The state behind record `seq`."""

    journal_id: str
    seq: int
    chain: bytes
    core: str
    last_us: int
    """the newest stamp up to here"""
    events: int
    state: bytes

    def fits(self, journal: Reader) -> bool:
        """Whether it is of this journal, this core, and this place in the chain."""
        mine = (self.journal_id, self.core, Head(self.seq, self.chain))
        return mine == (journal.meta().get("journal_id"), core_digest(), journal.at(self.seq))


@cache
def core_digest() -> str:
    """Names the core that decides: its source, and what it runs on."""
    digest = hashlib.blake2b(f"{platform.python_version()} {msgspec.__version__}".encode(), digest_size=8)
    for path in sorted(Path(edge.core.__path__[0]).glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def bound(owner: object, name: str) -> Callable[..., object]:
    """A bound method of one of the core's objects."""
    if not type(owner).__module__.startswith("edge.core."):
        raise pickle.UnpicklingError(f"{type(owner)} is none of the core's")
    return getattr(owner, name)  # type: ignore[no-any-return]


def made(kind: type[msgspec.Struct], fields: dict[str, object]) -> msgspec.Struct:
    """One of the core's frozen types."""
    return kind(**fields)


_ALLOWED: dict[tuple[str, str], object] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "deque"): deque,
    ("functools", "partial"): partial,
    (__name__, "bound"): bound,
    (__name__, "made"): made,
}
"""all that a snapshot may name besides the core's own classes"""


class _Pickler(pickle.Pickler):
    def reducer_override(self, thing: object) -> Any:
        """The core's tables name methods of its own objects; by itself pickle would have `getattr` find these, and enums."""
        if isinstance(thing, MethodType):
            return bound, (thing.__self__, thing.__func__.__name__)
        if isinstance(thing, msgspec.Struct):
            return made, (type(thing), {name: getattr(thing, name) for name in thing.__struct_fields__})
        return (type(thing), (thing.value,)) if isinstance(thing, Enum) else NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Nothing is made of a snapshot but the core's objects, even by somebody who has the key."""
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        if module.startswith("edge.core."):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a snapshot must not name {module}.{name}")


def freeze(controller: Controller, auditor: Auditor) -> bytes:
    """The state of both, which share it."""
    out = io.BytesIO()
    _Pickler(out, pickle.HIGHEST_PROTOCOL).dump((controller, auditor))
    return zlib.compress(out.getvalue(), 1)


def thaw(state: bytes) -> tuple[Controller, Auditor]:
    """The inverse of `freeze`."""
    controller, auditor = _Unpickler(io.BytesIO(zlib.decompress(state))).load()
    return controller, auditor


def seal(snapshot: Snapshot, key: bytes) -> bytes:
    """As bytes, with a MAC in front."""
    body = msgspec.msgpack.encode(snapshot)
    return _mac(body, key) + body


def unseal(data: bytes, key: bytes) -> Snapshot | None:
    """The inverse of `seal`; None for anything that was not sealed with this key."""
    mac, body = data[:_MAC_BYTES], data[_MAC_BYTES:]
    return msgspec.msgpack.decode(body, type=Snapshot) if hmac.compare_digest(mac, _mac(body, key)) else None


def _mac(body: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(body, key=key[:64], digest_size=_MAC_BYTES, person=b"sealline snap").digest()


def read_snapshot(path: Path, key: bytes) -> Snapshot | None:
    """The snapshot in this file; None where there is none that can be believed."""
    with contextlib.suppress(FileNotFoundError):
        return unseal(path.read_bytes(), key)
    return None


def proved_seq(snapshot: Snapshot | None, journal: Reader) -> int:
    """Up to which record this snapshot has proved the journal; 0 where there is none that fits."""
    return snapshot.seq if snapshot is not None and snapshot.fits(journal) else 0


def write_snapshot(path: Path, snapshot: Snapshot, key: bytes) -> None:
    """Durably in place of the one before: a power cut leaves one or the other."""
    write_durably(path, seal(snapshot, key))


def state_digest(controller: Controller) -> str:
    """Digest over everything that the core knows: two cores with the same digest decide the same from here on (I13)."""
    digest = hashlib.blake2b(digest_size=16)
    for word in _words(controller, {}):
        digest.update(word.encode() + b"\0")
    return digest.hexdigest()


def _words(thing: Any, met: dict[int, int]) -> Iterator[str]:
    """The object as a stream of words; an object that was met before is named by its number."""
    if isinstance(thing, Enum) or (not hasattr(thing, "__dict__") and not isinstance(thing, (dict, list, tuple, set, deque))):
        yield from _leaf(thing, met)
        return
    if not isinstance(thing, tuple):
        if id(thing) in met:
            yield f"#{met[id(thing)]}"
            return
        met[id(thing)] = len(met)
    yield type(thing).__name__
    if isinstance(thing, (set, frozenset)):
        yield from sorted(map(repr, thing))
    elif isinstance(thing, (list, tuple, deque)):
        for value in thing:
            yield from _words(value, met)
    else:
        caches = CACHES.get(type(thing).__name__, frozenset())
        for key, value in (thing if isinstance(thing, dict) else vars(thing)).items():
            if key not in caches:
                yield repr(key)
                yield from _words(value, met)


def _leaf(thing: Any, met: dict[int, int]) -> Iterator[str]:
    if isinstance(thing, msgspec.Struct):
        yield type(thing).__name__
        for name in thing.__struct_fields__:
            yield from _words(getattr(thing, name), met)
    else:
        yield repr(thing)
