"""Virtual time for asyncio under both interpreters: a simulated day takes as long as the code in it needs.

    time = VirtualTime()
    time.run(something())            # a coroutine, to its end; everything it sleeps is skipped
    Reader(chip, clock=time)         # ticks_ms, ticks_add, ticks_diff, as in MicroPython's time module

The application's ticks wrap at 2^30 ms as on the ESP32, and start five seconds before that. The event loop's own clock
never wraps. Whatever waits for real files or sockets does not belong in here. Two ways of hanging are found: nothing
left to wait for, and more virtual time gone than run() allows.
"""

import asyncio

_PERIOD = 1 << 30
_START = _PERIOD - 5_000


class Stuck(Exception):
    """Virtual time cannot go on: every task waits for something that no task will do, or the limit is over."""


class VirtualTime:
    """A clock that advances when all tasks sleep. elapsed_ms: time gone since it was made."""

    def __init__(self):
        self.elapsed_ms = 0
        self._limit_ms = 0

    def ticks_ms(self):
        return (_START + self.elapsed_ms) % _PERIOD

    def ticks_add(self, ticks, delta):
        return (ticks + delta) % _PERIOD

    def ticks_diff(self, end, start):
        return (end - start + _PERIOD // 2) % _PERIOD - _PERIOD // 2

    def advance(self, ms):
        """Let time go by; the event loop does this, and tests without one."""
        self.elapsed_ms += ms
        if self._limit_ms and self.elapsed_ms > self._limit_ms:
            raise Stuck("%d ms of virtual time are over" % self._limit_ms)

    def run(self, coroutine, limit_ms=600_000):
        """Run a coroutine and what it starts until it ends; returns its result. Tasks left over are cancelled."""
        self._limit_ms = self.elapsed_ms + limit_ms
        try:
            return _run(self, coroutine)
        finally:
            self._limit_ms = 0


# MicroPython's task queue, written in C, stamps a task that is ready at once with the true ticks. Virtual ticks must be
# later than any of those, or such a task would wait for its moment to come.
_LATER = 1 << 40


class _NoFiles:
    """In place of the queue's dict of files: empty and yet true, so that wait_io_event() hears when nothing is left."""

    def __bool__(self):
        return True

    def __iter__(self):
        return iter(())


def _run_micropython(time, coroutine):
    core = asyncio.core

    class Queue(core.IOQueue):
        def wait_io_event(self, dt):
            if dt < 0:
                raise Stuck("all tasks wait for ever")
            time.advance(dt)

    ticks = core.ticks
    asyncio.new_event_loop()
    core.ticks = lambda: _LATER + time.elapsed_ms
    core._io_queue = Queue()
    core._io_queue.map = _NoFiles()
    try:
        return asyncio.run(coroutine)
    finally:
        core.ticks = ticks
        asyncio.new_event_loop()  # forgets the tasks that are left over


def _run_cpython(time, coroutine):
    class Selector(asyncio.selector_events.selectors.DefaultSelector):
        def select(self, timeout=None):
            ready = super().select(0)
            if ready or timeout == 0:
                return ready
            if timeout is None:
                raise Stuck("all tasks wait for ever")
            time.advance(max(1, round(timeout * 1000)))
            return ready

    loop = asyncio.SelectorEventLoop(Selector())
    loop.time = lambda: time.elapsed_ms / 1000
    try:
        task = loop.create_task(coroutine)
        try:
            return loop.run_until_complete(task)
        finally:
            _cancel_all(loop)
    finally:
        loop.close()


def _cancel_all(loop):
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


_run = _run_micropython if hasattr(asyncio, "core") else _run_cpython
