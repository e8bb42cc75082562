"""Runs plain test_…() functions under MicroPython: `micropython host_tests/run.py [-k WORD] [FILE…]`.

FILE is relative to host_tests, or a folder of it; without any, everything in both/, micropython/ and story/ runs.
FIRMWARE=build/mpy TESTS=build/mpy-tests takes both compiled, as `python -m latchkey_tools.build` makes them from one
program: a test from its source knows constants that the shipped firmware has no more. Ends with `N passed, N failed`.
"""

import asyncio
import gc
import os
import sys
import time


def _absolute(path):
    return path if path.startswith("/") else os.getcwd() + "/" + path


_HERE = _absolute(__file__).rsplit("/", 1)[0]
_ROOT = _HERE.rsplit("/", 1)[0]
_FIRMWARE = _absolute(os.getenv("FIRMWARE") or _ROOT + "/firmware")
_TESTS = _absolute(os.getenv("TESTS") or _HERE)
_MODELS = _TESTS + "/models" if os.getenv("TESTS") else _ROOT + "/tools/latchkey_tools/models"
_FOLDERS = ("both", "micropython", "story")
_SWEPT_EVERY = 64_000  # bytes. A search for free blocks begins where the waste begins: in 8 MB of it a step takes 10x


def _set_path():
    folders = [_TESTS + "/" + name for name in ("both", "micropython", "fuzz", "story")]
    sys.path[:] = [_FIRMWARE, _TESTS] + folders + [_MODELS, ".frozen"]


def _files(name):
    """The test files that an argument names: itself, or all of a folder."""
    if name.endswith(".py"):
        return [name]
    entries = [entry[0] for entry in os.ilistdir(_HERE + "/" + name)]
    return [name + "/" + entry for entry in sorted(entries) if entry.startswith("test_") and entry.endswith(".py")]


def _run_file(name, word):
    """Import one file and call its tests in order of name; returns (passed, failed)."""
    module_name = name.rsplit("/", 1)[-1][:-3]
    passed = failed = 0
    started = time.ticks_ms()
    try:
        module = __import__(module_name)
        tests = sorted(t for t in dir(module) if t.startswith("test_") and callable(getattr(module, t)))
    except Exception as error:
        print("FAILED to import", name)
        sys.print_exception(error)
        return 0, 1
    for test in tests:
        if word not in test and word not in name:
            continue
        asyncio.new_event_loop()
        gc.collect()
        try:
            getattr(module, test)()
            passed += 1
        except Exception as error:
            print("FAILED", name, test)
            sys.print_exception(error)
            failed += 1
    del sys.modules[module_name]
    if passed or failed:
        print("%-50s %3d passed %5d ms" % (name, passed, time.ticks_diff(time.ticks_ms(), started)))
    return passed, failed


def main(arguments):
    word = ""
    if "-k" in arguments:
        at = arguments.index("-k")
        word = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    _set_path()
    gc.threshold(_SWEPT_EVERY)
    passed = failed = 0
    for argument in arguments or _FOLDERS:
        for name in _files(argument):
            good, bad = _run_file(name, word)
            passed += good
            failed += bad
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or (not passed and not word) else 0)


main(sys.argv[1:])
