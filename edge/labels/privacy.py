"""The privacy rule of GB/T 41833 for what stands on a waybill: part of the name and six digits of the phone are hidden."""

from edge.labels.fields import LabelError, LabelFields

HIDDEN = "*"
PHONE_HIDDEN_MIN = 6
PHONE_HEAD_SHOWN = 3


def mask_name(name: str) -> str:
    """Show the first character only; a name that hides something already stays as it is."""
    if HIDDEN in name:
        return name
    return name[:1] + HIDDEN * max(1, len(name) - 1)


def mask_phone(phone: str) -> str:
    """Hide six digits after the first three (all of a short number); a number that hides enough stays as it is."""
    if phone.count(HIDDEN) >= PHONE_HIDDEN_MIN:
        return phone
    digits = [place for place, char in enumerate(phone) if char.isdigit() or char == HIDDEN]
    head = min(PHONE_HEAD_SHOWN, max(0, len(digits) - PHONE_HIDDEN_MIN))
    hidden = set(digits[head : head + PHONE_HIDDEN_MIN])
    masked = "".join(HIDDEN if place in hidden else char for place, char in enumerate(phone))
    return masked + HIDDEN * max(0, PHONE_HIDDEN_MIN - len(hidden))


def check(fields: LabelFields) -> None:
    """Raises LabelError when name or phone would be readable in full."""
    if HIDDEN not in fields.name:
        raise LabelError("label: the name hides no character (GB/T 41833); mask it before printing")
    if fields.phone.count(HIDDEN) < PHONE_HIDDEN_MIN:
        raise LabelError(f"label: the phone hides fewer than {PHONE_HIDDEN_MIN} digits (GB/T 41833); mask it before printing")
