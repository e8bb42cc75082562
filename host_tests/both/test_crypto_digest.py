"""SHA-1 and SHA-256 against the examples of FIPS 180-4 (NIST, "Example Values": SHA1.pdf, SHA256.pdf)."""

from latchkey.crypto.digest import Sha256, sha1, sha256

_TWO_BLOCKS = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"


def test_sha1_examples():
    assert sha1(b"abc").hex() == "a9993e364706816aba3e25717850c26c9cd0d89d"
    assert sha1(_TWO_BLOCKS).hex() == "84983e441c3bd26ebaae4aa1f95129e5e54670f1"


def test_sha256_examples():
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(_TWO_BLOCKS).hex() == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"


def test_parts_are_hashed_as_one():
    parts = (_TWO_BLOCKS[:7], bytearray(_TWO_BLOCKS[7:8]), memoryview(_TWO_BLOCKS)[8:], b"")
    assert sha1(*parts) == sha1(_TWO_BLOCKS)
    assert sha256(*parts) == sha256(_TWO_BLOCKS)


def test_incremental_hash_is_the_same_and_ends_once():
    state = Sha256()
    for index in range(len(_TWO_BLOCKS)):
        state.update(_TWO_BLOCKS[index : index + 1])
    assert state.digest() == sha256(_TWO_BLOCKS)
    for again in (state.digest, lambda: state.update(b"x")):
        try:
            again()
            raise AssertionError("a finished hash went on")
        except ValueError:
            pass
