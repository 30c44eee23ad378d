"""What can happen to the files that are printed on demand and to the sheets that they become."""

from edge.core.event import Event
from edge.core.values import OrderId


class FileChecked(Event, frozen=True):
    """The file of an order's `index`-th document was fetched; `fault` says why it is refused, "" = it is what was granted."""

    order_id: OrderId
    index: int
    fault: str = ""


class SheetsPrinted(Event, frozen=True):
    """The printer has ended the job and says that so many sheets came out."""

    order_id: OrderId
    index: int
    sheets: int


class SheetsFailed(Event, frozen=True):
    """`sent` False: the printer has nothing of it. True: nobody knows what came out; it is never printed again blindly."""

    order_id: OrderId
    index: int
    sent: bool
    reason: str


class FileDeleted(Event, frozen=True):
    """No copy of this file is on this line any more."""

    order_id: OrderId
    index: int
