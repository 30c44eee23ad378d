"""Write docs/contract from the types of edge/runtime/contract: AsyncAPI 3, a JSON Schema for each message, a page to read.

Run `python scripts/make_contract.py`; a test fails while the files differ from what this makes.
"""

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from edge.runtime.contract.inward import INWARD
from edge.runtime.contract.kinds import KINDS
from edge.runtime.contract.outward import CONTRACT, OUTWARD, EventMessage
from edge.runtime.contract.words import word

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "contract"
ADDRESS = "sealline/v1/{site}/{line}/"
DIALECT = "http://json-schema.org/draft-07/schema#"
"""the dialect that AsyncAPI builds on"""
RETAINED, AT_MOST_ONCE = {"state"}, {"confirm"}
RULES = """\
QoS 1, except `confirm` (0). JSON in UTF-8, at most 1 MiB a message. Only `state` is retained; a retained command is refused.
A line keeps its session for 7 days and acknowledges what it takes only when that is durable. Works on MQTT 5 and 3.1.1: what
belongs together is named in the payload. Unknown fields in what a line receives are ignored; what it sends has exactly these
fields. Within version 1 fields are only added. Events come in the order of `seq`, from 1 without gaps for each `journal_id`;
what is not confirmed comes again, so store by `key`.
"""
RULES_ZH = """\
QoS 1(`confirm` 为 0)；UTF-8 JSON，每条至多 1 MiB。仅 `state` 为保留消息；保留的指令一律拒收。
本线会话保留 7 天，落盘后才应答。MQTT 5 与 3.1.1 均可：关联信息都在载荷中。
收到的未知字段忽略；发出的字段如下，不多不少；版本 1 内只增不改。
事件按 `seq` 排序，每个 `journal_id` 从 1 起不间断；未确认的会重发，请按 `key` 存储。
"""


class Spoken(NamedTuple):
    """One message of the contract: `name` is its topic, or event.<kind>."""

    name: str
    topic: str
    types: tuple[type[msgspec.Struct], ...]
    """the payload's type, and the body's where there is one"""
    zh: str
    inward: bool

    @property
    def en(self) -> str:
        """What it says."""
        return " ".join((self.types[-1].__doc__ or "").split())


def spoken() -> Iterator[Spoken]:
    """All messages, in both directions."""
    for topic, (kind, zh) in INWARD.items():
        yield Spoken(topic, topic, (kind,), zh, True)
    for topic, (sent, zh) in OUTWARD.items():
        if sent is not EventMessage:
            yield Spoken(topic, topic, (sent,), zh, False)
    for name, (body, zh) in KINDS.items():
        yield Spoken(f"event.{name}", "events", (EventMessage, body), zh, False)


def _described(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    for field, found in schema.get("properties", {}).items():
        meaning = word(name, field)
        found["description"], found["x-zh"] = meaning.en, meaning.zh
    schema.pop("title", None)
    return schema


def schema_of(message: Spoken) -> dict[str, Any]:
    """The payload's JSON Schema."""
    _, parts = msgspec.json.schema_components(message.types, ref_template="#/definitions/{name}")
    parts = {name: _described(name, part) for name, part in parts.items()}
    whole = parts.pop(message.types[0].__name__)
    if len(message.types) > 1:
        kind = message.name.partition(".")[2]
        whole["properties"]["kind"]["const"] = kind
        whole["properties"]["body"]["$ref"] = f"#/definitions/{message.types[1].__name__}"
    whole["description"], whole["x-zh"] = message.en, message.zh
    return {
        "$schema": DIALECT,
        "title": message.name,
        **whole,
        **({"definitions": parts} if parts else {}),
        "examples": [example_of(message)],
    }


def example_of(message: Spoken) -> dict[str, Any]:
    """An example of the payload."""
    found = _example(message.types[0])
    if len(message.types) > 1:
        found |= {"kind": message.name.partition(".")[2], "body": _body(message.types[1])}
    return found


def _body(kind: type[msgspec.Struct]) -> dict[str, Any]:
    body = _example(kind)
    if "documents" in body and "document" in body:  # of an item or of a lone document
        for absent in ("item", "documents"):
            del body[absent]
    return body


def _example(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: _value(kind, field) for field in msgspec.structs.fields(kind)}


def _value(kind: type[msgspec.Struct], field: msgspec.structs.FieldInfo) -> Any:
    inner = msgspec.inspect.type_info(field.type)
    if isinstance(inner, msgspec.inspect.ListType) and isinstance(inner.item_type, msgspec.inspect.StructType):
        return [_example(inner.item_type.cls)]
    if isinstance(inner, msgspec.inspect.StructType):
        return _example(inner.cls)
    return word(kind.__name__, field.name).example


def asyncapi() -> str:
    """The whole contract as AsyncAPI 3.0."""
    channels: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for message in spoken():
        parameters = {name: {"description": f"name of the {name}"} for name in ("site", "line")}
        channel = channels.setdefault(
            message.topic, {"address": ADDRESS + message.topic, "parameters": parameters, "messages": {}}
        )
        channel["messages"][message.name] = {"$ref": f"#/components/messages/{message.name}"}
        messages[message.name] = {
            "name": message.name,
            "title": message.en,
            "summary": message.zh,
            "contentType": "application/json",
            "payload": {"$ref": f"schemas/{message.name}.json"},
        }
    operations = {
        topic: {
            "action": "receive" if topic in INWARD else "send",
            "channel": {"$ref": f"#/channels/{topic}"},
            "bindings": {"mqtt": {"qos": 0 if topic in AT_MOST_ONCE else 1, "retain": topic in RETAINED}},
        }
        for topic in channels
    }
    whole = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "sealline: a line and the central systems",
            "version": CONTRACT,
            "description": f"{RULES}\n\n{RULES_ZH}",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }
    return "# Made by scripts/make_contract.py; do not edit.\n" + yaml.safe_dump(
        whole, sort_keys=False, allow_unicode=True, width=120
    )


_PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>sealline: contract with central systems</title>
<style>
body{{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}}
table{{border-collapse:collapse;width:100%;margin:.5rem 0}}
td,th{{border:1px solid #d0d7de;padding:.25rem .5rem;text-align:left;vertical-align:top}}
code,pre{{font:13px/1.45 ui-monospace,monospace;background:#f6f8fa}}
pre{{padding:.75rem;overflow:auto}} h2{{margin-top:2.5rem}} .zh{{color:#57606a}}
</style>
<h1>Contract with central systems {version} <span class="zh">与平台的契约</span></h1>
<p>{rules}</p><p class="zh">{rules_zh}</p>
<p>Machine-readable: <a href="asyncapi.yaml">AsyncAPI 3</a>, one <a href="schemas">JSON Schema</a> for each message.
Made by <code>scripts/make_contract.py</code>.</p>
<table><tr><th>message</th><th>topic</th><th>from</th><th>what it says</th><th>说明</th></tr>
{index}
</table>
{parts}
</html>
"""


def page() -> str:
    """The contract for people."""
    index, parts = [], []
    for message in spoken():
        source = "central" if message.inward else "line"
        index.append(
            f'<tr><td><a href="#{message.name}">{message.name}</a></td><td><code>{message.topic}</code></td><td>{source}</td>'
            f"<td>{html.escape(message.en)}</td><td>{message.zh}</td></tr>"
        )
        shown = json.dumps(example_of(message), ensure_ascii=False, indent=2)
        parts.append(
            f'<h2 id="{message.name}">{message.name}</h2>\n'
            f'<p>{html.escape(message.en)} <span class="zh">{message.zh}</span></p>\n'
            + "".join(_table(kind) for kind in _structs(message))
            + f"<pre>{html.escape(shown, quote=False)}</pre>"
        )
    rules, rules_zh = (html.escape(" ".join(text.split())) for text in (RULES, RULES_ZH))
    return _PAGE.format(version=CONTRACT, rules=rules, rules_zh=rules_zh, index="\n".join(index), parts="\n".join(parts))


def _structs(message: Spoken) -> list[type[msgspec.Struct]]:
    """Its types with those inside them; the head of an event is explained once, with the table of its own."""
    found = [message.types[-1]]
    for kind in found:
        for field in msgspec.inspect.type_info(kind).fields:  # type: ignore[union-attr]
            inner = getattr(field.type, "item_type", field.type)
            if isinstance(inner, msgspec.inspect.StructType) and inner.cls not in found:
                found.append(inner.cls)
    return [EventMessage, *found] if message.name == "event.document_fed" else found


def _table(kind: type[msgspec.Struct]) -> str:
    rows = []
    for field in msgspec.structs.fields(kind):
        meaning = word(kind.__name__, field.name)
        needed = field.default is msgspec.NODEFAULT
        shown = json.dumps(meaning.example, ensure_ascii=False) if meaning.example is not None else ""
        rows.append(
            f"<tr><td><code>{field.name}</code></td><td>{'' if needed else 'optional'}</td><td>{html.escape(meaning.en)}</td>"
            f"<td>{meaning.zh}</td><td><code>{html.escape(shown, quote=False)}</code></td></tr>"
        )
    return (
        f"<table><tr><th>{kind.__name__}</th><th></th><th>meaning</th><th>含义</th><th>example</th></tr>\n"
        + "\n".join(rows)
        + "\n</table>\n"
    )


def files() -> dict[str, str]:
    """Path below docs/contract → content."""
    made = {"asyncapi.yaml": asyncapi(), "index.html": page()}
    for message in spoken():
        made[f"schemas/{message.name}.json"] = json.dumps(schema_of(message), ensure_ascii=False, indent=2) + "\n"
    return made


def main() -> None:
    """Write the files, and remove what is no message any more."""
    made = files()
    for path in FOLDER.rglob("*.*"):
        if path.relative_to(FOLDER).as_posix() not in made:
            path.unlink()
    for name, text in made.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
