"""Central's short messages, each of which becomes one event: receipt lots and cancellations."""

from typing import Annotated

import msgspec
from msgspec import Meta

from edge.core.event import Event
from edge.core.events import LotReceived, MessageRefused, OrderCancelled
from edge.core.values import LotId, OrderDocument, OrderId

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Token = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class ListedDocument(msgspec.Struct, frozen=True):
    """One document of a receipt lot's list, as keyed tokens."""

    kind: Name
    token: Token
    skeleton: Token


class Lot(msgspec.Struct, frozen=True):
    """Topic `lot`: a list that both sides have signed at `signed_ms` (wall time)."""

    lot: Name
    issuer: Name
    signed_ms: Annotated[int, Meta(ge=0)]
    documents: Annotated[list[ListedDocument], Meta(min_length=1, max_length=5000)]
    green: bool = False

    def event(self, at_us: int) -> Event:
        """As the core takes it."""
        listed = tuple(OrderDocument(document.kind, document.token, document.skeleton) for document in self.documents)
        return LotReceived(
            at_us=at_us, lot=LotId(self.lot), issuer=self.issuer, signed_ms=self.signed_ms, documents=listed, green=self.green
        )


class Cancel(msgspec.Struct, frozen=True):
    """Topic `cancel`: an order is taken back; `version` rises with each amendment of the order."""

    order_id: Name
    version: Annotated[int, Meta(ge=1)]

    def event(self, at_us: int) -> Event:
        """As the core takes it."""
        return OrderCancelled(at_us=at_us, order_id=OrderId(self.order_id), version=self.version)


MESSAGES: dict[str, type[Lot | Cancel]] = {"lot": Lot, "cancel": Cancel}


def decode_message(topic: str, payload: bytes, at_us: int) -> Event:
    """The event of a message on a topic of MESSAGES; MessageRefused where central must correct it."""
    try:
        message: Lot | Cancel = msgspec.json.decode(payload.decode(), type=MESSAGES[topic])
    except UnicodeDecodeError as error:
        return MessageRefused(at_us=at_us, topic=topic, fault=f"not UTF-8 at byte {error.start}; central: correct the encoding")
    except (msgspec.DecodeError, RecursionError) as error:
        return MessageRefused(at_us=at_us, topic=topic, fault=f"{error}; central: correct the message and send it again")
    return message.event(at_us)
