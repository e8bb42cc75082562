"""Marks in RAM, in place of the ESP32's NVS: small integers that outlive a reboot of what is under test."""


class Marks:
    """`values` is what survives. `limit`: set() succeeds that many more times, then raises OSError; None: for ever.

    power: of fakes.flash, or None. Each set() is one of the operations at which it may fail.
    """

    def __init__(self, values=None, power=None):
        self.values = {} if values is None else values
        self.limit = None
        self._power = power

    def get(self, name):
        return self.values.get(name)

    def set(self, name, value):
        if not -(1 << 31) <= value < 1 << 31:
            raise ValueError("NVS holds 32 bits")
        if len(name) > 15:
            raise ValueError("NVS names have 15 bytes")
        if self.limit is not None:
            if not self.limit:
                raise OSError(5)
            self.limit -= 1
        if self._power is None or self._power.let_through(1):
            self.values[name] = value
        if self._power is not None and self._power.gone:
            raise OSError(5)
