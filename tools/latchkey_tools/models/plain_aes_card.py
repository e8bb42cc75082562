"""An AES card in plain Python, for taps inside one process under either interpreter: NTAG 424 DNA or DESFire EV2/EV3.

    card = AesCard(uid)                                    # an NTAG 424 DNA as sold: five keys of zeros
    card = AesCard(uid, names=(b"\\xf0mine", b"\\x01\\x02\\x03"), desfire=True)     # DF name and AID of its application
    card = AesCard(uid, names=(), desfire=True)            # DESFire as sold: an application can be made on it
    card.keys[0], card.versions[0]                         # 16 bytes, 0 to 255: what is in force now
    card.tear_at = n                                       # the field is lost at the n-th moment from now

Facts: NT4H2421Gx sections 9 and 10, AN12196, AN12343. Moments: a command has come in, a key is about to be written, it
has been written, an answer is about to go out. A key is written whole or not at all, as the chips promise. Model's
choices: one application; failed authentications are counted together for all its keys; a delay is one refusal long.

It shares nothing with the firmware: CMAC is done on big integers. Its keys lie in memory: a test's card, nobody's key.
"""

import hashlib
import os

try:
    from collections.abc import Callable
except ImportError:  # MicroPython has no such module, nor ever reads an annotation
    pass

NTAG_424_NAME = bytes.fromhex("d2760000850101")
FACTORY_KEY = bytes(16)

_WRONG_IN_A_ROW = 50  # then every attempt is delayed (SeqFailCtr)
_WRONG_IN_ALL = 1000  # then a key is dead (TotFailCtr)
_NO_TEAR = 0

_OK = b"\x91\x00"
_MORE = b"\x91\xaf"
_ILLEGAL_COMMAND = b"\x91\x1c"
_INTEGRITY_ERROR = b"\x91\x1e"
_NO_SUCH_KEY = b"\x91\x40"
_LENGTH_ERROR = b"\x91\x7e"
_PERMISSION_DENIED = b"\x91\x9d"
_APPLICATION_NOT_FOUND = b"\x91\xa0"
_AUTHENTICATION_DELAY = b"\x91\xad"
_AUTHENTICATION_ERROR = b"\x91\xae"
_COMMAND_ABORTED = b"\x91\xca"
_DUPLICATE = b"\x91\xde"

_SELECT_MS = 6
_AUTHENTICATE_MS = 8
_WRITE_MS = 15
_SHORT_MS = 3


class Torn(Exception):
    """The field was lost in the middle of something."""


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def _padded(data: bytes) -> bytes:
    data += b"\x80"
    return data + bytes(-len(data) % 16)


def checksum(data: bytes) -> bytes:
    """CRC-32 (IEEE 802.3) without the final inversion, least significant byte first; bit by bit."""
    register = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            feedback = (register ^ byte >> bit) & 1
            register >>= 1
            if feedback:
                register ^= 0xEDB88320
    return register.to_bytes(4, "little")


class AesCard:
    """A card with one application of five keys. Give it to Pn532Model.put().

    uid: 7 bytes. names: DF names and AIDs (3 bytes) by which the application is found. key: of key 0. hidden: shows a
    random UID. lrp: switched to LRP mode. draw(n) gives random bytes.
    """

    atqa = b"\x03\x44"
    sak = 0x20

    def __init__(
        self,
        uid: bytes = b"\x04\x95\x8c\xaa\x5c\x5e\x80",
        *,
        key: bytes = FACTORY_KEY,
        names: "tuple[bytes, ...]" = (NTAG_424_NAME,),
        desfire: bool = False,
        hidden: bool = False,
        lrp: bool = False,
        draw: "Callable[[int], bytes]" = os.urandom,
    ) -> None:
        self.own_uid = uid
        self.uid = uid  # what a listing shows
        self.ats = bytes.fromhex("067577810280" if desfire else "067777710280")
        self.keys = [key] + [FACTORY_KEY] * 4
        self.versions = [0] * 5
        self.wrong_in_a_row = 0
        self.wrong_in_all = 0
        self.proofs = 0  # authentications that succeeded
        self.asked = 0  # authentications that were begun
        self.tear_at = _NO_TEAR
        self._names = names
        self._desfire = desfire
        self._hidden = hidden
        self._lrp = lrp
        self._draw = draw
        self._delayed = False
        self.activated()

    @property
    def short_id(self) -> str:
        """How people tell cards apart: the first 4 bytes of SHA-1 over 04, the UID and zeros up to 65 bytes, as hex."""
        return hashlib.sha1(b"\x04" + self.own_uid + bytes(57)).digest()[:4].hex()

    def activated(self) -> None:
        """Forget selection and session; a hidden card draws a new UID."""
        self._selected = False
        self._torn = False
        self._challenge: "tuple[int, bytes, bool] | None" = None
        self._version_part = 0
        self._forget_session()
        if self._hidden:
            self.uid = b"\x08" + self._draw(3)

    def transceive(self, apdu: bytes) -> "tuple[bytes, int]":
        """Answer an APDU as the card would, and say how long it would take; b"" once the field was lost."""
        if self._torn:
            return b"", 0
        try:
            self._moment()
            answer = self._answer(bytes(apdu))
            self._moment()
        except Torn:
            self._torn = True
            return b"", 0
        return answer

    def _moment(self) -> None:
        if self.tear_at:
            self.tear_at -= 1
            if not self.tear_at:
                raise Torn

    # AES, replaced by another one in latchkey_tools.cards

    def _encrypt(self, key: bytes, block: bytes) -> bytes:
        from cryptolib import aes  # type: ignore[import-not-found]

        return aes(key, 1).encrypt(block)

    def _decrypt(self, key: bytes, block: bytes) -> bytes:
        from cryptolib import aes

        return aes(key, 1).decrypt(block)

    def _cbc_encrypt(self, key: bytes, iv: bytes, data: bytes) -> bytes:
        out = b""
        for start in range(0, len(data), 16):
            iv = self._encrypt(key, _xor(iv, data[start : start + 16]))
            out += iv
        return out

    def _cbc_decrypt(self, key: bytes, iv: bytes, data: bytes) -> bytes:
        out = b""
        for start in range(0, len(data), 16):
            block = data[start : start + 16]
            out += _xor(iv, self._decrypt(key, block))
            iv = block
        return out

    def cmac(self, key: bytes, message: bytes) -> bytes:
        """AES-CMAC (NIST SP 800-38B), 16 bytes."""
        factor = int.from_bytes(self._encrypt(key, bytes(16)), "big")
        whole = len(message) > 0 and len(message) % 16 == 0
        for _ in range(1 if whole else 2):
            factor <<= 1
            if factor >> 128:
                factor ^= 1 << 128 | 0x87
        message = message if whole else _padded(message)
        last = _xor(message[-16:], factor.to_bytes(16, "big"))
        return self._cbc_encrypt(key, bytes(16), message[:-16] + last)[-16:]

    # Commands

    def _answer(self, apdu: bytes) -> "tuple[bytes, int]":
        if len(apdu) < 4:
            return b"\x67\x00", 1
        data = _command_data(apdu)
        if apdu[:3] == b"\x00\xa4\x04" and apdu[3] in (0x00, 0x0C):
            return self._select(data), _SELECT_MS
        if apdu[0] != 0x90:
            return b"\x6e\x00", 1
        if apdu[2] or apdu[3] or data is None:
            return _LENGTH_ERROR, 1
        return self._native(apdu[1], data)

    def _select(self, name: "bytes | None") -> bytes:
        if name is None or len(name) < 5:
            return b"\x67\x00"
        if name not in self._names:
            return b"\x6a\x82"
        self._take_application()
        return b"\x90\x00"

    def _take_application(self) -> None:
        self._forget_session()
        self._challenge = None
        self._selected = True

    def _native(self, ins: int, data: bytes) -> "tuple[bytes, int]":
        challenge, self._challenge = self._challenge, None
        part, self._version_part = self._version_part, 0
        if ins == 0xAF:
            if challenge is not None:
                return self._check_proof(challenge, data), _AUTHENTICATE_MS
            if part:
                return self._tell_version(part), _SHORT_MS
            return _COMMAND_ABORTED, 1
        if ins == 0x5A and self._desfire:
            return self._select_native(data), _SELECT_MS
        if ins == 0xCA and self._desfire:
            return self._create_application(data), _WRITE_MS
        if ins == 0x60 and not data:
            return self._tell_version(0), _SHORT_MS
        if ins not in (0x71, 0x77, 0x64, 0x51, 0xC4):
            return _ILLEGAL_COMMAND, 1
        if not self._selected:
            return _PERMISSION_DENIED, 1
        if ins == 0x71:
            return self._begin_proof(data, True), _AUTHENTICATE_MS
        if ins == 0x77:
            return self._begin_proof(data, False), _AUTHENTICATE_MS
        if ins == 0x64:
            return self._tell_key_version(data), _SHORT_MS
        if not self._session:
            return _AUTHENTICATION_ERROR, 1
        if ins == 0x51:
            return self._tell_uid(data), _SHORT_MS
        return self._change_key(data), _WRITE_MS

    def _select_native(self, aid: bytes) -> bytes:
        if len(aid) != 3:
            return _LENGTH_ERROR
        if aid == bytes(3):  # the card itself
            self.activated()
            return _OK
        if aid not in self._names:
            return _APPLICATION_NOT_FOUND
        self._take_application()
        return _OK

    def _create_application(self, data: bytes) -> bytes:
        """AID, 3 | settings, 2: the second has bit 7 for AES, bit 5 for a name, the number of keys | file, 2 | name."""
        if self._selected:
            return _PERMISSION_DENIED
        if not 8 <= len(data) <= 23 or data[4] & 0xE0 != 0xA0 or not data[4] & 0x0F:
            return _LENGTH_ERROR
        if self._names:
            return _DUPLICATE
        self._moment()
        self._names = (data[7:], data[:3])
        self.keys = [FACTORY_KEY] * (data[4] & 0x0F)
        self.versions = [0] * len(self.keys)
        self._moment()
        return _OK

    def _tell_version(self, part: int) -> bytes:
        kind, major = (0x01, 0x33) if self._desfire else (0x04, 0x30)
        if part < 2:
            self._version_part = part + 1
            return bytes((0x04, kind, 0x01, major, 0x00, 0x1A, 0x05)) + _MORE
        return (bytes(7) if self._hidden else self.own_uid) + bytes(5) + b"\x34\x26" + _OK

    def _begin_proof(self, data: bytes, first: bool) -> bytes:
        if len(data) < (2 if first else 1) or (first and len(data) != 2 + data[1]):
            return _LENGTH_ERROR
        number = data[0]
        if number >= len(self.keys):
            return _NO_SUCH_KEY
        if not first and not self._session:
            return _PERMISSION_DENIED
        if self.wrong_in_a_row >= _WRONG_IN_A_ROW and not self._delayed:
            self._delayed = True
            return _AUTHENTICATION_DELAY
        self._delayed = False
        self.asked += 1
        if self._lrp:
            return b"\x01" + self._draw(16) + _MORE
        rnd_b = self._draw(16)
        self._challenge = (number, rnd_b, first)
        return self._encrypt(self.keys[number], rnd_b) + _MORE

    def _check_proof(self, challenge: "tuple[int, bytes, bool]", data: bytes) -> bytes:
        number, rnd_b, first = challenge
        key = self.keys[number]
        if len(data) != 32:
            self._forget_session()
            return _LENGTH_ERROR
        plain = self._cbc_decrypt(key, bytes(16), data)
        rnd_a = plain[:16]
        if plain[16:] != rnd_b[1:] + rnd_b[:1] or self.wrong_in_all >= _WRONG_IN_ALL:
            self.wrong_in_a_row += 1
            self.wrong_in_all += 1
            self._forget_session()
            return _AUTHENTICATION_ERROR
        self.wrong_in_a_row = 0
        self.wrong_in_all = max(0, self.wrong_in_all - 10)
        self.proofs += 1
        if first:
            self._ti = self._draw(4)
            self._count = 0
        tail = rnd_a[:2] + _xor(rnd_a[2:8], rnd_b[:6]) + rnd_b[6:] + rnd_a[8:]
        self._enc_key = self.cmac(key, bytes.fromhex("a55a00010080") + tail)
        self._mac_key = self.cmac(key, bytes.fromhex("5aa500010080") + tail)
        self._number = number
        self._session = True
        echo = rnd_a[1:] + rnd_a[:1]
        plain = self._ti + echo + bytes(12) if first else echo
        return self._cbc_encrypt(key, bytes(16), plain) + _OK

    # Secure messaging

    def _forget_session(self) -> None:
        self._session = False
        self._number = 0
        self._count = 0
        self._ti = self._enc_key = self._mac_key = b""

    def _code(self, first: int, rest: bytes) -> bytes:
        whole = self.cmac(self._mac_key, bytes((first,)) + self._count.to_bytes(2, "little") + self._ti + rest)
        return bytes(whole[at] for at in range(1, 16, 2))

    def _vector(self, label: bytes) -> bytes:
        return self._encrypt(self._enc_key, label + self._ti + self._count.to_bytes(2, "little") + bytes(8))

    def _is_authentic(self, ins: int, data: bytes) -> bool:
        good = len(data) >= 8 and self._code(ins, data[:-8]) == data[-8:]
        if not good:
            self._forget_session()
        return good

    def _sealed(self, data: bytes) -> bytes:
        return data + self._code(0, data) + _OK

    def _tell_key_version(self, data: bytes) -> bytes:
        secured = self._session
        if len(data) != (9 if secured else 1):
            return _LENGTH_ERROR
        if secured and not self._is_authentic(0x64, data):
            return _INTEGRITY_ERROR
        if data[0] >= len(self.keys):
            return _NO_SUCH_KEY
        version = bytes((self.versions[data[0]],))
        if not secured:
            return version + _OK
        self._count += 1
        return self._sealed(version)

    def _tell_uid(self, data: bytes) -> bytes:
        if not self._is_authentic(0x51, data):
            return _INTEGRITY_ERROR
        self._count += 1
        return self._sealed(self._cbc_encrypt(self._enc_key, self._vector(b"\x5a\xa5"), _padded(self.own_uid)))

    def _change_key(self, data: bytes) -> bytes:
        if len(data) != 41:
            return _LENGTH_ERROR
        if not self._is_authentic(0xC4, data):
            return _INTEGRITY_ERROR
        number = data[0]
        if number >= len(self.keys):
            return _NO_SUCH_KEY
        if self._number != 0:  # key 0 alone may change keys, itself among them
            return _PERMISSION_DENIED
        plain = self._cbc_decrypt(self._enc_key, self._vector(b"\xa5\x5a"), data[1:33])
        own = number == self._number
        key = plain[:16] if own else _xor(plain[:16], self.keys[number])
        if plain != _padded(plain[:17] if own else plain[:17] + checksum(key)):
            self._forget_session()
            return _INTEGRITY_ERROR
        self._moment()
        self.keys[number], self.versions[number] = key, plain[16]
        self._moment()
        if own:
            self._forget_session()
            return _OK
        self._count += 1
        return self._sealed(b"")


def _command_data(apdu: bytes) -> "bytes | None":
    # Of a short APDU, cases 1 to 4; None when Lc does not fit.
    if len(apdu) <= 5:
        return b""
    size = apdu[4]
    return apdu[5 : 5 + size] if size and len(apdu) in (5 + size, 6 + size) else None
