"""The panel's HTTP against a line that yields, refuses, is full, stays silent and fails."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.acts import ACTS
from edge.core.conditions import CLEARED_WITH_BELT, CONDITIONS
from edge.core.desk import CLEARABLE
from edge.core.production import Reject
from edge.core.values import Mode, State
from edge.hmi.app import create_app, static_files
from edge.hmi.desk import ANSWERS_KEPT, Answers, Unclear, parse
from edge.hmi.words import catalogue
from edge.runtime.link import Health
from edge.runtime.plc_link import REASONS
from edge.runtime.view import STATIONS, snapshot
from tests.core.line import Line
from tests.hmi.fakes import FakeLine


@pytest.fixture
def line() -> FakeLine:
    return FakeLine()


@pytest.fixture
async def client(line: FakeLine) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(line, answer_s=0.05), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://panel") as client:
        yield client


def body(act: str = "start", request_id: str = "r1", **argument: str) -> dict[str, object]:
    return {"act": act, "person": "panel", "request_id": request_id, "argument": argument}


async def test_page_and_its_files_come_from_this_server_only(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    names = [name for name in static_files() if name.endswith((".js", ".mjs", ".css", ".html"))]
    assert len(names) > 10
    for name in names:
        got = await client.get(f"/static/{name}")
        assert got.status_code == 200
        expected = {"js": "javascript", "mjs": "javascript", "css": "css", "html": "html"}[name.rsplit(".", 1)[1]]
        assert expected in got.headers["content-type"]
        assert not re.search(r"""(src|href|from|url\()\s*=?\s*["']?https?:""", got.text)


async def test_files_outside_static_do_not_exist(client: httpx.AsyncClient) -> None:
    for name in ("../app.py", "..%2fapp.py", "/etc/passwd", "js/none.js", "js"):
        assert (await client.get(f"/static/{name}")).status_code == 404


def test_vendored_files_are_the_published_ones() -> None:
    files = static_files()
    stated = re.findall(r"dist/(\S+)\nsha256 (\w{64})", files["vendor/VERSIONS.txt"].decode())
    assert {name for name, _ in stated} == {"preact.mjs", "htm.mjs"}
    for name, digest in stated:
        assert hashlib.sha256(files[f"vendor/{name}"]).hexdigest() == digest


async def test_snapshot_accounts_health(client: httpx.AsyncClient, line: FakeLine) -> None:
    assert (await client.get("/api/snapshot")).json()["state"] == "STOPPED"
    assert (await client.get("/api/accounts")).json()[0]["document"] == "D1-1"
    assert (await client.get("/api/health")).json()["pages"] == 0
    line.broken = RuntimeError("the line is gone")
    assert (await client.get("/api/snapshot")).status_code == 500


async def test_a_lots_account_is_read_by_its_name(client: httpx.AsyncClient) -> None:
    account = await client.get("/api/lots/R1-0.json")
    assert (account.headers["content-type"], account.content) == ("application/json", b'{"payload": ""}')
    assert (await client.get("/api/lots/R2-0.json")).status_code == 404


async def test_a_report_is_made_by_a_post_and_read_by_its_name(client: httpx.AsyncClient, line: FakeLine) -> None:
    made = await client.post("/api/reports", json={"kind": "despatch", "of": "B-9", "language": "en"})
    assert made.json() == {"name": "despatch_en.pdf"}
    assert line.papers.asked == [("despatch", "B-9", 0, "en")]
    page = await client.get("/api/reports/despatch_en.pdf")
    assert page.headers["content-type"] == "application/pdf"
    assert page.content.startswith(b"%PDF")
    assert (await client.get("/api/reports/other.pdf")).status_code == 404
    refused = await client.post("/api/reports", json={"kind": "despatch", "of": "B?"})
    assert (refused.status_code, refused.text) == (409, "report: no bag 'B?' was closed here")
    for wrong in (b"{", b'{"kind": 1}', b'{"kind": "shift", "more": 1}'):
        got = await client.post("/api/reports", content=wrong, headers={"Content-Type": "application/json"})
        assert got.status_code == 422
    assert (await client.post("/api/reports", content=b"{}")).status_code == 422


@pytest.mark.parametrize(("camera", "status"), [("id_camera", 200), ("label_camera", 204), ("another", 404)])
async def test_what_a_camera_saw_last(client: httpx.AsyncClient, camera: str, status: int) -> None:
    answer = await client.get(f"/api/camera/{camera}")
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.content[:2] == b"\xff\xd8"


async def test_an_act_reaches_the_line_with_its_argument(client: httpx.AsyncClient, line: FakeLine) -> None:
    answer = await client.post("/api/acts", json=body("bind_bag", chute="3", bag="B-3-001"))
    assert (answer.status_code, answer.json()) == (200, {"accepted": True, "code": "OK"})
    assert line.asked == [("bind_bag", "panel", {"chute": "3", "bag": "B-3-001"}, "r1")]


async def test_a_refusal_is_409_with_its_code(client: httpx.AsyncClient, line: FakeLine) -> None:
    line.refuse = "NO_BAG_BOUND"
    answer = await client.post("/api/acts", json=body())
    assert (answer.status_code, answer.json()) == (409, {"accepted": False, "code": "NO_BAG_BOUND"})


async def test_a_repeated_request_acts_once_and_is_answered_alike(client: httpx.AsyncClient, line: FakeLine) -> None:
    line.refuse = "CLEARING"
    first = await client.post("/api/acts", json=body())
    line.refuse = None
    again = await client.post("/api/acts", json=body())
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert len(line.asked) == 1
    other = await client.post("/api/acts", json=body("stop"))
    assert other.status_code == 422
    assert "r1" in other.text


async def test_a_repeat_while_the_first_is_on_its_way_is_busy(line: FakeLine) -> None:
    line.silent = True
    transport = httpx.ASGITransport(create_app(line, answer_s=0.2))
    async with httpx.AsyncClient(transport=transport, base_url="http://panel") as client, asyncio.TaskGroup() as group:
        posts = [group.create_task(client.post("/api/acts", json=body())) for _ in range(2)]
    assert sorted(post.result().status_code for post in posts) == [503, 504]


async def test_a_full_queue_is_503_and_may_be_asked_again(client: httpx.AsyncClient, line: FakeLine) -> None:
    line.busy = True
    assert (await client.post("/api/acts", json=body())).status_code == 503
    line.busy = False
    assert (await client.post("/api/acts", json=body())).status_code == 200


async def test_a_silent_line_is_504_and_says_so(client: httpx.AsyncClient, line: FakeLine) -> None:
    line.silent = True
    answer = await client.post("/api/acts", json=body())
    assert answer.status_code == 504
    assert "state" in answer.text
    line.silent = False
    assert (await client.post("/api/acts", json=body())).status_code == 200


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b"\xff\xfe", "refused"),
        (b'{"act":"start","person":"p"}', "request_id"),
        (b'{"act":"start","person":"p","request_id":"r","colour":1}', "colour"),
        (b'{"act":"explode","person":"p","request_id":"r"}', "pause_feed"),
        (b'{"act":"start","person":"","request_id":"r"}', "person"),
        (b'{"act":"start","person":"p","request_id":""}', "request_id"),
        (b'{"act":"bind_bag","person":"p","request_id":"r","argument":{"chute":"1"}}', "bag"),
        (b'{"act":"start","person":"p","request_id":"r","argument":{"chute":"1"}}', "chute"),
        (b'{"act":"bind_bag","person":"p","request_id":"r","argument":{"chute":1,"bag":"B"}}', "argument"),
        (b'"' + b"x" * 70_000 + b'"', "65536"),
    ],
)
async def test_bad_bodies_are_422_with_the_reason(client: httpx.AsyncClient, line: FakeLine, content: bytes, says: str) -> None:
    answer = await client.post("/api/acts", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert says in answer.text
    assert line.asked == []


async def test_a_form_of_another_site_is_not_an_act(client: httpx.AsyncClient, line: FakeLine) -> None:
    sent = await client.post("/api/acts", content=json.dumps(body()), headers={"content-type": "text/plain"})
    assert sent.status_code == 422
    assert line.asked == []


@given(st.binary(max_size=200))
def test_parse_takes_any_bytes_without_surprise(content: bytes) -> None:
    with pytest.raises(Unclear):
        parse(content)


def test_answers_forget_the_oldest() -> None:
    answers = Answers()
    from edge.core.commands import Answer

    for number in range(ANSWERS_KEPT + 1):
        wanted = parse(json.dumps(body(request_id=f"r{number}")).encode())
        assert answers.begin(wanted)
        answers.end(wanted, Answer(request_id=wanted.request_id, accepted=True, code="OK"))
    assert answers.known(parse(json.dumps(body(request_id="r0")).encode())) is None
    assert answers.known(parse(json.dumps(body(request_id="r1")).encode())) is not None


def test_the_catalogue_has_a_word_for_every_code() -> None:
    words = catalogue()
    assert set(words["state"]) == {state.name for state in State}
    assert {mode.name for mode in Mode} <= set(words["mode"])
    assert set(words["station"]) == set(STATIONS)
    assert set(words["reason"]) == set(CONDITIONS)
    assert set(words["cleared_with_belt"]) == CLEARED_WITH_BELT
    assert set(words["fault"]) == {*REASONS.values(), "stale", "frozen", "echo", "foreign"}


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value[:1]]
    return type(value).__name__


def test_the_fake_line_speaks_as_the_real_one_does() -> None:
    """Otherwise the page's tests would prove nothing about the real line."""
    real = Line()
    real.feed(2)
    real.controller.floor.raise_condition("JAM")
    spoken = snapshot(
        real.controller, site="demo", sim=True, rev=1, health={"printer": Health(True, 3)}, central={"waiting": 0}
    )
    fake = FakeLine()
    fake.bind(1, "B-1-001")
    fake.conditions = ["JAM"]
    told = fake.snapshot()
    assert set(told) - {"hand_scan"} <= set(spoken), "the hand scanner's link stands beside the core"
    dead = snapshot(
        real.controller, site="demo", sim=True, rev=1, health={"scanner": Health(False, 3, "gone", "lost")}, central={}
    )
    fake.links_down = {name: {"reason": "lost", "detail": "gone"} for name in ("machine_plc", "scanner")}
    assert shape(fake.snapshot()["links"][:1]) == shape(dead["links"])
    for key in set(told) - {"outcomes", "central", "rejects", "stations", "hand_scan"}:
        assert shape(told[key]) == shape(spoken[key]), key
    assert {station["id"] for station in told["stations"]} == {station["id"] for station in spoken["stations"]}
    fake.reject("UNREADABLE", "D1-1", "", "document_tray", 0)
    assert tuple(fake.rejects[0]) == Reject._fields


def test_the_page_uses_only_words_and_acts_that_exist() -> None:
    words, scripts = catalogue(), {k: v.decode() for k, v in static_files().items() if k.startswith("js/")}
    text = "".join(scripts.values())
    named = set(re.findall(r'page\("(\w+)"\)', text)) | set(re.findall(r'word: "(\w+)"', text))
    assert named
    assert named <= set(words["page"])
    for section in re.findall(r'word\("(\w+)"', text):
        assert section in words
    sent = set(re.findall(r'send\("(\w+)"', text))
    assert {"stop", "bind_bag", "recount_bag", "take_out"} <= sent <= set(ACTS)
    clearable = re.search(r"CLEARABLE = (\[.*\])", scripts["js/acts.js"])
    assert clearable is not None
    assert set(json.loads(clearable[1])) == {state.name for state in CLEARABLE}


def test_no_word_of_the_machinery_on_the_page() -> None:
    words = catalogue()
    shown = json.dumps({section: words[section] for section in words if section != "cleared_with_belt"}, ensure_ascii=False)
    texts = " ".join(re.findall(r'\["([^]]*)"\]', shown)).lower()
    for forbidden in ("handle", "packml", "journal", "outbox", "ambiguous"):
        assert forbidden not in texts


def test_the_catalogue_has_a_word_for_every_answer_that_the_core_can_give() -> None:
    lines = [line for path in sorted(Path("edge/core").glob("*.py")) for line in path.read_text("utf-8").splitlines()]
    codes = {code for line in lines if "return " in line for code in re.findall(r'"([A-Z][A-Z_]{2,})"', line)}
    assert {"NOT_IN_HAND", "LEAD_NEEDED", "BAG_LOCKED", "NOT_IN_THIS_STATE"} <= codes
    assert codes - set(catalogue()["answer"]) - set(CONDITIONS) == set()
