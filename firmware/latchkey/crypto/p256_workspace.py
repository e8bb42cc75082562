"""The memory of one multiplication on P-256: the field machine's buffer, the recoded scalar, programs with a digit.

Numbers come in and go out as 32 bytes big-endian; the limbs inside are the machine's (20 of 13 bits, a half word each,
little-endian, which every chip MicroPython has native code for is). Loops over limbs and bytes use small integers and
no branch on their values.
"""

from latchkey.crypto.p256_programs import (
    COLUMN,
    FIRST_COLUMN,
    FIRST_WINDOW,
    FIXED_WORDS_LEN,
    LEAVE_Y,
    SECRET_SLOTS,
    SLOT_COUNT,
    SLOT_LEN,
    SLOTS_OFF,
    WINDOW,
)
from latchkey.crypto.p256_tables import SLOTS, WORDS
from latchkey.crypto.secret import equal, wipe

TYPE_CHECKING = False
if TYPE_CHECKING:  # mypy does not know that viper's pointers take any buffer

    def put(buffer: bytearray, slot: int, number: bytes | bytearray | memoryview, start: int) -> object: ...
    def reduce(buffer: bytearray, slot: int) -> int: ...
    def take(buffer: bytearray, slot: int, out: bytearray | memoryview, start: int) -> object: ...
else:
    from latchkey.crypto.p256_conversion import put, reduce, take

_ZERO = bytes(32)
_N = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")


class Workspace:
    """About 6 KB. Holds secrets from the first use until wipe()."""

    def __init__(self) -> None:
        self.buffer = bytearray(SLOTS_OFF + SLOT_LEN * SLOT_COUNT)
        self.buffer[:FIXED_WORDS_LEN] = WORDS
        secret_end = SLOTS_OFF + SLOT_LEN * SECRET_SLOTS
        self.buffer[secret_end:] = SLOTS
        self.scalar = bytearray(33)  # recoded, see set_scalar()
        self.negated = 0
        # Programs that are given a digit: copies of their own, because the digits are secret and change.
        self.first_window = bytearray(FIRST_WINDOW)
        self.window = bytearray(WINDOW)
        self.first_column = bytearray(FIRST_COLUMN)
        self.column = bytearray(COLUMN)
        self.leave_y = bytearray(LEAVE_Y)
        self._number = bytearray(32)
        self._secret = memoryview(self.buffer)[FIXED_WORDS_LEN:secret_end]

    def set_scalar(self, private: "bytes | bytearray | memoryview", top_bit: int) -> None:
        """Recode a private key, 32 bytes, for digits that are never 0: `negated` and the bits of `scalar`.

        An even k is replaced by n - k, which is odd, and `negated` is 1. An odd k equals the sum of s_i 2^i with
        every s_i = +1 or -1, where bit i of (k >> 1) + 2^top_bit is 1 for +1 (top_bit >= 255).
        """
        odd = private[31] & 1
        self.negated = 1 - odd
        number = self._number
        borrow = 0
        for index in range(31, -1, -1):
            byte = private[index]
            difference = _N[index] - byte + borrow
            borrow = difference >> 8
            number[index] = byte ^ ((byte ^ difference) & (odd - 1) & 0xFF)
        carry = 0
        for index in range(32):
            byte = number[index]
            self.scalar[index + 1] = byte >> 1 | carry << 7
            carry = byte & 1
        self.scalar[0] = 0
        self.scalar[32 - (top_bit >> 3)] |= 1 << (top_bit & 7)

    def put(self, slot: int, number: "bytes | bytearray | memoryview", start: int) -> None:
        """Write the 32 bytes of number from start on into a slot, as they are (not in Montgomery form)."""
        put(self.buffer, slot, number, start)

    def take(self, slot: int, out: "bytearray | memoryview", start: int) -> None:
        """Write a slot's number, below 2p, reduced modulo p, as 32 bytes into out from start on."""
        reduce(self.buffer, slot)
        take(self.buffer, slot, out, start)

    def below_p(self, slot: int) -> bool:
        """Whether a slot's number was below p; now it is."""
        return reduce(self.buffer, slot) != 0

    def is_zero(self, slot: int) -> bool:
        """Whether a slot's number, below 2p, is 0 modulo p."""
        self.take(slot, self._number, 0)
        return equal(self._number, _ZERO)

    def wipe(self) -> None:
        """Forget everything but the constants."""
        wipe(self._secret)
        wipe(self.scalar)
        wipe(self._number)
        self.negated = 0
        self.first_window[:] = FIRST_WINDOW
        self.window[:] = WINDOW
        self.first_column[:] = FIRST_COLUMN
        self.column[:] = COLUMN
        self.leave_y[:] = LEAVE_Y
