"""The errors of this package. Each text says what happened, whose fault it is and what to do next."""


class VisionError(Exception):
    """Base of all of them."""


class CameraLost(VisionError):
    """The wire to the camera: no connection, timeout, closed by the peer. Reconnect."""


class BadFrame(VisionError):
    """What the camera sent is no frame. The connection is dropped."""


class RecogniserFailed(VisionError):
    """The recogniser is not installed or broke on a line."""
