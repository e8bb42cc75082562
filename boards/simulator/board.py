"""The board that is not there: MicroPython's unix port, wired to `latchkey simulator`. Data only.

The environment says where the parts are, because whoever starts the firmware has just chosen it.
"""

import os

NAME = "simulator"
CHIP = "unix"

HARNESS = os.getenv("HARNESS") or "127.0.0.1:35902"
READER = os.getenv("READER") or "127.0.0.1:35901"
FLASH = os.getenv("FLASH") or "."
AIR = os.getenv("AIR", "127.0.0.1:35903")  # the Bluetooth radio; empty: this board has none

# (port, or "spi:name" or "i2c:name"; place: 1 door, 2 cabin, 3 both; reset output or None)
READERS: "tuple[tuple[str, int, str | None], ...]" = (("reader", 3, "reader_reset"),)

# By how much later than at enrolment a card may answer. Elsewhere 30 ms: here the reader is another process, and this
# computer may have other things to do.
CARD_MARGIN_MS = 250
PACE_MS = 100  # between two looks for a card

PULSE_MS = 500
RELOCK = False
DRIVE_OUTPUT: "str | None" = "drive_enable"

# (what it opens: 5 trunk, 6 frunk, 7 charge port; output, pulse in ms). What is not here is refused as not wired.
OPENERS: "tuple[tuple[int, str, int], ...]" = ((5, "trunk", 300), (6, "frunk", 300), (7, "charge_port", 300))
