"""Two things one does with secrets: compare them without telling where they differ, and wipe them.

equal() looks at every byte whatever it finds, so its time depends on the lengths alone (lengths are never secret here).
The loop is native code where the port has a native emitter and bytecode where it has not; both do the same work.

Not protected against: copies that the garbage collector's heap keeps of immutable objects. Keys live in bytearrays and
are wiped by whoever made them; bytes, str and int objects that held a secret cannot be wiped at all.
"""

from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # mypy does not know that viper's pointers take any buffer
    from latchkey.crypto.secret_plain import difference, fill_zero
else:
    try:
        from latchkey.crypto.secret_native import difference, fill_zero
    except (ImportError, SyntaxError, ValueError, MemoryError):  # no native code, another chip's, no room for it
        from latchkey.crypto.secret_plain import difference, fill_zero


def equal(first: "bytes | bytearray | memoryview", second: "bytes | bytearray | memoryview") -> bool:
    """True where two byte buffers of one length hold the same bytes; buffers of different lengths are not equal.

    Constant time for a given length. Does not allocate.
    """
    length = len(first)
    if len(second) != length:
        return False
    return difference(first, second, length) == 0


def wipe(buffer: "bytearray | memoryview") -> None:
    """Overwrite a byte buffer with zeros. Does not allocate."""
    fill_zero(buffer, len(buffer))
