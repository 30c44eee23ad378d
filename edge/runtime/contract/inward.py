"""What central sends to a line."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

ORDERS_MAX = 500
CHUNKS_MAX = 200
MESSAGE_MAX_BYTES = 1 << 20
PAGES_MAX = 500

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Token = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
County = Annotated[str, Meta(pattern="^[0-9]{6}$")]
TrackingNumber = Annotated[str, Meta(pattern="^([0-9A-Z]{6,35})?$")]
"""its form is the line's configuration: UPU S10 and the domestic ones are data, and each request names them"""
S10Number = Annotated[str, Meta(pattern="^([A-Z]{2}[0-9]{9}[A-Z]{2})?$")]
Text = Annotated[str, Meta(min_length=1)]
Version = Annotated[int, Meta(ge=1, le=2**53)]
WallMs = Annotated[int, Meta(ge=0, le=2**53)]
Epoch = Annotated[int, Meta(ge=1, le=2**53)]
Amount = Annotated[int, Meta(ge=0)]
Chunk = Annotated[int, Meta(ge=1, le=CHUNKS_MAX)]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all that central sends."""


class Document(Message, frozen=True):
    """One document, known by its keyed tokens only."""

    kind: Name
    token: Token
    skeleton: Token
    second_field: Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")] = ""


class Address(Message, frozen=True):
    """Where an order goes."""

    county: County
    text: Text
    name: Text
    phone: str


class OrderFile(Message, frozen=True):
    """A document that the line prints from a PDF file: fetched, checked, printed once, deleted."""

    url: Annotated[str, Meta(pattern="^https?://", max_length=1100)]
    sha256: Digest
    pages: Annotated[int, Meta(ge=1, le=PAGES_MAX)]
    duplex: bool = False
    index: Annotated[int, Meta(ge=0)] = 0
    carrier: Annotated[str, Meta(pattern="^([0-9A-Z]{4,20})?$")] = ""


class Order(Message, frozen=True):
    """What belongs together and where it goes."""

    order_id: Name
    documents: Annotated[list[Document], Meta(min_length=1)]
    address: Address
    tracking_number: TrackingNumber = ""
    product: str = "EMS"
    client_unit: str = ""
    fee_code: str = ""
    priority: int = 0
    files: tuple[OrderFile, ...] = ()
    signature: Literal["in_person", "code"] = "in_person"
    source: str = ""
    limit_min: Amount = 0
    weight_min_g: Amount = 0
    weight_max_g: Amount = 0


class ManifestHead(Message, frozen=True, kw_only=True):
    """What every chunk of a manifest says of the whole."""

    lot: Name
    version: Version
    chunk: Chunk
    chunks: Chunk
    digest: Digest
    message_id: str = ""
    request_id: str = ""
    first_number: S10Number = ""
    epoch: Annotated[int, Meta(ge=0, le=2**53)] = 0
    lease_end_ms: WallMs = 0


class Manifest(ManifestHead, frozen=True, kw_only=True):
    """One chunk of the orders that central grants to this line; taken or refused whole, with all its chunks."""

    orders: Annotated[list[Order], Meta(max_length=ORDERS_MAX)]


class Lot(Message, frozen=True):
    """A receipt lot: documents handed over together, with a list that both sides have signed."""

    lot: Name
    issuer: Name
    signed_ms: WallMs
    documents: Annotated[list[Document], Meta(min_length=1, max_length=5000)]
    green: bool = False


class Lease(Message, frozen=True):
    """Central renews the lease of a lot, confirms it after the line's restart, or ends it under a new epoch."""

    lot: Name
    epoch: Epoch
    end_ms: WallMs
    central_ms: WallMs = 0
    journal_id: str = ""
    boot: Annotated[int, Meta(ge=0, le=2**53)] = 0


class Amend(Message, frozen=True):
    """Central sends an order elsewhere, or sooner, while none of its documents is on the line; documents and number stay."""

    order_id: Name
    version: Version
    address: Address
    client_unit: str = ""
    fee_code: str = ""
    priority: int = 0


class Cancel(Message, frozen=True):
    """Central takes an order back."""

    order_id: Name
    version: Version


class Confirm(Message, frozen=True):
    """Central has stored everything of this journal up to `seq`; sent at QoS 0, since the next one says it again."""

    journal_id: str
    seq: int
    digest: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""


# topic → (message, what it says in Chinese)
INWARD: dict[str, tuple[type[Message], str]] = {
    "manifest": (Manifest, "平台授予本线的订单清单(分块)；整单接收或整单拒收"),
    "lot": (Lot, "交接批：一同移交的证件及双方签字的清单"),
    "lease": (Lease, "平台续租、重启后确认租约，或以新纪元终止租约"),
    "amend": (Amend, "平台变更订单(地址、优先级等)，证件上线前有效"),
    "cancel": (Cancel, "平台撤回订单"),
    "confirm": (Confirm, "平台确认：该日志截至 seq 的事件已存妥"),
}
