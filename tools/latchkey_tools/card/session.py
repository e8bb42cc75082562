"""What is said to an AES card from the reader's side: selection, AuthenticateEV2First, ChangeKey, CreateApplication.

Facts: NT4H2421Gx sections 9 and 10, AN12196; CreateApplication with a DF name as in AN11004, and DESFire EV2's data
sheet. Nothing here is shared with the firmware.
"""

import secrets
import zlib
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from latchkey_tools.phone.problem import Problem

OK = 0x9100
FOUND = 0x9000
MORE = 0x91AF
NO_SUCH_APPLICATION = 0x91A0
WRONG_KEY = 0x91AE
DELAYED = 0x91AD

_BLOCK = 16
_LRP_LEN = 17
_DELAYS = 60


class Card(Protocol):
    def transceive(self, apdu: bytes) -> bytes: ...


class Refused(Exception):
    """The card said no. status: its status word."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


class CardSession:
    """With one card. Commands raise Refused, or Problem where the card has gone or talks nonsense."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._enc_key = self._mac_key = self._ti = b""
        self._count = 0

    def select(self, name: bytes) -> None:
        """Select an application by DF name."""
        self._say(b"\x00\xa4\x04\x0c" + bytes((len(name),)) + name + b"\x00", FOUND)

    def select_native(self, aid: bytes) -> None:
        """Select an application by AID, 3 bytes as sent; zeros: the card itself. A DESFire card knows this."""
        self._native(0x5A, aid)

    def create_application(self, aid: bytes, settings: bytes, file_id: bytes, name: bytes) -> None:
        """settings: two bytes; file_id: two, least significant first."""
        self._native(0xCA, aid + settings + file_id + name)

    def key_version(self, number: int) -> int:
        """Before anything is proved."""
        answer = self._native(0x64, bytes((number,)))
        if len(answer) != 1:
            raise _nonsense()
        return answer[0]

    def authenticate(self, number: int, key: bytes) -> None:
        """Both sides prove that they know the key. Raises Refused(WRONG_KEY); Problem for a card in LRP mode."""
        for left in range(_DELAYS, -1, -1):
            try:
                return self._authenticate(number, key)
            except Refused as refused:
                if refused.status != DELAYED or not left:
                    raise

    def change_key(self, number: int, new: bytes, version: int, old: bytes | None = None) -> None:
        """Change a key; old: None for the one that has just proved itself, which ends the session."""
        if old is None:
            data = new + bytes((version,))
        else:
            changed = bytes(a ^ b for a, b in zip(new, old, strict=True))
            data = changed + bytes((version,)) + (zlib.crc32(new) ^ 0xFFFFFFFF).to_bytes(4, "little")
        padded = data + b"\x80"
        padded += bytes(-len(padded) % _BLOCK)
        vector = _block(self._enc_key, b"\xa5\x5a" + self._ti + self._count.to_bytes(2, "little") + bytes(8))
        encryptor = Cipher(algorithms.AES(self._enc_key), modes.CBC(vector)).encryptor()
        body = bytes((number,)) + encryptor.update(padded) + encryptor.finalize()
        answer = self._native(0xC4, body + self._code(0xC4, body))
        if old is not None:
            self._count += 1
            if answer != self._code(0, b""):
                raise _nonsense()

    def _authenticate(self, number: int, key: bytes) -> None:
        challenge, status = self._send(0x71, bytes((number, 0)))
        if status != MORE:
            raise Refused(status)
        if len(challenge) == _LRP_LEN:
            raise Problem("card unfit", "The card is in LRP mode, which cannot be undone and is not supported.")
        if len(challenge) != _BLOCK:
            raise _nonsense()
        rnd_a, rnd_b = secrets.token_bytes(_BLOCK), _cbc(key, challenge, False)
        proof = self._native(0xAF, _cbc(key, rnd_a + rnd_b[1:] + rnd_b[:1], True))
        plain = _cbc(key, proof, False) if len(proof) == 2 * _BLOCK else bytes(2 * _BLOCK)
        if not secrets.compare_digest(plain[4:20], rnd_a[1:] + rnd_a[:1]):
            raise Problem("not genuine", "The card has not proved its key: it is not what it says it is.")
        self._ti, self._count = plain[:4], 0
        mixed = bytes(a ^ b for a, b in zip(rnd_a[2:8], rnd_b[:6], strict=True))
        tail = rnd_a[:2] + mixed + rnd_b[6:] + rnd_a[8:]
        self._enc_key = _cmac(key, bytes.fromhex("a55a00010080") + tail)
        self._mac_key = _cmac(key, bytes.fromhex("5aa500010080") + tail)

    def _code(self, first: int, rest: bytes) -> bytes:
        return _cmac(self._mac_key, bytes((first,)) + self._count.to_bytes(2, "little") + self._ti + rest)[1::2]

    def _native(self, ins: int, data: bytes) -> bytes:
        answer, status = self._send(ins, data)
        if status != OK:
            raise Refused(status)
        return answer

    def _send(self, ins: int, data: bytes) -> tuple[bytes, int]:
        return self._exchange(bytes((0x90, ins, 0, 0, len(data))) + data + b"\x00")

    def _say(self, apdu: bytes, wanted: int) -> bytes:
        answer, status = self._exchange(apdu)
        if status != wanted:
            raise Refused(status)
        return answer

    def _exchange(self, apdu: bytes) -> tuple[bytes, int]:
        answer = self._card.transceive(apdu)
        if len(answer) < 2:
            raise _nonsense()
        return answer[:-2], int.from_bytes(answer[-2:], "big")


def _nonsense() -> Problem:
    return Problem("card error", "The card answers nonsense: try again, then try another card.")


def _block(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def _cbc(key: bytes, data: bytes, encrypting: bool) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(_BLOCK)))
    context = cipher.encryptor() if encrypting else cipher.decryptor()
    return context.update(data) + context.finalize()


def _cmac(key: bytes, message: bytes) -> bytes:
    code = CMAC(algorithms.AES(key))
    code.update(message)
    return code.finalize()
