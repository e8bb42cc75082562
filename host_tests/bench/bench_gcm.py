"""AES-GCM beside the block calls it is made of, under MicroPython: prints name, microseconds of CPU time, garbage.

MICROPYPATH names the firmware, compiled or not. Cases take turns and each keeps its best, as in bench_crypto.py. The
budget is a ratio within this run: 200 bytes against 15 calls of cryptolib for one block each, which is what the
standard makes any implementation pay (13 blocks of key stream, the tag's mask, and H).
"""

import gc
import time

import cryptolib
from latchkey.crypto.gcm import Gcm

_ROUNDS = 5
_LEAST_S = 0.03  # the clock below has steps of a millisecond

_KEY = b"sixteen byte key"
_NONCE = b"twelve bytes"
_AAD = bytes(32)


def _cases():
    gcm, text, tag, wrong, block = Gcm(_KEY), bytearray(200), bytearray(16), bytes(16), bytearray(16)
    cipher = cryptolib.aes(_KEY, 1)

    def blocks():
        for _ in range(15):
            cipher.encrypt(block, block)

    def opened():
        if gcm.open(_NONCE, _AAD, text, wrong):
            raise ValueError("a wrong tag was taken")

    yield "15 block calls of cryptolib", blocks
    yield "GCM seal, 200 bytes", lambda: gcm.seal(_NONCE, _AAD, text, tag)
    yield "GCM open refused, 200 bytes", opened
    yield "GCM seal, 2 bytes", lambda: gcm.seal(_NONCE, _AAD, memoryview(text)[:2], tag)
    yield "GCM key set-up", lambda: Gcm(_KEY)


def _garbage(operation):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    operation()
    grown = gc.mem_alloc() - before
    gc.enable()
    return grown


def _time(operation, times):
    gc.collect()
    start = time.clock()
    for _ in range(times):
        operation()
    return time.clock() - start


def main():
    cases = list(_cases())
    times = []
    for _, operation in cases:
        count = 1
        while _time(operation, count) < _LEAST_S:
            count *= 2
        times.append(count)
    best = [_time(operation, count) for (_, operation), count in zip(cases, times)]
    for _ in range(_ROUNDS):
        for index, (_, operation) in enumerate(cases):
            best[index] = min(best[index], _time(operation, times[index]))
    for index, (name, operation) in enumerate(cases):
        print("%s\t%.2f\t%d" % (name, best[index] / times[index] * 1000000, _garbage(operation)))


main()
