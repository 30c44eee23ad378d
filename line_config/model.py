"""The configuration of one line as strict models: unknown keys, wrong types and values out of range are refused."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from pydantic import Field, model_validator

from line_config.printers import (
    ApplicatorSection,
    DeskPrinterSection,
    DeskReaderSection,
    DocumentPrinterSection,
    PrinterSection,
    RollSection,
    place_of,
)
from line_config.section import FilePath, Host, Port, Section
from line_config.tracking_number import S10, NumberForm

EnvelopeFormat = Annotated[str, Field(pattern="^[A-Z]{1,2}[0-9]{1,2}$")]
Place = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
PollMs = Annotated[int, Field(ge=5, le=200)]
DeadlineMs = Annotated[int, Field(ge=50, le=120_000)]


class LineSection(Section):
    """Which line this is and which data files belong to it; file names are relative to the line's file."""

    site: Name
    name: Name
    target_rate_per_h: Annotated[int, Field(ge=1, le=36_000)]
    sort_plan: FilePath
    label_layout: FilePath
    documents: Annotated[list[FilePath], Field(min_length=1, max_length=32)]
    envelope_formats: Annotated[list[EnvelopeFormat], Field(max_length=8)] = Field(default=["C5"])
    thickness_max_mm: Annotated[int, Field(ge=1, le=100)] = 8


class PathsSection(Section):
    """Where the line keeps its data; relative to the working directory."""

    data_dir: FilePath
    site_key_file: FilePath
    anchor_file: Annotated[str, Field(max_length=4096)] = ""
    """the second store of the journal's anchors, better on another disk; "" = anchors.jsonl in data_dir"""
    journal_keep_days: Annotated[int, Field(ge=1, le=3650)] = 400
    """how long archived records are kept"""


class ModbusSection(Section):
    """A PLC over Modbus/TCP."""

    kind: Literal["modbus"]
    host: Host
    port: Port
    unit_id: Annotated[int, Field(ge=0, le=255)]
    poll_ms: PollMs
    word_order: Literal["big", "little"] = "big"
    """of the two words of a 32-bit number: "big" = high word first"""
    byte_order: Literal["big", "little"] = "big"
    """of the two bytes of a word"""


class S7Section(Section):
    """A PLC over S7."""

    kind: Literal["s7"]
    host: Host
    port: Port
    rack: Annotated[int, Field(ge=0, le=7)]
    slot: Annotated[int, Field(ge=0, le=31)]
    poll_ms: PollMs
    local_tsap: Annotated[int, Field(ge=0, le=65535)] = 0x0100
    remote_tsap: Annotated[int, Field(ge=0, le=65535)] = 0
    """for controllers that give out a connection by TSAP, e.g. 0x0302; 0 = from rack and slot"""


PlcConfig = Annotated[ModbusSection | S7Section, Field(discriminator="kind")]


class _CameraSection(Section):
    """What all cameras have: the exposures of one trigger, and an evidence ring."""

    frames_per_trigger: Annotated[int, Field(ge=1, le=8)]
    evidence_frames_max: Annotated[int, Field(ge=10, le=1_000_000)]


class FramesCameraSection(_CameraSection):
    """A camera, or a gateway before one, that speaks docs/camera-frames.md."""

    kind: Literal["frames"]
    host: Host
    port: Port

    @property
    def address(self) -> str:
        """As the worker takes it."""
        return f"{self.host}:{self.port}"


class GigeCameraSection(_CameraSection):
    """A GigE Vision camera, by its IPv4 address, serial number or name."""

    kind: Literal["gige"]
    camera: Annotated[str, Field(pattern=r"^[A-Za-z0-9._ -]{1,64}$")]
    trigger: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,32}$")] = "Line1"
    """the input of the camera that the PLC's pulse comes on"""
    exposure_us: Annotated[int, Field(ge=1, le=1_000_000)]
    gain: Annotated[float, Field(ge=0, le=100)] | None = None
    """in the camera's own unit; without it the camera's own"""
    packet_bytes: Annotated[int, Field(ge=0, le=16_000)] = 0
    """of the stream; 0 = the camera's own"""

    @property
    def address(self) -> str:
        """As the worker takes it."""
        asked = {"trigger": self.trigger, "exposure_us": self.exposure_us, "packet_bytes": self.packet_bytes}
        return f"gige://{quote(self.camera)}?{urlencode(asked | ({} if self.gain is None else {'gain': self.gain}))}"


class VideoCameraSection(_CameraSection):
    """A video device (/dev/video0) or an RTSP stream, for trials: nothing triggers it."""

    kind: Literal["video"]
    source: Annotated[str, Field(pattern=r"^(/dev/video[0-9]+|rtsp://\S{1,500})$")]
    exposure_us: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    gain: Annotated[float, Field(ge=0, le=1000)] | None = None

    @property
    def address(self) -> str:
        """As the worker takes it."""
        if self.source.startswith("rtsp://"):
            return self.source
        gain = {} if self.gain is None else {"gain": self.gain}
        return f"video://{self.source}?{urlencode({'exposure_us': self.exposure_us} | gain)}"


class FolderCameraSection(_CameraSection):
    """A folder of pictures, for trials: each one once, in the order of their names."""

    kind: Literal["folder"]
    folder: FilePath

    @property
    def address(self) -> str:
        """As the worker takes it."""
        return f"folder://{quote(str(Path(self.folder).absolute()))}"


CameraSection = Annotated[
    FramesCameraSection | GigeCameraSection | VideoCameraSection | FolderCameraSection, Field(discriminator="kind")
]


class ScannerSection(Section):
    """The induction scanner, or one in a hand."""

    device: FilePath
    baud: Literal[9600, 19200, 38400, 57600, 115200]


class ScaleSection(Section):
    """A scale that hangs on the line PC; without it the machine PLC weighs. `format`: a file, relative to the line's file."""

    device: FilePath
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]
    format: FilePath


class CentralSection(Section):
    """The broker of the central systems."""

    host: Host
    port: Port
    protocol: Literal["5", "3.1.1"]
    operator_code: Annotated[str, Field(min_length=1, max_length=16)]
    tls_ca_file: str = ""
    tls_cert_file: str = ""
    tls_key_file: str = ""
    public_key_file: str = ""

    @model_validator(mode="after")
    def _whole(self) -> "CentralSection":
        files = (self.tls_ca_file, self.tls_cert_file, self.tls_key_file)
        if any(files) and not all(files):
            raise ValueError("tls_ca_file, tls_cert_file and tls_key_file belong together: give all three or none")
        return self


class PanelSection(Section):
    """Where the touch panel is served."""

    host: Host
    port: Port


class DeadlinesSection(Section):
    """How long to wait, in ms; not scaled with the plant's pace."""

    read_ms: DeadlineMs
    transit_ms: DeadlineMs
    print_ms: DeadlineMs
    label_read_ms: DeadlineMs
    induction_ms: DeadlineMs
    scan_window_ms: Annotated[int, Field(ge=20, le=5000)]
    collation_ms: DeadlineMs = 10_000


class LimitsSection(Section):
    """What an item may weigh, how full a bag may be, how long the line goes on without its neighbours."""

    weight_min_g: Annotated[int, Field(ge=0, le=100_000)]
    weight_max_g: Annotated[int, Field(ge=1, le=100_000)]
    bag_items_max: Annotated[int, Field(ge=0, le=10_000)] = 0
    starved_after_s: Annotated[int, Field(ge=0, le=3600)] = 30
    central_away_max_min: Annotated[int, Field(ge=0, le=10_080)] = 1440
    lease_margin_min: Annotated[int, Field(ge=1, le=1440)] = 10
    disk_start_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    disk_stop_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 500

    outbox_share_percent: Annotated[int, Field(ge=1, le=50)] = 10

    @model_validator(mode="after")
    def _ordered(self) -> "LimitsSection":
        if self.weight_min_g >= self.weight_max_g:
            raise ValueError(f"weight_min_g {self.weight_min_g} must be below weight_max_g {self.weight_max_g}")
        return self


class StartSection(Section):
    """What a person confirms before each start, beside what the line checks by itself."""

    confirm: list[Literal["TEST_LABEL", "SAMPLE_DOCUMENTS"]] = Field(default=[])


class TimeSection(Section):
    """Time limits by product, from the signed receipt to the closed bag, and when shifts begin (local time of day)."""

    limit_min: dict[str, Annotated[int, Field(ge=1, le=100_000)]] = Field(default={"EMS": 1440})
    warning_min: Annotated[int, Field(ge=0, le=100_000)] = 60
    shifts: Annotated[list[Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]], Field(min_length=1)] = Field(
        default=["00:00", "08:00", "16:00"]
    )
    utc_offset_min: Annotated[int, Field(ge=-720, le=840)] = 480


class SortPlanConfig(Section):
    """County code, or its first 2 or 4 digits, to chute."""

    version: Annotated[str, Field(min_length=1, max_length=64)]
    chutes: Annotated[list[Annotated[int, Field(ge=1, le=999)]], Field(min_length=1)]
    reject_chute: Annotated[int, Field(ge=0, le=999)]
    routes: Annotated[dict[Annotated[str, Field(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6})$")], int], Field(min_length=1)]

    pick_up: dict[Place, Place] = Field(default={})
    """issuing office → where its documents without an order are picked up; others stay in the document tray"""

    @model_validator(mode="after")
    def _known_chutes(self) -> "SortPlanConfig":
        unknown = sorted({chute for chute in self.routes.values() if chute not in self.chutes})
        if unknown:
            raise ValueError(f"routes lead to the chutes {unknown}, which `chutes` does not list")
        return self


class LineFile(Section):
    """One line's file as it stands."""

    line: LineSection
    paths: PathsSection
    machine_plc: PlcConfig
    sorter_plc: PlcConfig
    id_camera: CameraSection
    label_camera: CameraSection
    printer: PrinterSection
    printer_2: PrinterSection | None = None
    applicator: ApplicatorSection = ApplicatorSection()
    scanner: ScannerSection
    central: CentralSection
    panel: PanelSection
    deadlines: DeadlinesSection
    limits: LimitsSection
    start: StartSection = StartSection()
    time: TimeSection = TimeSection()
    scale: ScaleSection | None = None
    tracking_numbers: Annotated[tuple[NumberForm, ...], Field(strict=False, min_length=1, max_length=20)] = (S10,)
    desk_printer: DeskPrinterSection | None = None
    desk_reader: DeskReaderSection | None = None
    hand_scanner: ScannerSection | None = None
    document_printer: DocumentPrinterSection | None = None

    @model_validator(mode="after")
    def _heads(self) -> "LineFile":
        second = self.printer_2
        if (second is not None) != (self.applicator.heads == 2):
            raise ValueError(
                f"[applicator] heads = {self.applicator.heads}, and [printer_2] is {'missing' if second is None else 'there'}: "
                "each head has a printer of its own"
            )
        if second is None:
            return self
        if second.roll not in {RollSection(), self.printer.roll}:
            raise ValueError("[printer_2.roll] differs from [printer.roll]: both heads have the same labels; leave it out")
        if place_of(second) == place_of(self.printer):
            raise ValueError("[printer] and [printer_2] are the same device: each head has a printer of its own")
        return self


class LineConfig(LineFile):
    """One line's file with its references resolved to full paths, and the sort plan that it names."""

    sort_plan: SortPlanConfig
