"""The Bluetooth side of the vehicle: keeps the radio on and advertising, and hands its connections out as Links.

Facts: protocol.md and the clients of the vehicle-command protocol (names, UUIDs, properties); MicroPython's
docs/library/bluetooth.rst, modbluetooth.c and NimBLE (limits and order of events):

- A characteristic has one value for all connections, and a write goes into it behind what nobody has read. So the
  handler reads it in each GATTS_WRITE, also where it does not know who wrote, and appends nothing of one to another.
- On the ESP32 the handler runs in a task of its own, between any two steps of what is below. It copies bytes and sets
  numbers, and it never raises: an exception would uninstall it. Links are handed out and taken back by poll() alone.
- Advertising stops when a phone connects, also when that fails (CENTRAL_DISCONNECT with handle 0xffff) or is never
  told at all. So it is begun anew after every such event and every few seconds, whatever the radio says.
- The radio has four connections. With all taken it advertises as not connectable, so that phones can tell why.

Whoever comes near may connect and stay; to hang up those who prove nothing is the application's part. Not protected
against: anybody who jams the band.
"""

from micropython import const

from latchkey.drivers import ble_service
from latchkey.drivers.ble_link import NOBODY, Link

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Clock, Radio

# States.
OFF = const(0)  # not switched on yet
ADVERTISING = const(1)
FULL = const(2)  # no more connections are taken
FAULT = const(3)  # the radio does not come on, or does not advertise

_LINKS = const(4)  # what the ESP32's radio has room for

# Events (docs/library/bluetooth.rst).
_CENTRAL_CONNECT = const(1)
_CENTRAL_DISCONNECT = const(2)
_GATTS_WRITE = const(3)
_GATTS_INDICATE_DONE = const(20)
_MTU_EXCHANGED = const(21)

_INTERVAL_US = const(100_000)  # cars advertise every 20 to 150 ms; a phone finds one within a few intervals
_ANEW_MS = const(4_000)  # off for five seconds at most, even where the radio has told nothing
_AGAIN_MS = const(250)  # after a refusal; what keeps a radio from advertising for a moment is over by then
_REFUSALS = const(12)  # 3 s of them, and nobody connected who would lose anything: switched off and on

_PAUSE_MS = const(1_000)  # until a dead radio is switched on again; twice as long each time
_PAUSE_MOST_MS = const(30_000)
_STEADY_MS = const(30_000)  # on for so long: the next death begins with the shortest pause

_SERIAL = const(0x3FFFFFFF)  # a small integer


class Peripheral:
    """links: four, made once. state: OFF, ADVERTISING, FULL or FAULT.

    radio: MicroPython's `bluetooth`, or one with its names; it stays off until the first poll() after start().
    """

    def __init__(self, radio: "Radio", clock: "Clock") -> None:
        self.state = OFF
        self.links = tuple([Link(clock) for _ in range(_LINKS)])
        self._radio = radio
        self._clock = clock
        self._ble = radio.BLE()
        self._name = b""
        self._gap_name = ""
        self._data = b""
        self._from_vehicle = NOBODY  # handle of what is indicated
        self._on = False
        self._on_since = 0
        self._due = 0  # when the radio is switched on, or advertising is begun anew
        self._pause_ms = _PAUSE_MS
        self._refusals = 0
        self._serial = 0
        # set by the handler
        self._changed = False  # advertising has stopped, or may have
        self._stranger = NOBODY  # a connection that has no Link

    @property
    def connected(self) -> int:
        """How many phones are connected."""
        count = 0
        for link in self.links:
            if link.connected:
                count += 1
        return count

    def start(self, local_name: str, gap_name: str) -> None:
        """Give the radio its names; poll() switches it on.

        local_name: what it is found by, ASCII, 29 characters at most. gap_name: for people, 31 bytes at most.
        """
        self._data = ble_service.advertisement()
        self._name = ble_service.scan_response(local_name)
        self._gap_name = gap_name
        self._due = self._clock.ticks_ms()

    def warm_up(self) -> None:
        """Switch the radio on and say nothing: an ESP32's random numbers are true ones while its radio is on."""
        try:
            self._ble.active(True)
        except (OSError, MemoryError):
            pass  # start() and poll() try again, and tell

    def poll(self) -> None:
        """Do what is due: switch on, hand out and take back links, advertise, send. Every few ms. Never raises."""
        if not self._name:
            return
        now = self._clock.ticks_ms()
        if self._on and not self._ble.active():
            self._on = False
            self._forget()
            self._rest(now)
        if self._on:
            self._attend(now)
        elif self._clock.ticks_diff(now, self._due) >= 0:
            self._switch_on(now)

    def drop(self, link: Link) -> None:
        """Hang up. The link is not connected from now on, and serves another phone once the radio has let go."""
        if link.connected:
            link.connected = False
            link.leaving = True
            self._hang_up(link)

    # The radio

    def _switch_on(self, now: int) -> None:
        ble = self._ble
        try:
            ble.active(False)
            self._forget()
            ble.active(True)
            ble.irq(self._happened)
            self._from_vehicle = ble_service.register(self._radio, ble, self._gap_name)
        except (OSError, MemoryError):
            self._rest(now)
            return
        self._on = True
        self._on_since = self._due = now

    def _rest(self, now: int) -> None:
        self.state = FAULT
        self._due = self._clock.ticks_add(now, self._pause_ms)
        self._pause_ms = min(2 * self._pause_ms, _PAUSE_MOST_MS)

    def _forget(self) -> None:
        """The radio is off: nobody is connected, whatever was told."""
        for link in self.links:
            link.handle = NOBODY
            link.end()
        self._stranger = NOBODY
        self._refusals = 0

    def _attend(self, now: int) -> None:
        if self._pause_ms > _PAUSE_MS and self._clock.ticks_diff(now, self._on_since) >= _STEADY_MS:
            self._pause_ms = _PAUSE_MS
        anew = self._changed or self._clock.ticks_diff(now, self._due) >= 0
        for link in self.links:
            if not link.free:
                self._pass_on(link, anew, now)
        self._turn_away()
        if anew or self._changed:
            self._advertise(now)
        for link in self.links:
            if link.connected and not link.send_next(self._ble, self._from_vehicle, now):
                self.drop(link)

    # Connections

    def _pass_on(self, link: Link, anew: bool, now: int) -> None:
        """A link that the handler has taken goes to the application; one whose connection is over becomes free."""
        if link.leaving and anew:
            self._hang_up(link)  # once more: that it has ended may not have been told
        if link.handle == NOBODY:
            link.end()
            self._changed = True  # there is room for one more
        elif not link.connected and not link.leaving:
            self._serial = (self._serial + 1) & _SERIAL
            link.begin(self._serial, now)

    def _hang_up(self, link: Link) -> None:
        handle = link.handle
        if handle == NOBODY:
            return
        try:
            if not self._ble.gap_disconnect(handle):
                link.handle = NOBODY
        except (OSError, MemoryError):
            pass  # it is being ended, or the radio is off

    def _turn_away(self) -> None:
        """Hang up on a phone that came where no link was free, or of whose coming nobody was told."""
        handle = self._stranger
        if handle == NOBODY:
            return
        self._stranger = NOBODY
        if self._find(handle) is None:
            try:
                self._ble.gap_disconnect(handle)
            except (OSError, MemoryError):
                pass  # the next thing it writes brings it here again

    def _find(self, handle: int) -> "Link | None":
        for link in self.links:
            if link.handle == handle:
                return link
        return None

    def _find_free(self) -> "Link | None":
        for link in self.links:
            if link.free:
                return link
        return None

    # Advertising

    def _advertise(self, now: int) -> None:
        self._changed = False  # before the call: somebody may connect within it
        room = self._find_free() is not None
        if room and self._begin(True):
            self.state = ADVERTISING
        elif self._begin(False):
            self.state = FULL
        else:
            self.state = FAULT
        if self.state == (ADVERTISING if room else FULL):
            self._refusals = 0
            self._due = self._clock.ticks_add(now, _ANEW_MS)
            return
        self._refusals += 1
        self._due = self._clock.ticks_add(now, _AGAIN_MS)
        if self._refusals >= _REFUSALS and not self.connected:
            self._on = False
            self._due = now

    def _begin(self, connectable: bool) -> bool:
        try:
            self._ble.gap_advertise(_INTERVAL_US, self._data, resp_data=self._name, connectable=connectable)
        except (OSError, MemoryError):
            return False
        return True

    # Events

    def _happened(self, event: int, data: tuple) -> None:
        """The handler. What was written and could not be kept breaks the stream of who wrote it, no more."""
        link = self._find(data[0])
        try:
            if event == _GATTS_WRITE:
                chunk = self._ble.gatts_read(data[1])
                if link is None:
                    self._stranger = data[0]
                else:
                    link.wrote(chunk, self._clock.ticks_ms())
            elif event == _CENTRAL_CONNECT:
                self._came(data[0], link)
            elif event == _CENTRAL_DISCONNECT:
                self._went(link)
            elif link is None:
                pass  # of a connection that is over
            elif event == _GATTS_INDICATE_DONE:
                link.status = data[2]
            elif event == _MTU_EXCHANGED:
                link.mtu = data[1]
        except (OSError, MemoryError):
            if link is not None:
                link.overrun = True

    def _came(self, handle: int, former: "Link | None") -> None:
        if former is not None:
            former.handle = NOBODY  # its end was not told
        link = self._find_free()
        if link is None:
            self._stranger = handle
        else:
            link.taken(handle)
        self._changed = True

    def _went(self, link: "Link | None") -> None:
        if link is not None:
            link.handle = NOBODY
        self._changed = True
