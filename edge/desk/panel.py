"""The running line as the desk's terminal reaches it: the panel's own HTTP on this machine. One act, one request id."""

import http.client
import json
import time
import uuid
from typing import Any, NamedTuple, Protocol

TIMEOUT_S = 8.0
TRIES = 3
AGAIN_S = 0.3


class PanelAway(Exception):
    """The line does not answer; the text says what to do."""


class Said(NamedTuple):
    """The line's answer to an act."""

    accepted: bool
    code: str


class Line(Protocol):
    """What a sitting needs of the line."""

    def snapshot(self) -> dict[str, Any]:
        """What the panel shows. Raises PanelAway."""

    def words(self) -> dict[str, dict[str, list[str]]]:
        """The panel's words, {section: {code: [zh, en]}}. Raises PanelAway."""

    def act(self, act: str, argument: dict[str, str]) -> Said:
        """Ask for an act. Raises PanelAway where it was not answered."""


class HttpLine:
    """Line over HTTP. A request that gets no answer is sent again under its own id, so that it is done once."""

    def __init__(self, host: str, port: int, person: str) -> None:
        self._address = ("127.0.0.1" if host in ("", "0.0.0.0") else host, port)  # noqa: S104 - that it listens on all is its own affair
        self._person = person

    def snapshot(self) -> dict[str, Any]:
        """GET /api/snapshot. Raises PanelAway."""
        shown: dict[str, Any] = self._json("/api/snapshot")
        return shown

    def words(self) -> dict[str, dict[str, list[str]]]:
        """GET /api/words. Raises PanelAway."""
        words: dict[str, dict[str, list[str]]] = self._json("/api/words")
        return words

    def act(self, act: str, argument: dict[str, str]) -> Said:
        """POST /api/acts. Raises PanelAway."""
        wanted = {"act": act, "argument": argument, "person": self._person, "request_id": uuid.uuid4().hex}
        body, status, text = json.dumps(wanted).encode(), 0, b""
        for n in range(TRIES):
            if n:
                time.sleep(AGAIN_S)
            status, text = self._ask("POST", "/api/acts", body)
            if status in (200, 409):
                answer = json.loads(text)
                return Said(bool(answer["accepted"]), str(answer["code"]))
            if status != 503:
                break
        raise PanelAway(f"the line answers {status} to {act}: {text[:200].decode(errors='replace')}")

    def _json(self, path: str) -> Any:
        status, text = self._ask("GET", path)
        if status != 200:
            raise PanelAway(f"the line answers {status} to {path}")
        return json.loads(text)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*self._address, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            where = f"{self._address[0]}:{self._address[1]}"
            raise PanelAway(f"no answer from the line at {where} ({error}): is `sealline run` running?") from error
        finally:
            connection.close()
