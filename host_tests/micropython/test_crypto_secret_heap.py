"""What must not allocate, does not: comparison and wiping with the heap locked; and both are native code here."""

import micropython
from latchkey.crypto import secret, secret_native


def test_the_loops_are_native_here():
    assert secret.difference is secret_native.difference
    assert secret.fill_zero is secret_native.fill_zero


def test_equal_and_wipe_do_not_allocate():
    first = bytearray(b"response-of-card")
    second = bytearray(first)
    other = bytearray(16)
    view = memoryview(first)[4:]
    micropython.heap_lock()
    try:
        same = secret.equal(first, second)
        different = secret.equal(first, other)
        shorter = secret.equal(view, second)
        secret.wipe(second)
        secret.wipe(view)
    finally:
        micropython.heap_unlock()
    assert same and not different and not shorter
    assert second == other
    assert first == b"resp" + bytes(12)
