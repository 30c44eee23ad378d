"""Which small changes of the core no test of the core notices. Exit 1 below the score that is asked for.

`python scripts/mutate.py [SAMPLE] [SEED] [FILE …]`; SAMPLE 0 = all mutants. The figures go to docs/figures.json, unless FILEs
are named.

A mutant is planted in a forked copy of this process, which has the tests loaded: into the code of the function that it is in,
with the tests first that reach its line, the quickest of them first; or, when it is made as a module is loaded (a table, a
default), by loading core and tests with it. The first test that fails kills it.
"""

import math
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import coverage
import msgspec  # noqa: F401 - loaded here, a forked copy need not load it
import pytest
from figures import keep
from hypothesis import Phase, settings
from mutants import Mutant, mutants, unchanged
from rich.console import Console
from rich.progress import track

ROOT = Path(__file__).parents[1]
CORE, TESTS = "edge/core", "tests/core"
SCORE_MIN = 0.85
CPU_MAX_S, MEMORY_MAX_BYTES = 20, 3 << 30
"""a mutant that needs more than this is one that does not end: killed"""
FIRST = ("test_vocabulary.py", "test_lives.py")
"""tell the tables a second time: nearly every mutant in a table ends here, before the rest is loaded"""
LAST = ("test_garbage.py",)
"""made for finding what nobody thought of, and slow"""
ARGUMENTS = [
    "-x", "-o", "addopts=--strict-markers", "-p", "no:terminal", "-p", "no:cacheprovider", "--no-cov",
    "-W", "ignore::pytest.PytestAssertRewriteWarning", "--rootdir", str(ROOT),
]  # fmt: skip


def killed_in_a_copy(run: Callable[[], bool]) -> bool:
    """`run` in a forked copy; whether a test failed, or it did not end."""
    pid = os.fork()
    if not pid:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX_S, CPU_MAX_S))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
        failed = True
        try:
            failed = run()
        finally:
            os._exit(failed)
    _, status = os.waitpid(pid, 0)
    return status != 0


class Loaded(SourceFileLoader):
    """Loads a module with a mutant in it."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(ROOT / mutant.file))
        self._code = mutant.code

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - the interface of a loader
        """The changed code."""
        return self._code


class Finder(MetaPathFinder):
    """Finds the module that a mutant is in before Python does."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002
        """The interface of a finder."""
        return spec_from_loader(fullname, Loaded(self._mutant)) if fullname == self._mutant.module else None


class InOrder:
    """Slow tests last, for mutants that are planted before the tests are loaded."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """As said."""
        items.sort(key=lambda item: item.path.name in LAST)


def survives_loading(mutant: Mutant) -> bool:
    """Load core and tests with the mutant; False = a test failed, or nothing could be loaded."""
    first = [str(ROOT / TESTS / name) for name in FIRST]

    def run() -> bool:
        sys.meta_path.insert(0, Finder(mutant))
        return any(pytest.main([*ARGUMENTS, *paths], plugins=[InOrder()]) != 0 for paths in (first, [str(ROOT / TESTS)]))

    return not killed_in_a_copy(run)


class Warm:
    """Takes the place of pytest's own loop: plants each mutant of a function beside the loaded tests."""

    def __init__(self, planted: list[Mutant], console: Console) -> None:
        self._planted = planted
        self._console = console
        self._took_s: dict[str, float] = {}
        self._by_line: dict[str, dict[int, list[str]]] = {}
        self._failed = False
        self.survivors: list[Mutant] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test or its fixtures are through."""
        self._took_s[report.nodeid] = self._took_s.get(report.nodeid, 0.0) + report.duration
        self._failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Once without a mutant, to learn which test reaches which line; then each mutant in a copy."""
        items = {item.nodeid: item for item in session.items}
        self._learn(items)
        for mutant in track(self._planted, "in functions", console=self._console):
            tests = sorted(self._reaching(mutant), key=self._cost)
            if not killed_in_a_copy(lambda m=mutant, t=tests: self._run(m, [items[name] for name in t])):
                self.survivors.append(mutant)
                self._console.print(f"survives: {said(mutant)}", highlight=False, markup=False)
        return True

    def _reaching(self, mutant: Mutant) -> list[str]:
        # A line in the midst of a statement may not be counted: then it is the one that the statement's part begins in.
        lines = self._by_line[mutant.file]
        return lines[max((line for line in lines if line <= mutant.line), default=min(lines))]

    def _cost(self, name: str) -> tuple[bool, float]:
        return any(last in name for last in LAST), self._took_s[name]

    def _learn(self, items: dict[str, pytest.Item]) -> None:
        cover = coverage.Coverage(data_file=None, include=[f"{ROOT}/{CORE}/*"], config_file=False)
        cover.start()
        for name, item in items.items():
            cover.switch_context(name)
            self._test(item)
            if self._failed:
                raise SystemExit(f"{name} fails without any mutant")
        cover.stop()
        data = cover.get_data()
        for file in {mutant.file for mutant in self._planted}:
            self._by_line[file] = {line: list(names) for line, names in data.contexts_by_lineno(str(ROOT / file)).items()}

    def _test(self, item: pytest.Item) -> None:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def _run(self, mutant: Mutant, items: list[pytest.Item]) -> bool:
        function_of(mutant).__code__ = code_of(mutant.code, mutant.scope)
        for item in items:
            self._test(item)
            if self._failed:
                return True
        return False


def function_of(mutant: Mutant) -> FunctionType:
    """The function that a mutant is in, whatever it is wrapped in."""
    found: Any = sys.modules[mutant.module]
    for name in mutant.scope.split("."):
        found = vars(found)[name]
    return getattr(found, "fget", None) or getattr(found, "__func__", None) or found


def code_of(code: CodeType, scope: str) -> CodeType:
    """The code of one function in that of its module."""
    return next(found for found in _codes(code) if found.co_qualname == scope)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _codes(inner)


def interval_95(killed: int, n: int) -> tuple[float, float]:
    """Wilson's interval of a share."""
    z, share = 1.96, killed / n
    middle, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def said(mutant: Mutant) -> str:
    """One line of the list of survivors."""
    return f"{mutant.file}:{mutant.line} {mutant.change}"


def survivors_of(planted: list[Mutant], console: Console) -> list[Mutant]:
    """Plant them all, those of tables first. Raises SystemExit when the tests fail by themselves."""
    settings.register_profile("mutation", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutation")
    if not survives_loading(unchanged(ROOT, planted[0].file)):
        raise SystemExit("the tests fail without any mutant")
    loading = [mutant for mutant in planted if not mutant.scope]
    found = [mutant for mutant in track(loading, "in tables", console=console) if survives_loading(mutant)]
    warm = Warm([mutant for mutant in planted if mutant.scope], console)
    if pytest.main([*ARGUMENTS, str(ROOT / TESTS)], plugins=[warm]) != 0:
        raise SystemExit("the tests fail without any mutant")
    return sorted(found + warm.survivors, key=lambda mutant: (mutant.file, mutant.line))


def main() -> int:
    """Plant them all, or a sample."""
    sample = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    files = sys.argv[3:] or sorted(str(path.relative_to(ROOT)) for path in (ROOT / CORE).glob("*.py"))
    every = [mutant for file in files for mutant in mutants(ROOT, file)]
    planted = random.Random(seed).sample(every, sample) if 0 < sample < len(every) else every
    console, began_s = Console(stderr=True), time.monotonic()
    survivors = survivors_of(planted, console)
    killed = len(planted) - len(survivors)
    low, high = interval_95(killed, len(planted))
    console.print(f"{killed} of {len(planted)} killed: {killed / len(planted):.1%} ({low:.1%} to {high:.1%} at 95 %)")
    listed = [said(mutant) for mutant in survivors]
    console.print("\n".join(listed), highlight=False, markup=False)
    if not sys.argv[3:]:
        keep("mutation", {
            "mutants": len(planted), "of": len(every), "killed": killed, "score": round(killed / len(planted), 4),
            "interval_95": [round(low, 4), round(high, 4)], "seed": seed, "survivors": listed, "tests": TESTS,
            "minutes": round((time.monotonic() - began_s) / 60, 1),
        })  # fmt: skip
    return 0 if killed / len(planted) >= SCORE_MIN else 1


if __name__ == "__main__":
    sys.exit(main())
