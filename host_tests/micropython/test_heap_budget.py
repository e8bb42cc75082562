"""The application, loaded and built in a process of its own, keeps to what it was brought down to on the 64-bit port.

bench/bench_heap.py measures; the layers that it prints show where to look when this fails.
"""

import os
import sys

from fakes.scratch import fresh_folder, remove

_REACHED = 272_600  # bytes, with an empty list of keys
_MARGIN = 5  # percent
_HEAP = "360k"


def _measured(folder):
    """The lines of the bench, run as it is compiled with the firmware."""
    root = __file__.rsplit("/host_tests/", 1)[0] if "/host_tests/" in __file__ else "."
    out = folder + "/heap.txt"
    command = "cd '%s' && MICROPYPATH=build/mpy-tests/bench '%s' -X heapsize=%s -m bench_heap > '%s' 2>&1"
    code = os.system(command % (root, sys.executable, _HEAP, out))
    with open(out) as file:
        lines = file.read().split("\n")
    if code:
        raise AssertionError("the bench failed:\n" + "\n".join(lines))
    return lines


def test_the_built_application_keeps_to_its_budget():
    folder = fresh_folder()
    lines = _measured(folder)
    remove(folder)
    built = [line for line in lines if line.startswith("built")]
    assert len(built) == 1
    taken = int(built[0].split()[-1])
    print("application loaded and built: %d bytes, %d are allowed" % (taken, _REACHED * (100 + _MARGIN) // 100))
    assert taken * 100 <= _REACHED * (100 + _MARGIN), "\n".join(lines)
