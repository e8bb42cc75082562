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

Faults of a real radio, until they are taken back: out_of_order, short_of_memory, congested, loses. Radio.meanwhile is
called at the beginning and at the end of the firmware's own calls: what it does there, such as a phone that connects,
happens between two steps of the firmware.

Nothing takes time, so all of it works under virtual time. What takes time on a real air is done in two steps: a phone
that answers the advertisement ends it and takes a place before the firmware hears of it (answer(), then
connect(answered=True) or fail_connect(answered=True)); a phone that lingers goes some time after the firmware has hung
up on it. What the fake cannot do as asked raises AssertionError.
"""

from latchkey.chip.unix.attributes import UUID
from latchkey.chip.unix.ble import Ble

from fakes.radio_medium import Medium

_LINKS = 4
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
    """out_of_order: while true, active(True) fails.

    short_of_memory: while true, gatts_read() empties the value and then finds no memory for the bytes.
    congested: while true, gatts_indicate() has no buffer: it reports status 6 from within, then raises (NimBLE's
    ble_gattc.c). loses: called with the number of an event, true where nobody is to hear of it. meanwhile: called with
    the name of the method when active, gap_advertise, gap_disconnect or gatts_indicate begins, and when it ends.
    switched_on: how often it was.
    """

    FLAG_READ = 0x02
    FLAG_WRITE_NO_RESPONSE = 0x04
    FLAG_WRITE = 0x08
    FLAG_NOTIFY = 0x10
    FLAG_INDICATE = 0x20

    def __init__(self, eager=False):
        self._ble = _Ble(self)
        self._air = None
        self._eager = eager
        self._phones = 0
        self.out_of_order = False
        self.short_of_memory = False
        self.congested = False
        self.loses = None
        self.meanwhile = None
        self.switched_on = 0
        self.unheard = 0  # connections that take a place and that the firmware does not know of yet

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

    def answer(self):
        """A phone answers the advertisement; connect() or fail_connect(), with answered=True, is to follow."""
        if self.advertising is None or not self.advertising[0]:
            raise AssertionError("nobody advertises for connections")
        self._air.advertising = None
        self.unheard += 1

    def connect(self, confirms=True, answered=False, lingers=False):
        """A new phone.

        confirms: it confirms each indication at once; otherwise with confirm(). lingers: when the firmware hangs up it
        only becomes `leaving`, until disconnect().
        """
        advertising = self._heard(answered)
        self._phones += 1
        address = b"\xc0LK\x01" + self._phones.to_bytes(2, "big")
        return self._air.connect(Phone(self._air, address, confirms, lingers), advertising)

    def fail_connect(self, answered=False):
        """A phone begins to connect and is not heard any more."""
        self._air.advertising = self._heard(answered)
        self._air.happen("failed")

    def has_room(self):
        """For the Ble: there is a place that nobody has."""
        return self._air is None or len(self._air.phones) + self.unheard < _LINKS

    def _heard(self, answered):
        """The firmware is about to hear of a phone: what is advertised from then on."""
        if not answered:
            self.answer()
        self.unheard -= 1
        return self.advertising

    def break_down(self):
        """The radio falls silent and stays so until active(True)."""
        self._air.broken = True

    def switch_on(self):
        """For the Ble: its air."""
        if self.out_of_order:
            raise OSError(111)
        self._air = Medium(self._ble if self._eager else None)
        self.switched_on += 1
        self.unheard = 0
        return self._air


class _Ble(Ble):
    """The firmware's own, with the faults that Radio is told to have."""

    def __init__(self, radio):
        self._radio = radio
        super().__init__(radio.switch_on)

    def active(self, wanted=None):
        self._meanwhile("active")
        now = super().active(wanted)
        self._meanwhile("active")
        return now

    def gap_advertise(self, interval_us=500_000, adv_data=None, *, resp_data=None, connectable=True):
        if interval_us is None:  # also the beginning of each new advertisement
            return super().gap_advertise(None)
        self._meanwhile("gap_advertise")
        if connectable and not self._radio.has_room():
            super().gap_advertise(None)
            raise OSError(12)  # ENOMEM, whether or not it knows of all of them yet
        super().gap_advertise(interval_us, adv_data, resp_data=resp_data, connectable=connectable)
        self._meanwhile("gap_advertise")
        return None

    def gap_disconnect(self, conn_handle):
        self._meanwhile("gap_disconnect")
        known = super().gap_disconnect(conn_handle)
        self._meanwhile("gap_disconnect")
        return known

    def gatts_read(self, value_handle):
        data = super().gatts_read(value_handle)
        if self._radio.short_of_memory:
            raise MemoryError
        return data

    def gatts_indicate(self, conn_handle, value_handle, data=None):
        self._meanwhile("gatts_indicate")
        if self._radio.congested and conn_handle in self._links:
            self._happened(20, (conn_handle, value_handle, 6))
            raise OSError(12)
        super().gatts_indicate(conn_handle, value_handle, data)
        self._meanwhile("gatts_indicate")

    def _meanwhile(self, method):
        if self._radio.meanwhile is not None:
            self._radio.meanwhile(method)

    def _happened(self, event, data):
        if self._radio.loses is not None and self._radio.loses(event):
            return None
        return super()._happened(event, data)


class Phone:
    """heard: what it has subscribed to. answers: of the firmware, one for each write or read. connected.

    unconfirmed: it has an indication to confirm. leaving: the firmware has hung up on it, and it lingers.
    """

    def __init__(self, air, address, confirms, lingers=False):
        self.address = address
        self.link = -1
        self.connected = True
        self.heard = []
        self.answers = []
        self.unconfirmed = False
        self.leaving = False
        self._air = air
        self._confirms = confirms
        self._lingers = lingers
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
        self.unconfirmed = False
        self._happen("confirm", 0)

    def refuse(self, status):
        """The last indication ends without being confirmed, with an error of the radio."""
        self.unconfirmed = False
        self._happen("confirm", status)

    def disconnect(self):
        """Hang up."""
        self._air.hang_up(self)

    def receive(self, order, handle, data):
        """For the air: something was sent."""
        if self._subscribed.get(handle) == order:
            self.heard.append((order, handle, data))
        self.unconfirmed = self.unconfirmed or order == "indicate"
        if order == "indicate" and self._confirms:
            self.confirm()

    def hung_up_on(self):
        """For the air: the firmware has hung up."""
        if self._lingers:
            self.leaving = True
        else:
            self.disconnect()

    def _happen(self, event, *words):
        if not self.connected:
            raise AssertionError("the phone is not connected")
        self._air.happen(event, self.link, *words)
