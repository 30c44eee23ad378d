"""Encoded pictures, cut, flipped, spliced and lying about themselves: pixels or a typed error may come out, nothing else."""

import io
import random
import resource
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from vision.picture_file import PIXELS_MAX, UnreadableFile, decode_picture

TELLING = (0, 1, 2, 0x7F, 0x80, 0xD8, 0xFE, 0xFF)


@dataclass
class Found:
    """What came out of so many pictures: outcomes by name, what must not, how much the process has grown.

    The slowest decode, in s of the thread's own processor time, is for a campaign to judge, never for a test.
    """

    pictures: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    escaped: list[str] = field(default_factory=list)
    grown_kib: int = 0
    slowest_s: float = 0.0


def seeds() -> dict[str, bytes]:
    """One small picture of each kind that is read, and some odd ones."""
    rng = np.random.default_rng(1)
    grey = Image.fromarray(rng.integers(0, 255, (24, 32), np.uint8))
    colour = Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8))
    deep = Image.fromarray(rng.integers(0, 4095, (24, 32), np.uint16))
    kinds = {
        "png": (grey, "png", {}), "jpeg": (colour, "jpeg", {}), "bmp": (colour, "bmp", {}), "gif": (grey, "gif", {}),
        "tiff": (colour, "tiff", {"compression": "tiff_lzw"}), "webp": (colour, "webp", {}), "ppm": (grey, "ppm", {}),
        "deep png": (deep, "png", {}), "deep tiff": (deep, "tiff", {}), "cmyk": (colour.convert("CMYK"), "jpeg", {}),
        "palette": (colour.convert("P"), "png", {}), "progressive": (colour, "jpeg", {"progressive": True}),
        "animated": (grey, "gif", {"save_all": True, "append_images": [grey.rotate(90)] * 3}),
        "clear": (colour.convert("RGBA"), "png", {}),
    }  # fmt: skip
    made = {}
    for name, (picture, form, options) in kinds.items():
        packed = io.BytesIO()
        picture.save(packed, form, **options)
        made[name] = packed.getvalue()
    return made


def mutated(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """One picture with a few things wrong."""
    torn = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(torn)) if torn else 0
        match rng.randrange(6):
            case 0:
                torn = torn[:at]
            case 1 if torn:
                torn[at] ^= 1 << rng.randrange(8)
            case 2 if torn:
                torn[min(at, 63)] = rng.choice(TELLING)
            case 3:
                torn[at:at] = rng.randbytes(rng.randrange(1, 9))
            case 4:
                torn[at:] = other[rng.randrange(len(other)) :]
            case 5:
                size = rng.choice((2, 4))
                torn[at : at + size] = rng.choice((0xFFFF, 0x7FFFFFFF, 30_000, 0)).to_bytes(4, rng.choice(("big", "little")))[
                    -size:
                ]
    return bytes(torn)


def fuzz(pictures: int, seed: int) -> Found:
    """Decode so many mutated pictures."""
    rng, known, found = random.Random(seed), list(seeds().values()), Found()
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(pictures):
        data = mutated(rng.choice(known), rng.choice(known), rng)
        began_s = time.thread_time()
        try:
            grey = decode_picture(data)
            outcome = "pixels"
            if grey.ndim != 2 or grey.dtype != np.uint8 or grey.size > PIXELS_MAX:
                found.escaped.append(f"{grey.shape} {grey.dtype}: {data[:200].hex()}")
        except UnreadableFile as fault:
            outcome = str(fault)
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            outcome = "escaped"
            found.escaped.append(f"{error!r}: {data[:200].hex()}")
        found.slowest_s = max(found.slowest_s, time.thread_time() - began_s)
        found.outcomes[outcome] += 1
        found.pictures += 1
    found.grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    return found
