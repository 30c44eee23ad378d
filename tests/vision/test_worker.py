import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from simulators import tokens as central
from simulators.documents import render_document, render_envelope
from tests.real_time import real_time
from tests.vision.synthetic import KINDS, LAYOUTS, SITE_KEY, document, label
from vision.camera import HEADER, MAGIC, Frame, FramesCamera
from vision.desks import DocumentDesk, LabelDesk
from vision.errors import RecogniserFailed
from vision.evidence import DayKeys, EvidenceRing
from vision.messages import CameraState, DocumentReading, Hello, Preview, decode
from vision.tokens import skeleton_token, token
from vision.warden import Pulse
from vision.worker import Worker, main

ROOT = Path(__file__).parents[2]


def frame(pixels, trigger=2, k=0):
    return Frame(7, trigger, k, 300, pixels)


def next_message(wire):
    length = int.from_bytes(wire.recv(4, socket.MSG_WAITALL), "big")
    return decode(wire.recv(length, socket.MSG_WAITALL))


@pytest.fixture(scope="module")
def desk():
    return DocumentDesk(list(LAYOUTS.values()), SITE_KEY, None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_leaves_as_tokens_and_its_number_does_not(desk, kind):
    facts = document(kind, 4)
    message = desk(frame(render_document(facts, seed=4)[1], k=1))
    assert (message.kind, message.flags, message.trigger, message.k) == (kind, 15, 2, 1)
    assert message.token == token(SITE_KEY, kind, facts.number)
    assert message.skeleton == skeleton_token(SITE_KEY, LAYOUTS[kind], facts.number)
    beside = central.date_beside(facts)
    assert message.second_field == central.second_field(SITE_KEY, kind, facts.number, beside, central.load_classes())
    assert facts.number not in repr(message)
    assert facts.number[4:-2] not in repr(message)


def test_an_empty_belt_is_a_reading_without_kind(desk):
    message = desk(frame(np.full((1024, 1280), 45, np.uint8)))
    assert (message.kind, message.token, message.flags, message.reason) == (None, "", 0, "empty_belt")


def test_a_reader_that_breaks_costs_one_frame(desk, monkeypatch):
    def broken(pixels):
        raise RecogniserFailed("broke")

    monkeypatch.setattr(desk._reader, "read", broken)
    assert desk(frame(np.full((64, 64), 99, np.uint8))).reason == "reader_failed:RecogniserFailed"


def test_evidence_is_kept_and_only_its_id_leaves(tmp_path):
    ring = EvidenceRing(tmp_path / "ring", DayKeys(tmp_path / "keys"), 5)
    reading = LabelDesk(ring)(frame(render_envelope(label("EA123456785CN", 9), 1)[0]))
    assert {symbol.text for symbol in reading.symbols} == {"EA123456785CN", "EA123456785CN;9"}
    assert ring.open(reading.evidence)[:3] == b"\xff\xd8\xff"


def test_it_finds_its_camera_again_and_ends_with_the_runtime():
    runtime, ours = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as server:
        camera = FramesCamera(*server.getsockname()[:2])
        pixels = np.full((64, 80), 45, np.uint8)
        data = HEADER.pack(MAGIC, 7, 2, 0, 300, 80, 64) + pixels.tobytes()
        desk = LabelDesk(None)
        thread = threading.Thread(target=Worker(camera, desk, runtime, Pulse()).serve, args=("label_camera",))
        thread.start()
        with ours:
            assert isinstance(next_message(ours), Hello)
            for _ in range(2):
                wire, _ = server.accept()
                with wire:
                    assert next_message(ours) == CameraState(up=True, detail="", new=True)
                    wire.sendall(data)
                    assert next_message(ours).reason == "no_label"
                while (state := next_message(ours)) == CameraState(up=True, detail="") or isinstance(state, Preview):
                    pass
                assert "closed the connection" in state.detail
    thread.join(5)
    assert not thread.is_alive()
    runtime.close()


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--site-key", "/nonexistent/site.key", "--layouts", str(ROOT / "line_config/documents/a4.toml")], "cannot be read"),
        (["--layouts", "/nonexistent/a4.toml"], "No such file"),
        ([], "No such file"),
    ],
)
def test_it_says_why_it_cannot_start(arguments, fault, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, "nice", lambda by: by)
    monkeypatch.setattr("resource.setrlimit", lambda what, limits: None)
    common = ["--camera", "id_camera", "--connect", "127.0.0.1:1", "--socket", str(tmp_path / "none.sock")]
    assert main(common + arguments) == 2
    assert fault in capsys.readouterr().err


def test_the_executable_is_niced_limited_and_ends_when_the_socket_closes(tmp_path):
    path = tmp_path / "label.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        command = [
            sys.executable,
            "-m",
            "vision.worker",
            "--camera",
            "label_camera",
            "--connect",
            "127.0.0.1:9",
            "--socket",
            str(path),
        ]
        with contextlib.ExitStack() as stack:
            with real_time():
                process = stack.enter_context(subprocess.Popen(command, cwd=ROOT))
            wire, _ = server.accept()
            with wire:
                child = next_message(wire).pid
                assert Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1] == str(process.pid)
                assert next_message(wire).up is False
                limits = Path(f"/proc/{child}/limits").read_text()
                assert "Max data size             1610612736" in limits
                assert os.getpriority(os.PRIO_PROCESS, child) >= 5
                assert os.sched_getscheduler(child) == os.SCHED_OTHER
            assert process.wait(10) == 0


def test_readings_are_of_the_kind_that_the_camera_gives(desk):
    assert isinstance(desk(frame(np.full((1024, 1280), 45, np.uint8))), DocumentReading)
