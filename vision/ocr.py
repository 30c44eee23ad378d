"""One printed line to text, decoded under an alphabet per place. The only file that knows onnxruntime.

The product's own recogniser (scripts/train.py) reads what passes the cameras; PP-OCRv6 small, which comes inside the package
rapidocr, is a second opinion at a hundred times the cost: the package itself is never imported.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as failures  # type: ignore[import-untyped]

from vision.errors import RecogniserFailed

Image = NDArray[np.uint8]
Posterior = NDArray[np.float32]

LINE_HEIGHT_PX = 48
PITCH_PX = 24
"""of a crop: width of one character"""
_BLANK = 0
TWINS = {"0": "O", "O": "0"}
"""characters of OCR-B that differ by a tenth of their width"""
SEEN_MIN = 0.5
"""A character below this was not seen but forced by its slot; such a line is not read."""


class Engine(NamedTuple):
    """One recogniser: where its weights are, what picture it takes, and what to do when it is not there."""

    package: str
    file: str
    height_px: int
    pitch_px: int
    channels: int
    remedy: str

    def path(self) -> Path:
        """Its file. Raises RecogniserFailed."""
        spec = importlib.util.find_spec(self.package)
        path = Path(spec.origin).parent / self.file if spec and spec.origin else Path(self.file)
        if not path.is_file():
            raise RecogniserFailed(f"{path} is not there: {self.remedy}")
        return path


OWN = Engine("vision", "weights/lines.onnx", 32, 16, 1, "install sealline again, or train it (make train)")
SECOND = Engine("rapidocr", "models/PP-OCRv6_rec_small.onnx", 48, 24, 3, "install the package rapidocr with its models")


@dataclass(frozen=True)
class Line:
    """One line of text; `confidence` is that of its weakest character, 0..1, unmasked.

    `chances`: for each place, how likely each character of its slot was; empty where nobody looked.
    """

    text: str
    confidence: float
    chances: tuple[Posterior, ...] = ()


class LineReader:
    """A recogniser, loaded at its first line; one thread. Not for use by several threads at once."""

    def __init__(self, engine: Engine = OWN) -> None:
        self._engine = engine

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(str(self._engine.path()), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _input(self) -> str:
        return str(self._session.get_inputs()[0].name)

    @cached_property
    def _classes(self) -> dict[str, int]:
        characters = self._session.get_modelmeta().custom_metadata_map["character"].split("\n")
        return {character: place + 1 for place, character in enumerate(characters)}

    def read(self, line: Image, slots: Sequence[str], *, at_end: bool = False) -> Line:
        """Text of a straightened line, grey, dark on light. `slots`: the characters that may stand at each place.

        The text has as many characters as there are slots, or is empty. `at_end`: other print may stand before it.
        Raises RecogniserFailed.
        """
        possible = set("".join(slots))
        alphabet = sorted(possible | {twin for one, twin in TWINS.items() if one in possible})
        columns = [_BLANK, *(self._classes[character] for character in alphabet)]
        return decode(self._posterior(line, len(slots))[:, columns], alphabet, slots, at_end=at_end)

    def warm_up(self) -> None:
        """Load the recogniser now rather than at the first line. Raises RecogniserFailed."""
        self._posterior(np.full((LINE_HEIGHT_PX, 20 * PITCH_PX), 200, np.uint8), 20)

    def _posterior(self, line: Image, characters: int) -> Posterior:
        """Probability of every class at every step, shape (steps, classes)."""
        height, pitch = self._engine.height_px, self._engine.pitch_px
        width = min(round(line.shape[1] * pitch / PITCH_PX * LINE_HEIGHT_PX / line.shape[0]), characters * pitch * 2)
        small = cv2.resize(line, (max(width, 16), height), interpolation=cv2.INTER_AREA)
        grey = small.astype(np.float32) / 127.5 - 1
        batch = np.ascontiguousarray(np.broadcast_to(grey, (1, self._engine.channels, *grey.shape)))
        try:
            return np.asarray(self._session.run(None, {self._input: batch})[0][0], np.float32)
        except (failures.Fail, failures.RuntimeException, failures.InvalidArgument) as error:
            raise RecogniserFailed(f"the recogniser broke on a line of {width} px: {error}") from error


def decode(posterior: Posterior, alphabet: Sequence[str], slots: Sequence[str], *, at_end: bool = False) -> Line:
    """Connectionist decoding for a fixed pitch. Column 0 of `posterior` is the blank, column n is alphabet[n - 1].

    The steps where a character stands are found without the slots; fillers that melted into one are found again by the
    pitch; only then is each place decided among its slot's characters, at the probability that the recogniser gave them.
    """
    columns = {character: place + 1 for place, character in enumerate(alphabet)}
    steps = _steps(_with_twins(posterior, columns))
    if at_end:
        steps = steps[-len(slots) :]
    if len(steps) != len(slots):
        steps = _spread(steps, len(slots))
    if not steps:
        return Line("", 0.0)
    weighed = {slot: posterior @ _joining(slot, tuple(alphabet)) for slot in set(slots)}
    chances = tuple(weighed[slot][max(0, step - 1) : step + 2].max(axis=0) for step, slot in zip(steps, slots, strict=True))
    best = [int(seen.argmax()) for seen in chances]
    weakest = min(float(seen[place]) for seen, place in zip(chances, best, strict=True))
    text = "".join(slot[place] for slot, place in zip(slots, best, strict=True))
    return Line(text, min(1.0, weakest), chances) if weakest >= SEEN_MIN else Line("", 0.0)


@lru_cache(maxsize=256)
def _joining(slot: str, alphabet: tuple[str, ...]) -> Posterior:
    """What to add up of each step for each character of the slot, shape (1 + len(alphabet), len(slot))."""
    columns = {character: place + 1 for place, character in enumerate(alphabet)}
    joining = np.zeros((1 + len(alphabet), len(slot)), np.float32)
    for place, character in enumerate(slot):
        joining[_columns(character, slot, columns), place] = 1
    return joining


def _columns(character: str, slot: str, columns: Mapping[str, int]) -> list[int]:
    """Of a character, and of its twin where that cannot stand: they look alike, and the place says which one it is."""
    twin = TWINS.get(character, "")
    return [columns[character], *([columns[twin]] if twin in columns and twin not in slot else [])]


def _with_twins(posterior: Posterior, columns: Mapping[str, int]) -> Posterior:
    """For finding steps, twins are one character."""
    pairs = [(columns[one], columns[other]) for one, other in TWINS.items() if one in columns and other in columns]
    joined = posterior.copy()
    for one, other in pairs:
        joined[:, one] = posterior[:, one] + posterior[:, other]
    return joined


def _steps(posterior: Posterior) -> list[int]:
    """The step of each character in the greedy path: where a run of one class is strongest."""
    path = posterior.argmax(axis=1)
    edges = np.flatnonzero(np.diff(path, prepend=-1, append=-1))
    runs = [(int(start), int(end)) for start, end in pairwise(edges) if path[start] != _BLANK]
    steps = [(start + int(posterior[start:end, path[start]].argmax()), path[start]) for start, end in runs]
    return [step for step, column in steps if posterior[step, column] >= SEEN_MIN]


def _spread(steps: list[int], places: int) -> list[int]:
    """Steps of all places when some melted: first and last are taken as seen; empty if the others do not fit the pitch."""
    if not places // 2 < len(steps) < places:
        return []
    pitch = (steps[-1] - steps[0]) / (places - 1)
    found = {round((step - steps[0]) / pitch): step for step in steps}
    if len(found) != len(steps) or any(abs(steps[0] + place * pitch - step) > 0.45 * pitch for place, step in found.items()):
        return []
    return [found.get(place, round(steps[0] + place * pitch)) for place in range(places)]
