"""Hurts byte strings the way lines, liars and accidents do, and measures what a loop leaves on MicroPython's heap.

Randomness comes from the caller's seed, so a failure can be run again.
"""

import gc
import random

from fakes.results import tell

_TELLING = b"\x00\x01\x02\x04\x05\x06\x40\x41\x4b\x61\x6c\x7f\x80\x90\xd5\xfe\xff"  # where the parsers' decisions lie


def below(limit):
    """A random number of 0 .. limit - 1."""
    return random.getrandbits(24) % limit


def mutated(data):
    """A copy of `data`, hurt in one to four places: bytes changed, removed, put in, repeated, or the end cut off."""
    out = bytearray(data)
    for _ in range(1 + below(4)):
        at = below(len(out) + 1)
        kind = below(6)
        if kind == 0 and at < len(out):
            out[at] = random.getrandbits(8)
        elif kind == 1 and at < len(out):
            out[at] ^= 1 << below(8)
        elif kind == 2 and at < len(out):
            out[at] = _TELLING[below(len(_TELLING))]
        elif kind == 3:
            out = out[:at] + out[at + 1 + below(8) :]
        elif kind == 4:
            out = out[:at] + bytes((_TELLING[below(len(_TELLING))],)) + out[at:]
        elif kind == 5:
            out = out[:at] + out[below(at + 1) : at] + out[at:] if below(2) else out[:at]
    return out


def growth(action, rounds):
    """How many bytes the live heap has grown by over so many calls of action(number); a few calls warm up first."""
    for number in range(50):
        action(number)
    gc.collect()
    before = gc.mem_alloc()
    for number in range(rounds):
        action(number)
    gc.collect()
    grown = gc.mem_alloc() - before
    tell("F4", "%d hurt inputs, heap %+d bytes" % (rounds, grown), grown <= 512)
    return grown
