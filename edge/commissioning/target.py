"""Which PLC a commissioning command speaks to: a section of a line's file, or an address."""

import re
from pathlib import Path
from typing import NamedTuple

from drivers.modbus_plc import ModbusPlc
from drivers.plc import plc_port
from drivers.s7_plc import S7Plc
from edge.conformance.check import Kind
from line_config.loader import ConfigError, load_line
from line_config.model import LineConfig, ModbusSection, PlcConfig, S7Section
from line_config.process_image import ProcessImage

SECTIONS: dict[str, Kind] = {"machine_plc": "machine", "sorter_plc": "sorter"}
POLL_MS = 10
_ADDRESS = re.compile(r"^(modbus|s7)://\[?([^/]+?)\]?:([0-9]{1,5})/([0-9]{1,3})(?:/([0-9]{1,2}))?$")
FORMS = "LINE.toml:machine_plc, LINE.toml:sorter_plc, modbus://HOST:PORT/UNIT or s7://HOST:PORT/RACK/SLOT"


class TargetError(Exception):
    """The target makes no sense; the text says what it may be."""


class Target(NamedTuple):
    """One PLC: where, and which of the two."""

    text: str
    kind: Kind
    plc: PlcConfig
    line: LineConfig | None = None
    """the line that it belongs to, where the target names one"""

    @property
    def where(self) -> str:
        """The wire in words."""
        plc = self.plc
        if plc.kind == "modbus":
            return f"Modbus/TCP {plc.host}:{plc.port} unit {plc.unit_id}"
        return f"S7 {plc.host}:{plc.port} rack {plc.rack} slot {plc.slot}"

    def port(self, image: ProcessImage) -> ModbusPlc | S7Plc:
        """A driver for it, not connected."""
        return plc_port(self.plc, image)


def parse_target(text: str, kind: Kind | None = None) -> Target:
    """The PLC that a target names; an address needs `kind`. Raises TargetError."""
    if "://" in text:
        if kind is None:
            raise TargetError(f"{text}: say --kind machine or --kind sorter")
        return Target(text, kind, _address(text))
    file, _, section = text.rpartition(":")
    if section not in SECTIONS or not file:
        raise TargetError(f"{text}: not a target; it may be {FORMS}")
    try:
        line = load_line(Path(file))
    except ConfigError as error:
        raise TargetError("\n".join(fault.line() for fault in error.faults)) from error
    return Target(text, SECTIONS[section], getattr(line, section), line)


def _address(text: str) -> PlcConfig:
    found = _ADDRESS.match(text)
    if found is None or (found[1] == "s7") != (found[5] is not None):
        raise TargetError(f"{text}: not an address; it may be modbus://HOST:PORT/UNIT or s7://HOST:PORT/RACK/SLOT")
    protocol, host, port, first, second = found.groups()
    try:
        if protocol == "modbus":
            return ModbusSection(kind="modbus", host=host, port=int(port), unit_id=int(first), poll_ms=POLL_MS)
        return S7Section(kind="s7", host=host, port=int(port), rack=int(first), slot=int(second), poll_ms=POLL_MS)
    except ValueError as error:
        raise TargetError(f"{text}: a number is out of range (port 1–65535, unit 0–255, rack 0–7, slot 0–31)") from error
