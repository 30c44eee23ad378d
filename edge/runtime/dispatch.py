"""Which link takes which command: one table."""

import asyncio

from edge.core.commands import (
    Answer,
    Apply,
    AskCentral,
    ClearBelt,
    Command,
    DeleteFile,
    Divert,
    EjectUnsealed,
    FetchFile,
    InsertClose,
    InsertKeepOpen,
    NoLabel,
    Outcome,
    PrintFile,
    PrintLabel,
    PrintTest,
    Publish,
    PurgeLabel,
    RejectDocument,
    RejectItem,
    RollPassed,
    RunOut,
    Seal,
    SetPermit,
    SetState,
    TryLabel,
    WithdrawLabels,
)
from edge.core.heads import HEAD_LINKS
from edge.runtime.link import Link

MACHINE, SORTER, PRINTER, PAGES = "machine_plc", "sorter_plc", "printer", "document_printer"
# Command → names of the links that take it; () = durable rows and answers, which no link takes.
TABLE: dict[type[Command], tuple[str, ...]] = {
    InsertClose: (MACHINE,),
    InsertKeepOpen: (MACHINE,),
    RejectDocument: (MACHINE,),
    Seal: (MACHINE,),
    EjectUnsealed: (MACHINE,),
    Apply: (MACHINE,),
    PurgeLabel: (MACHINE,),
    NoLabel: (MACHINE,),
    Divert: (SORTER,),
    RejectItem: (SORTER,),
    SetState: (MACHINE, SORTER),
    PrintLabel: (PRINTER,),
    PrintTest: (PRINTER,),
    RollPassed: (PRINTER,),
    WithdrawLabels: (PRINTER,),
    TryLabel: (PRINTER,),
    FetchFile: (PAGES,),
    PrintFile: (PAGES,),
    DeleteFile: (PAGES,),
    AskCentral: ("central",),
    SetPermit: (),
    Publish: (),
    Outcome: (),
}


def _names(command: Command) -> tuple[str, ...]:
    """Names of the links that take this command; some name theirs themselves."""
    if isinstance(command, (ClearBelt, RunOut)):
        return (command.plc.value,)
    if isinstance(command, PrintLabel) and command.printer:
        return (command.printer,)
    if isinstance(command, PrintLabel | PrintTest | RollPassed | WithdrawLabels):
        return (HEAD_LINKS[command.head - 1],)
    return TABLE[type(command)]


class Dispatch:
    """Hands commands to links, and answers to whoever waits for them."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}
        self._waiting: dict[str, asyncio.Future[Answer]] = {}

    def register(self, link: Link) -> None:
        """From now on `link` takes the commands that bear its name in the table."""
        self._links[link.name] = link

    def expect(self, request_id: str) -> asyncio.Future[Answer]:
        """A future for the answer to a request."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = future
        return future

    def forget(self, request_id: str) -> None:
        """Nobody waits for this answer any more."""
        self._waiting.pop(request_id, None)

    def act(self, command: Command) -> None:
        """Send one command whose events are durable."""
        if isinstance(command, Answer):
            future = self._waiting.pop(command.request_id, None)
            if future is not None and not future.done():
                future.set_result(command)
            return
        for name in _names(command):
            self._links[name].send(command)
