"""Printers of a line: those of the applicator's heads, of the manual desk, and for documents; and what belongs to them."""

from typing import Annotated, Literal

from pydantic import Field

from line_config.section import FilePath, Host, Port, Section

PrinterPollMs = Annotated[int, Field(ge=10, le=1000)]
ReplyTimeoutMs = Annotated[int, Field(ge=20, le=5000)]


class RollSection(Section):
    """What a fresh roll holds, in mm of labels and of ribbon; 0 = not watched (direct thermal printers have no ribbon)."""

    media_mm: Annotated[int, Field(ge=0, le=2_000_000)] = 0
    ribbon_mm: Annotated[int, Field(ge=0, le=2_000_000)] = 0
    low_labels: Annotated[int, Field(ge=1, le=10_000)] = 100
    """so few labels left are said to be few"""
    test_label: bool = True
    """after somebody was at the printer one test label is printed and read before any other"""


class TcpPrinterSection(Section):
    """The label printer on the network; `status_port` may be the data port, or a channel of its own (Zebra: 9200)."""

    kind: Literal["tcp"]
    dialect: Literal["zpl", "tspl"]
    host: Host
    port: Port
    status_port: Port
    poll_ms: PrinterPollMs
    reply_timeout_ms: ReplyTimeoutMs
    more_status: bool = False
    """ask the second question as well (~HQES, <ESC>!S): for printers that answer it"""
    roll: RollSection = RollSection()


class SerialPrinterSection(Section):
    """The label printer on a serial line: labels and status share it."""

    kind: Literal["serial"]
    dialect: Literal["zpl", "tspl"]
    device: FilePath
    baud: Literal[9600, 19200, 38400, 57600, 115200]
    poll_ms: PrinterPollMs
    reply_timeout_ms: ReplyTimeoutMs
    more_status: bool = False
    roll: RollSection = RollSection()


PrinterSection = Annotated[TcpPrinterSection | SerialPrinterSection, Field(discriminator="kind")]


def place_of(section: TcpPrinterSection | SerialPrinterSection) -> str:
    """Where this printer hangs."""
    return f"{section.host}:{section.port}" if section.kind == "tcp" else section.device


class DeskPrinterSection(TcpPrinterSection):
    """The label printer of the manual desk; without this section there is no desk. `label_layout`: "" = the line's."""

    label_layout: Annotated[str, Field(max_length=4096)] = ""


class DeskReaderSection(Section):
    """The reader at the manual desk for the panel: a folder into which a document camera or a scanner lays its pictures."""

    folder: Annotated[str, Field(min_length=1, max_length=4096)]


class ApplicatorSection(Section):
    """Heads of the applicator, the second of which prints on [printer_2]; `mode`: what the second one is for."""

    heads: Annotated[int, Field(ge=1, le=2)] = 1
    mode: Literal["alternating", "standby"] = "alternating"


class DocumentPrinterSection(Section):
    """A printer for documents that come as files; without it a manifest that names files is refused."""

    uri: Annotated[str, Field(pattern=r"^ipps?://[^\s]+$", max_length=512)]
    origins: Annotated[
        list[Annotated[str, Field(pattern=r"^https?://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?$")]],
        Field(min_length=1, max_length=16),
    ]
    """where files may come from: scheme, host and port"""
    ca_file: Annotated[str, Field(max_length=4096)] = ""
    """certificates that the file servers' are checked against; "" = those of this machine"""
    folder: Annotated[str, Field(max_length=4096)] = ""
    """where files lie until their sheets are out, better on a tmpfs; "" = `files` in data_dir"""
    counts: Literal["sides", "nothing"] = "sides"
    """what the printer says of a job: the sides that came out (job-impressions-completed), or only that it has ended"""
    poll_ms: Annotated[int, Field(ge=50, le=10_000)] = 500
    fetch_limit_s: Annotated[int, Field(ge=1, le=600)] = 60
    file_max_mb: Annotated[int, Field(ge=1, le=100)] = 20
    files_ahead_max: Annotated[int, Field(ge=1, le=500)] = 20
    sheets_ahead_max: Annotated[int, Field(ge=1, le=5000)] = 200
