"""Frames between host and PN532: bytes in, frames out, and the other way round. No I/O, no clock.

    normal    00 00 FF LEN LCS          TFI data.. DCS 00      LEN + LCS = 0 mod 256, LEN 1..255
    extended  00 00 FF FF FF LENM LENL LCS TFI data.. DCS 00   LENM + LENL + LCS = 0 mod 256
    ACK       00 00 FF 00 FF 00         NACK  00 00 FF FF 00 00
    error     00 00 FF 01 FF 7F 81 00   the chip did not understand the command

LEN counts TFI and data; TFI is D4 towards the chip and D5 from it; TFI + data + DCS = 0 mod 256 (UM0701-02 §6.2.1).
An answer of 254 bytes or more comes as an extended frame even when the command was short.

What is sent is exactly the above. What is accepted is more: any garbage before, between and after frames, longer
preambles, absent postambles. A false start that garbage makes is given up byte by byte, so that a true frame behind or
even inside it is still found. Nothing here allocates, except room() and feed(), which make one view for each call.

Not covered: the checksums find accidents on the wire and no intent. Whoever can write on this wire can say anything,
which is why nothing that the reader says is believed without a card's cryptographic proof.
"""

from micropython import const

from latchkey.drivers.pn532_error import TOO_LONG, Pn532Error

MAX_PAYLOAD = const(265)  # TFI and data of the longest frame the chip takes or sends
HEAD = const(8)  # room before a payload in which seal() writes the header
TAIL = const(2)  # room behind it for checksum and postamble

# What Decoder.next() found.
NONE = const(0)
ACK = const(1)
NACK = const(2)
ERROR = const(3)
DATA = const(4)

ACK_FRAME = b"\x00\x00\xff\x00\xff\x00"
NACK_FRAME = b"\x00\x00\xff\xff\x00\x00"

_TFI_FROM_CHIP = const(0xD5)
_TFI_ERROR = const(0x7F)
_START_CODE = b"\x00\xff"
_FALSE_START = const(-1)
_FOREIGN = const(-2)  # a sound frame that is not for us, such as the echo of our own on a half-duplex line

# The longest frame is 8 + 265 + 2 bytes; with this the decoder can always hold it whole, behind some garbage.
_CAPACITY = const(320)


def seal(buffer: bytearray, length: int) -> int:
    """Make a frame around the payload that stands in buffer[HEAD : HEAD + length]; return where the frame begins.

    in: length 1..265, TFI included; the buffer has HEAD bytes before and TAIL bytes behind the payload.
    out: the frame is buffer[returned offset : HEAD + length + TAIL].
    raises: Pn532Error(TOO_LONG) when the length is out of range or the buffer too small.
    """
    end = HEAD + length
    if not 1 <= length <= MAX_PAYLOAD or len(buffer) < end + TAIL:
        raise Pn532Error(TOO_LONG)
    total = 0
    for at in range(HEAD, end):
        total += buffer[at]
    buffer[end] = -total & 0xFF
    buffer[end + 1] = 0
    if length > 255:
        buffer[0:5] = b"\x00\x00\xff\xff\xff"
        buffer[5] = length >> 8
        buffer[6] = length & 0xFF
        buffer[7] = -(buffer[5] + buffer[6]) & 0xFF
        return 0
    buffer[3:6] = b"\x00\x00\xff"
    buffer[6] = length
    buffer[7] = -length & 0xFF
    return 3


class Decoder:
    """Finds frames in a stream that may contain anything.

    Put bytes in by room() and filled(), or by feed(); take frames out by next() until it says NONE. After DATA the
    answer code and what follows it are buffer[offset : offset + length], valid until bytes are put in again.
    """

    def __init__(self) -> None:
        self.buffer = bytearray(_CAPACITY)
        self.view = memoryview(self.buffer)
        self.offset = 0
        self.length = 0
        self.damaged = 0  # frames with a sound header and a wrong sum or a missing end, since clear()
        self.partial = False  # next() said NONE because the rest of a frame with a sound header is still to come
        self._begin = 0
        self._end = 0

    def clear(self) -> None:
        """Forget everything received so far."""
        self._begin = self._end = 0
        self.damaged = 0
        self.partial = False

    def room(self) -> memoryview:
        """Free space at the end of the buffer, at least one byte long if next() has been called to exhaustion."""
        if self._begin:
            self._compact()
        return self.view[self._end :]

    def filled(self, count: int) -> None:
        """`count` bytes have been written to the front of what room() gave."""
        self._end = min(self._end + count, _CAPACITY)

    def feed(self, data: bytes) -> int:
        """Copy as many bytes of `data` in as there is room for; return how many."""
        count = min(len(data), len(self.room()))
        self.buffer[self._end : self._end + count] = data[:count]
        self._end += count
        return count

    def next(self) -> int:
        """Find the next frame: ACK, NACK, ERROR, DATA, or NONE when more bytes are needed. Allocates nothing."""
        while True:
            self.partial = False
            start = self.buffer.find(_START_CODE, self._begin, self._end)
            if start < 0:
                self._keep_last_zero()
                return NONE
            self._begin = start
            kind = self._frame_at(start + 2)
            if kind == _FALSE_START:
                self._begin = start + 1
            elif kind != _FOREIGN:
                return kind

    def give_up(self) -> None:
        """The sender fell silent in the middle of what looked like a frame: look for others inside it from now on."""
        if self._begin < self._end:
            self.damaged += self.partial
            self.partial = False
            self._begin += 1

    def _keep_last_zero(self) -> None:
        """Drop all but a final 00, which may be the first half of a start code."""
        if self._begin < self._end:
            self._begin = self._end - (self.buffer[self._end - 1] == 0)

    def _compact(self) -> None:
        count = self._end - self._begin
        for at in range(count):
            self.buffer[at] = self.buffer[self._begin + at]
        self._begin = 0
        self._end = count

    def _frame_at(self, at: int) -> int:
        """Judge what follows the start code; `at` is the offset of LEN."""
        if self._end - at < 2:
            return NONE
        length = self.buffer[at]
        check = self.buffer[at + 1]
        at += 2
        if length == 0 and check == 0xFF:
            return self._short(ACK, at)
        if length == 0xFF and check == 0:
            return self._short(NACK, at)
        if length == 0xFF and check == 0xFF:
            if self._end - at < 3:
                return NONE
            length = self.buffer[at] << 8 | self.buffer[at + 1]
            check = self.buffer[at] + self.buffer[at + 1] + self.buffer[at + 2]
            at += 3
        else:
            check += length
        if check & 0xFF or not 1 <= length <= MAX_PAYLOAD:
            return _FALSE_START
        return self._payload(at, length)

    def _short(self, kind: int, at: int) -> int:
        self._begin = at
        return kind

    def _payload(self, at: int, length: int) -> int:
        """Judge TFI, data and checksum; `at` is the offset of TFI."""
        end = at + length
        if end >= self._end:
            self.partial = True
            return NONE
        total = 0
        for index in range(at, end + 1):
            total += self.buffer[index]
        if total & 0xFF:
            self.damaged += 1
            return _FALSE_START
        self._begin = end + 1
        return self._kind_of(at, length)

    def _kind_of(self, at: int, length: int) -> int:
        if self.buffer[at] == _TFI_FROM_CHIP and length > 1:
            self.offset = at + 1
            self.length = length - 1
            return DATA
        if self.buffer[at] == _TFI_ERROR and length == 1:
            return ERROR
        return _FOREIGN
