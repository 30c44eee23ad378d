"""A seeded population that is synthetic and looks it: people, their documents, and the orders that belong to them."""

import random
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.resources import files

from simulators.tokens import Classes, fold, load_classes

KINDS = ("resident_id", "passport", "a4")
WEIGHTS_MG = {"resident_id": (5_800, 6_400), "passport": (31_000, 35_000), "a4": (4_700, 5_200)}
FIRST_BIRTH, LAST_BIRTH = date(1945, 1, 1), date(2007, 12, 31)
FIRST_EXPIRY, LAST_EXPIRY = date(2028, 1, 1), date(2036, 12, 31)

# Real county codes (GB/T 2260): the sort plan routes by them, and they begin every resident number.
COUNTIES = {
    "110101": "北京市东城区",
    "110105": "北京市朝阳区",
    "310101": "上海市黄浦区",
    "310115": "上海市浦东新区",
    "440103": "广东省广州市荔湾区",
    "440104": "广东省广州市越秀区",
    "440105": "广东省广州市海珠区",
    "440106": "广东省广州市天河区",
    "440303": "广东省深圳市罗湖区",
    "440304": "广东省深圳市福田区",
    "440305": "广东省深圳市南山区",
    "440703": "广东省江门市蓬江区",
    "441302": "广东省惠州市惠城区",
    "510104": "四川省成都市锦江区",
    "510107": "四川省成都市武侯区",
}
SURNAMES = (("测试", "CESHI"), ("样例", "YANGLI"))
GIVEN = {
    "甲": "JIA", "乙": "YI", "丙": "BING", "丁": "DING", "戊": "WU", "己": "JI", "庚": "GENG", "辛": "XIN",
    "壬": "REN", "癸": "GUI", "子": "ZI", "丑": "CHOU", "寅": "YIN", "卯": "MAO", "辰": "CHEN", "巳": "SI",
    "未": "WEI", "申": "SHEN", "酉": "YOU", "戌": "XU", "亥": "HAI",
}  # fmt: skip
ISSUERS = {"resident_id": "样例公安局", "passport": "样例出入境", "a4": "样例政务中心"}


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who does not exist; `name_latin` is "SURNAME GIVEN" as in an MRZ."""

    name: str
    name_latin: str
    sex: str
    birth: date
    county: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class Document:
    """One original. `weight_mg` is its own, without the envelope; `order_id` None = nobody ordered its dispatch."""

    kind: str
    number: str
    holder: Person
    expiry: date
    order_id: str | None
    weight_mg: int

    @property
    def name_latin(self) -> str:
        """The holder's name as in an MRZ."""
        return self.holder.name_latin

    @property
    def birth(self) -> date:
        """The holder's date of birth."""
        return self.holder.birth

    @property
    def sex(self) -> str:
        """M or F."""
        return self.holder.sex

    @property
    def nationality(self) -> str:
        """Whoever's document this line seals."""
        return "CHN"


ALIKE = "ABCDEFGHSJ"
"""for each digit a letter of passport numbers with the same value modulo 10, which is all that check digits see"""


@dataclass(frozen=True, slots=True)
class Order:
    """What central wants done with documents: where they go, and under which number."""

    order_id: str
    documents: tuple[Document, ...]
    addressee: Person
    tracking_number: str
    client_unit: str
    product: str = "EMS"
    fee_code: str = "F01"
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Population:
    """Documents in the order in which they lie in the feeder, and the orders of those that have one."""

    seed: int
    documents: tuple[Document, ...]
    orders: tuple[Order, ...]


def make_population(
    seed: int,
    items: int,
    no_order: Collection[int] = frozenset(),
    classes: Classes | None = None,
    *,
    copies: Collection[int] = frozenset(),
    families: float = 0.0,
    papers: Collection[int] = frozenset(),
    twins: float = 0.0,
) -> Population:
    """Documents of `items` orders, one after the other; no two numbers look alike, except for `twins`.

    An item whose index is in `no_order` is a lone document without an order; one in `copies` too looks like another that lies
    before it. Of the others, the share `families` are orders of several documents. The share `twins` of lone passports has
    a number that looks like another order's, whose holder was born on another day. Those in `papers` are one A4 document
    each. The same arguments give the same population. `classes` are the look-alike classes, from line_config by default.
    """
    rng = random.Random(seed)
    sizes = random.Random(f"families {seed}")
    models = random.Random(f"copies {seed}")
    likeness = random.Random(f"twins {seed}")
    classes = load_classes() if classes is None else classes
    counties = _routable_counties()
    serials = rng.sample(range(10_000_000, 99_999_999), items)
    seen: set[tuple[str, str]] = set()
    documents: list[Document] = []
    orders: list[Order] = []
    for index in range(items):
        kind = KINDS[index] if index < len(KINDS) else rng.choice(KINDS)
        kind = "a4" if index in papers else kind
        person = _person(rng, rng.choice(counties))
        order_id = None if index in no_order else f"O{index + 1:06d}"
        mine = [_document(rng, kind, person, order_id, classes, seen)]
        if order_id is not None:
            if sizes.random() < families and index not in papers:
                mine += [
                    _document(sizes, sizes.choice(KINDS), _person(sizes, person.county), order_id, classes, seen)
                    for _ in range(sizes.randint(1, 2))
                ]
            elif kind == "passport" and likeness.random() < twins:
                mine = [_twin(likeness, mine[0], orders)]
            orders.append(Order(order_id, tuple(mine), person, s10("EA", serials[index], "CN"), ISSUERS[kind]))
        elif index in copies and orders:
            mine = [replace(models.choice(models.choice(orders).documents), order_id=None)]
        documents += mine
    return Population(seed, tuple(documents), tuple(orders))


def _document(  # noqa: PLR0917 - all of them are needed, none is optional
    rng: random.Random, kind: str, person: Person, order_id: str | None, classes: Classes, seen: set[tuple[str, str]]
) -> Document:
    return Document(
        kind=kind,
        number=_fresh_number(rng, kind, person, classes, seen),
        holder=person,
        expiry=_day_between(rng, FIRST_EXPIRY, LAST_EXPIRY),
        order_id=order_id,
        weight_mg=rng.randint(*WEIGHTS_MG[kind]),
    )


def _twin(rng: random.Random, document: Document, orders: Sequence[Order]) -> Document:
    """The same document with a number that no check digit tells from another's, if there is another that suits."""
    others = [other for order in orders for other in order.documents if other.kind == "passport"]
    models = [other.number for other in others if other.number[1].isdecimal() and other.birth != document.birth]
    numbers = [model[0] + ALIKE[int(model[1])] + model[2:] for model in models]
    taken = {other.number for other in others}
    free = [number for number in numbers if number not in taken]
    return replace(document, number=rng.choice(free)) if free else document


def s10(service: str, serial: int, country: str) -> str:
    """Item identifier of UPU S10: weights 8 6 4 2 3 5 9 7, 11 - sum mod 11, with 10 → 0 and 11 → 5."""
    digits = f"{serial:08d}"
    check = 11 - sum(weight * int(digit) for weight, digit in zip((8, 6, 4, 2, 3, 5, 9, 7), digits, strict=True)) % 11
    return f"{service}{digits}{ {10: 0, 11: 5}.get(check, check) }{country}"


def resident_number(region: str, birth: date, sequence: int) -> str:
    """Citizen identification number of GB 11643: 17 digits and the ISO 7064 MOD 11-2 check character."""
    body = f"{region}{birth:%Y%m%d}{sequence:03d}"
    # The weight of position i is 2^(17-i) mod 11, which Horner's scheme gives without a table.
    total = 0
    for digit in body:
        total = (total + int(digit)) * 2 % 11
    return body + "0123456789X"[(12 - total) % 11]


def _fresh_number(rng: random.Random, kind: str, person: Person, classes: Classes, seen: set[tuple[str, str]]) -> str:
    for number in _numbers(rng, kind, person):
        mark = (kind, fold(kind, number, classes))
        if mark not in seen:
            seen.add(mark)
            return number
    raise AssertionError("unreachable: numbers never end")


def _numbers(rng: random.Random, kind: str, person: Person) -> Iterator[str]:
    while True:
        if kind == "resident_id":
            # GB 11643: the 17th digit is odd for men, even for women.
            sequence = 2 * rng.randint(0, 499) + (person.sex == "M")
            yield resident_number(person.county, person.birth, sequence)
        elif kind == "passport":
            yield f"E{rng.randint(0, 99_999_999):08d}"
        else:
            yield f"A4{rng.randint(0, 9_999_999_999):010d}"


def _person(rng: random.Random, county: str) -> Person:
    surname, surname_latin = rng.choice(SURNAMES)
    given = rng.sample(sorted(GIVEN), rng.randint(1, 2))
    street = f"测试路{rng.randint(1, 999)}号{rng.randint(1, 30)}栋{rng.randint(1, 33)}0{rng.randint(1, 8)}室"
    return Person(
        name=surname + "".join(given),
        name_latin=f"{surname_latin} {''.join(GIVEN[char] for char in given)}",
        sex=rng.choice("MF"),
        birth=_day_between(rng, FIRST_BIRTH, LAST_BIRTH),
        county=county,
        address=f"{COUNTIES[county]}样例街道{street}",
        phone=f"1990000{rng.randint(0, 9999):04d}",
    )


def _day_between(rng: random.Random, first: date, last: date) -> date:
    return first + timedelta(days=rng.randint(0, (last - first).days))


def _routable_counties() -> list[str]:
    plan = tomllib.loads(files("line_config").joinpath("sort_plan.toml").read_text("utf-8"))
    counties = [code for code in COUNTIES if any(code.startswith(prefix) for prefix in plan["routes"])]
    if not counties:
        raise ValueError("line_config/sort_plan.toml routes none of the counties that the synthetic people live in: add one.")
    return counties
