"""The memory of one multiplication on P-256: the field machine's buffer, the recoded scalar, programs with a digit.

Numbers come in and go out as 32 bytes big-endian; the limbs inside are the machine's (20 of 13 bits, a half word each,
little-endian, which every chip MicroPython has native code for is).
"""

from micropython import const

from latchkey.crypto.p256_programs import (
    FIXED_WORDS_LEN,
    PICK_COLUMN,
    PICK_SIGN,
    PICK_WINDOW,
    SECRET_SLOTS,
    SLOT_COUNT,
    SLOT_LEN,
    SLOTS_OFF,
)
from latchkey.crypto.p256_tables import SLOTS, WORDS
from latchkey.crypto.secret import equal, wipe

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # mypy does not know that viper's pointers take any buffer

    def recode(private: bytes | bytearray | memoryview, order: bytes, scalar: bytearray, top_bit: int) -> int: ...
    def put(buffer: bytearray, slot: int, number: bytes | bytearray | memoryview, start: int) -> object: ...
    def reduce(buffer: bytearray, slot: int) -> int: ...
    def take(buffer: bytearray, slot: int, out: bytearray | memoryview, start: int) -> object: ...
else:
    from latchkey.crypto.p256_conversion import put, recode, reduce, take

_ZERO = bytes(32)
_N = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")


class Workspace:
    """About 5.5 KB. Holds secrets from the first use until wipe()."""

    def __init__(self) -> None:
        self.buffer = bytearray(SLOTS_OFF + SLOT_LEN * SLOT_COUNT)
        self.buffer[:FIXED_WORDS_LEN] = WORDS
        secret_end = SLOTS_OFF + SLOT_LEN * SECRET_SLOTS
        self.buffer[secret_end:] = SLOTS
        self.scalar = bytearray(33)  # recoded, see set_scalar()
        self.negated = 0
        # Programs that are given a digit: copies of their own, because the digits are secret and change.
        self.pick_window = bytearray(PICK_WINDOW)
        self.pick_column = bytearray(PICK_COLUMN)
        self.pick_sign = bytearray(PICK_SIGN)
        self._number = bytearray(32)
        self._secret = memoryview(self.buffer)[FIXED_WORDS_LEN:secret_end]

    def set_scalar(self, private: "bytes | bytearray | memoryview", top_bit: int) -> None:
        """Recode a private key, 32 bytes: sets `negated` and the bits of `scalar` as p256_conversion.recode() says."""
        self.negated = recode(private, _N, self.scalar, top_bit)

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
        self.pick_window[:] = PICK_WINDOW
        self.pick_column[:] = PICK_COLUMN
        self.pick_sign[:] = PICK_SIGN
