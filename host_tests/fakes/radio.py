"""A radio without an air: what chip.radio() gives, and phones that a test moves by hand.

    radio = Radio()
    ble = radio.BLE()                       # the firmware's own bluetooth of the unix port, with all its limits
    ble.active(True)
    …                                       # the firmware registers services and advertises
    phone = radio.connect()                 # Phone; AssertionError where nobody advertises for connections
    phone.write(radio.handle("fff1"), b"…")
    radio.poll()                            # as chip.poll(): events reach the firmware's handler here, and only here
    phone.heard                             # [(order, handle, data)] of notifications and indications subscribed to

Radio(eager=True) does not wait for poll(): events come as soon as something happens, also from within the firmware's
own calls, as on the ESP32 they come between any two steps.

Nothing takes time, so all of it works under virtual time. What the fake cannot do as asked raises AssertionError.
"""

from latchkey.chip.unix.attributes import UUID
from latchkey.chip.unix.ble import Ble

from fakes.radio_medium import Medium

_LONGEST = 512
_LEAST_MTU = 23
_READ = 0x02
_WRITE = 0x0C
_NOTIFY = 0x10
_INDICATE = 0x20
_READ_NOT_PERMITTED = 0x02  # ATT errors
_WRITE_NOT_PERMITTED = 0x03
_NOT_SUPPORTED = 0x06


class Radio:
    """out_of_order: while true, active(True) fails."""

    FLAG_READ = 0x02
    FLAG_WRITE_NO_RESPONSE = 0x04
    FLAG_WRITE = 0x08
    FLAG_NOTIFY = 0x10
    FLAG_INDICATE = 0x20

    def __init__(self, eager=False):
        self._ble = Ble(self._switch_on)
        self._air = None
        self._eager = eager
        self._phones = 0
        self.out_of_order = False

    # For the firmware

    def BLE(self):
        return self._ble

    def UUID(self, value):
        return UUID(value)

    # For the chip

    def poll(self):
        """Deliver what has happened."""
        self._ble.poll()

    # For the test

    @property
    def advertising(self):
        """(connectable, data, scan response) or None."""
        return self._air.advertising if self._air else None

    @property
    def name(self):
        """What the GAP service tells."""
        return self._air.name

    def handle(self, uuid):
        """Handle of the characteristic with this UUID, as text."""
        return self._air.handle(uuid)

    def connect(self, confirms=True):
        """A new phone. confirms: it confirms each indication at once; otherwise with confirm()."""
        if self.advertising is None or not self.advertising[0]:
            raise AssertionError("nobody advertises for connections")
        self._phones += 1
        return self._air.connect(Phone(self._air, b"\xc0LK\x01" + self._phones.to_bytes(2, "big"), confirms))

    def fail_connect(self):
        """A phone begins to connect and is not heard any more."""
        if self.advertising is None or not self.advertising[0]:
            raise AssertionError("nobody advertises for connections")
        self._air.advertising = None
        self._air.happen("failed")

    def break_down(self):
        """The radio falls silent and stays so until active(True)."""
        self._air.broken = True

    def _switch_on(self):
        if self.out_of_order:
            raise OSError(111)
        self._air = Medium(self._ble if self._eager else None)
        return self._air


class Phone:
    """heard: what it has subscribed to. answers: of the firmware, one for each write or read. connected."""

    def __init__(self, air, address, confirms):
        self.address = address
        self.link = -1
        self.connected = True
        self.heard = []
        self.answers = []
        self._air = air
        self._confirms = confirms
        self._subscribed = {}

    def exchange_mtu(self, mtu):
        """Ask for an MTU; both use the smaller one."""
        self._happen("mtu", max(_LEAST_MTU, min(mtu, self._air.mtu)))

    def write(self, handle, data):
        """Answered in `answers` with 0 or an ATT error. Data longer than one write is a long write."""
        if len(data) > _LONGEST:
            raise AssertionError("no client can write %d bytes" % len(data))
        if self._air.flags(handle) & _WRITE:
            self._happen("write", handle, bytes(data))
        else:
            self.answers.append((_WRITE_NOT_PERMITTED, b""))

    def write_chunks(self, handle, data, size=20):
        """Write data in pieces of so many bytes, one right after the other."""
        for offset in range(0, len(data), size):
            self.write(handle, data[offset : offset + size])

    def read(self, handle):
        """Answered in `answers` with (0 or an ATT error, value)."""
        if self._air.flags(handle) & _READ:
            self._happen("read", handle)
        else:
            self.answers.append((_READ_NOT_PERMITTED, b""))

    def subscribe(self, handle, indications):
        """Returns 0 or an ATT error."""
        if not self._air.flags(handle) & (_INDICATE if indications else _NOTIFY):
            return _NOT_SUPPORTED
        self._subscribed[handle] = "indicate" if indications else "notify"
        return 0

    def confirm(self):
        """Confirm the last indication."""
        self._happen("confirm", 0)

    def disconnect(self):
        """Hang up."""
        self._air.hang_up(self)

    def receive(self, order, handle, data):
        """For the air: something was sent."""
        if self._subscribed.get(handle) == order:
            self.heard.append((order, handle, data))
        if order == "indicate" and self._confirms:
            self.confirm()

    def _happen(self, event, *words):
        if not self.connected:
            raise AssertionError("the phone is not connected")
        self._air.happen(event, self.link, *words)
