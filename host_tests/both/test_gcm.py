"""AES-GCM against published vectors, every flipped bit, and the plain loops against the native ones.

Origin: McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test cases 1 to 4 (the others have nonces
of another length); NIST CAVP, gcmEncryptExtIV128.rsp, the groups with 96-bit IV and 128-bit tag; the vehicle-command
protocol's published examples and messages computed beside them with CPython's cryptography package.
"""

from array import array

from latchkey.crypto import gcm, gcm_native, gcm_plain
from latchkey.crypto.gcm import Gcm

_ZEROS = "00" * 16
_KEY = "feffe9928665731c6d6a8f9467308308"
_NONCE = "cafebabefacedbaddecaf888"
_TEXT = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
_CIPHERTEXT = (
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
)
_VEHICLE = "1b2fce19967b79db696f909cff89ea9a"  # key of the vehicle-command protocol's examples

# key, nonce, additional data, text, encrypted text, tag
_VECTORS = (
    # McGrew and Viega
    (_ZEROS, "00" * 12, "", "", "", "58e2fccefa7e3061367f1d57a4e7455a"),
    (_ZEROS, "00" * 12, "", _ZEROS, "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf"),
    (_KEY, _NONCE, "", _TEXT, _CIPHERTEXT, "4d5c2af327cd64a62cf35abd2ba6fab4"),
    (
        _KEY,
        _NONCE,
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        _TEXT[:-8],
        _CIPHERTEXT[:-8],
        "5bc94fbc3221a5db94fae95ae7121a47",
    ),
    # NIST CAVP
    ("11754cd72aec309bf52f7687212e8957", "3c819d9a9bed087615030b65", "", "", "", "250327c674aaf477aef2675748cf6971"),
    ("ca47248ac0b6f8372a97ac43508308ed", "ffd2b598feabc9019262d2be", "", "", "", "60d20404af527d248d893ae495707d1a"),
    (
        "77be63708971c4e240d1cb79e8d77feb",
        "e0e00f19fed7ba0136a797f3",
        "7a43ec1d9c0a5a78a0b16533a6213cab",
        "",
        "",
        "209fcc8d3675ed938e9c7166709dd946",
    ),
    (
        "7680c5d3ca6154758e510f4d25b98820",
        "f8f105f9c3df4965780321f8",
        "c94c410194c765e3dcc7964379758ed3",
        "",
        "",
        "94dca8edfcf90bb74b153c8d48a17930",
    ),
    (
        "7fddb57453c241d03efbed3ac44e371c",
        "ee283a3fc75575e33efd4887",
        "",
        "d5de42b461646c255c87bd2962d3b9a2",
        "2ccda4a5415cb91e135c2a0f78c9b2fd",
        "b36d1df9b9d5e596f83e8b7f52971cb3",
    ),
    (
        "ab72c77b97cb5fe9a382d9fe81ffdbed",
        "54cc7dc2c37ec006bcc6d1da",
        "",
        "007c5e5b3e59df24a7c355584fc1518d",
        "0e1bde206a07a9c2c1b65300f8c64997",
        "2b4401346697138c7a4891ee59867d0c",
    ),
    (
        "fe47fcce5fc32665d2ae399e4eec72ba",
        "5adb9609dbaeb58cbd6e7275",
        "88319d6e1d3ffa5f987199166c8a9b56c2aeba5a",
        "7c0e88c88899a779228465074797cd4c2e1498d259b54390b85e3eef1c02df60e743f1b840382c4bccaf3bafb4ca8429bea063",
        "98f4826f05a265e6dd2be82db241c0fbbbf9ffb1c173aa83964b7cf5393043736365253ddbc5db8778371495da76d269e5db3e",
        "291ef1982e4defedaa2249f898556b47",
    ),
    (
        "2c1f21cf0f6fb3661943155c3e3d8492",
        "23cb5ff362e22426984d1907",
        "5d3624879d35e46849953e45a32a624d6a6c536ed9857c613b572b0333e701557a713e3f010ecdf9a6bd6c9e3e44b065"
        "208645aff4aabee611b391528514170084ccf587177f4488f33cfb5e979e42b6e1cfc0a60238982a7aec",
        "42f758836986954db44bf37c6ef5e4ac0adaf38f27252a1b82d02ea949c8a1a2dbc0d68b5615ba7c1220ff6510e259f06655d8",
        "81824f0e0d523db30d3da369fdc0d60894c7a0a20646dd015073ad2732bd989b14a222b6ad57af43e1895df9dca2a5344a62cc",
        "57a3ee28136e94c74838997ae9823f3a",
    ),
    (
        "fe9bb47deb3a61e423c2231841cfd1fb",
        "4d328eb776f500a2f7fb47aa",
        "",
        "f1cc3818e421876bb6b8bbd6c9",
        "b88c5c1977b35b517b0aeae967",
        "43fd4727fe5cdb4b5b42818dea7ef8c9",
    ),
    # vehicle-command protocol
    (
        _VEHICLE,
        "dbf79447fa156674dae1caed",
        "c33b227adc93c60b7a5738237e678e6996987ab316b4a5fff737cf86cb07764f",
        "120452020801",
        "38038e8c0f2e",
        "8e128da165f162f4d7d2c8da866cf82a",
    ),
    (
        _VEHICLE,
        "000102030405060708090a0b",
        "c1fa3617a637c4bde516152b7b937e94c8cc366f294b4f24362c2e57249cda5c",
        "1000",
        "095c",
        "fb2c706e06e0a7ddf7f339d1faa0fb74",
    ),
    (
        _VEHICLE,
        "f1" * 12,
        "4e7592e8897c4ca774ff2fe290e1c4aadd34c8ea37ac1940269c3805393fef5c",
        "220412020807",
        "6918670626ff",
        "8c12eec83a955d5796a01594279fb1fb",
    ),
    (
        _VEHICLE,
        "f2" * 12,
        "f0445d99d76f2d00959d2e873d26ce89dfb28eb120398cff86f46f9e9c950968",
        "",
        "",
        "daadad17649354d2a6781206c3f4b311",
    ),
)


def _bytes(vector):
    return [bytes.fromhex(field) for field in vector]


def _use(loops):
    for name in ("absorb", "count", "mix", "prepare"):
        setattr(gcm, name, getattr(loops, name))


def _check_vectors():
    for vector in _VECTORS:
        key, nonce, aad, text, ciphertext, tag = _bytes(vector)
        keyed = Gcm(key)
        buffer, found = bytearray(text), bytearray(16)
        for _ in range(2):
            keyed.seal(nonce, aad, buffer, found)
            assert buffer == ciphertext and found == tag
            assert keyed.open(nonce, aad, buffer, found)
            assert buffer == text


def test_all_vectors_with_native_loops():
    _check_vectors()


def test_all_vectors_with_plain_loops():
    loops = {name: getattr(gcm, name) for name in ("absorb", "count", "mix", "prepare")}
    _use(gcm_plain)
    try:
        _check_vectors()
    finally:
        for name, loop in loops.items():
            setattr(gcm, name, loop)


def test_any_flipped_bit_is_refused_and_the_text_left_alone():
    key, nonce, aad, _, ciphertext, tag = _bytes(_VECTORS[10])
    keyed = Gcm(key)
    parts = [bytearray(part) for part in (nonce, aad, ciphertext, tag)]
    for part in parts:
        for bit in range(8 * len(part)):
            part[bit >> 3] ^= 1 << (bit & 7)
            before = bytes(parts[2])
            assert not keyed.open(*parts)
            assert parts[2] == before
            part[bit >> 3] ^= 1 << (bit & 7)
    assert keyed.open(*parts)


def test_a_shorter_or_longer_text_is_refused():
    key, nonce, aad, _, ciphertext, tag = _bytes(_VECTORS[10])
    keyed = Gcm(key)
    for other in (b"", ciphertext[:-1], ciphertext[:48], ciphertext + b"\x00"):
        assert not keyed.open(nonce, aad, bytearray(other), tag)
        assert not keyed.open(nonce, other, bytearray(ciphertext), tag)
    assert not keyed.open(nonce, aad + ciphertext[:16], bytearray(ciphertext[16:]), tag)


def test_text_lies_in_the_middle_of_a_buffer():
    key, nonce, aad, text, ciphertext, tag = _bytes(_VECTORS[10])
    buffer = bytearray(b"before" + text + b"behind" + bytes(16))
    view = memoryview(buffer)
    end = 6 + len(text)
    Gcm(key).seal(nonce, aad, view[6:end], view[end + 6 :])
    assert buffer == b"before" + ciphertext + b"behind" + tag


def _same(name, *arguments):
    """Call both twins with copies; their buffers must be equal afterwards. Returns them."""
    results = []
    for loops in (gcm_native, gcm_plain):
        copies = [
            array("I", a) if isinstance(a, array) else bytearray(a) if isinstance(a, bytes) else a for a in arguments
        ]
        getattr(loops, name)(*copies)
        results.append(copies)
    for first, second in zip(results[0], results[1]):
        assert list(first) == list(second) if isinstance(first, (array, bytearray)) else first == second
    return results[0]


def test_native_and_plain_loops_do_the_same():
    numbers = bytes((37 * index * index + 11 * index + 255) & 255 for index in range(200))
    for start in range(0, 64, 7):
        h = numbers[start : start + 16]
        table = _same("prepare", array("I", bytes(256)), h)[0]
        assert table[32] == int.from_bytes(h[:4], "big")
        for length in range(70):
            _same("absorb", numbers[50:66], table, numbers[start : start + length], length)
            _same("mix", numbers[:140], start, numbers[60:], length)
    for last in (b"\x00\x00\x00\x00", b"\x00\x00\x00\xff", b"\x00\xff\xff\xfe", b"\xff\xff\xff\xff"):
        for blocks in range(4):
            _same("count", bytes(64), numbers[:12] + last, blocks)


def test_the_counter_wraps_within_its_four_bytes():
    stream, counter, _ = _same("count", bytes(32), b"\xff" * 16, 2)
    assert stream == b"\xff" * 12 + bytes(4) + b"\xff" * 12 + b"\x00\x00\x00\x01"
    assert counter == stream[16:]


def _refused(action, *arguments):
    try:
        action(*arguments)
    except ValueError:
        return True
    return False


def test_lengths_are_checked():
    keyed, text, tag = Gcm(bytes(16)), bytearray(3), bytearray(16)
    assert _refused(Gcm, bytes(15)) and _refused(Gcm, bytes(24)) and _refused(Gcm, b"")
    for wrong in (0, 11, 13, 16):
        assert _refused(keyed.seal, bytes(wrong), b"", text, tag)
        assert _refused(keyed.open, bytes(wrong), b"", text, tag)
    for wrong in (0, 12, 15, 17):
        assert _refused(keyed.seal, bytes(12), b"", text, bytearray(wrong))
        assert _refused(keyed.open, bytes(12), b"", text, bytes(wrong))
    assert text == bytes(3)


def test_a_wiped_key_does_nothing_any_more():
    keyed, text, tag = Gcm(bytes(16)), bytearray(20), bytearray(16)
    keyed.seal(bytes(12), b"", text, tag)
    keyed.wipe()
    assert _refused(keyed.seal, bytes(12), b"", text, tag)
    assert _refused(keyed.open, bytes(12), b"", text, tag)
    for name in ("_table", "_stream", "_state", "_mask"):
        assert not any(getattr(keyed, name)), name
    keyed.wipe()


def test_nothing_of_a_message_stays_behind():
    keyed, text, tag = Gcm(bytes(16)), bytearray(200), bytearray(16)
    keyed.seal(bytes(12), b"aad", text, tag)
    for name in ("_stream", "_state", "_mask"):
        assert not any(getattr(keyed, name)), name
    assert not keyed.open(bytes(12), b"other", text, tag)
    for name in ("_stream", "_state", "_mask"):
        assert not any(getattr(keyed, name)), name
