"""The Bluetooth driver in a MicroPython process, over the simulated air: each frame goes back to where it came from.

`peripheral_echo.py HOST:PORT`, with firmware on MICROPYPATH; ends with its standard input.
"""

import select
import sys
import time

from latchkey.chip.unix import bluetooth
from latchkey.drivers.ble_peripheral import Peripheral
from latchkey.protocol.vehicle_command_frame import Frame

NAME = "S1a87a5a75f3df858C"
GAP_NAME = "\U0001f511 Kestrel"


class Echo:
    """What one link has written, put together."""

    def __init__(self, link):
        self._link = link
        self._frame = Frame(700)
        self._serial = 0

    def turn(self):
        if self._serial != self._link.serial:
            self._serial = self._link.serial
            self._frame.reset()
        chunk = self._link.receive()
        if chunk is not None:
            self._frame.begin(chunk, self._link.idle_ms)
            while self._frame.next():
                message = self._frame.message
                self._link.send(len(message).to_bytes(2, "big") + bytes(message))


def _serve(address):
    bluetooth.attach(address)
    peripheral = Peripheral(bluetooth, time)
    peripheral.start(NAME, GAP_NAME)
    echoes = [Echo(link) for link in peripheral.links]
    end = select.poll()
    end.register(sys.stdin, select.POLLIN)
    while not end.poll(0):
        bluetooth.poll()
        peripheral.poll()
        for echo in echoes:
            echo.turn()
        time.sleep_ms(1)


if __name__ == "__main__":
    _serve(sys.argv[1])
