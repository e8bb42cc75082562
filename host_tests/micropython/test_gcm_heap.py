"""AES-GCM after its key is set up allocates nothing, whatever the tag; and its loops are native code here."""

import micropython
from latchkey.crypto import gcm, gcm_native
from latchkey.crypto.gcm import Gcm


def test_the_loops_are_native_here():
    for name in ("absorb", "count", "mix", "prepare"):
        assert getattr(gcm, name) is getattr(gcm_native, name)


def test_messages_do_not_allocate():
    keyed, nonce, aad, text, tag = Gcm(bytes(16)), bytes(12), bytes(32), bytearray(200), bytearray(16)
    wrong = bytes(16)
    micropython.heap_lock()
    try:
        keyed.seal(nonce, aad, text, tag)
        refused = not keyed.open(nonce, aad, text, wrong)
        opened = keyed.open(nonce, aad, text, tag)
        keyed.wipe()
    finally:
        micropython.heap_unlock()
    assert refused and opened
    assert text == bytes(200)
