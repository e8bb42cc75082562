"""AES blocks against FIPS 197 (appendix C.1 and C.3) and NIST SP 800-38A (F.1.1)."""

from latchkey.crypto.aes import Block

# key, plain, cipher
_VECTORS = (
    ("000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff", "69c4e0d86a7b0430d8cdb78070b4c55a"),
    (
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "00112233445566778899aabbccddeeff",
        "8ea2b7ca516745bfeafc49904b496089",
    ),
    ("2b7e151628aed2a6abf7158809cf4f3c", "6bc1bee22e409f96e93d7e117393172a", "3ad77bb40d7a3660a89ecaf32466ef97"),
    ("2b7e151628aed2a6abf7158809cf4f3c", "ae2d8a571e03ac9c9eb76fac45af8e51", "f5d3d58503b9699de785895a96fdbaaf"),
)


def test_vectors_in_both_directions():
    for key, plain, cipher in _VECTORS:
        block = Block(bytearray(bytes.fromhex(key)))
        out = bytearray(16)
        block.encrypt(bytes.fromhex(plain), out)
        assert out.hex() == cipher
        block.decrypt(out, out)
        assert out.hex() == plain


def test_one_object_alternates_between_directions():
    key, plain, cipher = _VECTORS[0]
    block = Block(bytes.fromhex(key))
    buffer = bytearray(b"\xee" + bytes.fromhex(plain) + b"\xee")
    inside = memoryview(buffer)[1:17]
    for _ in range(3):
        block.encrypt(inside, inside)
        assert buffer.hex() == "ee" + cipher + "ee"
        block.decrypt(inside, inside)
        assert buffer.hex() == "ee" + plain + "ee"


def test_other_lengths_are_refused():
    block = Block(bytes(16))
    attempts = (
        lambda: Block(bytes(15)),
        lambda: Block(bytes(24)),
        lambda: block.encrypt(bytes(15), bytearray(16)),
        lambda: block.encrypt(bytes(32), bytearray(32)),
        lambda: block.decrypt(bytes(16), bytearray(15)),
        lambda: block.decrypt(bytes(16), bytearray(17)),
    )
    for attempt in attempts:
        try:
            attempt()
            raise AssertionError("a wrong length was accepted")
        except ValueError:
            pass
