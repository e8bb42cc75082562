"""PN532 host frames (UM0701-02 section 6.2.1), written a second time so that it can disagree with the driver.

normal    00 00 FF LEN LCS TFI PD.. DCS 00               LEN counts TFI and PD
extended  00 00 FF FF FF LENM LENL LCS TFI PD.. DCS 00
ACK 00 00 FF 00 FF 00   NACK 00 00 FF FF 00 00   error 00 00 FF 01 FF 7F 81 00
"""

ACK = b"\x00\x00\xff\x00\xff\x00"
NACK = b"\x00\x00\xff\xff\x00\x00"
ERROR = b"\x00\x00\xff\x01\xff\x7f\x81\x00"
LONGEST = 265  # bytes of TFI and PD: D4 40 Tg and 262 bytes for the card, D5 41 status and 262 bytes from it

# What Deframer.next gives beside a payload.
GOT_ACK = 1
GOT_NACK = 2
GOT_DAMAGED = 3

_START = b"\x00\xff"


def frame(payload: bytes) -> bytes:
    """Put a payload, TFI first, 1 to 265 bytes, into the shortest frame that holds it."""
    size = len(payload)
    if not 1 <= size <= LONGEST:
        raise ValueError("a PN532 frame holds 1 to 265 bytes")
    if size <= 255:
        head = bytes([size, -size & 0xFF])
    else:
        head = bytes([0xFF, 0xFF, size >> 8, size & 0xFF, -((size >> 8) + size) & 0xFF])
    return b"\x00" + _START + head + bytes(payload) + bytes([-sum(payload) & 0xFF, 0])


class Deframer:
    """Frames out of a stream: skips garbage, waits for the rest of a frame that has begun, holds at most one."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> None:
        """Take any number of bytes."""
        self._held += bytes(data)

    def clear(self) -> None:
        """Forget a frame that has begun."""
        self._held = b""

    def next(self) -> "bytes | int | None":
        """Give the next payload (TFI first), GOT_ACK, GOT_NACK or GOT_DAMAGED; None when more bytes are needed."""
        while True:
            start = self._held.find(_START)
            if start < 0:
                self._held = self._held[-1:]
                return None
            self._held = self._held[start:]
            head = self._held[2:7]
            if len(head) < 2:
                return None
            if head[:2] == b"\x00\xff":
                return self._drop(4, GOT_ACK)
            if head[:2] == b"\xff\x00":
                return self._drop(4, GOT_NACK)
            offset, size, complete = 4, head[0], True
            good = sum(head[:2]) & 0xFF == 0
            if head[:2] == b"\xff\xff":
                offset, complete = 7, len(head) == 5
                size = head[2] << 8 | head[3] if complete else 0
                good = not complete or sum(head[2:]) & 0xFF == 0
            if not complete:
                return None
            if good and 1 <= size <= LONGEST:
                return self._payload(offset, size)
            self._held = self._held[2:]  # not a frame: look for the next start code

    def _payload(self, offset: int, size: int) -> "bytes | int | None":
        end = offset + size + 1
        if len(self._held) < end:
            return None
        body = self._held[offset:end]
        if sum(body) & 0xFF:
            return self._drop(end, GOT_DAMAGED)
        self._held = self._held[end:]
        return body[:size]

    def _drop(self, count: int, what: int) -> int:
        self._held = self._held[count:]
        return what
