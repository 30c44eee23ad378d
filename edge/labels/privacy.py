"""A privacy rule at work: it masks fields, and refuses a label whose texts would still show what it hides."""

import re
from collections.abc import Iterable

import msgspec

from edge.labels.fields import LabelError, LabelFields
from line_config.label_privacy import NameRule, PhoneRule, PrivacyRule

SAID_ELSEWHERE = frozenset({"tracking_number", "county", "chute"})
"""fields of digits that are no person's"""
MASK_ROUNDS = 8
"""a hidden room may bring another to light, as in "2室405室"; never so many"""


def mask_name(name: str, rule: NameRule, mask: str) -> str:
    """Of each part show the first character only; a part that hides enough already stays as it is."""

    def part(found: re.Match[str]) -> str:
        text = found[0]
        shown = text[: rule.shown_first]
        return text if text.count(mask) >= rule.hidden_min else shown + mask * max(rule.hidden_min, len(text) - len(shown))

    return re.sub(f"[^{re.escape(rule.separators)}]+", part, name) if _parts(name, rule) else mask * rule.hidden_min


def _parts(name: str, rule: NameRule) -> list[str]:
    return [part for part in re.split(f"[{re.escape(rule.separators)}]+", name) if part]


def mask_phone(phone: str, rule: PhoneRule, mask: str) -> str:
    """Hide so many digits after the first ones (all of a short number); a number that hides enough stays as it is."""
    if phone.count(mask) >= rule.hidden_min:
        return phone
    digits = [place for place, char in enumerate(phone) if char.isdigit() or char == mask]
    head = min(rule.shown_first, max(0, len(digits) - rule.hidden_min))
    hidden = set(digits[head : head + rule.hidden_min])
    masked = "".join(mask if place in hidden else char for place, char in enumerate(phone))
    return masked + mask * max(0, rule.hidden_min - len(hidden))


def mask_address(address: str, patterns: Iterable[str], mask: str) -> str:
    """Hide whatever the patterns find, sign by sign."""
    for _ in range(MASK_ROUNDS):
        before = address
        for pattern in patterns:
            address = re.sub(pattern, lambda found: _hidden(found, mask), address)
        if address == before:
            break
    return address


def _hidden(found: re.Match[str], mask: str) -> str:
    begin, end = found.span("hide" if "hide" in found.re.groupindex else 0)
    before, inside, after = found.string[found.start() : begin], found.string[begin:end], found.string[end : found.end()]
    return before + mask * len(inside) + after


def masked(fields: LabelFields, rule: PrivacyRule) -> LabelFields:
    """The fields as they may be printed. An empty sender stays empty; an addressee is never left out."""
    addressee = {"name", "phone"}
    change: dict[str, str] = {}
    for field in rule.names.fields:
        if getattr(fields, field) or field in addressee:
            change[field] = mask_name(getattr(fields, field), rule.names, rule.mask)
    for field in rule.phones.fields:
        if getattr(fields, field) or field in addressee:
            change[field] = mask_phone(getattr(fields, field), rule.phones, rule.mask)
    for field in rule.addresses.fields:
        change[field] = mask_address(getattr(fields, field), rule.addresses.hide, rule.mask)
    return msgspec.structs.replace(fields, **change)


def check(fields: LabelFields, fixed_texts: Iterable[str], rule: PrivacyRule) -> None:
    """Raises LabelError with the rule that is broken; the text names fields, never what stands in them."""
    for field in rule.names.fields:
        parts = _parts(getattr(fields, field), rule.names)
        if any(part.count(rule.mask) < rule.names.hidden_min for part in parts) or (field == "name" and not parts):
            raise LabelError(f"label: a part of {field} hides no character ({rule.name}); mask it before printing")
    for field in rule.phones.fields:
        phone = getattr(fields, field)
        if (phone or field == "phone") and phone.count(rule.mask) < rule.phones.hidden_min:
            raise LabelError(
                f"label: {field} hides fewer than {rule.phones.hidden_min} digits ({rule.name}); mask it before printing"
            )
    for field in rule.addresses.fields:
        if any(re.search(pattern, getattr(fields, field)) for pattern in rule.addresses.hide):
            raise LabelError(f"label: {field} shows unit or room ({rule.name}); mask it before printing")
    texts = {name: text for name, text in fields.texts().items() if name not in SAID_ELSEWHERE}
    for field, text in (*texts.items(), *(("a fixed text", text) for text in fixed_texts)):
        for kind, pattern in rule.never.items():
            if re.search(pattern, text):
                raise LabelError(f"label: {field} holds {kind} ({rule.name}); take it out of the order")
