"""How a conversation with an AES card may end badly: AesCardError, its codes, and what the card's status words mean.

Native DESFire commands wrapped in ISO 7816 are answered with 91 xx (NT4H2421Gx table 23, DESFire EV2 and EV3 alike).
"""

from micropython import const

NOT_A_KEY = const(1)  # the application is not there, or it does not know AuthenticateEV2First
NO_KEY = const(2)  # the application has no key of that number
WRONG_KEY = const(3)  # the card says that our key is not its own
WRONG_ANSWER = const(4)  # the card has not proved that it knows the key, or a code over its answer is wrong
DELAYED = const(5)  # after many wrong keys the card makes everybody wait; ask again
LRP = const(6)  # the card is in LRP mode, which cannot be undone and is not spoken here
REFUSED = const(7)  # the card's settings do not allow this command
INTEGRITY = const(8)  # the card says that the code over our command is wrong
NOT_WRITTEN = const(9)  # the card could not write; what was there before is there still
CARD_ERROR = const(10)  # an answer that makes no sense
OUT_OF_TURN = const(11)  # a step that is not due, or an argument of the wrong length: the caller's fault

_CODES = {
    0x9140: NO_KEY,
    0x919E: NO_KEY,
    0x91AE: WRONG_KEY,
    0x91AD: DELAYED,
    0x919D: REFUSED,
    0x911E: INTEGRITY,
    0x910E: NOT_WRITTEN,
    0x91CA: NOT_WRITTEN,
    0x91EE: NOT_WRITTEN,
    0x91A0: NOT_A_KEY,
    0x911C: NOT_A_KEY,
    0x6A82: NOT_A_KEY,
    0x6D00: NOT_A_KEY,
    0x6E00: NOT_A_KEY,
}


class AesCardError(Exception):
    """The conversation is over; `code` says why. It holds nothing that the card has sent."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def code_of(status: int) -> int:
    """The code for a status word, 0 to FFFF, that was not the one hoped for."""
    return _CODES.get(status, CARD_ERROR)
