"""The Tesla key card protocol, reader side: which key does this card claim to have, and has it?

    reader                                            card
    SELECT F4 65 73 6C 61 4C 6F 67 69 63  ->          9000, or anything else: the next AID
    SELECT 74 65 73 6C 61 4C 6F 67 69 63  ->          9000, or anything else: not a key
    80 04 00 00 00                        ->          04 X Y (65 bytes): the card's public key
    80 11 00 00 51 04 X Y challenge 00    ->          16 bytes: AES-128(K, challenge), K = SHA-1(shared X)[0:16]

Facts: the write-up by the author of gauss-key-card (gist darconeous/2cd2de11148e3a75685940158bddf933), its applet, and
Proxmark3's cmdhftesla.c. Phones, fobs and open applets overwrite the first four bytes of the challenge with random
ones before encrypting, so the answer is decrypted and bytes 4 to 15 are compared: 96 bits. X is always 32 bytes, zeros
in front included.

The session does no elliptic-curve work and draws nothing: the link gives it the vehicle's public key, the challenge and
the shared X. The shared X must come from the public key stored at enrolment, never from the one the card has just sent,
and the challenge must be fresh for each attempt.

Not protected against: relaying (a card answers wherever it is asked, nothing here measures distance), and tracking (any
reader may ask any card for its public key).
"""

from micropython import const

from latchkey.crypto.aes import Block
from latchkey.crypto.digest import sha1
from latchkey.crypto.secret import equal, wipe
from latchkey.protocol.iso7816 import ANY_LE, SUCCESS, Exchange, Iso7816Error

# What comes next: the answer of begin(), feed() and challenge().
SEND = const(1)  # send apdu() to the card, give its answer to feed()
KEY = const(2)  # public_key is there; go on with challenge(), or leave it
ANSWER = const(3)  # the card has answered the challenge; go on with verify()

# KeycardError codes. Their names are those of the verdicts the link gives for them.
NOT_A_KEY = const(1)  # knows neither AID, or not the command that every key knows
CARD_ERROR = const(2)  # says it is a key and answers nonsense
WRONG_ANSWER = const(3)  # the answer was not made with the key it claims to have
OUT_OF_TURN = const(
    4
)  # a step of the session that is not due now, or an argument of the wrong length: the caller's fault

# Steps: what is awaited, from the card or from the caller.
_IDLE = const(0)
_SELECTING = const(1)
_ASKING_KEY = const(2)
_HAVE_KEY = const(3)
_ASKING_PROOF = const(4)
_HAVE_ANSWER = const(5)

_SELECT = b"\x00\xa4\x04\x00"
_AIDS = (b"\xf4eslaLogic", b"teslaLogic")  # in the order in which cars ask: phones and the open applet, then cards
_GET_PUBLIC_KEY = b"\x80\x04\x00\x00"
_INTERNAL_AUTHENTICATE = b"\x80\x11\x00\x00"
_UNKNOWN_COMMAND = (0x6D00, 0x6E00)  # INS, CLA not supported

_POINT = const(65)
_UNCOMPRESSED = const(4)
_CHALLENGE = const(16)
_SALT = const(4)
_LONGEST_ANSWER = const(256)  # of a SELECT with a talkative FCI; everything else is shorter


class KeycardError(Exception):
    """The session is over; `code` says why. It holds nothing that the card has sent."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Session:
    """One card's turn, step by step; reused from card to card.

        begin() -> SEND;  feed(answer of the card) -> SEND, KEY or ANSWER;  challenge(…) -> SEND;  verify(shared X)

    public_key: X and Y, 64 bytes, from KEY on until the next begin(). Nobody has proved yet that the card owns it.
    """

    def __init__(self) -> None:
        self.public_key = bytearray(64)
        self._exchange = Exchange(_LONGEST_ANSWER)
        self._data = bytearray(_POINT + _CHALLENGE)  # of INTERNAL AUTHENTICATE; the challenge stays for verify()
        self._data_view = memoryview(self._data)
        self._answer = bytearray(_CHALLENGE)
        self._step = _IDLE
        self._aid = 0

    def begin(self) -> int:
        """Start with a card that has just been activated. Returns SEND."""
        return self._select(0)

    def apdu(self) -> memoryview:
        """The APDU to send, valid until feed()."""
        return self._exchange.apdu()

    def feed(self, answer: "bytes | memoryview") -> int:
        """Take the card's answer, SW1SW2 at its end; returns SEND, KEY or ANSWER.

        raises: KeycardError NOT_A_KEY, CARD_ERROR, OUT_OF_TURN.
        """
        if self._step in (_IDLE, _HAVE_KEY, _HAVE_ANSWER):
            raise KeycardError(OUT_OF_TURN)
        try:
            if not self._exchange.feed(answer):
                return SEND
        except Iso7816Error:
            raise self._failure(CARD_ERROR)
        if self._step == _ASKING_KEY:
            return self._take_key()
        if self._step == _ASKING_PROOF:
            return self._take_answer()
        return self._selected()

    def challenge(self, vehicle_key: "bytes | bytearray", challenge: "bytes | bytearray") -> int:
        """Ask the card to prove itself: vehicle_key 64 bytes (X and Y), challenge 16 fresh bytes. Returns SEND.

        raises: KeycardError OUT_OF_TURN.
        """
        if self._step != _HAVE_KEY or len(vehicle_key) != 64 or len(challenge) != _CHALLENGE:
            raise KeycardError(OUT_OF_TURN)
        self._data[0] = _UNCOMPRESSED
        self._data[1:_POINT] = vehicle_key
        self._data[_POINT:] = challenge
        self._exchange.begin(_INTERNAL_AUTHENTICATE, self._data, ANY_LE)
        self._step = _ASKING_PROOF
        return SEND

    def verify(self, shared_x: "bytes | bytearray") -> None:
        """Returns if the card has the private key behind shared_x (32 bytes, big-endian), else the session is over.

        It may be challenged again. One AES block; the comparison takes the same time wherever the bytes differ.
        raises: KeycardError WRONG_ANSWER, OUT_OF_TURN.
        """
        if self._step != _HAVE_ANSWER or len(shared_x) != 32:
            raise KeycardError(OUT_OF_TURN)
        key = bytearray(sha1(shared_x)[:16])
        plain = bytearray(_CHALLENGE)
        try:
            Block(key).decrypt(self._answer, plain)
            proved = equal(memoryview(plain)[_SALT:], self._data_view[_POINT + _SALT :])
        finally:
            wipe(key)
            wipe(plain)
            self.end()
        if not proved:
            raise KeycardError(WRONG_ANSWER)
        self._step = _HAVE_KEY

    def end(self) -> None:
        """Forget this card."""
        self._step = _IDLE
        wipe(self._answer)
        wipe(self._data)

    def _select(self, aid: int) -> int:
        self._exchange.begin(_SELECT, _AIDS[aid])  # no Le, as cars do it
        self._aid = aid
        self._step = _SELECTING
        return SEND

    def _not_here(self) -> int:
        """No key behind this AID: try the next one."""
        if self._aid + 1 == len(_AIDS):
            raise self._failure(NOT_A_KEY)
        return self._select(self._aid + 1)

    def _selected(self) -> int:
        """SELECT was answered. What an application says of itself does not matter, only whether it is there."""
        if self._exchange.status != SUCCESS:
            return self._not_here()
        self._exchange.begin(_GET_PUBLIC_KEY, b"", ANY_LE)
        self._step = _ASKING_KEY
        return SEND

    def _take_key(self) -> int:
        point = self._exchange.answer()
        if self._exchange.status in _UNKNOWN_COMMAND:
            return self._not_here()
        if self._exchange.status != SUCCESS or len(point) != _POINT or point[0] != _UNCOMPRESSED:
            raise self._failure(CARD_ERROR)
        self.public_key[:] = point[1:]
        self._step = _HAVE_KEY
        return KEY

    def _take_answer(self) -> int:
        answer = self._exchange.answer()
        if self._exchange.status != SUCCESS or len(answer) != _CHALLENGE:
            raise self._failure(CARD_ERROR)
        self._answer[:] = answer
        self._step = _HAVE_ANSWER
        return ANSWER

    def _failure(self, code: int) -> KeycardError:
        self.end()
        return KeycardError(code)
