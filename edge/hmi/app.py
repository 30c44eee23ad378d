"""The panel's HTTP: the page, the stream of snapshots, and the one way in which a person's act reaches the line."""

import asyncio
import mimetypes
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from edge import __version__
from edge.hmi.desk import Answers, LineDesk, Unclear, parse, parse_paper
from edge.hmi.feed import Feed
from edge.hmi.words import catalogue
from edge.reports.errors import ReportError
from edge.runtime.app import Busy

ANSWER_S = 5.0
BODY_MAX = 65_536
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

_encode = msgspec.json.Encoder().encode


def create_app(line: LineDesk, *, feed: Feed | None = None, answer_s: float = ANSWER_S) -> Starlette:
    """The panel of one line. `app.state.feed` is its stream, which `serve` closes at the end."""
    panel = Panel(line, feed or Feed(line), answer_s)
    routes = [
        Route("/", panel.page),
        Route("/static/{name:path}", panel.static),
        Route("/api/snapshot", panel.snapshot),
        Route("/api/stream", panel.stream),
        Route("/api/acts", panel.act, methods=["POST"]),
        Route("/api/desk/read", panel.read_document, methods=["POST"]),
        Route("/api/accounts", panel.accounts),
        Route("/api/reports", panel.make_report, methods=["POST"]),
        Route("/api/reports/{name}", panel.report),
        Route("/api/lots/{name}", panel.lot_file),
        Route("/api/words", panel.words),
        Route("/api/camera/{name}", panel.camera),
        Route("/api/health", panel.health),
    ]
    app = Starlette(routes=routes)
    app.state.feed = panel.feed
    return app


class Panel:
    """The routes; each is a few lines over the desk."""

    def __init__(self, line: LineDesk, feed: Feed, answer_s: float) -> None:
        self._line = line
        self._answers = Answers()
        self._answer_s = answer_s
        self._files = static_files()
        self._words = _encode(catalogue())
        self.feed = feed

    async def page(self, _: Request) -> Response:
        """The one page."""
        return self._file("index.html")

    async def static(self, request: Request) -> Response:
        """A file of the page, from memory: no path of a request ever reaches the disk."""
        return self._file(request.path_params["name"])

    def _file(self, name: str) -> Response:
        content = self._files.get(name)
        if content is None:
            return PlainTextResponse(f"no file {name[:80]!r}", 404, HEADERS)
        return Response(content, headers=HEADERS, media_type=mimetypes.guess_type(name)[0] or "text/plain")

    async def snapshot(self, _: Request) -> Response:
        """The newest snapshot."""
        return _json(self._line.snapshot())

    async def stream(self, _: Request) -> Response:
        """Server-sent events: `snapshot` on change, `beat` when there is none for a second."""
        if self.feed.full:
            return PlainTextResponse("too many pages are open: close one", 503, HEADERS)
        return StreamingResponse(self.feed.stream(), headers=HEADERS, media_type="text/event-stream")

    async def act(self, request: Request) -> Response:
        """A person's act: 200 done, 409 refused with a code, 422 not understood, 503 ask again, 504 outcome unknown."""
        try:
            wanted = parse(await _body(request))
            answer = self._answers.known(wanted)
        except Unclear as error:
            return PlainTextResponse(str(error), 422, HEADERS)
        if answer is not None:
            return _json({"accepted": answer.accepted, "code": answer.code}, 200 if answer.accepted else 409)
        if not self._answers.begin(wanted):
            return PlainTextResponse("this request is being answered: ask again in a moment", 503, HEADERS)
        try:
            async with asyncio.timeout(self._answer_s):
                answer = await self._line.request(wanted.act, wanted.person, wanted.argument, wanted.request_id)
        except Busy as busy:
            return PlainTextResponse(str(busy), 503, HEADERS)
        except TimeoutError:
            text = f"no answer from the line in {self._answer_s:g} s: look at its state before asking again"
            return PlainTextResponse(text, 504, HEADERS)
        finally:
            self._answers.end(wanted, answer)
        return _json({"accepted": answer.accepted, "code": answer.code}, 200 if answer.accepted else 409)

    async def read_document(self, request: Request) -> Response:
        """Have the document read that lies under the manual desk's reader: 200 with what may be known of it, 422."""
        try:
            await _body(request)
        except Unclear as error:
            return PlainTextResponse(str(error), 422, HEADERS)
        return _json(await self._line.read_document())

    async def accounts(self, _: Request) -> Response:
        """Where every document is, as the line's accounts say."""
        return _json(self._line.accounts())

    async def make_report(self, request: Request) -> Response:
        """Draw and archive a report: 200 with its name, 409 with what stands against it, 422 not understood."""
        try:
            wanted = parse_paper(await _body(request))
            name = await self._line.papers.make(wanted.kind, wanted.of, wanted.back, wanted.language)
        except Unclear as error:
            return PlainTextResponse(str(error), 422, HEADERS)
        except ReportError as error:
            return PlainTextResponse(str(error), 409, HEADERS)
        return _json({"name": name})

    async def report(self, request: Request) -> Response:
        """An archived page."""
        page = self._line.papers.file(request.path_params["name"])
        if page is None:
            return PlainTextResponse("no such report", 404, HEADERS)
        return Response(page, headers=HEADERS, media_type="application/pdf")

    async def lot_file(self, request: Request) -> Response:
        """The signed account of a closed lot."""
        content = self._line.lot_files.file(request.path_params["name"])
        if content is None:
            return PlainTextResponse("no such lot file", 404, HEADERS)
        return Response(content, headers=HEADERS, media_type="application/json")

    async def camera(self, request: Request) -> Response:
        """What a camera saw last, so coarse that nothing on it can be read."""
        try:
            picture = self._line.preview(request.path_params["name"])
        except KeyError:
            return PlainTextResponse("no such camera", 404, HEADERS)
        return Response(picture, 200 if picture else 204, HEADERS, "image/jpeg")

    async def words(self, _: Request) -> Response:
        """The catalogue of words, zh and en."""
        return Response(self._words, headers=HEADERS, media_type="application/json")

    async def health(self, _: Request) -> Response:
        """That the loop answers, which version, how many pages."""
        return _json({"version": __version__, "pages": self.feed.clients})


def _json(content: Any, status: int = 200) -> Response:
    return Response(_encode(content), status, HEADERS, "application/json")


async def _body(request: Request) -> bytes:
    # JSON by its type only: another site's form cannot send that without asking first (CORS preflight, which nobody answers).
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise Unclear("body refused: send it as application/json.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            raise Unclear(f"body refused: more than {BODY_MAX} bytes.")
    return bytes(body)


def static_files() -> dict[str, bytes]:
    """All files of the page by their path below static/."""
    found: dict[str, bytes] = {}
    _collect(resources.files("edge.hmi") / "static", "", found)
    return found


def _collect(folder: Traversable, prefix: str, found: dict[str, bytes]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _collect(entry, f"{prefix}{entry.name}/", found)
        else:
            found[prefix + entry.name] = entry.read_bytes()
