"""One phone's connection: what it has written, what it is to be sent, and when it has confirmed that.

Facts: protocol.md; MicroPython's modbluetooth.c, and NimBLE beneath it. Frames are cut into indications of at most
MTU - 3 bytes; the radio cuts longer ones without a word, so the MTU of the moment counts. The next indication waits
until the last one is confirmed. What is queued goes out as one stream, and an indication takes as much of it as there
is: clients take frames apart wherever they begin. So the two replies to one command arrive together, where they fit.
That matters: a client that does not look whose reply it has got takes a late one for that to its next command.

A Link is made once and serves one connection after another. The handler of Bluetooth events calls taken() and wrote()
and sets `handle`, `mtu` and `status`; everything else belongs to the application. Between two calls of poll() no Link
passes from one connection to the next, and what was written or queued ends with its connection.

Not protected against: an indication that goes out in the very moment when the radio gives the number of its connection
to another phone. The radio knows connections by number alone; replies are sealed or no secret.
"""

from micropython import const

from latchkey.drivers.ble_mailbox import Mailbox

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Ble, Clock

NOBODY = const(-1)  # instead of the number of a connection

_MTU_AT_FIRST = const(23)  # until a phone asks for more (Core Specification, Vol 3, Part G, 5.2.1)
_ATT_HEADER = const(3)  # opcode and handle, before the bytes of an indication
_FRAME_HEADER = const(2)  # length of what follows, big-endian

# The longest write has 512 bytes, the usual frame 183, in up to 11 chunks; the mailbox adds 4 to each chunk.
_INBOX = const(640)
# A usual reply has 175 bytes; a phone that asks again before it listens finds room for four of them.
_OUTBOX = const(768)

_AWAITED = const(-1)  # in place of a status, which is 0 (confirmed) or an error of the radio


class Link:
    """connected. serial: another for each connection. since: ticks in ms of its beginning. mtu: in bytes.

    overrun: the phone has written more than there was room for; whatever it writes after that is thrown away.
    free, leaving, handle, status: for Peripheral and its handler.
    """

    def __init__(self, clock: "Clock") -> None:
        self.connected = False
        self.serial = 0
        self.since = 0
        self.mtu = _MTU_AT_FIRST
        self.overrun = False
        self.free = True
        self.leaving = False  # hung up on, and the radio has not let go yet
        self.handle = NOBODY
        self.status = _AWAITED
        self._clock = clock
        self._inbox = Mailbox(_INBOX)
        self._wrote = False
        self._wrote_at = 0
        self._outbox = memoryview(bytearray(_OUTBOX))  # frames behind one another, in a circle
        self._first = 0  # where the oldest byte lies
        self._filled = 0
        self._under_way = 0  # bytes of the present indication
        self._waits = False  # there is a present indication, though the radio may not have taken it yet
        self._waits_since = 0

    # For the application

    @property
    def idle_ms(self) -> int:
        """Pause before the chunk that receive() has given: 0 for the first one, at most 65,535."""
        return self._inbox.idle_ms

    @property
    def sending(self) -> bool:
        """Something is queued, or not confirmed yet."""
        return self._filled > 0

    def receive(self) -> "memoryview | None":
        """The next chunk as it was written, never empty; None when there is none.

        The view holds until the following receive(), or the poll() in which its connection is found to have ended.
        """
        return self._inbox.take() if self.connected else None

    def send(self, frame: "bytes | bytearray | memoryview") -> bool:
        """Queue one frame, its two bytes of length included. It is copied.

        False where there is no phone, no room for all of it, or another length than it says.
        """
        needed = len(frame)
        if not self.connected or needed < _FRAME_HEADER or needed > _OUTBOX - self._filled:
            return False
        if frame[0] << 8 | frame[1] != needed - _FRAME_HEADER:
            return False
        at = (self._first + self._filled) % _OUTBOX
        ahead = min(needed, _OUTBOX - at)
        self._outbox[at : at + ahead] = frame[:ahead]
        if ahead < needed:
            self._outbox[: needed - ahead] = frame[ahead:]
        self._filled += needed
        return True

    def unconfirmed_ms(self, now: int) -> int:
        """How long the present indication has waited for the radio or its phone; 0 for none. now: ticks in ms."""
        return max(0, self._clock.ticks_diff(now, self._waits_since)) if self._waits else 0

    # For the handler of events

    def taken(self, handle: int) -> None:
        """A phone has connected, and this link was free."""
        self.mtu = _MTU_AT_FIRST
        self._wrote = False
        self.handle = handle
        self.free = False  # last: a link that is not free and has no handle is one whose connection is over

    def wrote(self, chunk: bytes, now: int) -> None:
        """The phone has written. now: ticks in ms."""
        idle_ms = self._clock.ticks_diff(now, self._wrote_at) if self._wrote else 0
        self._wrote = True
        self._wrote_at = now
        if len(chunk) and (self.overrun or not self._inbox.put(chunk, idle_ms)):
            self.overrun = True

    # For Peripheral.poll()

    def begin(self, serial: int, now: int) -> None:
        """The application may have the connection."""
        self.serial = serial
        self.since = now
        self.connected = True

    def end(self) -> None:
        """The connection is over and the handler knows nothing of it any more: make room for the next one."""
        self.connected = False
        self.leaving = False
        self.overrun = False
        self._inbox.clear()
        self._first = self._filled = self._under_way = 0
        self._waits = False
        self.free = True  # last: from now on the handler may take it

    def send_next(self, ble: "Ble", value_handle: int, now: int) -> bool:
        """Indicate the next chunk where that may be. False when the last one was not confirmed and never will be."""
        if self._under_way:
            if self.status != 0:
                return self.status == _AWAITED
            self._confirmed()
        if self._filled:
            self._indicate(ble, value_handle, now)
        return True

    def _confirmed(self) -> None:
        self._first = (self._first + self._under_way) % _OUTBOX
        self._filled -= self._under_way
        self._under_way = 0
        self._waits = False

    def _indicate(self, ble: "Ble", value_handle: int, now: int) -> None:
        """Where the radio has no room it says so twice: by a status, from within the call, and by an OSError."""
        count = min(self.mtu - _ATT_HEADER, self._filled)
        if not self._waits:
            self._waits = True
            self._waits_since = now
        self.status = _AWAITED
        self._under_way = count  # before the call: it may be confirmed at once
        first = self._first
        try:
            chunk = bytes(self._outbox[first : first + count])
            if len(chunk) < count:
                chunk += bytes(self._outbox[: count - len(chunk)])
            ble.gatts_indicate(self.handle, value_handle, chunk)
        except (OSError, MemoryError):
            self._under_way = 0  # the same once more, at the next poll
