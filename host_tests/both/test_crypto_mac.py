"""HMAC, HKDF and CMAC against the test cases of RFC 4231, RFC 5869 (appendix A) and RFC 4493 (section 4)."""

from latchkey.crypto.mac import Hmac, cmac, hkdf, hmac_sha256

# RFC 4231: key, data, HMAC-SHA-256. Case 5 is published cut to 16 bytes.
_RFC4231 = (
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
        b"hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
)

# RFC 5869 A.1 to A.3: secret, salt, info, output keying material.
_RFC5869 = (
    (
        b"\x0b" * 22,
        bytes(range(13)),
        bytes(range(0xF0, 0xFA)),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(80)),
        bytes(range(0x60, 0xB0)),
        bytes(range(0xB0, 0x100)),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    (
        b"\x0b" * 22,
        b"",
        b"",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
)

# RFC 4493 section 4, and NIST SP 800-38B D.1: one key, the first 0, 16, 40 and 64 bytes of one message.
_CMAC_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
_CMAC_MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
_RFC4493 = (
    (0, "bb1d6929e95937287fa37d129b756746"),
    (16, "070a16b46b4d4144f79bdd9dd04a287c"),
    (40, "dfa66747de9ae63030ca32611497c827"),
    (64, "51f0bebf7e3b9d92fc49741779363cfe"),
)


def test_rfc4231():
    for key, data, expected in _RFC4231:
        code = hmac_sha256(key, data)
        assert len(code) == 32
        assert code.hex()[: len(expected)] == expected


def test_one_hmac_object_serves_many_messages_in_parts():
    key, data, expected = _RFC4231[1]
    keyed = Hmac(memoryview(bytearray(key)))
    for cut in range(len(data)):
        assert keyed.mac(data[:cut], memoryview(data)[cut:]).hex() == expected


def test_a_wiped_hmac_has_forgotten_its_key():
    key, data, expected = _RFC4231[1]
    keyed = Hmac(key)
    keyed.wipe()
    assert keyed.mac(data).hex() != expected
    assert keyed.mac(data) != hmac_sha256(b"", data)


def test_rfc5869():
    for secret, salt, info, expected in _RFC5869:
        out = bytearray(len(expected) // 2)
        hkdf(secret, salt, info, out)
        assert out.hex() == expected


def test_hkdf_fills_a_view_and_nothing_beyond():
    secret, salt, info, expected = _RFC5869[0]
    buffer = bytearray(b"\xee" * 50)
    hkdf(secret, salt, info, memoryview(buffer)[4:46])
    assert buffer.hex() == "ee" * 4 + expected + "ee" * 4


def test_hkdf_refuses_more_than_it_can_give():
    try:
        hkdf(b"secret", b"", b"", bytearray(8161))
        raise AssertionError("8161 bytes from HKDF-SHA256")
    except ValueError:
        pass


def test_rfc4493():
    for length, expected in _RFC4493:
        assert cmac(_CMAC_KEY, _CMAC_MESSAGE[:length]).hex() == expected
        assert cmac(bytearray(_CMAC_KEY), memoryview(_CMAC_MESSAGE)[:length]).hex() == expected


def test_session_keys_of_an12196():
    """NXP AN12196 table 14: an all-zero key, SV1 (32 bytes, whole blocks) and the session key CMAC makes of it."""
    sv1 = bytes.fromhex("a55a0001008013c56268a548d8fbbf237cccaa20ec7e6e48c3def9a4c675360f")
    assert cmac(bytes(16), sv1).hex() == "1309c877509e5a215007ff0ed19ca564"
