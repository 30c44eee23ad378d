"""Random labels: rare characters, very long addresses, both languages, every shipped layout. Exit 1 when one is not right.

Each must be masked so that it passes the privacy rule, decode to its own number by zxing-cpp and by pyzbar, and be burnt dot by
dot by two independent renderers and by a virtual TSPL printer. One in twenty is built to break the rule: it must be refused
for the reason that it was built for. `python scripts/labels_campaign.py [LABELS] [SEED]`: a smaller run is only shown.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from figures import keep
from rich.console import Console
from rich.progress import track
from rich.table import Table

from edge.labels.compose import compose, face_of
from edge.labels.fields import LabelError, LabelFields
from edge.labels.privacy import masked
from edge.labels.tspl import tspl
from edge.labels.zpl import zpl
from line_config.label_layout import LabelLayout, load_label_layout
from line_config.tracking_number import S10
from simulators.tspl import TsplInterpreter
from tests.labels.renderers import by_zebrash, by_zplkit, symbols

LABELS, SEED = 1000, 1
BREAKS = 20
"""one label in so many breaks the rule"""
BATCH = 50
LAYOUTS = [
    load_label_layout(path) for path in sorted((Path(__file__).parents[1] / "line_config" / "labels").glob("ems_*.toml"))
]
BLOCKS = {
    "B": (0x20000, 0x2A6DF),
    "C": (0x2A700, 0x2B734),
    "D": (0x2B740, 0x2B81D),
    "E": (0x2B820, 0x2CEA1),
    "F": (0x2CEB0, 0x2EBE0),
}
PLACES = ("样例街道", "测试社区", "样例路一百零八号", "测试工业园区", "第三期研发中心大楼", "样例花园北区", "测试新村")
ROOMS = ("12栋3单元405室", "3号楼1205", "A座5-402", "8号405", "二单元一二〇五室", "12-3-405", "")
ENGLISH_ROOMS = ("Room 1205, ", "Flat 3B, ", "Unit 7, ", "Apt. 12, ", "#12-05, ", "")

# How a label is built to break the rule: what is changed once it has been masked → what the refusal must say.
Break = tuple[str, Callable[[LabelFields], dict[str, str]], str]
RULE_BREAKS: tuple[Break, ...] = (
    ("name in full", lambda _: {"name": "测试样"}, "a part of name hides no character"),
    ("one part of the name in full", lambda _: {"name": "测* 样例"}, "a part of name hides no character"),
    ("sender's name in full", lambda _: {"sender_name": "样例乙"}, "a part of sender_name hides no character"),
    ("phone in full", lambda _: {"phone": "19900001234"}, "phone hides fewer than 6 digits"),
    ("five digits hidden", lambda _: {"phone": "199*****234"}, "phone hides fewer than 6 digits"),
    ("sender's phone in full", lambda _: {"sender_phone": "19900001234"}, "sender_phone hides fewer than 6 digits"),
    ("room shown", lambda _: {"address": "样例路8号405室"}, "address shows unit or room"),
    ("unit shown", lambda _: {"address": "测试花园3单元"}, "address shows unit or room"),
    ("sender's room shown", lambda _: {"sender_address": "Flat 3B, 8 Sample Road"}, "sender_address shows unit or room"),
    ("phone in the address", lambda _: {"address": "样例路，电13900001234"}, "address holds a phone number"),
    ("phone beside the unit", lambda _: {"sender_unit": "样例局 13900001234"}, "sender_unit holds a phone number"),
    ("identity number", lambda _: {"product": "证440104199001011234"}, "product holds an identity number"),
)


def _s10(rng: random.Random) -> str:
    serial = f"{rng.randrange(10**8):08d}"
    return next(number for digit in range(10) if S10.fits(number := f"EA{serial}{digit}CN"))


def _rare(rng: random.Random, layout: LabelLayout) -> str:
    """A rare ideograph that a font has."""
    while True:
        char = chr(rng.randint(*BLOCKS[rng.choice(list(BLOCKS))]))
        try:
            face_of(layout, "bold").require(char, "name")
        except LabelError:
            continue
        return char


def fields_of(rng: random.Random, layout: LabelLayout) -> LabelFields:
    """One random person, who never existed, as an order knows them: nothing is masked yet."""
    number = _s10(rng)
    rare = _rare(rng, layout) if rng.random() < 0.3 else ""
    long = rng.choice((1, 1, 2, 2, 3))
    if rng.random() < 0.3:
        name = " ".join(rng.choice(("Sample", "Tester", "Li", "Wang-Test")) for _ in range(rng.randint(1, 2)))
        address = rng.choice(ENGLISH_ROOMS) + "Tower B, Sample Plaza, " * long + f"{rng.randint(1, 999)} Sample Road, Guangzhou"
    else:
        name = rare + rng.choice(("测试", "样例甲", "测·试样"))
        address = "广东省广州市越秀区" + "".join(rng.choices(PLACES, k=2 * long)) + rng.choice(ROOMS)
    person = rng.random() < 0.2
    return LabelFields(
        tracking_number=number,
        payload_qr=f"{number};{rng.randint(1, 4_294_967_295)}",
        name=name,
        phone=f"199{rng.randrange(10**8):08d}",
        address=address,
        county=f"4401{rng.randint(1, 99):02d}",
        product=rng.choice(("EMS", "EMS 政务专递", "标准快递")),
        chute=rng.randint(1, 999),
        sender_unit="" if person else "样例市公安局出入境管理支队",
        sender_name="样例乙" if person else "",
        sender_phone=f"199{rng.randrange(10**8):08d}" if person else "",
        sender_address="样例市样例区测试道5号2栋301" if person else "",
    )


class Tally:
    """What came of all labels."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.bad: list[str] = []
        self.cpu_ms: dict[int, list[float]] = {203: [], 300: []}
        self.bytes: dict[int, list[int]] = {203: [], 300: []}

    def broken(self, fields: LabelFields, layout: LabelLayout, kind: Break) -> None:
        """A label that must be refused."""
        name, change, says = kind
        try:
            compose(layout, msgspec.structs.replace(fields, **change(fields)))
        except LabelError as error:
            if says in str(error):
                self.refused[name] += 1
                return
            self.bad.append(f"{name}: refused for another reason: {error}")
            return
        self.bad.append(f"{name}: was drawn")

    def good(self, fields: LabelFields, layout: LabelLayout) -> tuple[bytes, LabelLayout, Any] | None:
        """A label that must be right; returns what the second renderer has to draw."""
        begun = time.process_time()
        bitmap = compose(layout, fields)
        fmt = zpl(bitmap, layout)
        self.cpu_ms[layout.dpi].append((time.process_time() - begun) * 1000)
        self.bytes[layout.dpi].append(len(fmt))
        dots = np.asarray(bitmap, dtype=bool)
        expected = {("code128", fields.tracking_number), ("qr", fields.payload_qr)}
        for reader, found in symbols(dots).items():
            self._require(found == expected, f"{fields.tracking_number}: {reader} reads {found}", f"read by {reader}")
        self._require(
            np.array_equal(by_zplkit(fmt, layout), dots),
            f"{fields.tracking_number}: zplkit burns other dots",
            "burnt by zplkit",
        )
        _, _, (printed,) = TsplInterpreter(dots.shape[1] // round(layout.width_mm), lambda _: b"").receive(tspl(bitmap, layout))
        same = np.array_equal(printed.dots(), dots)
        self._require(same, f"{fields.tracking_number}: TSPL burns other dots", "burnt from TSPL")
        return fmt, layout, dots

    def second(self, jobs: list[tuple[bytes, LabelLayout, Any]]) -> None:
        """The renderer that is slow to load draws a batch."""
        drawn = by_zebrash([(fmt, layout) for fmt, layout, _ in jobs])
        for found, (_, _, dots) in zip(drawn, jobs, strict=True):
            self._require(np.array_equal(found, dots), "zebrash burns other dots", "burnt by zebrash")

    def _require(self, holds: object, text: str, counted: str) -> None:
        if holds:
            self.counts[counted] += 1
        else:
            self.bad.append(text)

    def report(self, labels: int, seed: int) -> dict[str, Any]:
        """All sums."""
        return {
            "labels": labels,
            "seed": seed,
            "right": dict(self.counts),
            "refused": dict(sorted(self.refused.items())),
            "cpu_p50_ms": {str(dpi): round(float(np.median(took)), 2) for dpi, took in self.cpu_ms.items() if took},
            "z64_bytes_p50": {str(dpi): int(np.median(sizes)) for dpi, sizes in self.bytes.items() if sizes},
            "z64_bytes_max": {str(dpi): max(sizes) for dpi, sizes in self.bytes.items() if sizes},
            "findings": self.bad[:20],
        }


def main() -> int:
    """Run."""
    labels = int(sys.argv[1]) if len(sys.argv) > 1 else LABELS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    rng = random.Random(f"labels {seed}")
    console, tally, jobs = Console(stderr=True), Tally(), []
    for n in track(range(labels), "labels", console=console):
        layout = rng.choice(LAYOUTS)
        fields = masked(fields_of(rng, layout), layout.privacy)
        if n % BREAKS == BREAKS - 1:
            tally.broken(fields, layout, RULE_BREAKS[n // BREAKS % len(RULE_BREAKS)])
            continue
        try:
            jobs.append(tally.good(fields, layout))
        except LabelError as error:
            tally.bad.append(f"{fields.tracking_number} ({layout.name}): refused: {error}")
        if len(jobs) >= BATCH or n == labels - 1:
            tally.second(jobs)
            jobs = []
    if jobs:
        tally.second(jobs)
    figures = tally.report(labels, seed)
    table = Table("labels", "")
    for name, value in figures.items():
        table.add_row(name, str(value))
    console.print(table)
    if labels >= LABELS:
        keep("labels", figures)
    return bool(tally.bad)


if __name__ == "__main__":
    sys.exit(main())
