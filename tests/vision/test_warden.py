"""Eyes that crash, hang, run wild or meet a bomb cost one frame: the next ones are there within a second."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulators.documents import render_envelope
from tests.vision.synthetic import label
from vision.messages import CameraState, Hello, LabelReading, decode
from vision.warden import CANNOT_START, ENDED, Child, Pulse, keep, look

ROOT = Path(__file__).parents[2]
NUMBER = "EA473124829CN"


class Runtime:
    """The runtime's end of the socket, and a worker with a folder camera."""

    def __init__(self, tmp_path):
        self.folder = tmp_path / "frames"
        self.folder.mkdir()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(tmp_path / "eye.sock"))
        self.server.listen()
        self.server.settimeout(20)
        command = ["-m", "vision.worker", "--camera", "label_camera", "--connect", f"folder://{self.folder}"]
        self.process = subprocess.Popen([sys.executable, *command, "--socket", str(tmp_path / "eye.sock")], cwd=ROOT)
        self.child, self.wire = 0, socket.socket()
        self.connected()

    def connected(self):
        self.wire.close()
        self.wire, _ = self.server.accept()
        self.wire.settimeout(20)
        self.child = self.next(Hello).pid

    def next(self, kind):
        """The next message of this kind."""
        while True:
            length = int.from_bytes(self.wire.recv(4, socket.MSG_WAITALL), "big")
            message = decode(self.wire.recv(length, socket.MSG_WAITALL))
            if isinstance(message, kind):
                return message

    def put(self, name, data):
        part = self.folder / f"{name}.part"
        part.write_bytes(data)
        part.rename(self.folder / name)

    def renewed(self):
        """Wait for the next life; how soon it comes is measured by `make bench`."""
        self.connected()
        self.next(CameraState)

    def end(self):
        self.wire.close()
        self.server.close()
        assert self.process.wait(10) == 0


@pytest.fixture(scope="module")
def picture():
    import io

    packed = io.BytesIO()
    Image.fromarray(render_envelope(label(NUMBER, 5), 1)[0]).save(packed, "png")
    return packed.getvalue()


def bomb():
    """A picture of 61 bytes that says it has 30,000 × 30,000 px."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x\x9cc\x00") + chunk(b"IEND", b"")
    assert len(data) == 61
    return data


def test_crash_hang_and_bomb_cost_one_frame_each(tmp_path, picture):
    runtime = Runtime(tmp_path)
    try:
        runtime.put("00.png", picture)
        assert {s.text for s in runtime.next(LabelReading).symbols} == {NUMBER, f"{NUMBER};5"}
        runtime.put("01.png", bomb())
        assert (read := runtime.next(LabelReading)).reason == "too_large"
        assert (read.trigger, read.k) == (2, 1), "its exposure is counted all the same"
        first = runtime.child
        for way in (signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV):
            os.kill(runtime.child, way)
            runtime.renewed()
        assert runtime.child != first
        runtime.put("02.png", picture)
        assert [len(runtime.next(LabelReading).symbols) for _ in range(3)] == [2, 0, 2], "the folder begins anew"
    finally:
        runtime.end()


def test_the_child_ends_with_its_warden(tmp_path):
    runtime = Runtime(tmp_path)
    runtime.process.kill()
    runtime.process.wait(5)
    while runtime.wire.recv(65536):
        pass
    runtime.wire.close()
    runtime.server.close()


# --- lives that tests invent ---
def lives(tmp_path, *ways):
    """Each life leaves a mark and does what it should; returns the code and how many lived."""
    marks = tmp_path / "marks"

    def life(pulse):
        count = len(marks.read_text()) if marks.exists() else 0
        with marks.open("a") as file:
            file.write("x")
        return ways[count](pulse)

    return keep(life), len(marks.read_text())


def hangs(pulse):
    pulse.within(0.05)
    time.sleep(30)


def runs_wild(pulse):
    pulse.within(0.05)
    while True:
        pass


def breaks(pulse):
    raise RuntimeError("broke")


def eats_memory(pulse):
    raise MemoryError


@pytest.mark.parametrize("way", [hangs, runs_wild, breaks, eats_memory, lambda pulse: os.kill(os.getpid(), signal.SIGKILL)])
def test_whatever_ends_a_life_another_follows(tmp_path, monkeypatch, way):
    monkeypatch.setattr("vision.warden.PAUSE_S", 0.0)
    assert lives(tmp_path, way, lambda pulse: ENDED) == (ENDED, 2)


@pytest.mark.parametrize("code", [ENDED, CANNOT_START])
def test_an_end_that_is_meant_is_the_end(tmp_path, code):
    assert lives(tmp_path, lambda pulse: code) == (code, 1)


def test_who_only_gets_no_processor_is_left_alone_for_a_while():
    pulse = Pulse()
    pulse.within(-0.001)
    starved, asleep, stopped = Child("R", 0.0), Child("S", 0.0), Child("T", 0.0)
    busy = Child("R", 1e6)
    assert [pulse.overdue(child) for child in (starved, asleep, stopped, busy)] == [True, True, True, True]
    pulse.within(0.05)
    assert not any(pulse.overdue(child) for child in (starved, asleep, stopped, busy)), "it is not late yet"
    late = Pulse()
    late._shared[:] = late._WORDS.pack(time.monotonic_ns() - 10_000_000, 50_000_000, time.process_time_ns() + 10**9)
    assert [late.overdue(child) for child in (starved, asleep, stopped, busy)] == [False, True, True, True]


def test_a_process_as_the_kernel_sees_it():
    me = look(os.getpid())
    assert me.state == "R"
    assert me.cpu_s > 0
    assert look(2**22 + 1) is None
    assert np.isfinite(me.cpu_s)
