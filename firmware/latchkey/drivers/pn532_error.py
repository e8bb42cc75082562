"""What can go wrong between host, PN532 and card, as two exceptions: the reader's fault and the card's.

The difference decides what happens next. A Pn532Error is about the reader: the health ladder of `reader_health` takes
over. A CardError is an answer of a healthy reader: the card was pulled away or talks nonsense, and only this tap
fails. Neither carries bytes that were on the wire.
"""

from micropython import const

# Pn532Error codes.
BUS = const(1)  # the port took no bytes, or reported an error of its own
NO_ACK = const(2)  # not confirmed within 100 ms: the chip sleeps, hangs, is unplugged, or the command got damaged
TIMEOUT = const(3)  # confirmed, but no answer in time
DAMAGED = const(4)  # an answer came whose checksum or length is wrong, and so did its repetition
REJECTED = const(5)  # error frame 7F: the chip does not know the command or its parameters
BAD_ANSWER = const(6)  # a sound frame with contents that contradict themselves
TOO_LONG = const(7)  # the command does not fit a frame

# In place of a status byte: the host has waited long enough. The card may still be there, and computing.
OVERDUE = const(0x40)

# Status bytes of the chip (UM0701-02 §7.1) that mean: nobody answers any more. All others: somebody answers badly.
_NOBODY = b"\x01\x0a\x27\x29\x2b\x40"  # timeout, no field, no such target, released, card gone; OVERDUE


class Pn532Error(Exception):
    """The reader failed; `code` says how."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class CardError(Exception):
    """The card failed; `status` is the chip's status byte without its two upper bits, 1..63, or OVERDUE."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    def is_gone(self) -> bool:
        """True where the card left the field; otherwise it is there and the exchange went wrong."""
        return self.status in _NOBODY
