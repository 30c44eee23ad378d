"""Which driver a configured PLC needs."""

from drivers.modbus_plc import ModbusPlc
from drivers.s7_plc import S7Plc
from line_config.model import PlcConfig
from line_config.process_image import ProcessImage


def plc_port(plc: PlcConfig, image: ProcessImage) -> ModbusPlc | S7Plc:
    """The driver of a PLC, not connected."""
    if plc.kind == "modbus":
        return ModbusPlc(plc.host, plc.port, plc.unit_id, image)
    return S7Plc(plc.host, plc.port, plc.rack, plc.slot, image)
