"""The measuring half of `python -m latchkey_tools.benchmark`, run by MicroPython: prints name, microseconds, garbage.

MICROPYPATH names the compiled firmware, the prepared peers and host_tests. Times are CPU time of this process: on a
busy machine a long operation is always interrupted and a short one is not. Cases take turns; each keeps its best.
Every curve's answer is checked before it is timed. Garbage of -1 means: more than the heap holds.
"""

import gc
import time

import key  # embit's curve
from fakes.p256_vectors import AGREEMENTS, B, N, P
from latchkey.crypto import p256
from latchkey.crypto.aes import Block
from latchkey.crypto.digest import sha1, sha256
from latchkey.crypto.mac import Hmac, cmac, hkdf, hmac_sha256
from latchkey.crypto.secret import equal
from starkbank.math import Math
from starkbank.point import Point

_ROUNDS = 5
_LEAST_S = 0.03  # an operation is repeated until it takes this long: the clock below has steps of a millisecond
_PRIVATE, _PUBLIC, _PEER, _SHARED = AGREEMENTS[0]
_X, _Y = int.from_bytes(_PEER[:32], "big"), int.from_bytes(_PEER[32:], "big")
_SCALAR = int.from_bytes(_PRIVATE, "big")
_BALLAST = [(index, bytearray(16)) for index in range(200)]  # 400 small live objects


def _with(variant, operation):
    def run():
        if p256.variant() != variant:
            p256.use(variant)
        return operation()

    return run


def _curves():
    curve = key.EllipticCurve(P, P - 3, B)
    for variant, name in ((p256.FULL, "full"), (p256.COMPACT, "compact"), (p256.PLAIN, "plain")):
        yield "P-256 ECDH, " + name, _with(variant, lambda: p256.shared(_PRIVATE, _PEER)), _SHARED
        yield "P-256 public key, " + name, _with(variant, lambda: p256.public(_PRIVATE)), _PUBLIC
        yield "P-256 point check, " + name, _with(variant, lambda: p256.on_curve(_PEER)), True
    yield (
        "P-256 ECDH, embit",
        lambda: curve.affine(curve.mul([((_X, _Y, 1), _SCALAR)]))[0],
        int.from_bytes(_SHARED, "big"),
    )
    yield (
        "P-256 ECDH, starkbank-ecdsa",
        lambda: Math.multiply(Point(_X, _Y), _SCALAR, N, P - 3, P).x,
        int.from_bytes(_SHARED, "big"),
    )


def _others():
    block, out, keyed, stream = Block(bytes(16)), bytearray(16), Hmac(bytes(32)), bytearray(48)
    message = bytes(64)
    yield "AES-128 block", lambda: block.encrypt(out, out)
    yield "AES-128 key set-up and one block", lambda: Block(_PRIVATE[:16]).decrypt(out, out)
    yield "AES-CMAC, 32 bytes", lambda: cmac(_PRIVATE[:16], _PRIVATE)
    yield "SHA-1, 32 bytes", lambda: sha1(_PRIVATE)
    yield "SHA-256, 64 bytes", lambda: sha256(message)
    yield "HMAC-SHA256, 64 bytes, pads cached", lambda: keyed.mac(message)
    yield "HMAC-SHA256, 64 bytes, new key", lambda: hmac_sha256(_PRIVATE, message)
    yield "HKDF-SHA256, 48 bytes", lambda: hkdf(_PRIVATE, b"", b"", stream)
    yield "constant-time compare, 16 bytes", lambda: equal(out, out)


def _garbage(operation):
    operation()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    try:
        operation()
        return gc.mem_alloc() - before
    except MemoryError:
        return -1
    finally:
        gc.enable()


def _time(operation, times):
    """Seconds of CPU time for so many operations. time.clock() is the unix port's clock(3)."""
    gc.collect()
    start = time.clock()
    for _ in range(times):
        operation()
    return time.clock() - start


def _longest_step(steps):
    longest = 0
    while True:
        start = time.ticks_us()
        if next(steps, True):
            return longest
        longest = max(longest, time.ticks_diff(time.ticks_us(), start))


def main():
    cases = []
    for name, operation, expected in _curves():
        if operation() != expected:
            raise ValueError(name + " computes something else")
        cases.append((name, operation))
    cases.extend(_others())
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
    for variant, name in ((p256.FULL, "full"), (p256.COMPACT, "compact")):
        p256.use(variant)
        steps = [_longest_step(p256.shared_steps(_PRIVATE, _PEER, bytearray(32))) for _ in range(_ROUNDS)]
        print("longest step of an ECDH, %s (wall time)\t%.2f\t0" % (name, min(steps)))


main()
