"""Measures each turn of the application's tasks on a Bench: from the moment a task is woken until it gives way.

    meter = Meter()
    with meter:                                 # before bench.run()
        meter.leave_out(bench.ports[0], ("any", "readinto", "write"))
        bench.run(story())
    meter.turns                                 # name of the task: array of microseconds, one for each turn

Wall time: never less than the CPU time it stands for, and in a run that is repeated without change the least of each
turn is what no interruption has touched. What stands for hardware (the model of the reader and its card, the flash, the
car) is left out. So is garbage collection: it is done between turns, as if there were no end to the heap.
"""

import gc
import time
from array import array

import main

_SWEEP = 2_000  # turns whose waste may pile up
_LONGEST = 65_535


class Meter:
    """`turns`: see above. `count`: turns of one task so far, by name. `doing` is noted with every turn."""

    def __init__(self):
        self.turns = {}
        self.doing = ""
        self.phases = {}  # name of the task: [(first turn, doing)]
        self._outside = 0  # us of this turn that belong to the hardware
        self._waste = 0
        self._originals = ()

    def __enter__(self):
        run, keep = self._originals = main.run, main.keep
        main.run = lambda *given: _Turns(self, "vehicle", run(*given))
        main.keep = lambda name, link: _Turns(self, name, keep(name, link))
        gc.collect()
        gc.disable()
        return self

    def __exit__(self, *error):
        main.run, main.keep = self._originals
        gc.enable()

    def count(self, name):
        return len(self.turns.get(name, ()))

    def leave_out(self, thing, methods):
        """Time inside these methods of an object belongs to the hardware."""
        for name in methods:
            setattr(thing, name, self._left_out(getattr(thing, name)))

    def _left_out(self, method):
        def timed(*given, **named):
            began = time.ticks_us()
            try:
                return method(*given, **named)
            finally:
                self._outside += time.ticks_diff(time.ticks_us(), began)

        return timed

    def take(self, name, send, value):
        """One turn."""
        self._waste += 1
        if self._waste == _SWEEP:
            self._waste = 0
            gc.collect()
        self._outside = 0
        began = time.ticks_us()
        try:
            return send(value)
        finally:
            self._note(name, time.ticks_diff(time.ticks_us(), began) - self._outside)

    def _note(self, name, us):
        turns = self.turns.setdefault(name, array("H"))
        phases = self.phases.setdefault(name, [])
        if not phases or phases[-1][1] != self.doing:
            phases.append((len(turns), self.doing))
        turns.append(max(0, min(us, _LONGEST)))


class _Turns:
    """In a coroutine's place: what MicroPython's event loop asks of one."""

    def __init__(self, meter, name, coroutine):
        self._meter = meter
        self._name = name
        self._coroutine = coroutine

    def send(self, value):
        return self._meter.take(self._name, self._coroutine.send, value)

    def throw(self, error):
        return self._meter.take(self._name, self._coroutine.throw, error)

    def close(self):
        self._coroutine.close()
