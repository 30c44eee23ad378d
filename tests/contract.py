"""What a line may send: by the types of the contract, and not one field more."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from edge.runtime.contract.kinds import KINDS
from edge.runtime.contract.outward import OUTWARD


def _require(kind: type[msgspec.Struct], fields: Mapping[str, Any], where: str) -> None:
    msgspec.convert(fields, kind)
    invented = set(fields) - set(kind.__struct_fields__)
    assert not invented, f"{where}: {invented} are in no contract"


def require_body(kind: str, body: Mapping[str, Any]) -> None:
    """Raise where an event's body is not what the contract says of its kind."""
    assert kind in KINDS, f"event {kind} is in no contract"
    _require(KINDS[kind][0], body, kind)


def require_sent(topic: str, payload: bytes) -> None:
    """Raise where a message of the runtime is not what the contract says of its topic; bodies are the core's affair."""
    fields = json.loads(payload)
    kind = OUTWARD[topic][0]
    _require(kind, {name: msgspec.Raw(b"{}") if name == "body" else value for name, value in fields.items()}, topic)
    assert set(fields) == set(kind.__struct_fields__), topic
