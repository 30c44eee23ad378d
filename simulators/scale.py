"""A scale on a pseudo-terminal, in each format of line_config/scales."""

from collections.abc import Callable
from pathlib import Path

from simulators.serial_device import SerialDevice


def _sics(weight_mg: int, state: str) -> str:
    if state in {"overload", "underload", "error"}:
        return "S " + {"overload": "+", "underload": "-", "error": "I"}[state] + "\r\n"
    return f"S {'S' if state == 'stable' else 'D'} {weight_mg / 1_000_000:10.4f} kg\r\n"


def _st_gs(weight_mg: int, state: str) -> str:
    head = {"stable": "ST", "moving": "US"}.get(state, "OL")
    return f"{head},GS,{weight_mg / 1000:+08.1f}g\r\n"


def _stx(weight_mg: int, state: str) -> str:
    tail = {"stable": " ", "moving": "M", "error": "I"}.get(state, "O")
    return f"\x02{'-' if weight_mg < 0 else ' '}{abs(weight_mg) / 1000:7.1f}GG{tail}\r"


FORMATS: dict[str, Callable[[int, str], str]] = {"mt_sics": _sics, "st_gs": _st_gs, "stx_stream": _stx}


class Scale(SerialDevice):
    """Says what lies on it."""

    def __init__(self, device: Path, fmt: str) -> None:
        super().__init__(device)
        self._format = FORMATS[fmt]

    def weigh(self, weight_mg: int, state: str = "stable") -> None:
        """One telegram; `state` as in line_config/scale_format."""
        self.send(self._format(weight_mg, state).encode("ascii"))
