"""Wi-Fi as a station, kept up without waiting for it, and the sockets behind it.

MicroPython tries to connect again by itself for ever, and mostly that is enough. What it does not cure is a driver in a
wrong state (MicroPython issues 3967, 4992; esp-idf 738), so as long as there is no address a ladder is climbed: after
1 min the connection is asked for anew, after 5 min and then every 15 min the radio is switched off and on. Each rung is
one call that may take 100 ms, so rungs are climbed only while nobody is at the car.

Name and password are the settings `wifi` and `wifi_password`; without a name Wi-Fi stays off. Its power saving stays
on: beside Bluetooth the chip cannot do without.
"""

import select
import socket
import time

import network
import tls
from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Settings

_OFF = const(0)
_TRIED = const(1)  # connecting, since _since
_AGAIN = const(2)  # asked for anew
_SWITCHED_OFF = const(3)

_AGAIN_MS = const(60_000)
_FIRST_RESET_MS = const(300_000)
_RESET_MS = const(900_000)


class Network:
    """See latchkey.chip. `settings`: generation and read()."""

    def __init__(self, settings: "Settings") -> None:
        self.socket = socket
        self.select = select
        self.tls = tls
        self._settings = settings
        self._generation = -1
        self._made: "network.WLAN | None" = None  # takes tens of KB of the chip's memory, so only where it is named
        self._name = ""
        self._password = ""
        self._rung = _OFF
        self._since = 0  # when the connection was lost, or never had
        self._limit_ms = _FIRST_RESET_MS

    @property
    def _station(self) -> "network.WLAN":
        if self._made is None:
            self._made = network.WLAN(network.STA_IF)
        return self._made

    def is_up(self) -> bool:
        return self._rung != _OFF and self._station.isconnected() and self._station.ifconfig()[0] != "0.0.0.0"

    def name_servers(self) -> "tuple[bytes, ...]":
        parts = self._station.ifconfig()[3].split(".") if self._rung != _OFF else []
        return (bytes([int(part) for part in parts]),) if len(parts) == 4 and parts[0] != "0" else ()

    def sockaddr(self, address: bytes, port: int) -> "tuple[str, int]":
        return "%d.%d.%d.%d" % tuple(address), port

    @property
    def rssi(self) -> int:
        """In dBm, 0 while not connected."""
        try:
            return self._station.status("rssi") if self.is_up() else 0
        except OSError:
            return 0

    def climb(self) -> None:
        """Do what is due. Called about once a second, while nobody is at the car; may take 100 ms. Never raises."""
        try:
            if self._generation != self._settings.generation:
                self._begin()
            elif self._rung != _OFF:
                self._supervise(time.ticks_ms())
        except Exception:
            pass  # of ESP-IDF: the next rung is the cure; of the settings: they are read again

    def _begin(self) -> None:
        """The settings are new."""
        generation = self._settings.generation
        values = self._settings.read()
        self._name, self._password = values.get("wifi", ""), values.get("wifi_password", "")
        self._generation = generation
        self._rung = _SWITCHED_OFF if self._name else _OFF
        self._limit_ms = _FIRST_RESET_MS
        self._since = time.ticks_ms()
        if self._made is not None:
            self._made.active(False)

    def _supervise(self, now: int) -> None:
        if self._rung == _SWITCHED_OFF:
            self._rung = _TRIED
            self._since = now
            self._station.active(True)
            self._station.connect(self._name, self._password)
        elif self.is_up():
            self._rung = _TRIED
            self._since = now
            self._limit_ms = _FIRST_RESET_MS
        elif time.ticks_diff(now, self._since) >= self._limit_ms:
            self._rung = _SWITCHED_OFF
            self._limit_ms = _RESET_MS
            self._station.active(False)
        elif self._rung == _TRIED and time.ticks_diff(now, self._since) >= _AGAIN_MS:
            self._rung = _AGAIN
            self._station.disconnect()
            self._station.connect(self._name, self._password)
