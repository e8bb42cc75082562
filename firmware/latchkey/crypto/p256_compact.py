"""The field machine of P-256, small: executes programs of field operations as native code, all secrets in one buffer.

Numbers are 20 limbs of 13 bits in Montgomery form with R = 2^260. A product of limbs has 26 bits, so the sum of twenty
fits into 31: no carry is needed inside a row, and the same code holds on 32 and 64 bits. p = -1 mod 2^96, so the
Montgomery factor of a row is its lowest limb itself, and adding factor * p is four shifted additions (limbs 7, 14, 17
and 19 of p + 1 = 2^256 - 2^224 + 2^192 + 2^96). The one that subtracts would make a limb negative, which a 64-bit port
reads back as a large positive number; therefore limbs 17 to 36 of a product begin with 2^16 more than they should, and
limbs 0 to 19 with a number that makes up for it modulo p (INITIAL in p256_tables.py).

p256_full.py is generated from this file: the same machine, unrolled. Nothing here branches on a limb or uses one as an
address. Only the first two arguments live in registers on Xtensa, hence their order. Constants at
and above 2^30 would compile on 64 bits and fail on 32.
"""

import micropython
from micropython import const

# The buffer, in words: INITIAL (20), p (20), and 60 of work; then, from byte 400, the slots, 20 half words each.
# p256_programs.py knows this order as well.
_PRIME = const(20)
_SLOTS_OFF = const(400)
_SLOT_LEN = const(40)

# Instructions, six bytes each: operation, target slot, slot a, slot b, u, v.
# MUL  (0)  target = a * b / R; u = 1
# SQR  (1)  target = a squared u times: a^(2^u) in Montgomery form; slot b is slot a
_LIN = const(2)  # target = (u - 128) * a + (v - 128) * b
_PICK = const(3)  # u slots from target on = entry v of a table that begins at slot a and has b entries of u slots


@micropython.viper
def run(c: int, w: ptr32, program: ptr8, length: int) -> object:  # type: ignore[return]  # viper has no None
    """Execute `length` bytes of program on the buffer w, 4-byte aligned. c is a register the caller sets to 0.

    MUL and SQR take factors below 3p and give less than 1.6p; LIN gives less than 2.1p for |u| + |v| <= 10.
    """
    end = int(program) + length
    while int(program) < end:
        z = ptr16(int(w) + _SLOTS_OFF + _SLOT_LEN * program[1])
        x = ptr16(int(w) + _SLOTS_OFF + _SLOT_LEN * program[2])
        y = ptr16(int(w) + _SLOTS_OFF + _SLOT_LEN * program[3])
        u = int(program[4])
        v = int(program[5])
        operation = program[0]
        if operation == _LIN:
            u -= 128
            v -= 128
            # Take the multiple of p away that leaves 1p to 2p: only the top limbs are needed to know which.
            q = (x[19] * u + y[19] * v >> 9) - 1
            c = 0
            i = 0
            while i < 20:
                c += x[i] * u + y[i] * v - w[_PRIME + i] * q
                z[i] = c & 8191
                c >>= 13
                i += 1
        elif operation == _PICK:
            # Reads the whole table whatever v is: c keeps all bits of entry v and none of the others.
            table = ptr32(x)
            i = u * 10
            while i:
                i -= 1
                ptr32(z)[i] = 0
            entries = int(program[3])
            i = 0
            while i < entries:
                c = (i ^ v) - 1 >> 31
                i += 1
                target = ptr32(z)
                slots = u
                while slots:
                    target[0] = table[0] & c | target[0]
                    target[1] = table[1] & c | target[1]
                    target[2] = table[2] & c | target[2]
                    target[3] = table[3] & c | target[3]
                    target[4] = table[4] & c | target[4]
                    target[5] = table[5] & c | target[5]
                    target[6] = table[6] & c | target[6]
                    target[7] = table[7] & c | target[7]
                    target[8] = table[8] & c | target[8]
                    target[9] = table[9] & c | target[9]
                    table = ptr32(int(table) + _SLOT_LEN)
                    target = ptr32(int(target) + _SLOT_LEN)
                    slots -= 1
        else:
            # MUL has u = 1, SQR both factors the same: one piece of code serves both here.
            while u:
                # The second factor goes to words 60 to 79, the lower half of the product arises in 40 to 59.
                i = 0
                while i < 20:
                    w[60 + i] = y[i]
                    w[40 + i] = w[i]
                    i += 1
                i = 0
                while i < 20:
                    c = x[i]
                    m = w[60] * c + w[40]
                    v = m & 8191
                    w[40] = w[61] * c + w[41] + (m >> 13)
                    w[41] = w[62] * c + w[42]
                    w[42] = w[63] * c + w[43]
                    w[43] = w[64] * c + w[44]
                    w[44] = w[65] * c + w[45]
                    w[45] = w[66] * c + w[46]
                    w[46] = w[67] * c + w[47] + (v << 5)
                    w[47] = w[68] * c + w[48]
                    w[48] = w[69] * c + w[49]
                    w[49] = w[70] * c + w[50]
                    w[50] = w[71] * c + w[51]
                    w[51] = w[72] * c + w[52]
                    w[52] = w[73] * c + w[53]
                    w[53] = w[74] * c + w[54] + (v << 10)
                    w[54] = w[75] * c + w[55]
                    w[55] = w[76] * c + w[56]
                    w[56] = w[77] * c + w[57] - (v << 3)
                    w[57] = w[78] * c + w[58]
                    w[58] = w[79] * c + w[59] + (v << 9)
                    w[59] = i - 17 >> 31 & 65536
                    i += 1
                c = 0
                i = 0
                while i < 20:
                    c += w[40 + i]
                    z[i] = c & 8191
                    c >>= 13
                    i += 1
                x = z
                y = z
                u -= 1
        program = ptr8(int(program) + 6)
