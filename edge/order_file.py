"""One order as a file, for drawing its label by hand: the manifest's own words, and a sender where one is printed."""

from pathlib import Path
from typing import Any, Literal

import msgspec

from edge.labels.fields import SIGN_BY_CODE, SIGN_IN_PERSON, LabelFields
from line_config.tracking_number import NumberForm, fits_one

FILE_MAX_BYTES = 1 << 16


class OrderFileError(Exception):
    """The file is no order; the text says where, never what stands there."""


class _Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    county: str
    text: str
    name: str
    phone: str


class _Sender(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    unit: str = ""
    name: str = ""
    phone: str = ""
    address: str = ""


class OrderFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a label needs of an order. A whole order of a manifest may stand here; what no label needs is passed over."""

    tracking_number: str
    address: _Address
    product: str = "EMS"
    client_unit: str = ""
    chute: int | None = None
    """without it the line's sort plan decides"""
    sender: _Sender = _Sender()
    order_id: str = ""
    documents: tuple[Any, ...] = ()
    fee_code: str = ""
    priority: int = 0
    files: tuple[Any, ...] = ()
    signature: Literal["in_person", "code"] = "in_person"
    source: str = ""
    limit_min: int = 0
    weight_min_g: int = 0
    weight_max_g: int = 0

    def fields(self, print_id: int, chute: int) -> LabelFields:
        """The label's fields, not masked yet."""
        sender = self.sender
        return LabelFields(
            tracking_number=self.tracking_number,
            payload_qr=f"{self.tracking_number};{print_id}",
            name=self.address.name,
            phone=self.address.phone,
            address=self.address.text,
            county=self.address.county,
            product=self.product,
            chute=chute,
            sender_unit=sender.unit or self.client_unit,
            sender_name=sender.name,
            sender_phone=sender.phone,
            sender_address=sender.address,
            signature=SIGN_BY_CODE if self.signature == "code" else SIGN_IN_PERSON,
        )


def read_order(path: Path, forms: tuple[NumberForm, ...]) -> OrderFile:
    """Read and check one order. Raises OrderFileError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OrderFileError(f"{path} cannot be read ({error.strerror}); check its name and your rights") from error
    if len(data) > FILE_MAX_BYTES:
        raise OrderFileError(f"{path} is larger than {FILE_MAX_BYTES} bytes: it should be one order, not a manifest")
    try:
        order = msgspec.json.decode(data, type=OrderFile)
    except msgspec.ValidationError as error:
        raise OrderFileError(f"{path} is no order: {error}; see docs/examples/order.json") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OrderFileError(f"{path} is not JSON in UTF-8: {error}") from error
    if not fits_one(order.tracking_number, forms):
        names = ", ".join(form.name for form in forms)
        raise OrderFileError(f"{path}: the tracking number has no known form ({names}), or its check digit is wrong")
    missing = [name for name in ("text", "name") if not getattr(order.address, name).strip()]
    if missing:
        raise OrderFileError(f"{path}: address.{missing[0]} is empty; complete it")
    return order
