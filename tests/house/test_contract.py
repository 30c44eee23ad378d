"""The contract with central systems: made from the types, complete, and kept by what the core and the runtime send."""

import ast
import json
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from edge.core import values
from edge.core.lots import Listed
from edge.core.production import Oee
from edge.runtime.contract import inward
from edge.runtime.contract.item_bodies import HandedOn
from edge.runtime.contract.kinds import KINDS
from edge.runtime.contract.outward import CONTRACT, OUTWARD, EventMessage
from edge.runtime.contract.words import WORDS, word
from edge.runtime.messages import MESSAGES
from line_config.tracking_number import S10, fits_one

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "contract"


@pytest.fixture(scope="module")
def made() -> Iterator[Any]:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        yield import_module("make_contract")
    finally:
        sys.path.pop(0)


def test_the_files_are_what_the_types_say(made: Any) -> None:
    files = made.files()
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")} == set(files)
    for name, text in files.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: run make docs"


def test_every_example_is_what_its_schema_says(made: Any) -> None:

    for message in made.spoken():
        schema = json.loads((FOLDER / "schemas" / f"{message.name}.json").read_text(encoding="utf-8"))
        jsonschema.Draft7Validator.check_schema(schema)
        for example in schema["examples"]:
            jsonschema.Draft7Validator(schema).validate(example)
            spoiled = {name: value for name, value in example.items() if name != schema["required"][0]}
            assert not jsonschema.Draft7Validator(schema).is_valid(spoiled), f"{message.name} needs nothing"


def test_every_example_is_what_its_types_say(made: Any) -> None:
    for message in made.spoken():
        example = made.example_of(message)
        msgspec.json.decode(json.dumps(example).encode(), type=message.types[0])
        if len(message.types) > 1:
            msgspec.convert(example["body"], message.types[1])


def test_the_document_leads_to_every_message(made: Any) -> None:
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
    assert (document["asyncapi"], document["info"]["version"]) == ("3.0.0", CONTRACT)
    told = {name for channel in document["channels"].values() for name in channel["messages"]}
    assert told == set(document["components"]["messages"]) == {message.name for message in made.spoken()}
    for message in document["components"]["messages"].values():
        assert (FOLDER / message["payload"]["$ref"]).exists()
    assert {operation["action"] for operation in document["operations"].values()} == {"send", "receive"}
    assert set(document["channels"]) == set(inward.INWARD) | set(OUTWARD)
    assert not re.search(r"src=|href=\"http", (FOLDER / "index.html").read_text(encoding="utf-8")), "the page stands alone"


def test_every_word_is_there_in_both_languages_and_none_is_left_over(made: Any) -> None:
    used = set()
    for message in made.spoken():
        assert message.en.endswith("."), message.name
        assert re.search(r"[\u4e00-\u9fff]", message.zh), message.name
        parts = list(message.types)
        for part in parts:
            for field in msgspec.inspect.type_info(part).fields:  # type: ignore[union-attr]
                used.add(f"{part.__name__}.{field.name}" if f"{part.__name__}.{field.name}" in WORDS else field.name)
                meaning = word(part.__name__, field.name)
                assert re.search(r"[\u4e00-\u9fff]", meaning.zh), field.name
                inner = getattr(field.type, "item_type", field.type)
                parts += [inner.cls] if isinstance(inner, msgspec.inspect.StructType) else []
    assert used == set(WORDS)


def reports() -> Iterator[tuple[str, set[str]]]:
    """(kind, names) of every `report` in the core; names that stand for several come from the types that they are made of."""
    handed_on = [kind for kind, (body, _) in KINDS.items() if issubclass(body, HandedOn)]
    spread = {"lot_reconciled": {listed.name.lower() for listed in Listed}, "shift_ended": set(Oee._fields)}
    for path in sorted((ROOT / "edge" / "core").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "report":
                (argument,) = node.args
                names = {keyword.arg for keyword in node.keywords if keyword.arg is not None}
                for kind in [argument.value] if isinstance(argument, ast.Constant) else handed_on:
                    spreads = any(keyword.arg is None for keyword in node.keywords)
                    yield kind, names | (spread[kind] if spreads else set())


def test_every_kind_that_the_core_publishes_has_its_type() -> None:
    told: dict[str, set[str]] = {}
    for kind, names in reports():
        fields = msgspec.structs.fields(KINDS[kind][0])
        assert {field.name for field in fields if field.default is msgspec.NODEFAULT} <= names, kind
        assert names <= {field.name for field in fields}, kind
        told.setdefault(kind, set()).update(names)
    # The anchor is the journal's own.
    assert {kind: set(body.__struct_fields__) for kind, (body, _) in KINDS.items() if kind != "anchor"} == told


def test_an_order_of_the_contract_is_an_order_of_the_core() -> None:
    for name in ("Order", "Address"):
        fields = [
            [(field.name, field.default) for field in msgspec.structs.fields(kind)]
            for kind in (getattr(inward, name), getattr(values, name))
        ]
        assert fields[0] == fields[1]
    assert inward.Document.__struct_fields__ == values.OrderDocument.__struct_fields__
    assert fits_one(str(WORDS["tracking_number"].example), (S10,))


def test_every_topic_has_its_reader_or_its_writer() -> None:
    assert {*MESSAGES, "manifest", "confirm"} == set(inward.INWARD)
    assert {kind for kind, _ in OUTWARD.values()} >= {EventMessage}
