"""What is built, from what, and where it goes: the firmware for this machine and for the boards, and the tests.

mpy             for this machine; without the modules of native code where the unix port cannot run it
mpy-O1          the same without asserts
mpy-xtensawin   for the ESP32 and ESP32-S3
mpy-rv32imc     for the ESP32-C3 and ESP32-C6
mpy-tests       tests, fakes, benches and models, for this machine, changed with the firmware as one program
"""

import os
from collections.abc import Iterable
from pathlib import Path

from latchkey_tools.build import constants, flat, imports, names, tables
from latchkey_tools.build.compiler import Target, Unit
from latchkey_tools.build.program import Program
from latchkey_tools.build.sources import Source

ROOT = Path(__file__).resolve().parents[3]
FIRMWARE, BUILD = ROOT / "firmware", ROOT / "build"
TESTS = "mpy-tests"

# The unix port runs native code of its own processor only; elsewhere the plain variants are tested.
NATIVE = {"x86_64": "x64", "AMD64": "x64"}.get(os.uname().machine, "")
_HERE = (f"-march={NATIVE}",) if NATIVE else ()
_OPTIONS = {
    "mpy": _HERE,
    "mpy-O1": ("-O1", *_HERE),
    "mpy-xtensawin": ("-march=xtensawin",),
    "mpy-rv32imc": ("-march=rv32imc",),
}
ALL = (*_OPTIONS, TESTS)

# Folders of tests, as host_tests/run.py sets the path: modules of `fakes` carry its name, the others none.
_TESTS = ROOT / "host_tests"
_FOLDERS = ("both", "micropython", "story", "fuzz", "parity", "bench")
_MODELS = ROOT / "tools/latchkey_tools/models"


def build(targets: Iterable[str] = ALL, into: Path = BUILD) -> list[str]:
    """Bring the targets up to date. Returns what the compiler complained of. Raises BuildError, before compiling."""
    program = transformed(read())
    complaints = []
    for target in targets:
        if target == TESTS:
            units = [_test_unit(source) for name, source in program.sources.items() if name not in program.shipped]
            complaints += Target(into / target, _HERE, may_fail=True).compile(units)
        else:
            native = target.startswith("mpy-") and target != "mpy-O1"
            units = [_unit(source) for source in program.shipped.values() if native or _runs_here(source)]
            complaints += Target(into / target, _OPTIONS[target]).compile(units)
    return complaints


def read() -> Program:
    """All files as they are."""
    tests = _sources(_TESTS, _TESTS / "fakes") + _sources(_MODELS, _MODELS)
    for folder in _FOLDERS:
        tests += _sources(_TESTS / folder, _TESTS / folder)
    return Program(_sources(FIRMWARE, FIRMWARE), tests)


def transformed(program: Program) -> Program:
    """The same files as the compiler gets them. Raises BuildError."""
    imports.prune(program, constants.inline(program))
    program = program.parsed_again()
    tables.pack(program)
    program = flat.flatten(program)
    names.shorten(program)
    return program


def _sources(base: Path, folder: Path) -> list[Source]:
    """Every file of a folder, with the name that it is imported by when `base` is on the path."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(base).with_suffix("").parts
        package = parts[-1] == "__init__"
        found.append(Source(".".join(parts[:-1] if package else parts), path, path.read_text(), package))
    return found


def _unit(source: Source) -> Unit:
    """In tracebacks it has its module's name: a string that the heap holds anyway, where a path costs 2 KB."""
    return Unit(source.rendered(), Path(source.name + ".mpy"), source.name)


def _test_unit(source: Source) -> Unit:
    base = _TESTS if source.path.is_relative_to(_TESTS) else _MODELS.parent
    path = source.path.relative_to(base)
    return Unit(source.rendered(), path.with_suffix(".mpy"), str(path))


def _runs_here(source: Source) -> bool:
    return bool(NATIVE) or "@micropython.viper" not in source.path.read_text()
