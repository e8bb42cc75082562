"""What carries a fake radio's orders and events: the medium between the firmware's Ble and the phones of radio.py."""

_LINKS = 4
_EVENTS = 16  # in one poll, as over TCP
_WAITING = 1_000  # a test that lets more pile up has forgotten to poll
_ADDRESS = b"\x02LK\x00\x00\x00"


class Medium:
    """Methods of three sides: the firmware's radio (Ble), phones, and orders and events by name.

    listener: the Ble that gets events at once, None when they wait to be polled.
    """

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
        self.phones = {}
        self._leaving = set()  # numbers of phones whose leaving has not been told yet
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
        for phone in list(self.phones.values()):
            phone.connected = False
        self.phones.clear()
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

    def connect(self, phone, advertising):
        """advertising: what is advertised from then on."""
        if len(self.phones) >= _LINKS:
            raise AssertionError("the radio has %d connections" % _LINKS)
        taken = self._leaving | set(self.phones)
        phone.link = next(number for number in range(2 * _LINKS) if number not in taken)
        self.phones[phone.link] = phone
        self.advertising = advertising
        self.happen("connect", phone.link, 1, phone.address)
        return phone

    def hang_up(self, phone):
        phone.connected = False
        del self.phones[phone.link]
        self._leaving.add(phone.link)
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
        self._leaving.discard(link)
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
        if link in self.phones:
            self.phones[link].answers.append((status, data))

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
        if link in self.phones:
            self.phones[link].receive(order, handle, data)

    def _drop(self, link):
        if link in self.phones:
            self.phones[link].hung_up_on()
