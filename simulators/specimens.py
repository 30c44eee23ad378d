"""Single invented documents of every kind that the eyes know, for evaluating them; none of it belongs to anybody."""

import random
import string
from dataclasses import dataclass
from datetime import date, timedelta

LETTERS_OF_PERMITS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
STATES = ("UTO", "XXA", "XOM", "CHE", "D")
"""Utopia (ICAO 9303's own), stateless, the Order of Malta; Switzerland, a letter from CHN; Germany's one letter"""
KINDS = (
    "resident_id", "residence_permit", "hmt_residence_permit", "driving_licence", "household_register", "passport",
    "travel_document_td1", "travel_document_td2", "travel_document_td3",
    "hk_macau_permit", "taiwan_permit", "a4", "vehicle_plate", "book",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Specimen:
    """What is printed on one document."""

    kind: str
    number: str
    birth: date
    expiry: date
    sex: str = "F"
    nationality: str = "CHN"
    name_latin: str = "CESHI YANGLI"


def make_specimen(kind: str, seed: int) -> Specimen:
    """The same kind and seed give the same document. Regions begin with 99 or 8x and belong to no place."""
    rng = random.Random(f"{kind} {seed}")
    birth = date(1950, 1, 1) + timedelta(days=rng.randrange(20_000))
    expiry = date(2028, 1, 1) + timedelta(days=rng.randrange(3_000))
    number, sex = _number(kind, birth, rng), rng.choice("MF")
    return Specimen(kind, number, birth, expiry, sex, rng.choice(STATES) if kind.startswith("travel_document") else "CHN")


def _number(kind: str, birth: date, rng: random.Random) -> str:
    digits = "".join(rng.choices(string.digits, k=12))
    if kind in ("resident_id", "residence_permit", "driving_licence", "household_register"):
        return _mod_11_2(f"99{digits[:4]}{birth:%Y%m%d}{digits[4:7]}")
    if kind == "hmt_residence_permit":
        return _mod_11_2(f"{rng.choice((81, 82, 83))}0000{birth:%Y%m%d}{digits[4:7]}")
    second = rng.choice((digits[0], rng.choice(LETTERS_OF_PERMITS)))
    if kind == "passport":
        return rng.choice("EG") + second + digits[1:8]
    if kind in ("hk_macau_permit", "taiwan_permit"):
        return {"hk_macau_permit": "C", "taiwan_permit": "L"}[kind] + second + digits[1:8]
    if kind.startswith("travel_document"):
        return "".join(rng.choices(LETTERS_OF_PERMITS + string.digits, k=9))  # most issuers avoid I and O
    return {"a4": f"A4{digits[:10]}", "vehicle_plate": f"P{digits}", "book": _ean13(f"978{digits[:9]}")}[kind]


def _mod_11_2(body: str) -> str:
    """ISO 7064 MOD 11-2, as GB 11643 has it."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


def _ean13(body: str) -> str:
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(body))
    return body + str(-total % 10)


def specimens(count: int, seed: int, kinds: tuple[str, ...] = KINDS) -> list[Specimen]:
    """`count` of each kind."""
    return [make_specimen(kind, seed + number) for number in range(count) for kind in kinds]
