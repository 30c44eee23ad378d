"""Runs the subset of Structured Text that the reference program is written in: every POU becomes a Python function or class.

Stricter than a PLC: types must agree without implicit conversion, every result must fit its type, every index its array, and
AND and OR evaluate both sides. What runs here without an error needs no luck there.
"""

from collections.abc import Iterator
from typing import Any

from tree_sitter import Node

from tests.line_config.plc.st_tree import (
    RANGES,
    Array,
    Pou,
    Source,
    StError,
    Type,
    Variable,
    constant,
    load,
    name_of,
    number,
    text,
)

ARITHMETIC = {"+": "+", "-": "-", "*": "*", "/": "//", "mod": "%"}
COMPARISONS = {"=": "==", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
LOGIC = {"and": "&", "or": "|", "xor": "^"}
LITERAL = "literal"
Code = tuple[str, Type]


def fit(value: int, kind: str) -> int:
    lower, upper = RANGES[kind]
    if not lower <= value <= upper:
        raise StError(f"{value} does not fit {kind}")
    return value


def at(index: int, lower: int, upper: int) -> int:
    if not lower <= index <= upper:
        raise StError(f"index {index} is not in {lower}..{upper}")
    return index - lower


class Record:
    """A struct's value."""

    def copy(self) -> "Record":
        new = type(self)()
        for name, value in vars(self).items():
            setattr(new, name, copied(value))
        return new


def copied(value: Any) -> Any:
    if isinstance(value, list):
        return [copied(one) for one in value]
    return value.copy() if isinstance(value, Record) else value


class Compiler:
    """One source → Python text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines: list[str] = []
        self.pou: Pou

    # --- values ---
    def default(self, kind: Type, initial: int = 0) -> str:
        if isinstance(kind, Array):
            return f"[{self.default(kind.of)} for _ in range({kind.upper - kind.lower + 1})]"
        if kind == "bool":
            return str(bool(initial))
        return str(initial) if kind in RANGES else f"{kind}()"

    def place(self, node: Node) -> Code:
        """A variable, member or element."""
        if node.type == "identifier":
            name = name_of(node)
            if name in self.pou.variables:
                prefix = "v_" if self.pou.kind == "function" else "self."
                return prefix + name, self.pou.variables[name].type
            if name == self.pou.name and self.pou.returns:
                return f"v_{name}", self.pou.returns
            if name in self.source.constants:
                value, kind = self.source.constants[name]
                return str(value), kind
        elif node.type == "member_access_expression":
            code, kind = self.place(_field(node, "object"))
            member = name_of(_field(node, "member"))
            assert isinstance(kind, str)
            if kind in self.source.structs:
                return f"{code}.{member}", self.source.structs[kind][member]
            variable = self.source.pous[kind].variables[member]
            if variable.section != "var_output":
                raise StError(f"{text(node)} is no output")
            return f"{code}.{member}", variable.type
        elif node.type == "index_expression":
            code, kind = self.place(_field(node, "object"))
            if not isinstance(kind, Array):
                raise StError(f"{text(node)} is no array")
            index, _ = self.typed(_field(node, "index"), "int")
            return f"{code}[at({index}, {kind.lower}, {kind.upper})]", kind.of
        raise StError(f"{self.pou.name}: line {node.start_point[0] + 1}: nothing is called {text(node)}")

    def value(self, node: Node) -> Code:
        known = getattr(self, f"value_of_{node.type}", self.place)
        code: Code = known(node)
        return code

    def value_of_integer_literal(self, node: Node) -> Code:
        return str(number(text(node))), LITERAL

    def value_of_boolean_literal(self, node: Node) -> Code:
        return str(text(node).upper() == "TRUE"), "bool"

    def value_of_parenthesized_expression(self, node: Node) -> Code:
        code, kind = self.value(next(child for child in node.children if child.is_named))
        return f"({code})", kind

    def value_of_unary_expression(self, node: Node) -> Code:
        if name_of(_field(node, "operator")) != "not":
            raise StError(f"sign in {text(node)}")
        return f"(not {self.typed(_field(node, 'operand'), 'bool')[0]})", "bool"

    def typed(self, node: Node, kind: Type) -> Code:
        """A value of this type and no other; a literal fits every number."""
        code, found = self.value(node)
        if found == LITERAL and isinstance(kind, str) and kind in RANGES and kind != "bool":
            fit(int(code), kind)
            return code, kind
        if found != kind:
            raise StError(f"{self.pou.name}: line {node.start_point[0] + 1}: {text(node)} is {found}, wanted {kind}")
        return code, kind

    def value_of_binary_expression(self, node: Node) -> Code:
        operator = name_of(_field(node, "operator"))
        left, right = _field(node, "left"), _field(node, "right")
        kind = self.value(left)[1]
        if kind == LITERAL:
            kind = self.value(right)[1]
        a, b = (self.typed(side, kind)[0] if kind != LITERAL else self.value(side)[0] for side in (left, right))
        if operator in COMPARISONS:
            return f"({a} {COMPARISONS[operator]} {b})", "bool"
        if operator in LOGIC and kind in ("bool", "word"):
            return f"({a} {LOGIC[operator]} {b})", kind
        if operator in ARITHMETIC and kind in ("uint", "udint", "int", "dint"):
            if operator in ("/", "mod") and kind == "dint":
                raise StError("signed division is not in the subset")
            return f"fit({a} {ARITHMETIC[operator]} {b}, '{kind}')", kind
        raise StError(f"line {node.start_point[0] + 1}: {operator} of {kind}")

    def value_of_call_expression(self, node: Node) -> Code:
        name = name_of(_field(node, "function"))
        given = [child for child in _field(node, "arguments").children if child.is_named and child.type != "comment"]
        source, arrow, target = name.partition("_to_")
        if arrow and source in RANGES and target in RANGES:
            return f"fit({self.typed(given[0], source)[0]}, '{target}')", target
        if name in ("min", "max", "abs"):
            codes = [self.value(one) for one in given]
            kind = next(kind for _, kind in codes)
            return f"{name}({', '.join(self.typed(one, kind)[0] for one in given)})", kind
        pou = self.source.pous.get(name)
        if pou is None or pou.kind != "function":
            raise StError(f"line {node.start_point[0] + 1}: no function {name}")
        return f"f_{name}({', '.join(self.arguments(pou, given))})", pou.returns

    def arguments(self, pou: Pou, given: list[Node]) -> Iterator[str]:
        wanted = {v.name: v for v in pou.variables.values() if v.section in ("var_input", "var_in_out")}
        for one in given:
            variable = wanted.pop(name_of(_field(one, "name")))
            value = _field(one, "value")
            if variable.section == "var_in_out":
                code, kind = self.place(value)
                if kind != variable.type or kind in RANGES:
                    raise StError(f"{pou.name}: {variable.name} is {kind}, wanted {variable.type}")
                yield f"v_{variable.name}={code}"
            else:
                yield f"v_{variable.name}={self.copying(value, variable.type)}"
        if wanted:
            raise StError(f"{self.pou.name}: call of {pou.name} without {', '.join(wanted)}")

    def copying(self, node: Node, kind: Type) -> str:
        code, _ = self.typed(node, kind)
        return code if kind in RANGES else f"copied({code})"

    # --- statements ---
    def emit(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def block(self, nodes: list[Node], depth: int) -> None:
        self.emit(depth, "pass")
        for node in nodes:
            if node.type not in ("comment", "empty_statement", ";"):
                getattr(self, f"on_{node.type}")(node, depth)

    def on_assignment_statement(self, node: Node, depth: int) -> None:
        target = _field(node, "left")
        code, kind = self.place(target)
        if target.type == "identifier" and name_of(target) in self.source.constants:
            raise StError(f"{text(node)}: a constant")
        value = self.copying(_field(node, "right"), kind)
        self.emit(depth, f"{code} = " + (f"fit({value}, '{kind}')" if kind in RANGES and kind != "bool" else value))

    def on_if_statement(self, node: Node, depth: int) -> None:
        self.emit(depth, f"if {self.typed(_field(node, 'condition'), 'bool')[0]}:")
        self.block(node.children_by_field_name("consequence"), depth + 1)
        # An ELSIF's condition is an expression only, so that Python's elif evaluates it at the same moment.
        for clause in node.children:
            if clause.type == "elsif_clause":
                self.emit(depth, f"elif {self.typed(_field(clause, 'condition'), 'bool')[0]}:")
                self.block(clause.children_by_field_name("body"), depth + 1)
            elif clause.type == "else_clause":
                self.emit(depth, "else:")
                self.block(clause.children_by_field_name("body"), depth + 1)

    def on_case_statement(self, node: Node, depth: int) -> None:
        subject, kind = self.value(_field(node, "subject"))
        word = "if"
        for clause in node.children:
            if clause.type == "case_clause":
                labels = [n.children[0] for n in clause.children if n.type == "case_value"]
                if wrong := [text(n) for n in labels if self.typed(n, kind)[1] != kind]:
                    raise StError(f"CASE labels {wrong}")
                numbers = tuple(constant(self.source, label) for label in labels)
                self.emit(depth, f"{word} {subject} in {numbers}:")
                self.block(clause.children_by_field_name("body"), depth + 1)
                word = "elif"
            elif clause.type == "else_clause":
                self.emit(depth, "else:")
                self.block(clause.children_by_field_name("body"), depth + 1)

    def on_for_statement(self, node: Node, depth: int) -> None:
        code, kind = self.place(_field(node, "control"))
        start, end = (self.typed(_field(node, side), kind)[0] for side in ("start", "end"))
        self.emit(depth, f"for {code} in range({start}, {end} + 1):")
        self.block(node.children_by_field_name("body"), depth + 1)

    def on_while_statement(self, node: Node, depth: int) -> None:
        self.emit(depth, f"while {self.typed(_field(node, 'condition'), 'bool')[0]}:")
        self.block(node.children_by_field_name("body"), depth + 1)

    def on_return_statement(self, node: Node, depth: int) -> None:
        self.emit(depth, f"return v_{self.pou.name}" if self.pou.returns else "return")

    def on_exit_statement(self, node: Node, depth: int) -> None:
        self.emit(depth, "break")

    def on_invocation_statement(self, node: Node, depth: int) -> None:
        call = next(child for child in node.children if child.type == "call_expression")
        code, kind = self.place(_field(call, "function"))
        assert isinstance(kind, str)
        block = self.source.pous[kind]
        for one in (child for child in _field(call, "arguments").children if child.is_named):
            variable = block.variables[name_of(_field(one, "name"))]
            assert variable.section == "var_input"
            self.emit(depth, f"{code}.{variable.name} = {self.copying(_field(one, 'value'), variable.type)}")
        self.emit(depth, f"{code}.run()")

    # --- declarations ---
    def records(self) -> None:
        for name, members in self.source.structs.items():
            self.emit(0, f"class {name}(Record):")
            self.emit(1, "def __init__(self):")
            for member, kind in members.items():
                self.emit(2, f"self.{member} = {self.default(kind)}")

    def function(self, pou: Pou) -> None:
        taken = [v for v in pou.variables.values() if v.section in ("var_input", "var_in_out")]
        self.emit(0, f"def f_{pou.name}(*, {', '.join(f'v_{v.name}' for v in taken)}):")
        for variable in pou.variables.values():
            if variable not in taken:
                self.emit(1, f"v_{variable.name} = {self.default(variable.type, variable.initial)}")
        self.emit(1, f"v_{pou.name} = {self.default(pou.returns)}")
        self.block(pou.body, 1)
        self.emit(1, f"return v_{pou.name}")

    def block_class(self, pou: Pou) -> None:
        self.emit(0, f"class {pou.name}:")
        self.emit(1, "def __init__(self):")
        self.emit(2, "pass")
        for variable in pou.variables.values():
            self.emit(2, f"self.{variable.name} = {self.default(variable.type, variable.initial)}")
        self.emit(1, "def run(self):")
        self.block(pou.body, 2)

    def python(self) -> str:
        self.records()
        for pou in self.source.pous.values():
            self.pou = pou
            (self.function if pou.kind == "function" else self.block_class)(pou)
        return "\n".join(self.lines) + "\n"


def _field(node: Node, name: str) -> Node:
    found = node.child_by_field_name(name)
    if found is None:
        raise StError(f"line {node.start_point[0] + 1}: {node.type} without {name}: {text(node)[:80]}")
    return found


class Running:
    """The programs of one source, ready to be scanned."""

    def __init__(self, source: str) -> None:
        self.source = load(source)
        self._names: dict[str, Any] = {"fit": fit, "at": at, "Record": Record, "copied": copied}
        exec(compile(Compiler(self.source).python(), "reference.st", "exec"), self._names)

    def start(self, name: str, before: Any = None) -> Any:
        """A program after power-up; of the one that ran before, what is declared RETAIN."""
        program = self._names[name.lower()]()
        if before is not None:
            for variable in self.variables(name).values():
                if variable.retain:
                    setattr(program, variable.name, copied(getattr(before, variable.name)))
        return program

    def variables(self, name: str) -> dict[str, Variable]:
        return self.source.pous[name.lower()].variables
