"""Which driver a configured PLC needs."""

from drivers.modbus_plc import ModbusPlc
from drivers.s7_plc import S7Plc
from line_config.model import PlcConfig
from line_config.process_image import ProcessImage

TIMEOUT_MS = 120
"""for one transaction"""


def plc_port(plc: PlcConfig, image: ProcessImage) -> ModbusPlc | S7Plc:
    """The driver of a PLC, not connected."""
    if plc.kind == "modbus":
        return ModbusPlc(
            plc.host, plc.port, plc.unit_id, image, word_order=plc.word_order, byte_order=plc.byte_order, timeout_ms=TIMEOUT_MS
        )
    tsap = (plc.local_tsap, plc.remote_tsap) if plc.remote_tsap else None
    return S7Plc(plc.host, plc.port, plc.rack, plc.slot, image, tsap=tsap, timeout_ms=TIMEOUT_MS)
