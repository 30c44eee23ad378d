"""The parse tree of Structured Text, by tree-sitter, and the types that its declarations name."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import tree_sitter_iec61131_3_st
from tree_sitter import Language, Node, Parser

RANGES = {"bool": (0, 1), "word": (0, 65535), "uint": (0, 65535), "udint": (0, 2**32 - 1), "int": (-32768, 32767),
          "dint": (-(2**31), 2**31 - 1)}  # fmt: skip


class StError(Exception):
    """The source is no good Structured Text of the subset; says where."""


@dataclass(frozen=True)
class Array:
    lower: int
    upper: int
    of: "str | Array"


Type = str | Array
"""a scalar's name, or a struct's or function block's, all in lower case"""


@dataclass
class Variable:
    name: str
    type: Type
    initial: int = 0
    section: str = "var"
    retain: bool = False
    address: str = ""


@dataclass
class Pou:
    """A function, function block or program."""

    kind: str
    name: str
    variables: dict[str, Variable]
    body: list[Node]
    returns: Type = ""


@dataclass
class Source:
    """What one file declares; names in lower case, as the language does not tell cases apart."""

    root: Node
    constants: dict[str, tuple[int, Type]] = field(default_factory=dict)
    structs: dict[str, dict[str, Type]] = field(default_factory=dict)
    pous: dict[str, Pou] = field(default_factory=dict)


def text(node: Node | None) -> str:
    assert node is not None
    return (node.text or b"").decode()


def name_of(node: Node | None) -> str:
    return text(node).lower()


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def tree_of(source: str) -> Node:
    return Parser(Language(tree_sitter_iec61131_3_st.language())).parse(source.encode()).root_node


def faults(root: Node) -> list[str]:
    """Where the grammar does not fit."""
    return [f"{n.start_point[0] + 1}: {text(n)[:60]}" for n in walk(root) if n.type == "ERROR" or n.is_missing]


def number(literal: str) -> int:
    base, _, digits = literal.replace("_", "").rpartition("#")
    return int(digits, int(base) if base else 10)


def load(source: str) -> Source:
    """Parse and collect all declarations; StError where the grammar does not fit."""
    root = tree_of(source)
    if bad := faults(root):
        raise StError(f"no Structured Text at {bad}")
    out = Source(root)
    for node in root.children:
        if node.type == "global_var_declaration_block":
            for variable in _variables(out, node.children):
                out.constants[variable.name] = (variable.initial, variable.type)
        elif node.type == "type_declaration":
            for definition in (n for n in node.children if n.type == "type_definition"):
                body = definition.child_by_field_name("definition")
                assert body is not None
                out.structs[name_of(definition.child_by_field_name("name"))] = {
                    name_of(n.child_by_field_name("name")): type_of(out, n.child_by_field_name("type"))
                    for n in body.children
                    if n.type == "structure_field"
                }
        elif node.type in ("function_declaration", "function_block_declaration", "program_declaration"):
            pou = _pou(out, node)
            if hidden := (set(pou.variables) | {pou.name}) & (set(out.constants) | set(out.pous) | set(out.structs)):
                raise StError(f"{pou.name} hides {hidden}: names differ by more than their case")
            out.pous[pou.name] = pou
        elif node.type not in ("comment", "configuration_declaration"):
            raise StError(f"unknown declaration {node.type}")
    return out


def _pou(source: Source, node: Node) -> Pou:
    returns = node.child_by_field_name("return_type")
    return Pou(
        node.type.partition("_declaration")[0],
        name_of(node.child_by_field_name("name")),
        {v.name: v for v in _variables(source, node.children)},
        node.children_by_field_name("body"),
        type_of(source, returns) if returns is not None else "",
    )


def _variables(source: Source, blocks: list[Node]) -> Iterator[Variable]:
    for block in blocks:
        if not block.type.startswith("var_"):
            continue
        qualifiers = {text(q).upper() for n in block.children if n.type == "var_qualifier_list" for q in n.children}
        for node in (n for n in block.children if n.type == "variable_declaration"):
            value, address = node.child_by_field_name("initial_value"), node.child_by_field_name("address")
            for name in (n for n in node.children_by_field_name("names") if n.type == "identifier"):
                yield Variable(
                    name_of(name),
                    type_of(source, node.child_by_field_name("type")),
                    number(text(value)) if value is not None else 0,
                    block.type,
                    "RETAIN" in qualifiers,
                    text(address) if address is not None else "",
                )


def type_of(source: Source, node: Node | None) -> Type:
    assert node is not None
    if node.type != "array_type":
        return name_of(node)
    bounds = node.child_by_field_name("range")
    assert bounds is not None
    lower, upper = (constant(source, bounds.child_by_field_name(side)) for side in ("lower", "upper"))
    return Array(lower, upper, type_of(source, node.child_by_field_name("element_type")))


def constant(source: Source, node: Node | None) -> int:
    """The value of a constant expression."""
    assert node is not None
    if node.type == "integer_literal":
        return number(text(node))
    if node.type == "identifier":
        return source.constants[name_of(node)][0]
    if node.type == "binary_expression":
        left, right = (constant(source, node.child_by_field_name(side)) for side in ("left", "right"))
        return {"+": left + right, "-": left - right, "*": left * right}[text(node.child_by_field_name("operator"))]
    raise StError(f"no constant: {text(node)}")
