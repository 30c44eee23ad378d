"""A plain list becomes orders at the source: tokens as central makes them, no number comes out, every fault has its place."""

import csv
import io
import itertools
import json
import re
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.core.events import ManifestSealed
from edge.core.values import SortPlan
from edge.runtime.contract.inward import Manifest
from edge.runtime.manifest import ManifestDesk, at_once
from edge.runtime.tokenise import COLUMNS, ListRefused, manifest, read_list, tokenise
from line_config.document_layout import standard_layouts
from line_config.tracking_number import numbers_from
from simulators.manifests import make_manifest, wire_order
from simulators.people import make_population
from simulators.tokens import load_classes

DEMO = Path(__file__).parents[2] / "line_config" / "lines" / "demo.toml"
KEY = b"k" * 32
LAYOUTS = standard_layouts()
PEOPLE = make_population(3, 30, families=0.3)
WIRE = [wire_order(order, KEY, load_classes()) for order in PEOPLE.orders]


def plain():
    """The list as its owner has it: the numbers, in the clear."""
    for order, wire in zip(PEOPLE.orders, WIRE, strict=True):
        documents = [
            {"kind": document.kind, "number": document.number, "birth": document.birth.isoformat()}
            for document in order.documents
        ]
        yield {**wire, "documents": documents}


def as_json(orders=None):
    return "\n".join(json.dumps(order, ensure_ascii=False) for order in orders or plain()).encode()


def as_csv(**changes):
    out = io.StringIO()
    rows = csv.DictWriter(out, [name for name in COLUMNS if changes.get(name, "") is not None])
    rows.writeheader()
    for order in plain():
        for document in order["documents"]:
            details = {name: order[name] for name in COLUMNS if name in order}
            row = {**details, **order["address"], **document, **changes}
            rows.writerow({name: value for name, value in row.items() if value is not None})
    return out.getvalue().encode()


def orders_of(data, *, as_csv=False):
    return tokenise(read_list(data, as_csv=as_csv), KEY, LAYOUTS)


def faults_of(data, *, as_csv=False):
    with pytest.raises(ListRefused) as refused:
        orders_of(data, as_csv=as_csv)
    return list(refused.value.faults)


def test_the_tokens_are_those_that_central_makes_by_itself():
    assert orders_of(as_json()) == WIRE
    assert any(len(order["documents"]) > 1 for order in WIRE), "the list has orders of several documents"


def test_a_sheet_says_the_same():
    assert orders_of(as_csv(), as_csv=True) == WIRE
    assert orders_of(b"\xef\xbb\xbf" + as_csv(), as_csv=True) == WIRE
    without = orders_of(as_csv(fee_code=None, product=""), as_csv=True)
    assert not any("fee_code" in order or "product" in order for order in without)


def test_no_number_comes_out():
    text = json.dumps(orders_of(as_json()))
    for document in PEOPLE.documents:
        assert document.number not in text


def test_the_messages_are_a_manifest_that_a_line_takes():
    messages = manifest(orders_of(as_json()), lot="L", version=3)
    assert [json.loads(message)["digest"] for message in messages] == [
        json.loads(m)["digest"] for m in make_manifest(WIRE, "L", 3)
    ]
    desk = ManifestDesk(SortPlan("t", {wire["address"]["county"][:2]: 1 for wire in WIRE}, 0))
    for message in messages:
        _, settled = at_once(desk.take(message, 0))
    assert isinstance(settled.events[-1], ManifestSealed)
    assert len(manifest([], lot="L", version=1)) == 1


def test_a_range_of_numbers_is_granted_to_orders_without_one():
    without = [{name: value for name, value in order.items() if name != "tracking_number"} for order in plain()]
    entries = read_list(as_json([*without[:-1], list(plain())[-1]]), as_csv=False)
    orders = tokenise(entries, KEY, LAYOUTS, "EA500000004CN")
    desk = ManifestDesk(SortPlan("t", {wire["address"]["county"][:2]: 1 for wire in WIRE}, 0))
    (message,) = manifest(orders, lot="L", version=1, first_number="EA500000004CN")
    _, settled = at_once(desk.take(message, 0))
    given = [order.tracking_number for order in settled.events[0].orders]
    assert given == [*itertools.islice(numbers_from("EA500000004CN"), len(without) - 1), WIRE[-1]["tracking_number"]]
    with pytest.raises(ListRefused, match="no number of UPU S10"):
        tokenise(entries, KEY, LAYOUTS, "EA500000001CN")
    with pytest.raises(ListRefused, match="BAD_TRACKING_NUMBER"):
        tokenise(entries, KEY, LAYOUTS, "EA999999995CN")


def altered(**changes):
    first, *rest = plain()
    return as_json([{**first, **changes}, *rest])


def number_of(kind, number, **dates):
    return altered(documents=[{"kind": kind, "number": number, **dates}])


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (number_of("resident_id", "11010519491231002"), "line 1: document number has not the form of its kind"),
        (number_of("resident_id", "110105194912310021"), "line 1: document number has a wrong check character"),
        (number_of("resident_id", "110105194902300020"), "line 1: document number holds a date that does not exist"),
        (
            number_of("passport", "E12345678", birth="1970-02-30"),
            "line 1: document number has a date of birth that does not exist",
        ),
        (number_of("passport", "E12345678", expiry="soon"), "line 1: document number has a date of expiry that does not exist"),
        (
            number_of("resident_id", "11010519491231002X", birth="1949-12-30"),
            "line 1: document number holds another birth than stands beside it",
        ),
        (number_of("passport", "E1234567O"), "line 1: document number has not the form of its kind"),
        (number_of("library_card", "1"), "line 1: no such kind of document; kinds: a4, book"),
        (altered(documents=[]), "NO_DOCUMENT at order"),
        (altered(documents="none"), "NO_DOCUMENT at order"),
        (altered(tracking_number="EA473124828CN"), "BAD_TRACKING_NUMBER at order"),
        (altered(address={}), "WRONG_TYPE at chunk 1"),
        (altered(address=None), "WRONG_TYPE at chunk 1"),
        (as_json([*plain(), next(plain())]), "DUPLICATE_ORDER at order"),
        (b"\xff", "not UTF-8 at byte 0: save the list as UTF-8"),
        (b"\n[1]", "line 2: is not a JSON object"),
    ],
)
def test_a_fault_has_its_place_and_never_the_number(data, fault):
    faults = faults_of(data)
    assert len(faults) == 1
    assert faults[0].startswith(fault)
    assert not re.search(r"\d{9}", faults[0].replace("473124828", ""))


def test_faults_of_a_sheet():
    head = ",".join(COLUMNS)
    assert faults_of(b"order_id,card_no\n", as_csv=True)[0] == "column kind is missing"
    assert faults_of(b"order_id,card_no\n", as_csv=True)[-1] == "nobody knows column card_no"
    assert faults_of(f"{head}\nO1,passport\n".encode(), as_csv=True) == [f"line 2: has not {len(COLUMNS)} columns"]
    assert faults_of(f"{head}\n{','.join('x' * len(COLUMNS))},y\n".encode(), as_csv=True) == [
        f"line 2: has not {len(COLUMNS)} columns"
    ]
    assert faults_of(as_csv(priority="high"), as_csv=True) == ["line 2: priority is not a whole number"]
    one, two = as_csv().decode().splitlines()[1:3]
    rows = f"{as_csv().decode().splitlines()[0]}\n{one}\n{two.replace(two.split(',')[0], one.split(',')[0])}\n"
    assert faults_of(rows.encode(), as_csv=True) == ["line 3: says something else of its order than line 2"]


# --- the command ---
@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.key").write_bytes(KEY)
    (tmp_path / "list.jsonl").write_bytes(as_json())
    (tmp_path / "list.csv").write_bytes(as_csv())
    return tmp_path


def test_orders_or_messages_come_out_of_the_command(here):
    run = CliRunner().invoke
    orders = run(app, ["tokenise", "list.csv", "--key", "site.key", "-o", "orders.jsonl"])
    assert (orders.exit_code, orders.stdout) == (0, "")
    assert [json.loads(line) for line in (here / "orders.jsonl").read_text().splitlines()] == WIRE
    messages = run(app, ["tokenise", "list.jsonl", "--key", "site.key", "--lot", "L7", "--version", "2"])
    assert messages.exit_code == 0
    (message,) = messages.stdout.splitlines()
    assert (json.loads(message)["lot"], json.loads(message)["version"], json.loads(message)["orders"]) == ("L7", 2, WIRE)


def test_domestic_numbers_are_taken_where_the_line_takes_them(here):
    (here / "list.jsonl").write_bytes(altered(tracking_number="1234567890123"))
    command = ["tokenise", "list.jsonl", "--key", "site.key", "--lot", "L7"]
    refused = CliRunner().invoke(app, command)
    assert (refused.exit_code, "BAD_TRACKING_NUMBER" in refused.stderr) == (2, True)
    taken = CliRunner().invoke(app, [*command, "--config", str(DEMO)])
    assert taken.exit_code == 0
    (message,) = taken.stdout.splitlines()
    assert msgspec.json.decode(message, type=Manifest).orders[0].tracking_number == "1234567890123"
    unknown = CliRunner().invoke(app, [*command, "--config", "none.toml"])
    assert (unknown.exit_code, "none.toml" in unknown.stderr) == (2, True)


def test_look_alikes_of_a_list_are_told_with_what_separates_them(here):
    first, second, *_ = plain()
    twins = [
        {**order, "documents": [{"kind": "passport", "number": number, "birth": birth}]}
        for order, number, birth in ((first, "E12345678", "1974-08-12"), (second, "EL2345678", ""))
    ]
    path, command = here / "list.jsonl", ["tokenise", "list.jsonl", "--key", "site.key", "-o", "out.jsonl"]
    names = f"{first['order_id']}, {second['order_id']}"
    path.write_bytes(as_json(twins))
    said = CliRunner().invoke(app, command).stderr
    assert f"numbers look alike (passport): {names}: not separated: central: send the birth of {second['order_id']}" in said
    twins[1]["documents"][0]["birth"] = "1974-08-12"
    path.write_bytes(as_json(twins))
    assert f"{names} have the same birth too" in CliRunner().invoke(app, command).stderr
    twins[1]["documents"][0]["birth"] = "1981-02-03"
    path.write_bytes(as_json(twins))
    assert f"numbers look alike (passport): {names}: separated by birth" in CliRunner().invoke(app, command).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.csv", "--key", "site.key"], "none.csv cannot be read"),
        (["list.csv", "--key", "none.key"], "site key none.key cannot be read"),
        (["bad.jsonl", "--key", "site.key"], "bad.jsonl: line 1: is not a JSON object"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(here, arguments, said):
    (here / "bad.jsonl").write_text("no")
    refused = CliRunner().invoke(app, ["tokenise", *arguments, "-o", "out.jsonl"])
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert not (here / "out.jsonl").exists()
