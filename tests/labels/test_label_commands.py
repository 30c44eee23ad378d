"""`sealline label` and `sealline printer`: what they make, and that bad input makes nothing."""

import io
import json
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edge.cli import app
from simulators.tspl import TsplInterpreter
from simulators.zpl import ZplInterpreter
from tests.labels.renderers import symbols

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
GOOD = ["order", "order_english", "order_long_address", "order_person_sends"]
DEMO = Path(__file__).parents[2] / "line_config" / "lines" / "demo.toml"


def run(*arguments: object) -> tuple[int, str]:
    ran = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return ran.exit_code, ran.output


@pytest.fixture
def order(tmp_path):
    def write(**change):
        data = json.loads((EXAMPLES / "order.json").read_text(encoding="utf-8"))
        address = change.pop("address", {})
        file = tmp_path / "order.json"
        file.write_text(json.dumps({**data, **change, "address": {**data["address"], **address}}), encoding="utf-8")
        return file

    return write


@pytest.mark.parametrize("name", GOOD)
def test_all_three_languages_are_the_same_label(name, tmp_path):
    made = {}
    for language in ("png", "zpl", "tspl"):
        code, said = run("label", EXAMPLES / f"{name}.json", "--language", language, "-o", tmp_path / language)
        assert (code, "800 × 1200 dots" in said) == (0, True)
        made[language] = (tmp_path / language).read_bytes()
    with Image.open(io.BytesIO(made["png"])) as picture:
        dots = np.asarray(picture.convert("L")) < 128
    number = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))["tracking_number"]
    assert symbols(dots)["zxing-cpp"] == {("code128", number), ("qr", f"{number};0")}
    assert (ZplInterpreter().interpret(made["zpl"].decode()).dots() == dots).all()
    _, _, (printed,) = TsplInterpreter(8, lambda _: b"").receive(made["tspl"])
    assert (printed.dots() == dots).all()


def test_a_line_gives_its_layout_its_number_forms_and_its_chute(order, tmp_path):
    number = "1234567890123"
    file = order(tracking_number=number, chute=None)
    assert run("label", file, "-o", tmp_path / "l.png")[0] == 2
    code, _ = run("label", file, "--line", DEMO, "--print-id", 77, "-o", tmp_path / "l.png")
    assert code == 0
    with Image.open(tmp_path / "l.png") as picture:
        found = symbols(np.asarray(picture.convert("L")) < 128)["zxing-cpp"]
    assert found == {("code128", number), ("qr", f"{number};77")}


def test_standard_output_and_other_layouts(order, tmp_path):
    layout = DEMO.parents[1] / "labels" / "ems_76x130_300.toml"
    ran = CliRunner().invoke(app, ["label", str(order()), "--layout", str(layout), "--language", "zpl", "-o", "-"])
    assert ran.exit_code == 0
    assert b"^PW912^LL1560" in ran.stdout_bytes


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tracking_number": "EA473124828CN"}, "check digit is wrong"),
        ({"tracking_number": ""}, "no known form"),
        ({"tracking_nummer": "EA473124829CN"}, "tracking_nummer"),
        ({"tracking_number": 5}, "Expected `str`"),
        ({"address": {"name": "\ue863测试"}}, "U+E863"),
        ({"address": {"name": " "}}, "address.name is empty"),
        ({"address": {"text": "样例路8号，电话13900000001"}}, "a phone number"),
        ({"address": {"text": "样例路" * 200}}, "does not fit"),
        ({"product": "件440104199001011234"}, "an identity number"),
    ],
)
def test_a_bad_order_writes_nothing_and_says_why_without_saying_who(order, tmp_path, change, says):
    code, said = run("label", order(**change), "-o", tmp_path / "label.png")
    assert (code, says in said) == (2, True), said
    assert not (tmp_path / "label.png").exists()
    assert "测试甲" not in said
    assert "13900000001" not in said


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b'{"a":' * 5000, b"x" * 70_000], ids=range(6))
def test_a_file_that_is_no_order_writes_nothing(tmp_path, data):
    file = tmp_path / "order.json"
    file.write_bytes(data)
    assert run("label", file, "-o", tmp_path / "label.png")[0] == 2
    assert not (tmp_path / "label.png").exists()


def test_wrong_files_are_named(order, tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ", encoding="utf-8")
    poor = tmp_path / "poor.toml"
    poor.write_text('name = "x"', encoding="utf-8")
    target = tmp_path / "label.png"
    for arguments, says in (
        (("/nowhere/order.json", "-o", target), "cannot be read"),
        ((order(), "-o", "/nowhere/label.png"), "cannot be written"),
        ((order(), "-o", target, "--layout", "/nowhere/layout.toml"), "cannot be read"),
        ((order(), "-o", target, "--layout", broken), "not TOML"),
        ((order(), "-o", target, "--layout", poor), "no label layout: width_mm"),
        ((order(), "-o", target, "--line", poor), "sealline check"),
        ((order(), "-o", target, "--language", "epl"), "epl"),
        ((order(), "-o", target, "--print-id", "-1"), "print-id"),
    ):
        code, said = run("label", *arguments)
        assert (code, says in said) == (2, True), said
        assert not target.exists()
    target.write_bytes(b"mine")
    code, said = run("label", order(), "-o", target)
    assert (code, "--force" in said, target.read_bytes()) == (2, True, b"mine")
    assert run("label", order(), "-o", target, "--force")[0] == 0


def test_a_printer_that_is_not_there_is_said_and_a_target_that_makes_no_sense_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    code, said = run("printer", "status", f"127.0.0.1:{port}")
    assert (code, "lost: no connection" in said) == (1, True)
    code, said = run("printer", "test", f"127.0.0.1:{port}", "--dialect", "tspl")
    assert (code, "Nothing was printed" in said) == (1, True)
    code, said = run("printer", "status", "/nowhere/ttyS0")
    assert (code, "lost" in said) == (1, True)
    for target in ("127.0.0.1:x", ":9100", "host:0", "host:70000"):
        code, said = run("printer", "status", target)
        assert (code, "neither HOST" in said) == (2, True)
    code, said = run("printer", "test", "127.0.0.1", "--layout", "/nowhere/layout.toml")
    assert (code, "cannot be read" in said) == (2, True)
