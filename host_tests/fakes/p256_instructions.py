"""Single instructions of the P-256 field machine, as p256_compact.py describes them, for tests of the machine."""


def mul(target, a, b):
    return bytes((0, target, a, b, 1, 0))


def sqr(target, a, times=1):
    return bytes((1, target, a, a, times, 0))


def lin(target, u, a, v, b):
    return bytes((2, target, a, b, 128 + u, 128 + v))


def pick(target, table, entries, slots):
    return bytes((3, target, table, entries, slots, 0))
