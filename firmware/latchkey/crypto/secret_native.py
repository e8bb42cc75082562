"""The loops of secret.py as native code. Twin of secret_plain.py; the tests hold the two together."""

import micropython


@micropython.viper
def difference(first: ptr8, second: ptr8, length: int) -> int:
    """The OR of all differences of two buffers of `length` bytes: 0 where they are equal."""
    found = 0
    index = 0
    while index < length:
        found |= first[index] ^ second[index]
        index += 1
    return found


@micropython.viper
def fill_zero(buffer: ptr8, length: int) -> object:  # type: ignore[return]  # viper has no None
    """Write `length` zero bytes."""
    index = 0
    while index < length:
        buffer[index] = 0
        index += 1
