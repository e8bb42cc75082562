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

_EVENTS = 16  # in one poll, as over TCP
_WAITING = 1_000  # a test that lets more pile up has forgotten to poll
_LONGEST = 512
_LEAST_MTU = 23
_READ = 0x02
_WRITE = 0x0C
_NOTIFY = 0x10
_INDICATE = 0x20
_READ_NOT_PERMITTED = 0x02  # ATT errors
_WRITE_NOT_PERMITTED = 0x03
_NOT_SUPPORTED = 0x06
_ADDRESS = b"\x02LK\x00\x00\x00"


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
        self._air = _Air(self._ble if self._eager else None)
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


class _Air:
    """The medium of Ble: takes its orders, keeps events until they are polled. listener: gets them at once instead."""

    address = (0, _ADDRESS)

    def __init__(self, listener):
        self._listener = listener
        self._delivering = False
        self.advertising = None
        self.name = b""
        self.mtu = 0
        self.broken = False
        self._flags = {}
        self._handles = {}
        self._phones = {}
        self._events = []

    # For Ble

    def send(self, order, *words):
        getattr(self, "_" + order)(*words)

    def poll(self, radio):
        if self.broken:
            raise OSError(104)
        for _ in range(min(_EVENTS, len(self._events))):
            event, *words = self._events.pop(0)
            getattr(self, "_deliver_" + event)(radio, *words)

    def close(self):
        for phone in list(self._phones.values()):
            phone.connected = False
        self._phones.clear()
        self._events.clear()
        self.advertising = None

    # For phones

    def happen(self, *event):
        if len(self._events) >= _WAITING:
            raise AssertionError("%d events wait; nobody polls" % _WAITING)
        self._events.append(event)
        if self._listener and not self._delivering:
            self._delivering = True  # events come one after the other: what a handler causes waits until it returns
            while self._events:
                self.poll(self._listener)
            self._delivering = False

    def connect(self, phone):
        phone.link = next(number for number in range(4) if number not in self._phones)
        self._phones[phone.link] = phone
        self.advertising = None
        self.happen("connect", phone.link, 1, phone.address)
        return phone

    def hang_up(self, phone):
        phone.connected = False
        del self._phones[phone.link]
        self.happen("disconnect", phone.link)

    def handle(self, uuid):
        return self._handles[uuid]

    def flags(self, handle):
        return self._flags[handle]

    # Events

    def _deliver_connect(self, radio, link, address_type, address):
        radio.on_connect(link, address_type, address)

    def _deliver_failed(self, radio):
        radio.on_failed_connect()

    def _deliver_disconnect(self, radio, link):
        radio.on_disconnect(link)

    def _deliver_mtu(self, radio, link, mtu):
        radio.on_mtu(link, mtu)

    def _deliver_write(self, radio, link, handle, data):
        radio.on_write(link, handle, data)
        self._answer(link, 0, b"")

    def _deliver_read(self, radio, link, handle):
        self._answer(link, *radio.on_read(link, handle))

    def _deliver_confirm(self, radio, link, status):
        radio.on_confirmed(link, status)

    def _answer(self, link, status, data):
        if link in self._phones:
            self._phones[link].answers.append((status, data))

    # Orders

    def _name(self, data):
        self.name = data

    def _mtu(self, mtu):
        self.mtu = mtu

    def _table(self):
        self._flags.clear()
        self._handles.clear()

    def _service(self, handle, flags, uuid):
        pass

    def _characteristic(self, handle, flags, uuid):
        self._flags[handle] = flags
        self._handles[uuid] = handle

    _descriptor = _characteristic

    def _register(self):
        pass

    def _advertise(self, interval_us, connectable, data, response):
        self.advertising = (bool(connectable), data, response)

    def _silent(self):
        self.advertising = None

    def _notify(self, link, handle, data):
        self._sent("notify", link, handle, data)

    def _indicate(self, link, handle, data):
        self._sent("indicate", link, handle, data)

    def _sent(self, order, link, handle, data):
        if link in self._phones:
            self._phones[link].receive(order, handle, data)

    def _drop(self, link):
        if link in self._phones:
            self.hang_up(self._phones[link])
