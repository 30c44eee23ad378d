"""The house itself: purity of the core, import contracts, wrapped libraries, sizes, pins, and pages made from the code."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("edge", "drivers", "vision", "line_config")
PACKAGES = (*PRODUCT, "simulators")
PURE_IMPORTS = {
    "bisect",
    "collections",
    "collections.abc",
    "dataclasses",
    "enum",
    "functools",
    "heapq",
    "itertools",
    "math",
    "typing",
    "msgspec",
}
BANNED_CALLS = {
    "open",
    "print",
    "input",
    "eval",
    "exec",
    "compile",
    "hash",
    "id",
    "__import__",
    "breakpoint",
    "globals",
    "vars",
}
LINES_MAX, FUNCTION_LINES_MAX = 400, 70
# A library that changes its interface from release to release is known to one file only.
OWNERS = {
    "pymodbus": {"drivers/modbus_plc.py"},
    "snap7": {"drivers/s7_plc.py"},
    "aiomqtt": {"drivers/mqtt.py"},
    "serial_asyncio_fast": {"drivers/serial_line.py"},
    "zxingcpp": {"vision/barcode.py"},
    "pyzbar": {"vision/barcode.py"},
    "onnxruntime": {"vision/ocr.py"},
    "nacl": {"vision/evidence.py", "edge/runtime/signing.py"},
    "httpx": {"drivers/file_source.py"},
    "pypdf": {"edge/runtime/page_check.py"},
    "typst": {"edge/reports/press.py"},
}


def sources(*packages: str) -> Iterator[tuple[str, str, ast.Module]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield str(path.relative_to(ROOT)), text, ast.parse(text)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_core_is_pure() -> None:
    for name, _, tree in sources("edge/core"):
        for module in imported(tree):
            assert module.startswith("edge.core.") or module in PURE_IMPORTS, f"{name} imports {module}"
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in BANNED_CALLS, f"{name}:{node.lineno} calls {node.func.id}"
            assert not isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.Global), f"{name}: {ast.dump(node)[:60]}"


def test_import_contracts() -> None:
    ran = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-3000:]


def test_wrapped_libraries_have_one_owner() -> None:
    users: dict[str, set[str]] = {}
    for name, _, tree in sources(*PRODUCT):
        for module in imported(tree):
            users.setdefault(module.partition(".")[0], set()).add(name)
    for library, owners in OWNERS.items():
        assert users.get(library) == owners, library


def test_nothing_in_the_product_swallows_every_error() -> None:
    for name, _, tree in sources(*PRODUCT):
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and name != "edge/runtime/spawn.py":
                kind = node.type
                assert kind is not None, f"{name}:{node.lineno} bare except"
                names = {n.id for n in ast.walk(kind) if isinstance(n, ast.Name)}
                assert not names & {"Exception", "BaseException"}, f"{name}:{node.lineno}"


def test_the_runtime_uses_no_call_whose_order_is_not_deterministic() -> None:
    for name, _, tree in sources("edge/runtime"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "asyncio":
                assert node.attr not in {"gather", "wait", "TaskGroup", "to_thread", "as_completed"}, f"{name}:{node.lineno}"


def test_rooms_are_small() -> None:
    for name, text, tree in sources(*PACKAGES):
        lines = text.count("\n")
        assert lines <= LINES_MAX or name == "edge/core/conditions.py", f"{name}: {lines} lines, could it be two nouns?"
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or 0) - node.lineno + 1
                assert size <= FUNCTION_LINES_MAX, f"{name}:{node.lineno} {node.name}: {size} lines"


def test_nothing_is_left_for_later() -> None:
    for name, text, _ in sources(*PACKAGES):
        found = re.search(r"\b(TODO|FIXME|XXX|HACK)\b|for now\b|NotImplementedError\(\"", text)
        assert found is None, f"{name}: {found and found.group()}"


def test_every_pin_is_exact_and_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    installed = {(dist.metadata["Name"] or "").lower().replace("_", "-"): dist.version for dist in distributions()}
    for pin in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
        name, _, version = pin.partition("==")
        assert version, f"{pin} is not exact"
        assert installed.get(name.lower()) == version, pin


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_locks_hold_the_pins_with_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = set(re.findall(r"^([a-z0-9-]+==[^ \\]+)", text, re.MULTILINE))
    assert set(project["dependencies"]) <= locked
    assert text.count("--hash=sha256:") >= len(locked)
    assert "http" not in re.sub(r"httpx|httpcore|httptools", "", text), "no registry's address in a lock file"


def test_the_peers_are_pinned_with_hashes_and_without_an_address() -> None:
    lock = (ROOT / "requirements-peers.lock").read_text()
    pins = re.findall(r"^([a-z0-9-]+)==[\d.]+ ", lock, re.MULTILINE)
    assert len(pins) == lock.count("--hash=sha256:") == 2
    folder = ROOT / "tests" / "wire" / "peers"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    text = (folder / "package-lock.json").read_text()
    locked = json.loads(text)["packages"]
    for name, version in wanted.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in found for name, found in locked.items() if name)
    assert "http" not in lock + text, "no registry's address in a lock file"


def test_one_package_owns_cv2() -> None:
    assert set(packages_distributions()["cv2"]) == {"opencv-python"}


def test_the_tables_page_is_what_the_code_says() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import make_docs
    finally:
        sys.path.pop(0)
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == make_docs.page(), "run make docs"


def test_every_link_in_the_pages_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
