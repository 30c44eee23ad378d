"""What stands on an item's label."""

from edge.core.values import LabelText, Order, PrintId

WIDEST_PRINT_ID = PrintId(9_999_999)
"""stands for the print id of a label that is only tried"""

TEST_NUMBER = "TEST"
"""what a test label bears instead of a tracking number: no form of number fits it"""


def qr_payload(tracking_number: str, print_id: PrintId) -> str:
    """The QR carries number and print id (I5)."""
    return f"{tracking_number};{print_id}"


def label_text(order: Order, print_id: PrintId, chute: int) -> LabelText:
    """The texts of one print of an order's label."""
    return LabelText(
        tracking_number=order.tracking_number,
        payload_qr=qr_payload(order.tracking_number, print_id),
        name=order.address.name,
        phone=order.address.phone,
        address=order.address.text,
        county=order.address.county,
        product=order.product,
        chute=chute,
        sender_unit=order.client_unit,
        signature=order.signature,
    )


def text_of_test(print_id: PrintId) -> LabelText:
    """The texts of a test label: nobody's."""
    return LabelText(
        tracking_number=TEST_NUMBER,
        payload_qr=qr_payload(TEST_NUMBER, print_id),
        name="测试",
        phone="",
        address="测试面单 TEST",
        county="",
        product=TEST_NUMBER,
        chute=0,
    )
