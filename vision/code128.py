"""Code 128 from the widths of its elements (ISO/IEC 15417): an opinion that needs no library and knows its margin."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ELEMENTS, MODULES = 6, 11
"""of a character (ISO/IEC 15417, 4.3)"""
STOP_ELEMENTS, STOP_MODULES = 7, 13
"""of the stop character, which has one bar more"""
CHARACTERS_MIN = 4
"""start, one character, check character, stop"""
_WIDTHS = re.findall(
    "[1-4]{6}",
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 233111",
)
"""of characters 0 to 106, the last one without its final bar"""
_START, _STOP = {103: "A", 104: "B", 105: "C"}, 106
_OTHER, _SWITCH = {"A": "B", "B": "A"}, {100: "B", 101: "A"}
_SHIFT, _CODE_C, _CODE_B, _FNC1 = 98, 99, 100, 102


def _similar(widths: str) -> tuple[int, ...]:
    """The four edge-to-similar-edge distances that decide (ISO/IEC 15417, annex on the reference decode)."""
    numbers = [int(width) for width in widths]
    return tuple(numbers[n] + numbers[n + 1] for n in range(4))


_CHARACTERS: dict[tuple[int, ...], list[int]] = {}
for _value, _pattern in enumerate(_WIDTHS):
    _CHARACTERS.setdefault(_similar(_pattern), []).append(_value)
_BARS = [sum(int(width) for width in pattern[::2]) for pattern in _WIDTHS]


def similar_edges(widths: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each character: its four edge-to-similar-edge distances, and the sum of its bars, in modules of its own width."""
    characters = widths[: len(widths) // ELEMENTS * ELEMENTS].reshape(-1, ELEMENTS)
    modules = characters * MODULES / characters.sum(axis=1, keepdims=True)
    return modules[:, :4] + modules[:, 1:5], modules[:, ::2].sum(axis=1)


def margin(widths: NDArray[np.float64]) -> float:
    """Decodability: 1 when every distance is a whole number of modules, 0 when one lies half-way between two."""
    distances, _ = similar_edges(widths)
    return float(1 - 2 * np.abs(distances - np.round(distances)).max())


def text_of(widths: NDArray[np.float64]) -> str | None:
    """Text of a symbol from the widths of its bars and spaces, the first bar first; None unless its check character holds."""
    distances, bars = similar_edges(widths)
    values: list[int] = []
    for row, dark in zip(np.round(distances).astype(int), bars, strict=True):
        fitting = _CHARACTERS.get(tuple(row.tolist()))
        if fitting is None:
            return None
        values.append(min(fitting, key=lambda value: abs(_BARS[value] - dark)))
    if len(values) < CHARACTERS_MIN or values[0] not in _START or values[-1] != _STOP:
        return None
    start, *data, check = values[:-1]
    if (start + sum(place * value for place, value in enumerate(data, 1))) % 103 != check:
        return None
    return _spelled(_START[start], data)


def _spelled(code_set: str, values: Sequence[int]) -> str | None:
    text, shifted = "", False
    for value in values:
        if value > _FNC1:
            return None
        if code_set == "C" and value < _CODE_B:
            text += f"{value:02}"
        elif code_set != "C" and value < 96:
            text += _character(value, _OTHER[code_set] if shifted else code_set)
            shifted = False
        elif value == _SHIFT and code_set != "C":
            shifted = True
        elif value == _CODE_C:
            code_set = "C"
        elif value in _SWITCH and _SWITCH[value] != code_set:
            code_set = _SWITCH[value]
        # What is left are function characters: they carry no text.
    return text or None


def _character(value: int, code_set: str) -> str:
    return chr(value + 32) if code_set == "B" or value < 64 else chr(value - 64)
