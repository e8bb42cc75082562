"""`network.WLAN` of an ESP32 with the faults it is known for, and an access point that comes and goes.

    wifi = Station(time)                # its modules become `network` and `tls`
    wifi.near = True                    # the access point is there
    wifi.stuck = True                   # the driver takes no order but to be switched off and on
    wifi.deaf = True                    # it says that it is connected, and has no address

Connecting takes 2 s, and is tried again by itself, as MicroPython does. Strict as fakes.esp32_world.
"""

from fakes import esp32_world

_CONNECTS_MS = 2_000


class Station:
    """name, password: of the access point. orders: what it was told to do."""

    def __init__(self, time, name="home", password="secret of the house"):
        self.near = True
        self.stuck = self.deaf = self.mute = False
        self.orders = []
        self.made = 0  # how often somebody wanted it
        self._time = time
        self._wanted = (name, password)
        self._active = False
        self._asked = None
        self._since = 0
        esp32_world.install("network", self)
        try:
            __import__("tls")
        except ImportError:  # CPython
            esp32_world.install("tls", self)

    STA_IF = 0

    def WLAN(self, interface_id):
        if interface_id != Station.STA_IF:
            raise ValueError("invalid WLAN interface identifier")
        self.made += 1
        return self

    def active(self, is_active=None):
        if is_active is None:
            return self._active
        self._note("on" if is_active else "off")
        if self.mute:
            raise OSError("Wifi Unknown Error 0x0101")  # out of memory
        if not is_active:
            self.stuck = self.deaf = False
            self._asked = None
        self._active = bool(is_active)
        return self._active

    def connect(self, ssid=None, password=None):
        self._note("connect")
        if not self._active:
            raise OSError("Wifi Not Started")
        if self.stuck:
            raise OSError("Wifi Internal State Error")
        self._asked = (ssid, password)
        self._since = self._time.elapsed_ms

    def disconnect(self):
        self._note("disconnect")
        if not self._active:
            raise OSError("Wifi Not Started")
        if not self.stuck:
            self._asked = None

    def isconnected(self):
        if not self.near or self.stuck or self._asked != self._wanted:
            self._since = self._time.elapsed_ms
            return False
        return self._active and self._time.elapsed_ms - self._since >= _CONNECTS_MS

    def ifconfig(self):
        if self.isconnected() and not self.deaf:
            return "192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.53"
        return "0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0"

    def status(self, param):
        if param != "rssi":
            raise ValueError("unknown status param")
        return -67

    def _note(self, order):
        self.orders.append((self._time.elapsed_ms, order))
