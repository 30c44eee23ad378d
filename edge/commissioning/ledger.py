"""A line's journal while the line stands still, for what a person does at its machines."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from edge.runtime.app import new_journal_id
from edge.runtime.keeper import snapshot_path
from edge.runtime.ledger import Ledger
from edge.runtime.records import journal_key
from edge.runtime.snapshot import proved_seq, read_snapshot
from line_config.model import LineConfig
from vision.tokens import load_site_key


@contextmanager
def line_ledger(line: LineConfig) -> Iterator[Ledger]:
    """The journal of this line, proved and locked. Raises JournalError while the line runs, SiteKeyError."""
    paths = line.paths
    key = journal_key(load_site_key(Path(paths.site_key_file)))
    journal = Path(paths.data_dir) / "journal.db"
    journal.parent.mkdir(parents=True, exist_ok=True)
    anchor_file = Path(paths.anchor_file) if paths.anchor_file else journal.parent / "anchors.jsonl"
    ledger = Ledger(str(journal), key, anchor_file)
    ledger.open(new_journal_id, partial(proved_seq, read_snapshot(snapshot_path(journal), key)))
    try:
        yield ledger
    finally:
        ledger.close()
