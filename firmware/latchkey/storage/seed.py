"""A secret seed for the random generator, kept from boot to boot.

The chip's generator is a true one only while a radio is on. The seed carries the unpredictability of earlier boots into
this one: it is mixed into the pool before the first draw, and replaced at once, so that no two boots begin alike. Where
the flash is full or fails, a mark outside the file system counts such boots, because with a stuck generator as well
each of them would begin like the last, and what was recorded then would open the car. Not protected against: whoever
reads the flash; a stuck generator where neither flash nor mark can be written.
"""

import os

from micropython import const

from latchkey.crypto.digest import sha256

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

    from latchkey.credentials.key_list import Marks

_SEED_LEN = const(32)
_WITHOUT = "seedless"  # the mark: boots that could not replace the seed
_COUNT = const(0x3FFFFFFF)


def renewed(path: str, random: "Callable[[int], bytes]", marks: "Marks") -> bytes:
    """The seed that was kept at `path`, 32 bytes, after putting its successor there; what it can, where flash fails.

    random(n): n bytes of the chip's generator, good or not. marks: as the list of keys has. raises: nothing.
    """
    kept = b""
    try:
        with open(path, "rb") as file:
            kept = file.read(_SEED_LEN)
    except OSError:
        pass  # the first boot
    fresh = random(_SEED_LEN)
    try:
        with open(path + ".new", "wb") as file:
            file.write(sha256(b"next" + kept + fresh))
        os.rename(path + ".new", path)
    except OSError:
        kept += _counted(marks)  # the old one stays
    return sha256(b"this" + kept + fresh)


def _counted(marks: "Marks") -> bytes:
    """The number of this boot among those that could not replace the seed."""
    number = 0
    try:
        number = (marks.get(_WITHOUT) or 0) + 1 & _COUNT
        marks.set(_WITHOUT, number)
    except OSError:
        pass
    return number.to_bytes(4, "big")
