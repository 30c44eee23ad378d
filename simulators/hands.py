"""What people do at the line with their hands: empty the reject places, change the roll, open, put back, take out."""

import random
from collections.abc import Callable, Iterable
from typing import Any

from simulators.belt import Belt
from simulators.bodies import Envelope, PhysicalDocument, PhysicalLabel
from simulators.faults import FaultBook
from simulators.geometry import Geometry
from simulators.machine_program import MachineProgram
from simulators.printer_body import PrinterBody
from simulators.sorter_program import SorterProgram

TEST_LABEL = "TEST"
"""what stands on a test label where others have their number"""


class Hands:
    """The part of the plant that people reach."""

    geometry: Geometry
    faults: FaultBook
    printers: tuple[PrinterBody, ...]
    desk_printer: PrinterBody
    desk_labels: list[PhysicalLabel]
    machine: MachineProgram
    machine_belt: Belt
    on_expose: Callable[[str, int, Any], None]
    sorter: SorterProgram
    sorter_belt: Belt
    envelopes: list[Envelope]
    document_tray: list[PhysicalDocument]
    unsealed_eject: list[Envelope]
    sealed_reject: list[Envelope]
    removed: list[Envelope | PhysicalDocument]
    in_hand: list[Envelope | PhysicalDocument]
    carried_off: list[Envelope | PhysicalDocument]
    chutes: dict[int, list[Envelope]]
    bag_begins: dict[int, int]
    bags_hung: dict[int, int]
    documents: list[PhysicalDocument]
    _to_feed: list[PhysicalDocument]
    _last_fed: PhysicalDocument | None
    _on_sorter: list[Envelope]
    _at_induction: Callable[[Any, int], None]
    _move: Callable[[Envelope, str, list[Envelope]], None]

    @property
    def on_belt(self) -> int:
        """Things on the belts."""
        raise NotImplementedError

    def roll_changed(self) -> None:
        """The operator changes the roll wherever it has ended, and closes what is open."""
        for printer in self.printers:
            printer.change_roll()

    def show_test_label(self) -> bool:
        """The operator holds the test label under the label camera, whose sensor sees it; False: there is none."""
        found = (printer.take_off(TEST_LABEL) for printer in self.printers)
        label = next((label for label in found if label is not None), None)
        if label is None:
            return False
        trigger = self.machine.at_label_camera(self.machine_belt.travel_um, in_hand=True)
        self.on_expose("label_camera", trigger, Envelope([], 0, [label], place="in hand"))
        return True

    def clear_rejects(self) -> int:
        """The operator empties the reject places into a labelled box each; returns how many things lay there."""
        count = len(self.document_tray) + len(self.unsealed_eject) + len(self.sealed_reject)
        self.removed += [*self.document_tray, *self.unsealed_eject, *self.sealed_reject]
        self.document_tray.clear()
        self.unsealed_eject.clear()
        self.sealed_reject.clear()
        return count

    def feed_again(self, documents: Iterable[PhysicalDocument]) -> None:
        """The operator puts documents into the feeder, in front of the rest but not into the middle of an order."""
        at = len(self._to_feed)
        while (
            at
            and self._last_fed is not None
            and self._last_fed.order_id in {d.order_id for d in self._to_feed[at - 1 : at]} - {None}
        ):
            at -= 1
        for document in documents:
            document.forget_key()
            document.place = "feeder"
            self._to_feed.insert(at, document)

    def lay_in(self, documents: Iterable[PhysicalDocument]) -> None:
        """What was printed goes into the feeder, behind the order that is being fed."""
        self.feed_again(documents)

    def take_back(self, document: PhysicalDocument) -> None:
        """A person takes out of the feeder what was not fed yet."""
        self._to_feed.remove(document)

    def take_from_feeder(self) -> list[PhysicalDocument]:
        """Somebody takes away all that lies in the feeder and was never on the belts: it is no longer this line's."""
        taken = [document for document in reversed(self._to_feed) if not document.past_keys]
        for document in taken:
            self._to_feed.remove(document)
            self.documents.remove(document)
        return taken

    def bring(self, documents: Iterable[PhysicalDocument]) -> None:
        """Somebody brings documents from another line: they lie behind all others."""
        for document in documents:
            self.documents.append(document)
            self._to_feed.insert(0, document)

    def take_up(self) -> list[Envelope | PhysicalDocument]:
        """The clerk takes what lies at the reject places, or was removed from them, to the desk."""
        self.clear_rejects()
        taken, self.removed, self.in_hand = [*self.removed, *self.in_hand], [], []
        return taken

    @property
    def has_rejects(self) -> bool:
        """Whether there is anything to take up, now or later."""
        lying = self.document_tray or self.unsealed_eject or self.sealed_reject
        return bool(lying or self.removed or self.in_hand or self.carried_off)

    @property
    def quiet(self) -> bool:
        """Whether an envelope may be put on the sorter: its belt runs and nothing is on any belt."""
        return self.on_belt == 0 and self.sorter_belt.running

    def put_aside(self, documents: Iterable[PhysicalDocument], place: str) -> None:
        """Documents go to another place than the line's own: "desk", "returned"."""
        for document in documents:
            document.place = place

    def open_envelope(self, envelope: Envelope) -> None:
        """The clerk opens an envelope and destroys what sticks on it."""
        self.put_aside(envelope.documents, "desk")
        envelope.place = "desk"
        envelope.labels.clear()

    def reinduct(self, envelope: Envelope) -> None:
        """The operator puts a sealed envelope on the sorter, in front of the induction scanner."""
        envelope.place = "belt"
        self.put_aside(envelope.documents, "belt")
        self._on_sorter.append(envelope)
        self.sorter.at_hand_over(self.sorter_belt.travel_um)
        self.sorter_belt.after(self.geometry.hand_over_to_induction_um, self._at_induction, envelope)

    def label_exists(self, print_id: int) -> bool:
        """Whether the clerk finds this label anywhere: on an envelope, on the pad, in the printer."""
        on_envelopes = [label for envelope in self.envelopes for label in envelope.labels]
        in_printers = (label for printer in self.printers for label in printer.labels())
        loose = (*in_printers, *self.desk_printer.labels(), *self.desk_labels)
        return any(label.qr.endswith(f";{print_id}") for label in (*on_envelopes, *loose))

    # --- printers, and the manual desk ---
    def _furnish(self, heads: int, seed: int) -> None:
        names, ends = ("printer", "printer 2")[:heads], self.faults.roll_ends
        self.printers = tuple(PrinterBody(self.geometry, random.Random(f"{name} {seed}"), ends) for name in names)
        """of the applicator's heads"""
        self.desk_printer = PrinterBody(self.geometry, random.Random(f"desk printer {seed}"), lambda _: False)
        self.desk_printer.pad_blocked = True  # a person takes its labels, and nothing else does
        self.desk_labels = []
        """printed, and lying on the desk"""

    def take_label(self) -> None:
        """The label that the desk's printer shows lies on the desk now."""
        label, self.desk_printer.peel = self.desk_printer.peel, None
        self.desk_labels += [] if label is None else [label]

    def destroy_loose_labels(self) -> None:
        """What lies on the desk or in its printer goes through the shredder."""
        self.take_label()
        self.desk_labels.clear()

    def take_envelope(self, documents: Iterable[PhysicalDocument]) -> Envelope:
        """A fresh envelope from the pile of the desk, with these documents in it."""
        envelope = Envelope(list(documents), 0, place="desk")
        self.envelopes.append(envelope)
        return envelope

    def recount(self, chute: int) -> list[str]:
        """The operator scans everything in a chute's bag: the QR texts."""
        return [envelope.labels[-1].qr if envelope.labels else "" for envelope in self._in_bag(chute)]

    def _in_bag(self, chute: int) -> list[Envelope]:
        return self.chutes[chute][self.bag_begins[chute] :]

    def hang_bag(self, chute: int) -> None:
        """The operator takes the full bag away, and hangs an empty one."""
        self.bag_begins[chute] = len(self.chutes[chute])
        self.bags_hung[chute] += 1

    def take_out(self, chute: int, text: str) -> None:
        """The operator moves the envelope with this QR text from a chute's bag to the sealed rejects."""
        found = next((e for e in self._in_bag(chute) if e.labels and e.labels[-1].qr == text), None)
        if found is not None:
            self.chutes[chute].remove(found)
            self._move(found, "sealed_reject", self.sealed_reject)

    def bag_tag(self, chute: int) -> str:
        """What is written on the empty bag at this chute."""
        return f"B-{chute}-{self.bags_hung[chute]:03d}"
