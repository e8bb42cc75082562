"""AES cards, reader side: DESFire EV2 and EV3, NTAG 424 DNA. Does this card know the key that its entry holds?

    reader                                        card
    SELECT by DF name, or 90 5A by AID       ->   9000, or 9100; anything else: not our card
    90 71 00 00 02 KeyNo 00 00               ->   E(K, RndB), 16 bytes, 91AF
    90 AF 00 00 20 E(K, RndA | RndB<<<8) 00  ->   E(K, TI | RndA<<<8 | PDcap2 | PCDcap2), 32 bytes, 9100

E is CBC from an initialisation vector of zeros; <<<8 moves the first byte to the end. Once RndA has come back, the card
has proved that it knows K, as it has seen that we do: for a door nothing more need be said. What enrolment says further
(ChangeKey, GetKeyVersion, GetCardUID) goes through aes_card_channel. Facts: AuthenticateEV2First, NT4H2421Gx section
9.1.5 and AN12196; ChangeKey, section 10.6.1.

From the card's last answer to PROVED two AES blocks are computed. The session draws nothing: the caller gives RndA, 16
fresh bytes for each attempt.

A card in LRP mode answers the first step with 17 bytes; that mode is refused. A wrong key counts against the card,
which after many of them delays everybody: try a key only on the card it was made for.

Not protected against: relaying, and a card whose key somebody else has read or chosen.
"""

from micropython import const

from latchkey.crypto.aes import BLOCK, Block
from latchkey.crypto.secret import equal, wipe
from latchkey.protocol.aes_card_channel import Channel
from latchkey.protocol.aes_card_error import (
    CARD_ERROR,
    LRP,
    NOT_A_KEY,
    OUT_OF_TURN,
    WRONG_ANSWER,
    AesCardError,
    code_of,
)
from latchkey.protocol.iso7816 import ANY_LE, SUCCESS, Exchange, Iso7816Error

# What comes next: the answer of begin(), feed() and the commands.
SEND = const(1)  # send apdu() to the card, give its answer to feed()
SELECTED = const(2)  # the application is there; nobody has proved anything
PROVED = const(3)  # the card has proved that it knows the key
DONE = const(4)  # the command was carried out, the session goes on

NTAG_424 = b"\xd2\x76\x00\x00\x85\x01\x01"  # DF name of every NTAG 424 DNA's application; it cannot be changed

# Steps: what is awaited.
_IDLE = const(0)
_SELECTING = const(1)
_SELECTED = const(2)
_FIRST_PART = const(3)
_SECOND_PART = const(4)
_PROVED = const(5)
_ASKING_VERSION = const(6)
_ASKING_UID = const(7)
_CHANGING_OTHER = const(8)
_CHANGING_OWN = const(9)

_ISO_SELECT = b"\x00\xa4\x04\x0c"
_SELECT_APPLICATION = const(0x5A)
_AUTHENTICATE = const(0x71)
_MORE = const(0xAF)
_GET_KEY_VERSION = const(0x64)
_GET_CARD_UID = const(0x51)
_CHANGE_KEY = const(0xC4)

_OK = const(0x9100)
_GO_ON = const(0x91AF)
_AID_LEN = const(3)
_UID_LEN = const(7)
_LRP_LEN = const(17)  # a mode byte before RndB
_TI_LEN = const(4)
_ECHO_END = const(20)
_LONGEST_ANSWER = const(96)  # a SELECT may be answered with an FCI


class AesSession:
    """One card's turn, step by step; reused from card to card.

        begin(name) -> SEND;  feed(answer) -> SEND, SELECTED, PROVED or DONE;  authenticate(…) and commands -> SEND

    key_version: after DONE of get_key_version(). uid: 7 bytes, after DONE of get_card_uid().
    """

    def __init__(self) -> None:
        self.key_version = 0
        self.uid = bytearray(_UID_LEN)
        self._exchange = Exchange(_LONGEST_ANSWER)
        self._channel = Channel()
        self._step = _IDLE
        self._number = 0  # of the key that proves
        self._key = bytearray(BLOCK)
        self._cipher: "Block | None" = None
        self._rnd_a = bytearray(BLOCK)
        self._rnd_b = bytearray(BLOCK)
        self._pair = bytearray(2 * BLOCK)  # the second part, and its answer
        self._pair_view = memoryview(self._pair)
        self._echo = bytearray(BLOCK)  # RndA as the card must give it back

    def begin(self, name: bytes) -> int:
        """Select the application of a card just activated: a DF name, 5 to 16 bytes, or an AID, 3, as sent.

        raises: AesCardError OUT_OF_TURN.
        """
        self.end()
        if len(name) == _AID_LEN:
            self._send(_SELECT_APPLICATION, name)
        elif 5 <= len(name) <= BLOCK:
            self._exchange.begin(_ISO_SELECT, name, ANY_LE)
        else:
            raise AesCardError(OUT_OF_TURN)
        self._step = _SELECTING
        return SEND

    def apdu(self) -> memoryview:
        """The APDU to send, valid until feed()."""
        return self._exchange.apdu()

    def feed(self, answer: "bytes | memoryview") -> int:
        """Take the card's answer, SW1SW2 at its end; returns SEND, SELECTED, PROVED or DONE.

        raises: AesCardError; the session is over then, and the card has to be selected anew.
        """
        if self._step in (_IDLE, _SELECTED, _PROVED):
            raise AesCardError(OUT_OF_TURN)
        try:
            if not self._exchange.feed(answer):
                return SEND
            return self._taken()
        except Iso7816Error:
            raise self._failure(CARD_ERROR)
        except AesCardError as error:
            raise self._failure(error.code)

    def authenticate(self, number: int, key: "bytes | memoryview", rnd_a: "bytes | bytearray") -> int:
        """Ask for a proof of key `number`, 0 to 13; key and rnd_a: 16 bytes, copied. Returns SEND.

        raises: AesCardError OUT_OF_TURN.
        """
        wanted = self._step == _SELECTED or self._step == _PROVED
        if not wanted or not 0 <= number <= 13 or len(key) != BLOCK or len(rnd_a) != BLOCK:
            raise AesCardError(OUT_OF_TURN)
        self._channel.end()
        self._number = number
        self._key[:] = key
        self._cipher = Block(key)
        self._rnd_a[:] = rnd_a
        self._echo[: BLOCK - 1] = rnd_a[1:]
        self._echo[BLOCK - 1] = rnd_a[0]
        self._send(_AUTHENTICATE, bytes((number, 0)))
        self._step = _FIRST_PART
        return SEND

    def get_key_version(self, number: int) -> int:
        """Ask for the version of a key, 0 to 255; nothing need be proved for it. Returns SEND.

        raises: AesCardError OUT_OF_TURN.
        """
        if self._step == _PROVED:
            self._send(_GET_KEY_VERSION, self._secured().seal(_GET_KEY_VERSION, bytes((number,))))
        elif self._step == _SELECTED:
            self._send(_GET_KEY_VERSION, bytes((number,)))
        else:
            raise AesCardError(OUT_OF_TURN)
        self._step = _ASKING_VERSION
        return SEND

    def get_card_uid(self) -> int:
        """Ask for the UID that a card with a random one keeps to itself. Returns SEND. raises: AesCardError."""
        if self._step != _PROVED:
            raise AesCardError(OUT_OF_TURN)
        self._send(_GET_CARD_UID, self._secured().seal(_GET_CARD_UID, b""))
        self._step = _ASKING_UID
        return SEND

    def change_key(self, number: int, new: "bytes | memoryview", version: int, old: "bytes | bytearray" = b"") -> int:
        """Give key `number` a new value, 16 bytes, and a version, 0 to 255. Returns SEND.

        old: 16 bytes, what it is now; left out for the key that has just proved itself. That one ends the session:
        SELECTED follows, and the new key is to be proved. Otherwise DONE.
        raises: AesCardError OUT_OF_TURN.
        """
        own = number == self._number
        if self._step != _PROVED or len(new) != BLOCK or len(old) != (0 if own else BLOCK):
            raise AesCardError(OUT_OF_TURN)
        data = bytearray(BLOCK + 1 if own else BLOCK + 5)
        data[:BLOCK] = new
        data[BLOCK] = version
        if not own:
            for at in range(BLOCK):
                data[at] ^= old[at]
            data[BLOCK + 1 :] = _checksum(new).to_bytes(4, "little")
        try:
            self._send(_CHANGE_KEY, self._secured().seal(_CHANGE_KEY, bytes((number,)), data, True))
        finally:
            wipe(data)
        self._step = _CHANGING_OWN if own else _CHANGING_OTHER
        return SEND

    def end(self) -> None:
        """Forget this card."""
        self._step = _IDLE
        self._cipher = None
        self._channel.end()
        for secret in (self._key, self._rnd_a, self._rnd_b, self._pair, self._echo, self.uid):
            wipe(secret)

    def _send(self, ins: int, data: "bytes | bytearray | memoryview") -> None:
        self._exchange.begin(bytes((0x90, ins, 0, 0)), data, ANY_LE)

    def _secured(self) -> Channel:
        if not self._channel.is_open:
            self._channel.start(self._key, self._rnd_a, self._rnd_b, self._pair_view[:_TI_LEN])
        return self._channel

    def _taken(self) -> int:
        """The whole answer is there."""
        status, answer, step = self._exchange.status, self._exchange.answer(), self._step
        if step == _SELECTING:
            if status != SUCCESS and status != _OK:
                raise AesCardError(NOT_A_KEY)
            self._step = _SELECTED
            return SELECTED
        if status != (_GO_ON if step == _FIRST_PART else _OK):
            raise AesCardError(code_of(status))
        if step == _FIRST_PART:
            return self._answer_challenge(answer)
        if step == _SECOND_PART:
            return self._check_proof(answer)
        return self._take_result(answer)

    def _answer_challenge(self, answer: memoryview) -> int:
        if len(answer) == _LRP_LEN:
            raise AesCardError(LRP)
        if len(answer) != BLOCK or self._cipher is None:
            raise AesCardError(CARD_ERROR)
        first, second = self._pair_view[:BLOCK], self._pair_view[BLOCK:]
        self._cipher.decrypt(answer, self._rnd_b)
        self._cipher.encrypt(self._rnd_a, first)
        for at in range(BLOCK):
            second[at] = first[at] ^ self._rnd_b[(at + 1) % BLOCK]
        self._cipher.encrypt(second, second)
        self._send(_MORE, self._pair)
        self._step = _SECOND_PART
        return SEND

    def _check_proof(self, answer: memoryview) -> int:
        if len(answer) != 2 * BLOCK or self._cipher is None:
            raise AesCardError(CARD_ERROR)
        first, second = self._pair_view[:BLOCK], self._pair_view[BLOCK:]
        self._cipher.decrypt(answer[:BLOCK], first)
        self._cipher.decrypt(answer[BLOCK:], second)
        for at in range(BLOCK):
            second[at] ^= answer[at]
        if not equal(self._pair_view[_TI_LEN:_ECHO_END], self._echo):
            raise AesCardError(WRONG_ANSWER)
        self._step = _PROVED
        return PROVED

    def _take_result(self, answer: memoryview) -> int:
        step = self._step
        if step == _CHANGING_OWN:
            if len(answer):
                raise AesCardError(CARD_ERROR)
            self._channel.end()
            self._step = _SELECTED
            return SELECTED
        proved = self._channel.is_open
        data = self._channel.unseal(answer, step == _ASKING_UID) if proved else answer
        if len(data) != (1 if step == _ASKING_VERSION else _UID_LEN if step == _ASKING_UID else 0):
            raise AesCardError(CARD_ERROR)
        if step == _ASKING_VERSION:
            self.key_version = data[0]
        elif step == _ASKING_UID:
            self.uid[:] = data
        self._step = _PROVED if proved else _SELECTED
        return DONE

    def _failure(self, code: int) -> AesCardError:
        self.end()
        return AesCardError(code)


def _checksum(key: "bytes | bytearray | memoryview") -> int:
    """CRC-32 of IEEE 802.3 without its final inversion, as ChangeKey wants it of a new key."""
    crc = 0xFFFFFFFF
    for byte in key:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 & -(crc & 1))
    return crc
