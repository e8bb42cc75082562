"""A guest with a window is decided on without the heap, among as many windows as there can be."""

import micropython
from fakes.marks import Marks
from fakes.registry_in_folder import ListInFolder
from latchkey.core import codes
from latchkey.core.request import Request
from latchkey.credentials.recognition import recognise
from latchkey.credentials.wall_clock import WallClock
from latchkey.credentials.windows import MOST

_FROM = 848_880_000  # 2026-11-25


def _key(n):
    return (n + 1).to_bytes(4, "big") * 16


def _verdicts(registry, clock, request):
    """Before, within and behind the window, with the heap locked."""
    micropython.heap_lock()
    try:
        a = recognise(registry, request, clock.now_min(0))
        b = recognise(registry, request, clock.now_min(600))
        c = recognise(registry, request, clock.now_min(1_200))
    finally:
        micropython.heap_unlock()
    return a, b, c


def test_a_guests_window_costs_no_heap():
    with ListInFolder(Marks()) as keys:
        registry = keys.registry
        registry.add(_key(0), codes.OWNER)
        for n in range(MOST):
            assert registry.add(_key(1 + n), codes.GUEST) == 1 + n
        for n in range(MOST):
            assert registry.limit(1 + n, (_FROM + 600, _FROM + 1_200, 0)) == codes.ACCEPTED
        request = Request(codes.KEYCARD)
        request.action, request.credential = codes.UNLOCK, MOST
        request.generation = registry.entry_generation(MOST)
        clock = WallClock(None)
        assert _verdicts(registry, clock, request) == (codes.CLOCK_UNSET,) * 3
        assert clock.set(_FROM, 0, False) == codes.ACCEPTED
        assert _verdicts(registry, clock, request) == (codes.OUTSIDE_WINDOW, codes.ACCEPTED, codes.OUTSIDE_WINDOW)
