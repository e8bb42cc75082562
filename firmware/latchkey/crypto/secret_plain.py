"""The loops of secret.py as bytecode, for ports without a native emitter. Twin of secret_native.py."""


def difference(first: "bytes | bytearray | memoryview", second: "bytes | bytearray | memoryview", length: int) -> int:
    """The OR of all differences of two buffers of `length` bytes: 0 where they are equal."""
    found = 0
    for index in range(length):
        found |= first[index] ^ second[index]
    return found


def fill_zero(buffer: "bytearray | memoryview", length: int) -> None:
    """Write `length` zero bytes."""
    for index in range(length):
        buffer[index] = 0
