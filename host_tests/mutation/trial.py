"""One module on trial: its tests are run once to see what they visit, and then once for each fault, in a child each.

The parent imports everything and is left as it is; each child is a fork in which the fault is put in. A fault inside a
function replaces that function's code where it is; one that takes effect while the module is loaded needs all modules
of this project loaded again, the mutated one by a loader of ours. Nothing is written: the tree stays as it is.

Of the tests those run that visit the changed line, and the first that fails ends it; those that have noticed most in
the least time come first. A child that takes ten times as long as its tests, or more memory than a test may, has been
noticed as well.
"""

import ast
import importlib
import io
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple

import coverage

from mutation.loading import Loader
from mutation.operators import Mutant, mutants, mutated

ROOT = Path(__file__).resolve().parents[2]
_OWN = [str(ROOT / folder) + os.sep for folder in ("firmware", "host_tests", "tools/latchkey_tools/models")]
_KEPT = ("mutation", "shim", "conftest")  # of them, what knows nothing of the firmware

KILLED, SURVIVED, NOT_VISITED = "killed", "survived", "not visited"
_SLOWER, _LEAST_S = 10, 2.0
_QUICK_S = 0.05  # of a test that takes longer it is taken for granted that it goes everywhere
_MEMORY = 3 << 30


class Test(NamedTuple):
    """A plain function. lines: of the module on trial, those it visits."""

    file: str
    name: str
    seconds: float
    lines: frozenset[int]

    @property
    def full_name(self) -> str:
        return f"{self.file}:{self.name}"


class Trial:
    """module: as it is imported, `latchkey.core.lock`. files: names of test modules, or module:function."""

    def __init__(self, module: str, files: Iterable[str]) -> None:
        self.module = module
        self._files = tuple(files)
        self._subject = importlib.import_module(module)
        self.path = Path(str(self._subject.__file__))
        self.source = self.path.read_text()
        self.mutants = mutants(self.source)
        self.tests = [self._visit(*test) for test in self._listed()]
        self._noticed: dict[str, int] = {}  # by which test, how often

    def run(self, mutant: Mutant) -> tuple[str, str]:
        """KILLED, and by which test; SURVIVED; or NOT_VISITED by any test."""
        tests = [test for test in self.tests if mutant.line in test.lines or not mutant.function]
        if not tests:
            return NOT_VISITED, ""
        tests.sort(key=lambda test: test.seconds / (1 + self._noticed.get(test.full_name, 0)))
        outcome, by = _in_a_child(lambda: self._try(mutant, tests), sum(test.seconds for test in tests))
        name = by.partition(" ")[0]
        self._noticed[name] = self._noticed.get(name, 0) + 1
        return outcome, by

    def _listed(self) -> list[tuple[str, str]]:
        found = []
        for each in self._files:
            file, _, name = each.partition(":")
            names = [name] if name else [n for n in sorted(dir(importlib.import_module(file))) if n.startswith("test_")]
            found += [(file, name) for name in names]
        return found

    def _visit(self, file: str, name: str) -> Test:
        """Run a test, which must pass; where it is a quick one, once more to see where it goes."""
        test = _function(file, name)
        began = time.process_time()
        _quiet(test)
        seconds = time.process_time() - began
        lines = set(range(1, self.source.count("\n") + 2)) if seconds > _QUICK_S else self._seen(test)
        return Test(file, name, seconds, frozenset(lines))

    def _seen(self, test: Callable[[], None]) -> set[int]:
        watch = coverage.Coverage(data_file=None, include=[str(self.path)], config_file=False)
        watch._warn_no_data = False
        watch.start()
        try:
            _quiet(test)
        finally:
            watch.stop()
        lines = set(watch.get_data().lines(str(self.path)) or ())
        return lines | _multiline(self.source, lines)

    def _try(self, mutant: Mutant, tests: list[Test]) -> str:
        """In the child: put the fault in and run; returns the test that fails, "" for none."""
        code = compile(mutated(self.source, mutant), str(self.path), "exec")
        if mutant.function:
            _replace(self._subject, code, mutant.function)
        else:
            _load_again(self.module, code)
        for test in tests:
            try:
                _quiet(_function(test.file, test.name))
            except BaseException as error:
                return f"{test.full_name} ({type(error).__name__})"
        return ""


def _function(file: str, name: str) -> Callable[[], None]:
    return getattr(importlib.import_module(file), name)


def _quiet(test: Callable[[], None]) -> None:
    out, sys.stdout = sys.stdout, io.StringIO()
    try:
        test()
    finally:
        sys.stdout = out


def _multiline(source: str, lines: set[int]) -> set[int]:
    """All lines of statements of which one was visited: a tracer names only some of them."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            span = range(node.lineno, last + 1)
            if lines & set(span):
                found.update(span)
    return found


def _in_a_child(work: Callable[[], str], seconds: float) -> tuple[str, str]:
    """Fork, let it work within a limit of processor time, and hear what it says."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        try:
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            signal.setitimer(signal.ITIMER_PROF, _LEAST_S + _SLOWER * seconds)
            signal.alarm(60 + int(_SLOWER * seconds))  # where it waits for something that will not come
            _silence()
            os.write(writer, (work() or "-").encode())
        except BaseException as error:  # the module cannot even be loaded
            os.write(writer, f"loading it ({type(error).__name__})".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as heard:
        said = heard.read().decode()
    os.waitpid(child, 0)
    if not said:
        return KILLED, "its time or memory was used up"
    return (SURVIVED, "") if said == "-" else (KILLED, said)


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def _replace(module: ModuleType, code: CodeType, name: str) -> None:
    """Give the function of this name the code that it has in a module compiled anew."""
    new, target = code, module
    *owners, last = name.split(".")
    for part in (*owners, last):
        new = next(const for const in new.co_consts if isinstance(const, CodeType) and const.co_name == part)
    for part in owners:
        target = getattr(target, part)
    found = vars(target)[last]
    function = found.fget if isinstance(found, property) else found
    while not isinstance(function, FunctionType):
        function = function.__func__ if hasattr(function, "__func__") else function.__wrapped__
    function.__code__ = new


def _load_again(name: str, code: CodeType) -> None:
    """Forget everything of this project, so that it is imported anew, with one module as given."""
    for known, module in list(sys.modules.items()):
        file = str(getattr(module, "__file__", "") or "")
        if any(file.startswith(folder) for folder in _OWN) and known.split(".")[0] not in _KEPT:
            del sys.modules[known]
    sys.meta_path.insert(0, Loader(name, code))
