"""What is printed on a label, and the one way to say that it cannot be printed."""

import msgspec

SIGN_IN_PERSON, SIGN_BY_CODE = "请本人凭有效证件签收", "请收件人亮码签收"


class LabelError(Exception):
    """This label cannot be made; the text names the field and what to do, never the person."""


class LabelFields(msgspec.Struct, frozen=True):
    """The fields of one label, already masked. `payload_qr` is the tracking number, ";" and the print id, in ASCII.

    The sender is a unit, or a person whose fields are masked as the addressee's are; what is empty is not printed.
    """

    tracking_number: str
    payload_qr: str
    name: str
    phone: str
    address: str
    county: str
    product: str
    chute: int
    sender_unit: str = ""
    sender_name: str = ""
    sender_phone: str = ""
    sender_address: str = ""
    signature: str = SIGN_IN_PERSON
    """how the addressee signs for it, as printed"""

    def texts(self) -> dict[str, str]:
        """What the layout's text elements may name."""
        return {name: str(getattr(self, name)) for name in self.__struct_fields__ if name != "payload_qr"}
