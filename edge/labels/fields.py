"""What is printed on a label, and the one way to say that it cannot be printed."""

import msgspec


class LabelError(Exception):
    """This label cannot be made; the text names the field and what to do, never the person."""


class LabelFields(msgspec.Struct, frozen=True):
    """The fields of one label, already masked. `payload_qr` is the tracking number, ";" and the print id, in ASCII."""

    tracking_number: str
    payload_qr: str
    name: str
    phone: str
    address: str
    county: str
    product: str
    chute: int

    def texts(self) -> dict[str, str]:
        """What the layout's text elements may name."""
        return {
            "tracking_number": self.tracking_number,
            "name": self.name,
            "phone": self.phone,
            "address": self.address,
            "county": self.county,
            "product": self.product,
            "chute": str(self.chute),
        }
