"""Small changes to a source file, each of which a test should notice: what `scripts/mutate.py` plants.

Changed are comparisons, `and`/`or`/`not`, arithmetic, constants, conditions, returned values and single statements. Not changed
are docstrings, annotations, and prose: texts with a space or other than ASCII in them, which people read and no code compares.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

Node = ast.AST
COMPARED: dict[type[Node], type[Node]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COUNTED: dict[type[Node], type[Node]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult, ast.Mod: ast.Mult,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
NEGATIONS = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
"""changing one of these negates the whole comparison already"""
NOT_LOOKED_INTO = {("arg", "annotation"), ("AnnAssign", "annotation"), ("FunctionDef", "returns"), ("JoinedStr", "values")}
REMOVED = (ast.AugAssign, ast.Raise, ast.Delete, ast.Continue, ast.Return)
MARK = "~"


class Mutant(NamedTuple):
    """One change. `scope`: qualified name of the function that it is in, "" = made when the module is loaded."""

    file: str
    line: int
    change: str
    scope: str
    code: CodeType
    """the whole module with the change in it"""

    @property
    def module(self) -> str:
        """Name of the module."""
        return self.file.removesuffix(".py").replace("/", ".")


class _Slot(NamedTuple):
    """Where a node hangs in the tree."""

    parent: Node
    field: str
    index: int | None

    def put(self, node: Node) -> None:
        """Hang another one there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def mutants(root: Path, file: str) -> Iterator[Mutant]:
    """All mutants of one file, in the order of its nodes."""
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    # What a function does while the module is loaded is over before a test begins.
    calls = [node.func for _, node, scope in _nodes(tree, ()) if not scope and isinstance(node, ast.Call)]
    while_loading = {function.id for function in calls if isinstance(function, ast.Name)}
    for slot, node, scope in _nodes(tree, ()):
        for other, change in _changes(slot, node):
            slot.put(ast.fix_missing_locations(ast.copy_location(other, node)))
            code = compile(tree, str(root / file), "exec")
            slot.put(node)
            yield Mutant(
                file, getattr(node, "lineno", None) or slot.parent.lineno, change, "" if scope in while_loading else scope, code
            )


def unchanged(root: Path, file: str) -> Mutant:
    """The control: no test may fail with it."""
    return Mutant(file, 1, "nothing", "", compile((root / file).read_text(encoding="utf-8"), str(root / file), "exec"))


def _nodes(parent: Node, names: tuple[str, ...], function: str = "") -> Iterator[tuple[_Slot, Node, str]]:
    """Each node below `parent` with its place, and the outermost function around it."""
    for field, value in ast.iter_fields(parent):
        if (type(parent).__name__, field) in NOT_LOOKED_INTO:
            continue
        listed = value if isinstance(value, list) else [value]
        for index, node in enumerate(listed):
            if not isinstance(node, Node):
                continue
            inside = function
            if isinstance(parent, ast.FunctionDef) and field == "body":
                inside = function or ".".join(names)
            yield _Slot(parent, field, index if isinstance(value, list) else None), node, inside
            named = (*names, node.name) if isinstance(node, ast.ClassDef | ast.FunctionDef) else names
            yield from _nodes(node, named, inside)


def _changes(slot: _Slot, node: Node) -> Iterator[tuple[Node, str]]:
    """The nodes that may stand in the place of this one, and what is said of it."""
    for change in (_condition, _operator, _constant, _statement):
        for other in change(slot, node):
            shown = slot.parent if isinstance(node, ast.cmpop | ast.operator | ast.Constant) else None
            yield other, f"{f'{_said(shown)}: ' if shown else ''}{_said(node)} → {_said(other)}"


def _said(node: Node) -> str:
    if isinstance(node, ast.cmpop | ast.operator):
        return type(node).__name__
    return " ".join(ast.unparse(node).split())[:90]


def _condition(slot: _Slot, node: Node) -> Iterator[Node]:
    if slot.field not in ("test", "ifs") or not isinstance(node, ast.expr) or isinstance(node, ast.Constant):
        return
    plain = isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], NEGATIONS)
    if not plain and not (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        yield ast.UnaryOp(ast.Not(), node)


def _operator(_: _Slot, node: Node) -> Iterator[Node]:
    if isinstance(node, ast.cmpop):
        yield COMPARED[type(node)]()
    elif isinstance(node, ast.operator) and type(node) in COUNTED:
        yield COUNTED[type(node)]()
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def _constant(slot: _Slot, node: Node) -> Iterator[Node]:
    if isinstance(node, ast.JoinedStr):
        texts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        if not any(" " in text for text in texts):
            yield ast.Constant(MARK)
    if not isinstance(node, ast.Constant) or isinstance(slot.parent, ast.Expr):
        return
    value: Any = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and value.isascii() and " " not in value:
        yield ast.Constant(value + MARK)


def _statement(_: _Slot, node: Node) -> Iterator[Node]:
    if isinstance(node, ast.Return) and node.value is not None:
        if not isinstance(node.value, ast.Constant):
            yield ast.Return(ast.Constant(None))
    elif _removable(node):
        yield ast.Pass()


def _removable(node: Node) -> bool:
    """A docstring does nothing, and without a local name's value nothing runs: no test is needed to see that."""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return not all(isinstance(target, ast.Name) for target in node.targets)
    return isinstance(node, REMOVED)
