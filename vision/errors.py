"""The errors of this package. Each text says what happened, whose fault it is and what to do next."""


class VisionError(Exception):
    """Base of all of them."""


class CameraLost(VisionError):
    """The wire to the camera: no connection, timeout, closed by the peer. Reconnect."""


class BadFrame(VisionError):
    """What the camera sent is no frame. The connection is dropped."""


class BadPicture(VisionError):
    """An exposure came as an encoded picture that cannot be decoded: `reason` says why. Only this exposure is lost."""

    def __init__(self, reason: str, trigger: int, k: int) -> None:
        super().__init__(f"an exposure cannot be decoded ({reason})")
        self.reason, self.trigger, self.k = reason, trigger, k


class RecogniserFailed(VisionError):
    """The recogniser is not installed or broke on a line."""
