"""Which camera an address means: the one place that knows all kinds.

"host:port" or "frames://host:port" · "gige://NAME?trigger=Line1&exposure_us=300&gain=2" · "video:///dev/video0" ·
"rtsp://…" · "folder:///path".
"""

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from vision.camera import Camera, FramesCamera
from vision.gige_camera import GigeCamera, GigeSettings
from vision.still_cameras import FolderCamera, VideoCamera


def open_camera(address: str, frames_per_trigger: int) -> Camera:
    """The camera at this address, not connected. Raises ValueError for an address that means none."""
    if "://" not in address:
        address = f"frames://{address}"
    parts = urlsplit(address)
    asked = dict(parse_qsl(parts.query))
    exposure_us, gain = int(asked.get("exposure_us", 0)), float(asked["gain"]) if "gain" in asked else None
    match parts.scheme:
        case "frames" if parts.hostname and parts.port:
            return FramesCamera(parts.hostname, parts.port)
        case "gige" if parts.netloc:
            standard = GigeSettings()
            settings = GigeSettings(
                asked.get("trigger", standard.trigger),
                exposure_us or standard.exposure_us,
                gain,
                int(asked.get("packet_bytes", standard.packet_bytes)),
            )
            return GigeCamera(unquote(parts.netloc), frames_per_trigger, settings)
        case "video":
            return VideoCamera(parts.path, frames_per_trigger, exposure_us, gain)
        case "rtsp":
            return VideoCamera(address, frames_per_trigger)
        case "folder":
            return FolderCamera(Path(unquote(parts.path)), frames_per_trigger)
    raise ValueError(f"{address} is no camera's address: see docs/cameras.md")
