"""Scalars and numbers on their way into and out of the field machine, as native code.

Outside they are 32 bytes big-endian; inside, 20 limbs of 13 bits, or the signs of a recoded scalar. No branch depends
on a limb or a byte. Slots and the place of p in the buffer are p256_programs.py's.
"""

import micropython
from micropython import const

_SLOTS = const(200)  # in half words: where slots begin
_PRIME = const(40)  # in half words: p, a limb in every second one


@micropython.viper
def recode(private: ptr8, order: ptr8, scalar: ptr8, top_bit: int) -> int:
    """Recode a private key for digits that are never 0. Writes 33 bytes of scalar; returns 1 if k was negated, else 0.

    An even k is replaced by order - k, which is odd. An odd k equals the sum of s_i 2^i with every s_i = +1 or -1,
    where bit i of scalar = (k >> 1) + 2^top_bit is 1 for +1 (top_bit >= 255).
    """
    negated = private[31] & 1 ^ 1
    borrow = 0
    below = 0
    index = 31
    while index >= 0:
        byte = int(private[index])
        difference = order[index] - byte + borrow
        borrow = difference >> 8
        byte ^= (byte ^ difference) & 255 & (0 - negated)
        if index < 31:
            scalar[index + 2] = below >> 1 | byte << 7
        below = byte
        index -= 1
    scalar[1] = below >> 1
    scalar[0] = 0
    index = 32 - (top_bit >> 3)
    scalar[index] = scalar[index] | 1 << (top_bit & 7)
    return negated


@micropython.viper
def put(buffer: ptr16, slot: int, number: ptr8, start: int) -> object:  # type: ignore[return]  # viper has no None
    """Write the 32 bytes of number from start on into a slot, as they are."""
    at = _SLOTS + 20 * slot
    end = at + 20
    index = start + 32
    bits = 0
    have = 0
    while at < end:
        while have < 13 and index > start:
            index -= 1
            bits |= number[index] << have
            have += 8
        buffer[at] = bits & 8191
        bits >>= 13
        have -= 13
        at += 1


@micropython.viper
def reduce(buffer: ptr16, slot: int) -> int:
    """Take p away from a slot's number unless it is below p. Returns -1 where it was below, 0 where it was not."""
    at = _SLOTS + 20 * slot
    below = 0
    i = 0
    while i < 20:
        below = buffer[at + i] - buffer[_PRIME + i + i] + below >> 13
        i += 1
    carry = 0
    i = 0
    while i < 20:
        carry += buffer[at + i] - (buffer[_PRIME + i + i] & (below ^ -1))
        buffer[at + i] = carry & 8191
        carry >>= 13
        i += 1
    return below


@micropython.viper
def take(buffer: ptr16, slot: int, out: ptr8, start: int) -> object:  # type: ignore[return]  # viper has no None
    """Write a slot's number, below 2^256, as 32 bytes into out from start on."""
    at = _SLOTS + 20 * slot
    index = start + 32
    bits = 0
    have = 0
    while index > start:
        if have < 8:
            bits |= buffer[at] << have
            have += 13
            at += 1
        index -= 1
        out[index] = bits
        bits >>= 8
        have -= 8
