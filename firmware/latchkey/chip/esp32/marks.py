"""Durable small integers in NVS, which ESP-IDF keeps in a flash partition of its own.

A loss of power leaves the old value or the new one (ESP-IDF, Non-Volatile Storage Library). Not protected against:
MicroPython itself empties the partition where its format is not understood (ports/esp32/main.c), so whoever keeps
something here also keeps it elsewhere.
"""

from esp32 import NVS

_NAMESPACE = "latchkey"


class Marks:
    """See latchkey.chip. Names have 15 characters at most."""

    def __init__(self) -> None:
        self._nvs = NVS(_NAMESPACE)

    def get(self, name: str) -> "int | None":
        try:
            return self._nvs.get_i32(name)
        except OSError:  # there is none, or it cannot be read, which is no better
            return None

    def set(self, name: str, value: int) -> None:
        """raises: OSError."""
        self._nvs.set_i32(name, value)
        self._nvs.commit()
