"""A secret seed for the random generator, kept from boot to boot.

The chip's generator is a true one only while a radio is on. The seed carries the unpredictability of earlier boots into
this one: it is mixed into the pool before the first draw, and replaced at once, so that no two boots begin alike. Not
protected against: whoever reads the flash.
"""

import os

from micropython import const

from latchkey.crypto.digest import sha256

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from collections.abc import Callable

_SEED_LEN = const(32)


def renewed(path: str, random: "Callable[[int], bytes]") -> bytes:
    """The seed that was kept at `path`, 32 bytes, after putting its successor there; what it can, where flash fails.

    random(n): n bytes of the chip's generator, good or not. raises: nothing.
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
        pass  # the old one stays; it is mixed with this boot's draws as well
    return sha256(b"this" + kept + fresh)
