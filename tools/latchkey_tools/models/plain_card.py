"""A Tesla key card in plain Python, for taps inside one process under either interpreter.

    card = KeyCard(private)                     # 32 bytes; the plastic card
    card = KeyCard(private, gauss=True)         # the open applet, which is also how phones and watches answer

Facts: gauss-key-card and its author's protocol notes; Proxmark3 cmdhftesla.c for the plastic card. The curve is written
out naively on big integers (SEC 1 and FIPS 186-4, D.1.2.3) and shares nothing with the firmware's, so that one can find
the other's mistakes. It is neither fast nor constant in time, and its key lies in memory: a test's card, nobody's key.
"""

import hashlib
import os

try:
    from collections.abc import Callable
except ImportError:  # MicroPython has no such module, nor ever reads an annotation
    pass

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

PLASTIC_AID = bytes.fromhex("7465736c614c6f67696330303201")
GAUSS_AID = bytes.fromhex("f465736c614c6f6769633030325801")
STORE_AID = bytes.fromhex("7465736c6153746f7265303032")

_FOUND = b"\x90\x00"
_SELECT_MS = 27
_KEY_MS = 10
_ECDH_MS = 150
_FORM_MS = 2
_CLA_PROPRIETARY = 0x80


def _add(one: tuple, other: tuple) -> tuple:
    # Jacobian coordinates: x = X/Z^2, y = Y/Z^3; Z = 0 is the point at infinity.
    (x1, y1, z1), (x2, y2, z2) = one, other
    if not z1:
        return other
    if not z2:
        return one
    u1, u2 = x1 * z2 * z2 % _P, x2 * z1 * z1 % _P
    s1, s2 = y1 * z2 * z2 * z2 % _P, y2 * z1 * z1 * z1 % _P
    if u1 == u2:
        return _double(one) if s1 == s2 else (1, 1, 0)
    h, r = u2 - u1, s2 - s1
    hh = h * h % _P
    hhh, v = h * hh % _P, u1 * hh % _P
    x = (r * r - hhh - 2 * v) % _P
    return x, (r * (v - x) - s1 * hhh) % _P, h * z1 * z2 % _P


def _double(point: tuple) -> tuple:
    x, y, z = point
    yy = y * y % _P
    s, m = 4 * x * yy % _P, 3 * (x - z * z) * (x + z * z) % _P
    x = (m * m - 2 * s) % _P
    return x, (m * (s - x) - 8 * yy * yy) % _P, 2 * y * z % _P


def multiply(scalar: int, point: tuple) -> bytes:
    """Multiply an affine point (x, y) on P-256; gives X and Y, 64 bytes. The scalar lies between 1 and n - 1."""
    sum_, addend = (1, 1, 0), (point[0], point[1], 1)
    while scalar:
        if scalar & 1:
            sum_ = _add(sum_, addend)
        addend = _double(addend)
        scalar >>= 1
    inverse = pow(sum_[2], _P - 2, _P)
    x, y = sum_[0] * inverse * inverse % _P, sum_[1] * inverse * inverse * inverse % _P
    return x.to_bytes(32, "big") + y.to_bytes(32, "big")


def point(encoded: bytes) -> "tuple | None":
    """Read an uncompressed point, 04 X Y; None when it is none or does not lie on the curve."""
    if len(encoded) != 65 or encoded[0] != 4:
        return None
    x, y = int.from_bytes(encoded[1:33], "big"), int.from_bytes(encoded[33:], "big")
    on_curve = x < _P and y < _P and (y * y - x * x * x + 3 * x - _B) % _P == 0
    return (x, y) if on_curve else None


def _parse(apdu: bytes) -> "bytes | None":
    # Command data of a short APDU, cases 1 to 4; None when Lc does not fit.
    if len(apdu) <= 5:
        return b""
    size = apdu[4]
    return apdu[5 : 5 + size] if size and len(apdu) in (5 + size, 6 + size) else None


class KeyCard:
    """A card with one key pair. Give it to Pn532Model.put().

    private 32 bytes; uid 4 or 7 bytes; slow_ms is added to its key agreement; salt() draws 4 bytes.
    """

    atqa = b"\x00\x48"
    sak = 0x20
    ats = b"\x05\x78\x77\x91\x02"
    form_factor = b"\x00\x01"

    def __init__(
        self,
        private: bytes,
        uid: bytes = b"\x04\x5e\x1f\x2a\x3b\x6c\x80",
        gauss: bool = False,
        slow_ms: int = 0,
        salt: "Callable[[], bytes] | None" = None,
    ) -> None:
        self.uid = uid
        self.gauss = gauss
        self.slow_ms = slow_ms
        self.public = b""  # 65 bytes, 04 X Y
        self._salt = salt or (lambda: os.urandom(4))
        self._selected = False
        self._set_key(private)

    @property
    def short_id(self) -> str:
        """How people tell keys apart: the first 4 bytes of the SHA-1 of the public key, as hex."""
        return hashlib.sha1(self.public).digest()[:4].hex()

    def _set_key(self, private: bytes) -> None:
        self._private = int.from_bytes(private, "big")
        self.public = b"\x04" + multiply(self._private, _G)

    def _shared(self, public: bytes) -> "bytes | None":
        # X of the shared point, always 32 bytes; None for a point that is not on the curve.
        theirs = point(public)
        return multiply(self._private, theirs)[:32] if theirs else None

    def _encrypt(self, key: bytes, block: bytes) -> bytes:
        # Imported here, because the cards of latchkey_tools.cards bring an AES of their own.
        from cryptolib import aes  # type: ignore[import-not-found]

        return aes(key, 1).encrypt(block)

    def activated(self) -> None:
        """Forget the selection; on the plastic card the key applet is selected by default."""
        self._selected = not self.gauss

    def transceive(self, apdu: bytes) -> "tuple[bytes, int]":
        """Answer an APDU as the card would, and say how long it would take."""
        if len(apdu) < 4:
            return b"\x67\x00", 1
        if apdu[:4] == b"\x00\xa4\x04\x00":
            return self._select(_parse(apdu)), _SELECT_MS
        if not self._selected:
            return b"\x69\x86", 1
        if not apdu[0] & _CLA_PROPRIETARY:
            return b"\x6e\x00", 1
        if apdu[1] == 0x04:
            return self.public + _FOUND, _KEY_MS
        if apdu[1] == 0x11:
            return self._authenticate(_parse(apdu)), _ECDH_MS + self.slow_ms
        if apdu[1] == 0x14:
            return self.form_factor + _FOUND, _FORM_MS
        return b"\x6d\x00", 1

    def _select(self, aid: "bytes | None") -> bytes:
        if aid is None or len(aid) < 5:
            return b"\x67\x00"
        known = GAUSS_AID if self.gauss else PLASTIC_AID
        self._selected = known.startswith(aid)
        if self._selected:
            return _FOUND
        return b"\x69\x99" if not self.gauss and STORE_AID.startswith(aid) else b"\x6a\x82"

    def _authenticate(self, data: "bytes | None") -> bytes:
        if data is None or len(data) < 81:
            return b"\x67\x00"
        shared = self._shared(data[:65])
        if shared is None:
            return b"\x6f\x00"
        key = hashlib.sha1(shared).digest()[:16]
        block = data[65:81]
        if self.gauss:
            block = self._salt() + block[4:]
        return self._encrypt(key, block) + _FOUND
