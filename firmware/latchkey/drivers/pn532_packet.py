"""What SPI and I2C have in common: the PN532 gives frames whole, says when one is ready, and may have a line to say so.

A serial port brings bytes, and the decoder finds out where a frame ends. Here the host clocks the bytes out, so it has
to know how many to ask for: end_of_frame() tells from the part that has been read (UM0701-02 §6.2.1 for the headers).

The interrupt line (P70_IRQ) is low while a frame, an ACK included, waits to be read. It is believed when it says that
there is one. When it says that there is none the chip itself is asked now and then all the same, because a line that
is broken, or a chip that has not been told to use it, must not make the reader mute.
"""

from micropython import const

from latchkey.drivers.pn532_frame import MAX_PAYLOAD

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Wire

LONGEST = const(275)  # bytes of the longest frame: header 8, payload 265, checksum, postamble

# With the line high, ask the chip itself at every eighth look: at 1 ms a look a dead line costs 8 ms a frame.
_DOUBT = const(8)


def end_of_frame(view: memoryview, count: int) -> int:
    """Offset behind the first frame in view[:count], its postamble included; 0 where none is to be seen.

    A result greater than `count` says how many bytes to have before asking again. Allocates nothing.
    """
    for at in range(count - 3):
        if view[at] == 0 and view[at + 1] == 0xFF:
            end = _end(view, at + 2, count)
            if end:
                return end
    return 0


def _end(view: memoryview, at: int, count: int) -> int:
    """The same for a frame whose LEN is at `at`; 0 where its header is not sound."""
    length = view[at]
    check = view[at + 1]
    if length + check == 0xFF and length in (0, 0xFF):
        return at + 3  # ACK or NACK
    at += 2
    if length == 0xFF and check == 0xFF:
        if count - at < 3:
            return at + 3
        length = view[at] << 8 | view[at + 1]
        check = view[at] + view[at + 1] + view[at + 2]
        at += 3
    else:
        check += length
    if check & 0xFF or not 1 <= length <= MAX_PAYLOAD:
        return 0
    return at + length + 2


class Irq:
    """The interrupt line, or none."""

    def __init__(self, wire: "Wire | None") -> None:
        self._wire = wire
        self._refused = 0

    def calls(self) -> bool:
        """True when it is worth while to ask the chip whether a frame waits."""
        if self._wire is not None and self._wire.value():
            self._refused += 1
            if self._refused < _DOUBT:
                return False
        self._refused = 0
        return True
