"""An exhausted heap: a change happens or does not, in RAM and flash alike, whatever number of bytes was left for it.

Run by cpython/test_registry_heap.py in a small heap: each failing allocation makes MicroPython search all of it.
"""

import gc

from fakes.registry_on_flash import BEFORE, BLOCK, Car, boot, cases, check_agreement, models, prepared, unmount
from fakes.results import tell
from fakes.scale import LONG
from latchkey.credentials.key_list import READY, UNREADABLE


class _Hog:
    """Takes the heap but for one hole, without needing any of it to remember what it holds."""

    def __init__(self):
        self._held = [None] * 8192  # a fragmented heap has many small gaps

    def leave(self, free):
        """Occupy everything and then free one stretch of that many bytes."""
        gc.collect()
        hole = bytearray(free) if free else None
        at = 0
        size = 1 << 20
        while size >= 32:  # the allocator's block on 64 bits
            try:
                self._held[at] = bytearray(size)
                at += 1
            except MemoryError:
                size //= 2
        del hole
        gc.collect()

    def release(self):
        for at in range(len(self._held)):
            self._held[at] = None
        gc.collect()


def _perform_in(hog, car, change, free):
    """Perform the change with so much heap; returns whether it was reported done, or -1 for a MemoryError."""
    try:
        hog.leave(free)
        return 1 if car.perform(change) else 0
    except MemoryError:
        return -1
    finally:
        hog.release()


def test_every_size_of_the_heap():
    hog = _Hog()
    step = 16 if LONG else 48
    counts = [0, 0, 0]  # refused, done, MemoryError
    for snapshot, change, before, after in cases():
        free = 0
        spared = 0
        while spared < 3:  # until it works three times running
            car = boot(snapshot)
            outcome = _perform_in(hog, car, change, free)
            counts[outcome] += 1
            spared = spared + 1 if outcome == 1 else 0
            check_agreement(car, outcome == 1, before, after)
            assert car.shown() == after or car.perform(change)
            free += step
    words = "keys, heap in steps of %d bytes: %d refused, %d done, %d MemoryErrors, old state or new"
    tell("F5", words % (step, counts[0], counts[1], counts[2]))
    assert counts[0] and counts[2]
    unmount()


def test_an_exhausted_heap_at_boot_is_never_blank():
    hog = _Hog()
    snapshot = prepared(BEFORE)
    counts = {}
    for free in range(0, 8192, 128):  # the list of keys makes its room while it is read
        car = Car(bytearray(snapshot[0]), dict(snapshot[1]), BLOCK)
        hog.leave(free)
        try:
            state = car.registry.load()
        except MemoryError:
            state = UNREADABLE  # no room even for the call
        hog.release()
        counts[state] = counts.get(state, 0) + 1
        car.registry.load()
        assert car.shown() == models(BEFORE)[-1]
    tell("F5", "boot: %d times unreadable, %d times ready, never blank" % (counts[UNREADABLE], counts[READY]))
    assert len(counts) == 2
    unmount()
