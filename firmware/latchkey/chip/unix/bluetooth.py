"""MicroPython's `bluetooth` where the interpreter has none: the unix port, with the radio reached over TCP.

Only what a peripheral needs, and with the ESP32's limits; see ble.py. Whatever else the real module has is absent.
"""

from latchkey.chip.unix.air import Air
from latchkey.chip.unix.attributes import UUID
from latchkey.chip.unix.ble import Ble

FLAG_READ = 0x02
FLAG_WRITE_NO_RESPONSE = 0x04
FLAG_WRITE = 0x08
FLAG_NOTIFY = 0x10
FLAG_INDICATE = 0x20

_address = ""
_radio: "Ble | None" = None


def BLE() -> Ble:
    """The one radio there is."""
    global _radio
    if _radio is None:
        _radio = Ble(_open)
    return _radio


def attach(address: str) -> None:
    """Where the air is: HOST:PORT. Called by the chip before anybody can ask for BLE()."""
    global _address
    _address = address


def poll() -> None:
    """Deliver what has happened on the air to the handler set with irq(). Called by the chip every few ms."""
    if _radio is not None:
        _radio.poll()


def _open() -> Air:
    return Air(_address)


__all__ = ["BLE", "FLAG_INDICATE", "FLAG_NOTIFY", "FLAG_READ", "FLAG_WRITE", "FLAG_WRITE_NO_RESPONSE", "UUID"]
