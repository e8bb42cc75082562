"""Adds to CPython's own modules what MicroPython's have: ticks, sleep_ms, viper's pointer types, print_exception.

The ticks wrap at 2^30 as they do on the ESP32, and start shortly before the wrap, so that code which compares them with
< instead of ticks_diff fails here and not after twelve days on a car.
"""

import asyncio
import builtins
import sys
import time
import traceback

_PERIOD = 1 << 30
_START = _PERIOD - 5_000


def _ticks_diff(end, start):
    return ((end - start + _PERIOD // 2) % _PERIOD) - _PERIOD // 2


async def _wait_for_ms(awaitable, timeout_ms):
    return await asyncio.wait_for(awaitable, timeout_ms / 1000)


class _ThreadSafeFlag:
    def __init__(self):
        self._event = asyncio.Event()

    def set(self):
        self._event.set()

    def clear(self):
        self._event.clear()

    async def wait(self):
        await self._event.wait()
        self._event.clear()


def install():
    for name in ("ptr8", "ptr16", "ptr32"):
        setattr(builtins, name, lambda buffer: buffer)
    builtins.uint = lambda value: value & 0xFFFFFFFF
    origin = time.monotonic()
    time.ticks_ms = lambda: (int((time.monotonic() - origin) * 1000) + _START) % _PERIOD
    time.ticks_us = lambda: (int((time.monotonic() - origin) * 1_000_000) + _START) % _PERIOD
    time.ticks_add = lambda ticks, delta: (ticks + delta) % _PERIOD
    time.ticks_diff = _ticks_diff
    time.sleep_ms = lambda ms: time.sleep(ms / 1000)
    asyncio.sleep_ms = lambda ms: asyncio.sleep(ms / 1000)
    asyncio.wait_for_ms = _wait_for_ms
    asyncio.ThreadSafeFlag = _ThreadSafeFlag
    sys.print_exception = lambda error, file=sys.stderr: traceback.print_exception(error, file=file)
