"""PLAIN, the variant that the native ones are held to, against the cryptography package (OpenSSL)."""

from cryptography.hazmat.primitives.asymmetric import ec
from fakes.p256_vectors import EDGE_KEYS, EDGE_POINTS, GREATEST, LEAST, G
from hypothesis import given
from hypothesis import strategies as st
from latchkey.crypto import p256

_CURVE = ec.SECP256R1()
_KEYS = st.integers(LEAST, GREATEST) | st.sampled_from([int.from_bytes(key, "big") for key in EDGE_KEYS])


def _bytes32(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _public(private: int) -> bytes:
    numbers = ec.derive_private_key(private, _CURVE).public_key().public_numbers()
    return _bytes32(numbers.x) + _bytes32(numbers.y)


def _shared(private: int, point: bytes) -> bytes:
    peer = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, b"\x04" + point)
    return ec.derive_private_key(private, _CURVE).exchange(ec.ECDH(), peer)


def _is_accepted(point: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, b"\x04" + point)
    except ValueError:
        return False
    return True


@given(_KEYS)
def test_public_keys(private):
    p256.use(p256.PLAIN)
    assert p256.public(_bytes32(private)) == _public(private)


@given(_KEYS, _KEYS | st.sampled_from(EDGE_POINTS))
def test_shared_secrets(private, peer):
    p256.use(p256.PLAIN)
    point = _public(peer) if isinstance(peer, int) else peer
    assert p256.shared(_bytes32(private), point) == _shared(private, point)


@given(_KEYS, st.integers(0, 511))
def test_points_are_judged_alike_with_any_bit_turned(private, bit):
    p256.use(p256.PLAIN)
    point = bytearray(_public(private))
    assert p256.on_curve(point)
    point[bit >> 3] ^= 1 << (bit & 7)
    assert p256.on_curve(point) == _is_accepted(bytes(point))


@given(st.binary(min_size=32, max_size=32), st.sampled_from([G, *EDGE_POINTS]))
def test_points_with_any_y(y, point):
    p256.use(p256.PLAIN)
    assert p256.on_curve(point[:32] + y) == _is_accepted(point[:32] + y)
