"""The loops of gcm.py as native code. Twin of gcm_plain.py; the tests hold the two together.

GHASH multiplies by H with a table of the 16 multiples of H by four-bit polynomials (Shoup's method; McGrew and Viega,
"The Galois/Counter Mode of Operation", section 4.1). A product is four words of 32 bits, the most significant first. On
an ESP32 such a word is a negative number when its top bit is set, on a 64-bit port it never is: therefore each right
shift is followed by a mask, and no constant reaches 2^30, which would compile on 64 bits and fail on 32.

The bits that fall out of a shift come back as their product with x^7 + x^2 + x + 1 (225 in this bit order), which needs
no second table. Data decide which row of the table is read, never which way the code takes.
"""

import micropython


@micropython.viper
def prepare(table: ptr32, h: ptr8) -> object:  # type: ignore[return]  # viper has no None
    """Fill the table, 64 words, with the multiples of the 16 bytes h. A zero h wipes it."""
    z0 = h[0] << 24 | h[1] << 16 | h[2] << 8 | h[3]
    z1 = h[4] << 24 | h[5] << 16 | h[6] << 8 | h[7]
    z2 = h[8] << 24 | h[9] << 16 | h[10] << 8 | h[11]
    z3 = h[12] << 24 | h[13] << 16 | h[14] << 8 | h[15]
    at = 31
    mask = 1 << at ^ -1  # all but the sign of 32 bits; folded by the compiler it would be a number beyond 2^30
    at = 0
    while at < 4:
        table[at] = 0
        at += 1
    row = 32
    while row:  # entries 8, 4, 2, 1: H times 1, x, x^2, x^3
        table[row] = z0
        table[row + 1] = z1
        table[row + 2] = z2
        table[row + 3] = z3
        carry = z3 & 1
        z3 = z3 >> 1 & mask | (z2 & 1) << 31
        z2 = z2 >> 1 & mask | (z1 & 1) << 31
        z1 = z1 >> 1 & mask | (z0 & 1) << 31
        z0 = z0 >> 1 & mask ^ carry * 225 << 24
        row = 0 if row == 4 else row >> 1
    row = 8
    while row < 64:  # every other entry is the sum of those
        at = 4
        while at < row:
            table[row + at] = table[row] ^ table[at]
            table[row + at + 1] = table[row + 1] ^ table[at + 1]
            table[row + at + 2] = table[row + 2] ^ table[at + 2]
            table[row + at + 3] = table[row + 3] ^ table[at + 3]
            at += 4
        row += row


@micropython.viper
def absorb(state: ptr8, table: ptr32, data: ptr8, length: int) -> object:  # type: ignore[return]
    """Bring `length` bytes of data, padded with zeros to whole blocks, into the GHASH state of 16 bytes."""
    at = 0
    while at < length:
        z0 = 0
        z1 = 0
        z2 = 0
        z3 = 0
        index = 15
        while index >= 0:
            byte = int(state[index])
            if at + index < length:
                byte ^= data[at + index]
            row = (byte & 15) << 2
            rest = z3 & 15
            z3 = (z3 >> 4 & 0xFFFFFFF | (z2 & 15) << 28) ^ table[row + 3]
            z2 = (z2 >> 4 & 0xFFFFFFF | (z1 & 15) << 28) ^ table[row + 2]
            z1 = (z1 >> 4 & 0xFFFFFFF | (z0 & 15) << 28) ^ table[row + 1]
            z0 = (z0 >> 4 & 0xFFFFFFF) ^ table[row] ^ rest << 28 ^ rest << 27 ^ rest << 26 ^ rest << 21
            row = byte >> 4 << 2
            rest = z3 & 15
            z3 = (z3 >> 4 & 0xFFFFFFF | (z2 & 15) << 28) ^ table[row + 3]
            z2 = (z2 >> 4 & 0xFFFFFFF | (z1 & 15) << 28) ^ table[row + 2]
            z1 = (z1 >> 4 & 0xFFFFFFF | (z0 & 15) << 28) ^ table[row + 1]
            z0 = (z0 >> 4 & 0xFFFFFFF) ^ table[row] ^ rest << 28 ^ rest << 27 ^ rest << 26 ^ rest << 21
            index -= 1
        index = 0
        while index < 4:
            shift = 24 - (index << 3)
            state[index] = z0 >> shift & 255
            state[index + 4] = z1 >> shift & 255
            state[index + 8] = z2 >> shift & 255
            state[index + 12] = z3 >> shift & 255
            index += 1
        at += 16


@micropython.viper
def count(stream: ptr8, counter: ptr8, blocks: int) -> object:  # type: ignore[return]
    """Write the next counter blocks into stream; counter, 16 bytes, stands at the last one then."""
    at = 0
    while blocks:
        index = 15
        carry = 1
        while index > 11:
            carry += counter[index]
            counter[index] = carry & 255
            carry >>= 8
            index -= 1
        index = 0
        while index < 16:
            stream[at + index] = counter[index]
            index += 1
        at += 16
        blocks -= 1


@micropython.viper
def mix(data: ptr8, start: int, stream: ptr8, length: int) -> object:  # type: ignore[return]
    """XOR `length` bytes of stream into data from start on."""
    index = 0
    while index < length:
        data[start + index] = data[start + index] ^ stream[index]
        index += 1
