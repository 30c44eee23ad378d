"""The line's file: every fault of every file at once, with file, key and what would be right."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.label_printer import LabelPrinter
from drivers.modbus_plc import ModbusPlc
from drivers.plc import plc_port
from drivers.s7_plc import S7Plc
from edge.runtime.settings import printer_of, settings_of
from line_config.loader import ConfigError, load_line
from line_config.model import ModbusSection, S7Section
from line_config.process_image import load_process_image
from vision.cameras import open_camera

DATA = Path(__file__).parents[2] / "line_config"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    for part in ("lines", "labels", "documents"):
        shutil.copytree(DATA / part, tmp_path / part)
    shutil.copy(DATA / "sort_plan.toml", tmp_path)
    return tmp_path / "lines" / "demo.toml"


def faults_of(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_line(path)
    return str(caught.value)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


PAGES = """
[document_printer]
uri = "ipp://localhost/printers/line-1"
origins = ["https://files.test:8443", "http://[::1]"]
"""


def test_a_line_may_print_documents(demo: Path) -> None:
    assert load_line(demo).document_printer is None
    demo.write_text(demo.read_text("utf-8") + PAGES, encoding="utf-8")
    section = load_line(demo).document_printer
    assert section is not None
    assert (section.files_ahead_max, section.sheets_ahead_max, section.counts, section.file_max_mb) == (20, 200, "sides", 20)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("ipp://localhost/", "http://localhost/", "document_printer.uri"),
        ("https://files.test:8443", "https://files.test/", "document_printer.origins.0"),
        ("https://files.test:8443", "https://user@files.test", "document_printer.origins.0"),
        ('["https://files.test:8443", "http://[::1]"]', "[]", "document_printer.origins"),
        ("origins =", "sources =", "document_printer.sources"),
    ],
)
def test_nonsense_about_the_document_printer_is_named(demo: Path, old: str, new: str, key: str) -> None:
    demo.write_text(demo.read_text("utf-8") + PAGES.replace(old, new), encoding="utf-8")
    assert key in faults_of(demo)


SECOND = """
[printer_2]
kind = "tcp"
dialect = "zpl"
host = "127.0.0.1"
port = 19200
status_port = 19200
poll_ms = 40
reply_timeout_ms = 120
"""


def two_heads(path: Path, second: str = SECOND) -> Path:
    change(path, "heads = 1 ", "heads = 2 ")
    path.write_text(path.read_text("utf-8") + second, encoding="utf-8")
    return path


def test_a_line_may_have_a_second_applicator_head(demo: Path) -> None:
    one = settings_of(load_line(demo))
    assert (one.heads, one.standby) == (1, False)
    two = settings_of(load_line(two_heads(demo)))
    assert (two.heads, two.standby) == (2, False)
    change(demo, 'mode = "alternating"', 'mode = "standby"')
    assert settings_of(load_line(demo)).standby


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        ("", "[applicator] heads = 2, and [printer_2] is missing"),
        (SECOND.replace("19200", "19100"), "[printer] and [printer_2] are the same device"),
        (SECOND + "[printer_2.roll]\nmedia_mm = 90000\n", "both heads have the same labels"),
        (SECOND.replace("poll_ms = 40", "poll_ms = -1"), "printer_2.poll_ms"),
    ],
)
def test_nonsense_about_the_second_head_is_named(demo: Path, second: str, fault: str) -> None:
    assert fault in faults_of(two_heads(demo, second))


def test_a_second_printer_without_a_second_head_is_refused(demo: Path) -> None:
    demo.write_text(demo.read_text("utf-8") + SECOND, encoding="utf-8")
    assert "[applicator] heads = 1, and [printer_2] is there" in faults_of(demo)


def test_a_line_may_have_a_scale_of_its_own(demo: Path) -> None:
    assert load_line(demo).scale is None
    with demo.open("a", encoding="utf-8") as file:
        file.write('\n[scale]\ndevice = "/dev/ttyS1"\nbaud = 9600\nformat = "../scales/st_gs.toml"\n')
    assert f"{demo.parent / '../scales/st_gs.toml'}: cannot be read" in faults_of(demo)
    shutil.copytree(DATA / "scales", demo.parents[1] / "scales")
    scale = load_line(demo).scale
    assert scale is not None
    assert scale.format == str(demo.parents[1] / "scales" / "st_gs.toml")
    change(demo, 'format = "../scales/st_gs.toml"', "")
    assert "scale.format: is missing: add it" in faults_of(demo)


def test_a_line_may_have_a_manual_desk_with_a_printer_of_its_own(demo: Path) -> None:
    assert load_line(demo).desk_printer is None
    address = 'kind = "tcp"\ndialect = "zpl"\nhost = "127.0.0.1"\nport = 19200\nstatus_port = 19200\n'
    keys = f"{address}poll_ms = 40\nreply_timeout_ms = 120\n"
    with demo.open("a", encoding="utf-8") as file:
        file.write(f"\n[desk_printer]\n{keys}")
    plain = load_line(demo)
    assert plain.desk_printer is not None
    assert plain.desk_printer.label_layout == plain.line.label_layout
    with demo.open("a", encoding="utf-8") as file:
        file.write('label_layout = "../labels/desk.toml"\n')
    assert "labels/desk.toml: cannot be read" in faults_of(demo)
    layout = demo.parents[1] / "labels" / "desk.toml"
    shutil.copy(plain.line.label_layout, layout)
    own = load_line(demo).desk_printer
    assert own is not None
    assert own.label_layout == str(layout)


def test_the_demo_line_is_good(demo: Path) -> None:
    config = load_line(demo)
    assert config.machine_plc.kind == "modbus"
    assert config.sort_plan.routes["4401"] == 2
    assert all(Path(name).is_absolute() for name in (config.line.sort_plan, config.line.label_layout, *config.line.documents))


def test_orders_and_tsap_have_defaults_and_reach_the_driver(demo: Path) -> None:
    change(demo, "unit_id = 1", 'unit_id = 1\nword_order = "little"\nbyte_order = "little"')
    change(demo, "slot = 1", "slot = 1\nremote_tsap = 0x0302")
    config, image = load_line(demo), load_process_image()
    assert isinstance(plc_port(config.machine_plc, image), ModbusPlc)
    assert isinstance(plc_port(config.sorter_plc, image), S7Plc)
    assert isinstance(config.machine_plc, ModbusSection)
    assert isinstance(config.sorter_plc, S7Section)
    assert (config.machine_plc.word_order, config.machine_plc.byte_order) == ("little", "little")
    assert (config.sorter_plc.local_tsap, config.sorter_plc.remote_tsap) == (0x0100, 0x0302)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("port = 15020", "port = 99999", "machine_plc.port: must be at most 65535 (found: 99999)"),
        ("poll_ms = 15", "poll_ms = 1", "machine_plc.poll_ms: must be at least 5"),
        ("poll_ms = 15", 'poll_ms = "15 ms"', "machine_plc.poll_ms: must be a whole number, without quotes or unit"),
        ('kind = "s7"', 'kind = "profinet"', "sorter_plc: must be one of 'modbus', 's7'"),
        ("unit_id = 1", 'unit_id = 1\nword_order = "middle"', "machine_plc.word_order: must be one of 'big' or 'little'"),
        ("slot = 1", "slot = 1\nremote_tsap = 70000", "sorter_plc.remote_tsap: must be at most 65535"),
        ("slot = 1", 'slot = 1\nword_order = "big"', "sorter_plc.word_order: is no key that this file knows"),
        ("[panel]", "[panel]\ncolour = 1", "panel.colour: is no key that this file knows"),
        ("rack = 0\n", "", "sorter_plc.rack: is missing: add it"),
        ("weight_min_g = 5", "weight_min_g = 950", "limits: Value error, weight_min_g 950 must be below"),
        ('site = "demo"', 'site = "De mo"', "line.site: must look like"),
        ("baud = 115200", "baud = 110", "scanner.baud: must be one of"),
        ('kind = "tcp"', 'kind = "usb"', "printer: must be one of 'tcp', 'serial'"),
        ('dialect = "zpl"', 'dialect = "epl"', "printer.dialect: must be one of 'zpl' or 'tspl'"),
        ("media_mm = 0", "media_mm = -1", "printer.roll.media_mm: must be at least 0"),
        ('check = "s10"', 'check = "luhn"', "tracking_numbers.0.check: must be one of"),
        ('pattern = "[1-9][0-9]{12}"', 'pattern = "[1-9"', "is no regular expression"),
    ],
)
def test_each_fault_names_key_and_remedy(demo: Path, old: str, new: str, says: str) -> None:
    change(demo, old, new)
    assert says.replace("Value error, ", "") in faults_of(demo).replace("Value error, ", "")


def test_a_printer_may_hang_on_a_serial_line(demo: Path) -> None:
    text = demo.read_text(encoding="utf-8")
    begin, end = text.index("[printer]"), text.index("[printer.roll]")
    serial = (
        '[printer]\nkind = "serial"\ndialect = "tspl"\ndevice = "/dev/ttyS1"\nbaud = 115200\npoll_ms = 40\n'
        "reply_timeout_ms = 200\n\n"
    )
    demo.write_text(text[:begin] + serial + text[end:].replace("media_mm = 0", "media_mm = 150000"), encoding="utf-8")
    config = load_line(demo)
    assert (config.printer.kind, config.printer.dialect, config.printer.more_status) == ("serial", "tspl", False)
    assert isinstance(printer_of(config.printer), LabelPrinter)
    settings = settings_of(config)
    assert (settings.media_labels, settings.ribbon_labels) == (980, 0)  # 150 m of labels of 150 mm and 3 mm gap


def test_all_faults_are_listed_at_once(demo: Path) -> None:
    change(demo, "port = 15020", "port = 0")
    change(demo, "[panel]", "[panel]\nfoo = 1")
    change(demo, "scan_window_ms = 400", "scan_window_ms = 1")
    change(demo, "../sort_plan.toml", "../sort_plant.toml")
    lines = faults_of(demo).splitlines()
    assert len(lines) == 4
    assert all(str(demo) in line for line in lines[:3])
    assert "sort_plant.toml: cannot be read" in lines[3]


def test_faults_of_the_files_that_it_names_are_listed_too(demo: Path) -> None:
    change(demo, "../documents/a4.toml", "../documents/a5.toml")
    change(demo.parents[1] / "sort_plan.toml", '"11" = 6', '"11" = 9')
    (demo.parents[1] / "documents" / "passport.toml").write_text("kind = 7")
    text = faults_of(demo)
    assert "a5.toml: cannot be read: No such file" in text
    assert "routes lead to the chutes [9]" in text
    assert "passport.toml: kind: must be text" in text


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"[line\n", "is not TOML"), (b"\xff\xfe", "is not UTF-8"), (b"", "line: is missing")],
)
def test_a_file_that_is_none(demo: Path, content: bytes, says: str) -> None:
    demo.write_bytes(content)
    assert says in faults_of(demo)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "cannot be read" in faults_of(tmp_path / "none.toml")


def test_check_ends_with_exit_2_and_all_faults(demo: Path) -> None:
    change(demo, "port = 15020", "port = 0")
    sealline = Path(sys.executable).parent / "sealline"
    ran = subprocess.run([sealline, "check", demo], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "machine_plc.port: must be at least 1" in ran.stderr


# --- the PLC interface ---
IMAGE = (DATA / "process_image.toml").read_text(encoding="utf-8")


def test_the_interface_fits_one_s7_pdu_and_one_modbus_transaction() -> None:
    image = load_process_image()
    assert image.words("plc_to_edge") <= 110
    assert image.words("edge_to_plc") <= 90
    assert 2 * image.words("plc_to_edge") + 18 <= 240


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seq_max = 65528", "seq_max = 65530", "not a multiple of the window"),
        ("window = 8 ", "window = 16", "words, allowed are"),
        ("inserted = { code = 2,", "inserted = { code = 1,", "a code stands there twice"),
        ("layout_version = 1", "layout_version = 1\nfoo = 2", "foo"),
    ],
)
def test_an_interface_that_cannot_work_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "image.toml"
    assert old in IMAGE
    path.write_text(IMAGE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=says):
        load_process_image(path)


CAMERA = """[label_camera]
kind = "frames"
host = "127.0.0.1"
port = 15202
"""


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ('kind = "frames"\nhost = "10.0.0.7"\nport = 15202', "10.0.0.7:15202"),
        (
            'kind = "gige"\ncamera = "SN 12"\nexposure_us = 250\ngain = 1.5',
            "gige://SN%2012?trigger=Line1&exposure_us=250&packet_bytes=0&gain=1.5",
        ),
        (
            'kind = "gige"\ncamera = "10.0.0.8"\ntrigger = "Line2"\nexposure_us = 90\npacket_bytes = 8000',
            "gige://10.0.0.8?trigger=Line2&exposure_us=90&packet_bytes=8000",
        ),
        (
            'kind = "video"\nsource = "/dev/video2"\nexposure_us = 300\ngain = 2.0',
            "video:///dev/video2?exposure_us=300&gain=2.0",
        ),
        ('kind = "video"\nsource = "rtsp://camera/stream"', "rtsp://camera/stream"),
        ('kind = "folder"\nfolder = "/var/spool/my frames"', "folder:///var/spool/my%20frames"),
    ],
)
def test_cameras_of_all_kinds(demo: Path, lines: str, address: str) -> None:
    change(demo, CAMERA, f"[label_camera]\n{lines}\n")
    section = load_line(demo).label_camera
    assert section.address == address
    open_camera(section.address, section.frames_per_trigger)


@pytest.mark.parametrize(
    "lines",
    [
        'kind = "usb"',
        'kind = "gige"\ncamera = "10.0.0.8"',
        'kind = "gige"\ncamera = "a/b"\nexposure_us = 300',
        'kind = "video"\nsource = "http://camera"',
        'kind = "folder"\nfolder = ""',
    ],
)
def test_cameras_that_cannot_be(demo: Path, lines: str) -> None:
    change(demo, CAMERA, f"[label_camera]\n{lines}\n")
    assert "label_camera" in faults_of(demo)
