"""Asking the governor takes nothing from the heap, however often and whatever the answer."""

import micropython
from latchkey.core import governor as g
from latchkey.core.governor import Governor


def test_asking_allocates_nothing():
    governor = Governor(29)
    governor.set_quiet(60, 100)
    granted = now_s = 0
    micropython.heap_lock()
    try:
        for now_s in range(0, 8_000, 20):
            for kind in range(g.KINDS):
                if governor.may(kind, 300, now_s):
                    granted += 1
                else:
                    governor.count(kind)
            governor.verbosity(now_s)
            governor.connected_long(now_s)
    finally:
        micropython.heap_unlock()
    assert granted > 100
    assert now_s == 7_980
    assert governor.unsent(g.DIAGNOSTIC) > 300
