"""The header of a PLC's image: what it says of itself beside its events. Heartbeat and echo are filled in at each read."""

from typing import TYPE_CHECKING

from simulators import plc_rules as rules

if TYPE_CHECKING:
    from simulators.plc_program import PlcProgram

FAULTS = ("estop", "jam", "events_lost")
APPLICATORS = ("applicator_fault", "applicator_2_fault")


def header_of(plc: "PlcProgram") -> dict[str, int]:
    """Field → word(s), as the process image names them."""
    faults = plc.image.faults
    return {
        "layout_version": plc.image.layout_version,
        "heartbeat": 0,
        "boot_id": plc.boot_id,
        "edge_boot_echo": plc.edge_boot,
        "state": plc.state,
        "mode": plc.mode,
        "echo": 0,
        "faults": sum(bool(getattr(plc, name)) << faults[name] for name in FAULTS)
        + sum((plc.applicator_faults >> pad & 1) << faults[name] for pad, name in enumerate(APPLICATORS)),
        "alarms": plc.feeder_empty << plc.image.alarms["feeder_empty"],
        "buttons": plc.buttons,
        "guard_zones": plc.guard_zones,
        "zones_empty": plc.zones_empty(),
        "exposures_1": plc.exposures[0] % rules.WORD,
        "exposures_2": plc.exposures[1] % rules.WORD,
        "last_issued_seq": plc.last_seq,
        "last_consumed_seq": plc.consumed_seq,
        **plc.counters,
    }
