"""The loops of gcm.py as bytecode, for ports without a native emitter. Twin of gcm_native.py.

Integers of 128 bits take the place of four words, which is faster here than a loop over words would be.
"""

from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from array import array

_WORD = (1 << 32) - 1
_TOP = 225 << 120  # x^7 + x^2 + x + 1 where the bits that fall out come back


def prepare(table: "array[int]", h: "bytes | bytearray | memoryview") -> None:
    """Fill the table, 64 words, with the multiples of the 16 bytes h. A zero h wipes it."""
    multiples = [0] * 16
    multiple = int.from_bytes(h, "big")
    entry = 8
    while entry:
        multiples[entry] = multiple
        multiple = multiple >> 1 ^ _TOP * (multiple & 1)
        entry >>= 1
    for entry in (2, 4, 8):
        for lower in range(1, entry):
            multiples[entry + lower] = multiples[entry] ^ multiples[lower]
    for entry in range(16):
        for word in range(4):
            table[4 * entry + word] = multiples[entry] >> (96 - 32 * word) & _WORD


def absorb(state: bytearray, table: "array[int]", data: "bytes | bytearray | memoryview", length: int) -> None:
    """Bring `length` bytes of data, padded with zeros to whole blocks, into the GHASH state of 16 bytes."""
    for at in range(0, length, 16):
        for index in range(min(16, length - at)):
            state[index] ^= data[at + index]
        product = 0
        for index in range(15, -1, -1):
            product = _next(product, table, state[index] & 15)
            product = _next(product, table, state[index] >> 4)
        state[:] = product.to_bytes(16, "big")


def _next(product: int, table: "array[int]", entry: int) -> int:
    rest = product & 15
    row = 4 * entry
    multiple = table[row] << 96 | table[row + 1] << 64 | table[row + 2] << 32 | table[row + 3]
    back = rest << 28 ^ rest << 27 ^ rest << 26 ^ rest << 21
    return product >> 4 ^ multiple ^ back << 96


def count(stream: bytearray, counter: bytearray, blocks: int) -> None:
    """Write the next counter blocks into stream; counter, 16 bytes, stands at the last one then."""
    for at in range(0, 16 * blocks, 16):
        number = int.from_bytes(counter[12:], "big") + 1 & _WORD
        counter[12:] = number.to_bytes(4, "big")
        stream[at : at + 16] = counter


def mix(data: "bytearray | memoryview", start: int, stream: bytearray, length: int) -> None:
    """XOR `length` bytes of stream into data from start on."""
    for index in range(length):
        data[start + index] ^= stream[index]
