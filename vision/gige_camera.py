"""A GigE Vision camera by the library aravis (LGPL, Debian's libaravis-0.8-0), called directly: the only file that knows it.

Mono8, one exposure for each edge on the trigger line. The stream's block ids number the exposures, so that a lost one is missed
and not counted away; they begin anew at each connection, see docs/camera-gige.md.
"""

import ctypes
import ctypes.util
import os
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.camera import TRIGGER_MODULUS, Bursts, Frame, check_size
from vision.errors import CameraLost

LIBRARY = "libaravis-0.8.so.0"
MONO8 = 0x01080001
BUFFERS = 6
_TAKEN_SHARE = 0.1
"""by how much a camera may round an exposure or a gain"""
BLOCK_IDS = 65535
"""block ids run from 1 to 65535 and begin again; 0 is left out (GigE Vision 2, 24.2)"""
_FIRST_IDS = 1000
"""a stream whose first block has a higher id did not begin at 1, as it should"""
_SUCCESS = 0
_BOOTS = 65535
_FREE_RUNNING = "off"

_Handle = ctypes.c_void_p


@dataclass(frozen=True)
class GigeSettings:
    """Of one camera. `trigger`: the input that the PLC's pulse comes on, "Software" for tests, "off" = free running."""

    trigger: str = "Line1"
    exposure_us: int = 300
    gain: float | None = None
    packet_bytes: int = 0
    """of the stream; 0 = the camera's own, up to 8192 where the network lets jumbo frames pass"""


class _Fault(ctypes.Structure):
    """A GError."""

    _fields_ = (("domain", ctypes.c_uint32), ("code", ctypes.c_int), ("message", ctypes.c_char_p))


_RESULTS: dict[str, Any] = {
    "arv_camera_new": _Handle,
    "arv_camera_get_exposure_time": ctypes.c_double,
    "arv_camera_get_gain": ctypes.c_double,
    "arv_camera_create_stream": _Handle,
    "arv_camera_get_payload": ctypes.c_uint,
    "arv_camera_get_device": _Handle,
    "arv_buffer_new_allocate": _Handle,
    "arv_stream_timeout_pop_buffer": _Handle,
    "arv_buffer_get_data": _Handle,
    "arv_buffer_get_frame_id": ctypes.c_uint64,
    "arv_buffer_get_image_pixel_format": ctypes.c_uint32,
}
"""what a call gives back where it is not a plain int"""


class Aravis:
    """The few calls of the library that are needed, with its errors as CameraLost."""

    def __init__(self) -> None:
        try:
            self._arv = ctypes.CDLL(LIBRARY)
            self._gobject, self._glib = ctypes.CDLL("libgobject-2.0.so.0"), ctypes.CDLL("libglib-2.0.so.0")
        except OSError as error:
            raise CameraLost(f"{LIBRARY} is not there ({error}): apt-get install libaravis-0.8-0") from error

    def plain(self, name: str, *arguments: Any) -> Any:
        """A call that cannot fail."""
        function = getattr(self._arv, name)
        function.restype = _RESULTS.get(name, ctypes.c_int)
        return function(*arguments)

    def checked(self, name: str, *arguments: Any) -> Any:
        """A call whose last argument is a GError. Raises CameraLost with the library's own words."""
        fault = ctypes.POINTER(_Fault)()
        result = self.plain(name, *arguments, ctypes.byref(fault))
        if fault:
            text = fault.contents.message.decode(errors="replace")
            self._glib.g_clear_error(ctypes.byref(fault))
            raise CameraLost(text)
        return result

    def release(self, handle: _Handle) -> None:
        """Give an object back."""
        self._gobject.g_object_unref(handle)


class GigeCamera:
    """One camera, by its IPv4 address, serial number or name. The constructor does not connect."""

    def __init__(self, name: str, frames_per_trigger: int, settings: GigeSettings) -> None:
        self._name, self._settings = name, settings
        self._bursts = Bursts(frames_per_trigger)
        self._library: Aravis | None = None
        self._camera: _Handle | None = None
        self._stream: _Handle | None = None
        self._boot = 0
        self._exposed, self._last_id = -1, 0
        self.missed = 0
        """exposures that the stream lost, since the connection"""

    def connect(self) -> None:
        """Open the camera, set it up and let it wait for its trigger. Raises CameraLost."""
        self.close()
        library = self._library = self._library or Aravis()
        try:
            self._camera = _Handle(library.checked("arv_camera_new", self._name.encode()))
            self._set_up(library, self._camera)
            self._stream = _Handle(library.checked("arv_camera_create_stream", self._camera, None, None))
            payload = int(library.checked("arv_camera_get_payload", self._camera))
            check_size(64, max(64, payload // 64))
            for _ in range(BUFFERS):
                buffer = _Handle(library.plain("arv_buffer_new_allocate", ctypes.c_size_t(payload)))
                library.plain("arv_stream_push_buffer", self._stream, buffer)
            library.checked("arv_camera_start_acquisition", self._camera)
        except CameraLost as error:
            self.close()
            raise CameraLost(
                f"camera {self._name}: {error}; check its power, its address and that no other program holds it"
            ) from error
        self._boot = (self._boot or os.getpid()) % _BOOTS + 1
        self._exposed, self._last_id, self.missed = -1, 0, 0

    def frame(self, timeout_s: float) -> Frame | None:
        """The next exposure, None if none came in time. Raises CameraLost or BadFrame."""
        if self._library is None or self._camera is None or self._stream is None:
            raise CameraLost(f"camera {self._name} is not connected")
        until_s = time.monotonic() + timeout_s
        while True:
            left_us = max(0, round((until_s - time.monotonic()) * 1e6))
            pointer = self._library.plain("arv_stream_timeout_pop_buffer", self._stream, ctypes.c_uint64(left_us))
            if not pointer:
                self._require_alive()
                return None
            buffer = _Handle(pointer)
            try:
                if self._library.plain("arv_buffer_get_status", buffer) == _SUCCESS:
                    return self._taken(self._library, buffer)
            finally:
                self._library.plain("arv_stream_push_buffer", self._stream, buffer)

    def exposures(self) -> int:
        """Exposures that the stream told of."""
        return (self._exposed + 1) % TRIGGER_MODULUS

    def trigger(self) -> None:
        """Expose once, where `trigger` is "Software". Raises CameraLost."""
        if self._library is not None and self._camera is not None:
            self._library.checked("arv_camera_software_trigger", self._camera)

    def close(self) -> None:
        """End the acquisition and give the camera back; never raises."""
        library, camera, stream = self._library, self._camera, self._stream
        self._camera = self._stream = None
        if library is None:
            return
        if camera is not None and stream is not None and _held(library, camera):
            try:
                library.checked("arv_camera_stop_acquisition", camera)
            except CameraLost:  # it is gone already
                self._exposed = -1
        for handle in (stream, camera):
            if handle:
                library.release(handle)

    def _set_up(self, library: Aravis, camera: _Handle) -> None:
        asked = self._settings
        library.checked("arv_camera_set_pixel_format", camera, ctypes.c_uint32(MONO8))
        _set_number(library, camera, "exposure_time", asked.exposure_us)
        if asked.gain is not None:
            _set_number(library, camera, "gain", asked.gain)
        if asked.packet_bytes:
            library.checked("arv_camera_gv_set_packet_size", camera, asked.packet_bytes)
        if asked.trigger == _FREE_RUNNING:
            library.checked("arv_camera_clear_triggers", camera)
        else:
            library.checked("arv_camera_set_trigger", camera, asked.trigger.encode())

    def _taken(self, library: Aravis, buffer: _Handle) -> Frame:
        width, height = (int(library.plain(f"arv_buffer_get_image_{side}", buffer)) for side in ("width", "height"))
        check_size(width, height)
        if library.plain("arv_buffer_get_image_pixel_format", buffer) != MONO8:
            raise CameraLost(f"camera {self._name} does not send Mono8: set its pixel format")
        size = ctypes.c_size_t()
        data = library.plain("arv_buffer_get_data", buffer, ctypes.byref(size))
        if not data or size.value < width * height:
            raise CameraLost(f"camera {self._name} sent {size.value} bytes for {width} × {height} px")
        pixels: NDArray[np.uint8] = np.frombuffer(ctypes.string_at(data, width * height), np.uint8).reshape(height, width)
        trigger, k = self._bursts.at(self._number(int(library.plain("arv_buffer_get_frame_id", buffer))))
        return Frame(self._boot, trigger, k, self._settings.exposure_us, pixels)

    def _number(self, block_id: int) -> int:
        """Which exposure since the connection this is, from 0."""
        begins = self._exposed < 0
        step = (block_id - self._last_id) % BLOCK_IDS or BLOCK_IDS
        if begins and block_id > _FIRST_IDS:  # some devices count on from an earlier stream
            step = 1
        self.missed += step - 1
        self._exposed, self._last_id = self._exposed + step, block_id
        return self._exposed

    def _require_alive(self) -> None:
        """A camera that is quiet may be gone."""
        library, camera = self._library, self._camera
        if library is None or camera is None:
            return
        if not _held(library, camera):  # closing it takes seconds: the next connect does it
            raise CameraLost(f"camera {self._name} went silent, or another program took it: check its cable and power")


def _held(library: Aravis, camera: _Handle) -> bool:
    """Whether the camera is still ours, as the library's own heartbeat knows."""
    device = _Handle(library.plain("arv_camera_get_device", camera))
    return bool(library.plain("arv_gv_device_is_controller", device))


def _set_number(library: Aravis, camera: _Handle, name: str, wanted: float) -> None:
    """Set a number and read it back: what is out of a camera's range is silently put at its end. Raises CameraLost."""
    library.checked(f"arv_camera_set_{name}", camera, ctypes.c_double(wanted))
    got = float(library.checked(f"arv_camera_get_{name}", camera))
    if abs(got - wanted) > _TAKEN_SHARE * max(abs(wanted), 1):
        raise CameraLost(f"it takes {name} {got:g} instead of {wanted:g}: correct the line's file")
