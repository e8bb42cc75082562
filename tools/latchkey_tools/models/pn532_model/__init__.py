"""A strict PN532 without I/O: host bytes in, host bytes out, time given in. Cards are put into its field.

    chip = Pn532Model()
    chip.put(card)                  # see field.Card for what a card is
    chip.tick(now_ms)               # first say what time it is ...
    chip.feed(bytes_from_host)      # ... then hand over what the host has sent
    bytes_to_host = chip.take()     # what has left the chip by now
    chip.wait_ms()                  # after so many ms it wants a tick; None: only when the host sends or a card comes
    chip.fault("no_ack")            # line.FAULTS lists what can go wrong
    chip.reset(True); chip.reset(False)   # the reset pin, pulled low and let go

    chip = spi.Pn532Spi(); chip = i2c.Pn532I2c()  # the same chip at the level of a bus, each a module of its own

It stands in for the real chip where the firmware's driver is tested, so it was written from reference texts alone
(UM0701-02 as quoted by nfcpy, libnfc and ESPHome) and shares no line with the driver. Where the texts leave a choice it
takes the one that is harder for the host. It knows nothing of radio: cards are always near enough or not there at all.
"""

from .chip import Pn532Model
from .field import Card, Tag
from .line import FAULTS

__all__ = ["FAULTS", "Card", "Pn532Model", "Tag"]
