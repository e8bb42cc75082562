"""The application itself, with somebody on stdin who may ask about its heap: what main.py does, and one task beside it.

memory      prints free bytes after a collection, and how many microseconds the quickest of five collections took
ecdh        prints microseconds of CPU time of one P-256 ECDH, and its garbage
"""

import gc

gc.threshold(2_000)  # as main does where it is the program

import asyncio  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import main  # noqa: E402
from latchkey.crypto import p256  # noqa: E402

_LEAST_S = 0.03  # the clock below has steps of a millisecond
_PRIVATE = b"\x07" * 32


def _memory():
    best = 1 << 30
    for _ in range(5):
        began = time.ticks_us()
        gc.collect()
        best = min(best, time.ticks_diff(time.ticks_us(), began))
    return gc.mem_free(), best


def _ecdh():
    peer = p256.public(_PRIVATE)
    best = 1e9
    for _ in range(5):
        gc.collect()
        count, began = 0, time.clock()
        while time.clock() - began < _LEAST_S:
            p256.shared(_PRIVATE, peer)
            count += 1
        best = min(best, (time.clock() - began) / count)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    p256.shared(_PRIVATE, peer)
    garbage = gc.mem_alloc() - before
    gc.enable()
    return int(best * 1_000_000), garbage


async def _answer():
    stdin = asyncio.StreamReader(sys.stdin)
    while True:
        line = (await stdin.readline()).decode().strip()
        if not line:
            return
        one, other = _memory() if line == "memory" else _ecdh()
        print("%s\t%d\t%d" % (line, one, other))


def _beside(run):
    async def both(*given):
        task = asyncio.create_task(_answer())
        await run(*given)
        return task

    return both


main.run = _beside(main.run)
main.main()
