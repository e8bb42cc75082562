"""A small peripheral for the radio's contract: it notes all events and does nothing by itself.

One service fff0: fff1 takes writes, with a descriptor fff5; fff2 is read; fff3 notifies; fff4 indicates. In a test's
own process it is driven by calls; under MicroPython, as `radio_probe.py HOST:PORT`, by lines on stdin: each a list of
method, arguments and keywords as Python writes it, answered by `= result` or `! error`; events are lines beginning
with @.
"""

import gc
import sys

_DESCRIPTOR = 0x08


class Probe:
    """ble: the BLE under test. events: (event, data) with views copied."""

    def __init__(self, radio):
        self.events = []
        self._kept = None
        self._raises = False
        self._denial = None
        self.waiting = False
        self._radio = radio
        self._note = self.events.append
        self.ble = radio.BLE()
        self.ble.irq(self._heard)

    def call(self, method, *words, **named):
        """A method of BLE, or one of this object where its name begins with `probe_`."""
        where = self if method.startswith("probe_") else self.ble
        return getattr(where, method)(*words, **named)

    def tell(self, note):
        """note((event, data)) instead of the list."""
        self._note = note

    def probe_register(self):
        """Switch the radio on with the service above. Returns its handles: fff1, fff5, fff2, fff3, fff4."""
        uuid = self._radio.UUID
        self.ble.active(True)
        table = (
            (uuid(0xFFF1), 0x0C, ((uuid(0xFFF5), _DESCRIPTOR),)),
            (uuid(0xFFF2), 0x02),
            (uuid(0xFFF3), 0x10),
            (uuid(0xFFF4), 0x20),
        )
        return self.ble.gatts_register_services(((uuid(0xFFF0), table),))[0]

    def probe_table(self, service, characteristics):
        """Switch on with one service: its UUID and ((UUID, flags), …), UUIDs as text. Returns the handles."""
        uuid = self._radio.UUID
        self.ble.active(True)
        table = tuple([(uuid(text), flags) for text, flags in characteristics])
        return self.ble.gatts_register_services(((uuid(service), table),))[0]

    def probe_memory(self):
        """Bytes in use after a collection."""
        gc.collect()
        return gc.mem_alloc()

    def probe_raise(self):
        """The next event meets an error in the handler."""
        self._raises = True

    def probe_listen(self):
        """Install the handler again."""
        self.ble.irq(self._heard)

    def probe_wait(self, waiting):
        """Events are left alone while this is true."""
        self.waiting = waiting

    def probe_deny(self, error):
        """Answer reads with this ATT error from now on."""
        self._denial = error

    def probe_kept(self):
        """What the address of the last connection looks like after the handler has returned."""
        return bytes(self._kept)

    def _heard(self, event, data):
        if self._raises:
            self._raises = False
            raise ValueError("on purpose")
        if event == 1:
            self._kept = data[2]
        self._note((event, tuple([bytes(word) if isinstance(word, memoryview) else word for word in data])))
        return self._denial if event == 4 else None


def _serve(address):
    import select
    import time

    from latchkey.chip.unix import bluetooth

    bluetooth.attach(address)
    probe = Probe(bluetooth)
    probe.tell(lambda event: print("@" + repr(event)))
    orders = select.poll()
    orders.register(sys.stdin, select.POLLIN)
    while True:
        if not probe.waiting:
            bluetooth.poll()
        if not orders.poll(0):
            time.sleep_ms(1)
            continue
        line = sys.stdin.readline()
        if not line:
            return
        method, words, named = eval(line)
        try:
            print("=" + repr(probe.call(method, *words, **named)))
        except Exception as error:
            print("!" + type(error).__name__)


if __name__ == "__main__":
    _serve(sys.argv[1])
