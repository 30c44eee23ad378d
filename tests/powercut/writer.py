"""A process that fills a journal as the pump does, and notes each transaction once it was acknowledged.

`python -m tests.powercut.writer FOLDER TRANSACTIONS LEVEL`; LEVEL is SQLite's synchronous. The product knows FULL only.
"""

import random
import sys
from pathlib import Path

from edge.runtime.ledger import Ledger
from edge.runtime.records import Batch, Entry

KEY = b"k" * 32
CHECKPOINT_PAGES = 60
"""pages of the WAL after which SQLite writes them back: often, so that many cuts fall into it"""


def batch_of(number: int, rng: random.Random) -> Batch:
    """Records that say to which transaction they belong and how many they are, with an outcome row and maybe a message."""
    count = rng.randint(1, 9)
    body = b'{"transaction":%d,"of":%d,"more":"%s"}'
    entries = [Entry(number, "Kind", 1, body % (number, count, b"x" * rng.randint(0, 700))) for _ in range(count)]
    messages = [("dispatched", number, b"{}")] if rng.random() < 0.6 else []
    return Batch(entries, messages, [("dispatched", str(number), str(count))])


def main(folder: Path, transactions: int, level: str) -> None:
    """Write the transactions."""
    ledger = Ledger(str(folder / "journal.db"), KEY)
    ledger.open(lambda: "journal-1")
    connection = ledger.sql  # the controls must run it as the product never would
    connection.execute(f"PRAGMA synchronous={level}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    rng = random.Random(transactions)
    with (folder / "acknowledged").open("w", encoding="ascii", buffering=1) as acknowledged:
        for number in range(1, transactions + 1):
            ledger.write(batch_of(number, rng))
            acknowledged.write(f"{number}\n")
            if number % 40 == 0:
                ledger.outbox_confirm(ledger.outbox_seq - 5)
    ledger.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
