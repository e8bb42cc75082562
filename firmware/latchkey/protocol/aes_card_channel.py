"""EV2 secure messaging: what is said between reader and AES card once AuthenticateEV2First has succeeded.

    SV1, SV2   A55A 0001 0080 | 5AA5 0001 0080,  then  RndA[0:2] | RndA[2:8] ^ RndB[0:6] | RndB[6:16] | RndA[8:16]
    keys       KSesENC = CMAC(K, SV1), KSesMAC = CMAC(K, SV2)
    MACt       odd bytes (1, 3 .. 15) of CMAC(KSesMAC, INS | CmdCtr | TI | header | data); answers: 00, CmdCtr + 1
    IV         E(KSesENC, A55A | TI | CmdCtr | 8 zeros); answers: 5AA5, CmdCtr + 1
    data       CBC, padded with 80 00 ..; the code is made over what was encrypted

CmdCtr is 16 bits, least significant byte first, 0 after the authentication. Facts: NT4H2421Gx section 9.1, AN12196,
AN12343; DESFire EV2 and EV3 do the same.

Not protected against: a code of 8 bytes is what the card gives, so forging an answer takes 2^63 tries on average.
"""

from micropython import const

from latchkey.crypto.aes import BLOCK, Block
from latchkey.crypto.mac import cmac
from latchkey.crypto.secret import equal, wipe
from latchkey.protocol.aes_card_error import CARD_ERROR, OUT_OF_TURN, WRONG_ANSWER, AesCardError

MAC_LEN = const(8)
LONGEST_DATA = const(64)  # header and padded data of a command, or data of an answer

_LEAD = const(7)  # INS or status, CmdCtr, TI
_LAST_COUNT = const(0xFFFF)
_PADDING = const(0x80)


class Channel:
    """Keys, transaction identifier and counter of one session. One buffer serves commands and answers in turn."""

    def __init__(self) -> None:
        self.is_open = False
        self._enc_key = bytearray(BLOCK)
        self._mac_key = bytearray(BLOCK)
        self._ti = bytearray(4)
        self._count = 0
        self._buffer = bytearray(_LEAD + LONGEST_DATA + MAC_LEN)
        self._view = memoryview(self._buffer)
        self._code = bytearray(MAC_LEN)
        self._chain = bytearray(BLOCK)

    def start(self, key: bytearray, rnd_a: bytearray, rnd_b: bytearray, ti: "bytearray | memoryview") -> None:
        """Derive the session keys. key, rnd_a, rnd_b: 16 bytes; ti: 4. All copied. 8 AES blocks."""
        vector = bytearray(2 * BLOCK)
        vector[0:6] = b"\xa5\x5a\x00\x01\x00\x80"
        vector[6:14] = rnd_a[0:8]
        for at in range(6):
            vector[8 + at] ^= rnd_b[at]
        vector[14:24] = rnd_b[6:16]
        vector[24:32] = rnd_a[8:16]
        self._enc_key[:] = cmac(key, vector)
        vector[0:2] = b"\x5a\xa5"
        self._mac_key[:] = cmac(key, vector)
        wipe(vector)
        self._ti[:] = ti
        self._count = 0
        self.is_open = True

    def seal(self, ins: int, header: bytes, data: "bytes | bytearray" = b"", full: bool = False) -> memoryview:
        """The command data for the APDU: header | data or, with full, its cipher | MACt. Valid until the next call.

        raises: AesCardError OUT_OF_TURN: no session, or too much.
        """
        start = _LEAD + len(header)
        end = start + len(data)
        if full:
            end = start + (len(data) // BLOCK + 1) * BLOCK
        if not self.is_open or self._count == _LAST_COUNT or end > _LEAD + LONGEST_DATA:
            raise AesCardError(OUT_OF_TURN)
        self._lead(ins)
        self._buffer[_LEAD:start] = header
        self._buffer[start : start + len(data)] = data
        if full:
            self._pad(start + len(data), end)
            self._encrypt(start, end)
        self._authenticate(end)
        self._buffer[end : end + MAC_LEN] = self._code
        return self._view[_LEAD : end + MAC_LEN]

    def unseal(self, answer: "bytes | memoryview", full: bool = False) -> memoryview:
        """Check the answer to what was sealed last, without its status; gives its data in clear, until the next call.

        raises: AesCardError WRONG_ANSWER, CARD_ERROR, OUT_OF_TURN; the session is over then.
        """
        length = len(answer) - MAC_LEN
        if not self.is_open:
            raise AesCardError(OUT_OF_TURN)
        if not 0 <= length <= LONGEST_DATA or (full and length % BLOCK):
            raise self._failure(CARD_ERROR)
        self._count += 1
        self._lead(0)
        end = _LEAD + length
        self._buffer[_LEAD:end] = answer[:length]
        self._authenticate(end)
        if not equal(self._code, answer[length:]):
            raise self._failure(WRONG_ANSWER)
        if full and length:
            self._decrypt(_LEAD, end)
            end = self._unpadded(end)
        return self._view[_LEAD:end]

    def end(self) -> None:
        """Forget the session."""
        self.is_open = False
        for secret in (self._enc_key, self._mac_key, self._buffer, self._code, self._chain):
            wipe(secret)

    def _lead(self, first: int) -> None:
        self._buffer[0] = first
        self._buffer[1] = self._count & 0xFF
        self._buffer[2] = self._count >> 8
        self._buffer[3:_LEAD] = self._ti

    def _authenticate(self, end: int) -> None:
        """Fill self._code with MACt over the buffer up to end."""
        whole = cmac(self._mac_key, self._view[:end])
        for at in range(MAC_LEN):
            self._code[at] = whole[2 * at + 1]
        wipe(whole)

    def _pad(self, start: int, end: int) -> None:
        self._buffer[start] = _PADDING
        for at in range(start + 1, end):
            self._buffer[at] = 0

    def _unpadded(self, end: int) -> int:
        end -= 1
        while end > _LEAD and self._buffer[end] == 0:
            end -= 1
        if self._buffer[end] != _PADDING:
            raise self._failure(CARD_ERROR)
        return end

    def _initial(self, cipher: Block, command: bool) -> None:
        """Fill self._chain with the initialisation vector."""
        chain = self._chain
        wipe(chain)
        chain[0:2] = b"\xa5\x5a" if command else b"\x5a\xa5"
        chain[2:6] = self._ti
        chain[6] = self._count & 0xFF
        chain[7] = self._count >> 8
        cipher.encrypt(chain, chain)

    def _encrypt(self, start: int, end: int) -> None:
        cipher = Block(self._enc_key)
        self._initial(cipher, True)
        chain = self._chain
        for block in range(start, end, BLOCK):
            for at in range(BLOCK):
                chain[at] ^= self._buffer[block + at]
            cipher.encrypt(chain, chain)
            self._buffer[block : block + BLOCK] = chain

    def _decrypt(self, start: int, end: int) -> None:
        cipher = Block(self._enc_key)
        self._initial(cipher, False)
        plain = bytearray(BLOCK)
        for block in range(start, end, BLOCK):
            cipher.decrypt(self._view[block : block + BLOCK], plain)
            for at in range(BLOCK):
                plain[at] ^= self._chain[at]
            self._chain[:] = self._view[block : block + BLOCK]
            self._buffer[block : block + BLOCK] = plain
        wipe(plain)

    def _failure(self, code: int) -> AesCardError:
        self.end()
        return AesCardError(code)
