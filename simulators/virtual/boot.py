"""One life of the runtime inside the virtual plant."""

from dataclasses import dataclass, field

from edge.runtime.app import Runtime
from edge.runtime.central_link import CentralLink
from edge.runtime.journal import InlineStore, ThreadStore
from edge.runtime.ledger import Ledger
from edge.runtime.spawn import Crew
from simulators.virtual.eyes import VirtualEyes
from simulators.virtual.ports import VirtualPlc, VirtualPrinter


@dataclass
class Boot:
    """One life of the runtime."""

    ledger: Ledger
    store: InlineStore | ThreadStore
    crew: Crew
    runtime: Runtime
    eyes: dict[str, VirtualEyes]
    central: CentralLink
    plc_ports: dict[str, VirtualPlc] = field(default_factory=dict)
    printers: list[VirtualPrinter] = field(default_factory=list)
