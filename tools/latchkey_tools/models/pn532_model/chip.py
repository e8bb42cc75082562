"""The chip itself: power states, host frames in and out, dispatch, and the commands that need no card.

Facts: UM0701-02 sections 6.2 (frames, ACK, NACK, abort), 7.2 (commands), PN532/C1 datasheet (reset pin, power down).
Model's choices: waking takes the first 12 bytes or 1 ms, counted from the first 55; until SAMConfiguration has been
heard after power-up or waking every other command is ignored without an ACK.
"""

try:
    from collections.abc import Generator
except ImportError:  # MicroPython has no such module, nor ever reads an annotation
    pass

from .field import Card, Field
from .frames import ACK, ERROR, GOT_ACK, GOT_DAMAGED, GOT_NACK, Deframer, frame
from .line import GARBAGE, Faults, Line
from .radio import Radio

_CLOCK_MASK = 0x3FFFFFFF  # time is read modulo 2^30 ms, so any clock of MicroPython will do
_WAKE_BYTE = 0x55
_WAKE_BYTES = 12
_ACK_MS = 1
_WORK_MS = 1  # what the chip takes over a command without radio
_BAUDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)

_DIAGNOSE = 0x00
_SET_BAUD = 0x10
_SAM = 0x14
_POWER_DOWN = 0x16
_WAKE_BY_HSU = 0x10


class Pn532Model:
    """One PN532 in HSU mode with its antenna.

    host_baud: at which rate the host talks and listens; None: always at the chip's own (a byte stream over TCP).
    line, waker: what bus.Bus puts in place of the serial line, and of the bit of PowerDown that lets it wake the chip.
    commands: how often each command code was heard, for tests that count.
    """

    def __init__(self, host_baud: "int | None" = None, line: "Line | None" = None, waker: int = _WAKE_BY_HSU) -> None:
        self.host_baud = host_baud
        self.commands: dict[int, int] = {}
        self.field = Field()
        self._faults = Faults()
        self._radio = Radio(self.field, self._faults)
        self._line = line or Line()
        self._waker = waker
        self._deframer = Deframer()
        self._clock_ms: int | None = None
        self._now_ms = 0
        self._held = False
        self._power_up()
        radio = self._radio
        self._quick = {
            0x02: self._firmware_version,
            0x04: radio.status,
            0x06: self._read_registers,
            0x08: self._write_registers,
            _SET_BAUD: self._set_baud,
            0x12: radio.set_parameters,
            _SAM: self._sam_configuration,
            _POWER_DOWN: self._power_down,
            0x32: radio.configure,
        }
        self._slow = {
            _DIAGNOSE: radio.diagnose,
            0x40: radio.exchange,
            0x42: radio.communicate,
            0x44: radio.deselect,
            0x4A: radio.list_targets,
            0x52: radio.release,
            0x54: radio.select,
        }

    # Cards, faults and pins: the outside of the chip.

    @property
    def cards(self) -> "list[Card]":
        """The cards in the field, in the order in which they were put there."""
        return [seat.card for seat in self.field.seats]

    def put(self, card: Card) -> None:
        """Lay a card into the field."""
        self.field.put(card)

    def take_away(self, card: Card) -> None:
        """Take a card out of the field, also in the middle of a command."""
        self.field.take_away(card)

    def fault(self, name: str, times: int = 1, argument: int = 0) -> None:
        """Let a fault of line.FAULTS strike so many times (-1: until cleared)."""
        self._faults.add(name, times, argument)

    def clear_faults(self) -> None:
        """Let the chip work again."""
        self._faults.clear()

    def reset(self, held: bool) -> None:
        """Hold the reset pin low or let it go; letting go is a power-up, also out of the fault "hang"."""
        self._held = held
        self._faults.clear("hang")
        self._power_up()

    def power_cycle(self) -> None:
        """Lose the supply for a moment: everything configured is forgotten, also the fault "hang"."""
        self._faults.clear("hang")
        self._power_up()

    def _power_up(self) -> None:
        self.baud = 115200
        self._registers: dict[int, int] = {}
        self._radio.reset()
        self._fall_asleep()

    def _fall_asleep(self) -> None:
        self._asleep = True
        self._wakers = self._waker
        self._waking = 0
        self._awake_at_ms = 0
        self._configured = False
        self._new_baud = 0
        self._last = b""
        self._deframer.clear()
        self._line.clear(self._now_ms)
        self._abort()

    # Time and bytes.

    def tick(self, now_ms: int) -> None:
        """Say what time it is, in ms of any clock that never goes back; may wrap at 2^30 or later."""
        if self._clock_ms is None:
            self._clock_ms = now_ms
        elapsed = (now_ms - self._clock_ms) & _CLOCK_MASK
        if elapsed > _CLOCK_MASK // 2:
            raise ValueError("the clock went back")
        self._clock_ms = now_ms
        until = self._now_ms + elapsed
        while self._job is not None and self._due_ms <= until and not self._stopped():
            self._now_ms = max(self._now_ms, self._due_ms)
            self._advance()
        self._now_ms = until

    def wait_ms(self) -> "int | None":
        """Time until a tick is worth while; None when only the host or a card can change anything."""
        due = self._line.due_ms()
        if self._job is not None and not self._stopped():
            due = self._due_ms if due is None else min(due, self._due_ms)
        return None if due is None else max(0, due - self._now_ms)

    def feed(self, data: bytes) -> None:
        """Take bytes from the host, all at the time of the last tick."""
        if self._stopped() or self._wrong_baud():
            return
        if self._asleep:
            data = self._wake(bytes(data))
        self._deframer.feed(data)
        while True:
            got = self._deframer.next()
            if got is None:
                return
            self._hear(got)

    def take(self) -> bytes:
        """Give the bytes that have left the chip by the last tick."""
        out = self._line.take(self._now_ms)
        if self._stopped():
            return b""
        return bytes([0xF0] * len(out)) if self._wrong_baud() else out

    def stands_still(self) -> bool:
        """Say whether the chip does nothing at all: held in reset, hung or dead."""
        return self._stopped()

    def is_asleep(self) -> bool:
        """Say whether it is in power-down, as also after power-up."""
        return self._asleep

    def rouse(self) -> None:
        """Wake by the bus, if that is one of the ways out of this sleep."""
        if self._wakers & self._waker:
            self._asleep = False

    def _stopped(self) -> bool:
        return self._held or self._faults.active("hang") or self._faults.active("dead")

    def _wrong_baud(self) -> bool:
        return self.host_baud is not None and self.host_baud != self.baud

    def _wake(self, data: bytes) -> bytes:
        if not self._waking:
            start = data.find(bytes([_WAKE_BYTE]))
            if start < 0 or not self._wakers & _WAKE_BY_HSU:
                return b""
            data = data[start:]
            self._awake_at_ms = self._now_ms + 1
        lost = 0 if self._waking and self._now_ms >= self._awake_at_ms else _WAKE_BYTES - self._waking
        self._waking += len(data)
        self._asleep = len(data) < lost
        return data[lost:]

    def _hear(self, got: "bytes | int") -> None:
        if got == GOT_DAMAGED:
            return
        if got == GOT_ACK:
            self._abort()
            if self._new_baud:
                self.baud, self._new_baud = self._new_baud, 0
        elif got == GOT_NACK:
            if self._job is None and self._last:
                self._line.send(self._last, self._now_ms + _WORK_MS, self.baud)
        elif isinstance(got, bytes):
            self._obey(got)

    # Commands.

    def _abort(self) -> None:
        self._job: Generator[int, None, None] | None = None
        self._due_ms = 0

    def _obey(self, payload: bytes) -> None:
        code = payload[1] if len(payload) > 1 else -1
        self._abort()
        self._line.clear(self._now_ms)
        self.commands[code] = self.commands.get(code, 0) + 1
        if self._faults.strike("no_ack") or not (self._configured or code == _SAM):
            return
        if self._faults.strike("garbage_before"):
            self._line.send(GARBAGE, self._now_ms, self.baud)
        self._due_ms = self._line.send(ACK, self._now_ms + _ACK_MS, self.baud) + _WORK_MS
        self._job = self._work(payload)

    def _advance(self) -> None:
        if self._job is None:
            return
        job = self._job
        try:
            wait = next(job)
        except StopIteration:
            if self._job is job:
                self._job = None
            return
        self._due_ms = self._now_ms + wait

    def _work(self, payload: bytes) -> "Generator[int, None, None]":
        code, data = (payload[1], payload[2:]) if len(payload) > 1 else (-1, b"")
        answer = None
        if payload[0] == 0xD4 and code in self._quick:
            answer = self._quick[code](data)
        elif payload[0] == 0xD4 and code in self._slow:
            answer = yield from self._slow[code](data)
        self._answer(ERROR if answer is None else frame(bytes([0xD5, code + 1]) + answer))
        if code == _POWER_DOWN and answer is not None:
            yield 1
            yield max(0, (self._line.due_ms() or 0) - self._now_ms)
            wakers = data[0]
            self._fall_asleep()
            self._wakers = wakers

    def _answer(self, data: bytes) -> None:
        self._last = data
        if self._faults.strike("no_answer"):
            return
        if self._faults.strike("bad_checksum"):
            data = data[:-2] + bytes([data[-2] ^ 0x20]) + data[-1:]
        if self._faults.strike("partial"):
            data = data[: len(data) // 2]
        if self._faults.strike("garbage_after"):
            data += GARBAGE
        self._line.send(data, self._now_ms, self.baud, self._faults.strike("slow"))

    def _firmware_version(self, data: bytes) -> "bytes | None":
        return b"\x32\x01\x06\x07" if not data else None

    def _sam_configuration(self, data: bytes) -> "bytes | None":
        if not 1 <= len(data) <= 3 or not 1 <= data[0] <= 4:
            return None
        self._configured = True
        return b""

    def _power_down(self, data: bytes) -> "bytes | None":
        return b"\x00" if 1 <= len(data) <= 2 else None

    def _set_baud(self, data: bytes) -> "bytes | None":
        if len(data) != 1 or data[0] >= len(_BAUDS):
            return None
        self._new_baud = _BAUDS[data[0]]
        return b""

    def _read_registers(self, data: bytes) -> "bytes | None":
        if not data or len(data) % 2:
            return None
        places = range(0, len(data), 2)
        return bytes([self._registers.get(data[i] << 8 | data[i + 1], 0) for i in places])

    def _write_registers(self, data: bytes) -> "bytes | None":
        if not data or len(data) % 3:
            return None
        for i in range(0, len(data), 3):
            self._registers[data[i] << 8 | data[i + 1]] = data[i + 2]
        return b""
