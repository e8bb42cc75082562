"""The contactless half of the chip: the commands that talk to cards, as generators that yield the ms they wait.

Facts: UM0701-02 sections 7.3.1 to 7.3.13 for layout and status codes. Times are those of the air interface at
106 kbit/s: 6 ms between two requests, 85 us a byte, FWT = 302 us * 2^FWI from the card's ATS (ISO 14443-4).
Model's choices: a card that was active when a listing began stays out of it whatever the retries (seen as "every other
listing fails"); InRelease lets the card go idle, InDeselect halts it.
"""

try:
    from collections.abc import Generator
except ImportError:  # MicroPython has no such module, nor ever reads an annotation
    pass

from .field import HALT, IDLE, Card, Field, Seat
from .line import Faults

OK = 0x00
TIMEOUT = 0x01
BAD_DATA = 0x13
NO_SUCH_TARGET = 0x27

_TRY_MS = 6  # one request that nobody answers, and the distance of two
_SELECT_MS = 4  # anticollision and select of a 7-byte UID
_RATS_MS = 4  # RATS, ATS, SFGT and the card itself
_MORE = 0x40  # in Tg: the host will send more; in the status: the card has more
_CHUNK = 262  # data bytes an InDataExchange carries each way
_LONGEST_WAIT_MS = 5000  # FWI 14, the longest a card may ask for
_AUTO_RATS = 0x10
_CHECK_PRESENCE = 6


def air_ms(count: int) -> int:
    """Time of so many bytes at 106 kbit/s, block overhead included, rounded up."""
    return (count + 8) * 85 // 1000 + 1


def fwt_ms(card: Card) -> int:
    """Frame waiting time of a card; FWI 4 where the ATS has no TB."""
    fwi = 4
    if len(card.ats) > 1 and card.ats[1] & 0x20:
        place = 2 + (1 if card.ats[1] & 0x10 else 0)
        if place < len(card.ats):
            fwi = min(card.ats[place] >> 4, 14)
    return (302 << fwi) // 1000 + 1


class Radio:
    """Targets of the last listing and the settings that RFConfiguration and SetParameters have left."""

    def __init__(self, field: Field, faults: Faults) -> None:
        self.field = field
        self._faults = faults
        self.reset()

    def reset(self) -> None:
        """Go back to what the chip knows after power-up: field off, defaults, no targets."""
        self.field.switch(False)
        self.parameters = 0x14
        self.retries = 0xFF
        self.last_error = OK
        self.targets: dict[int, Seat] = {}
        self._to_card = b""
        self._from_card = b""

    def configure(self, data: bytes) -> "bytes | None":
        """RFConfiguration (32): field, timings, retries, analogue settings."""
        sizes = {0x01: 1, 0x02: 3, 0x04: 1, 0x05: 3, 0x0A: 11, 0x0B: 8, 0x0C: 3, 0x0D: 9}
        if not data or sizes.get(data[0]) != len(data) - 1:
            return None
        if data[0] == 0x01:
            self.field.switch(bool(data[1] & 1))
        elif data[0] == 0x05:
            self.retries = data[3]
        return b""

    def set_parameters(self, data: bytes) -> "bytes | None":
        """SetParameters (12)."""
        if len(data) != 1:
            return None
        self.parameters = data[0]
        return b""

    def status(self, data: bytes) -> "bytes | None":
        """GetGeneralStatus (04): last error, field, targets, SAM."""
        out = bytes([self.last_error, 1 if self.field.on else 0, len(self.targets)])
        for number in sorted(self.targets):
            out += bytes([number, 0, 0, 0x10])
        return out + b"\x80"

    def list_targets(self, data: bytes) -> "Generator[int, None, bytes | None]":
        """InListPassiveTarget (4A): MaxTg, BrTy, then for type A the UID to look for, if any."""
        if len(data) < 2 or data[0] not in (1, 2) or data[1] > 4:
            return None
        if not self.field.on:
            self.field.switch(True)
            yield 1
        self.targets = {}
        self._to_card = self._from_card = b""
        sitting_out = [seat for seat in self.field.seats if self.field.answers(seat)]
        tries = self.retries
        while True:
            yield _TRY_MS
            found = self._found(data, sitting_out)
            if found:
                break
            if self.retries == 0xFF:
                sitting_out = []
            elif tries == 0:
                return b"\x00"
            else:
                tries -= 1
        out = b""
        for seat in found:
            out += yield from self._activate(seat, False)
        return bytes([len(self.targets)]) + out

    def _found(self, data: bytes, sitting_out: "list[Seat]") -> "list[Seat]":
        idle = self.field.request()
        if data[1] != 0:
            return []  # the model knows no cards of other types
        wanted = data[2:]
        found = [seat for seat in idle if seat not in sitting_out and wanted in (b"", seat.card.uid)]
        return found[: data[0]]

    def _activate(self, seat: Seat, woken: bool) -> "Generator[int, None, bytes]":
        card = seat.card
        rats = card.sak & 0x20 and self.parameters & _AUTO_RATS
        yield _SELECT_MS + (_RATS_MS if rats else 0)
        if seat not in self.field.seats:
            return b""
        seat.activate(woken)
        number = len(self.targets) + 1
        self.targets[number] = seat
        out = bytes([number]) + card.atqa + bytes([card.sak, len(card.uid)]) + card.uid
        return out + card.ats if rats else out

    def exchange(self, data: bytes) -> "Generator[int, None, bytes | None]":
        """InDataExchange (40): Tg, data; both directions chained in pieces of 262 bytes."""
        if not data:
            return None
        seat = self.targets.get(data[0] & 0x3F)
        forced = self._faults.argument("status")
        if seat is None or forced is not None:
            yield 1
            return self._failed(NO_SUCH_TARGET if forced is None else forced)
        if len(data) == 1 and self._from_card:
            yield air_ms(min(len(self._from_card), _CHUNK))
            return self._piece() if self.field.answers(seat) else self._failed(TIMEOUT)
        self._from_card = b""
        self._to_card += data[1:]
        yield air_ms(len(data))
        if not self.field.answers(seat):
            yield 2 * fwt_ms(seat.card)
            return self._failed(TIMEOUT)
        if data[0] & _MORE:
            return bytes([OK])
        apdu, self._to_card = self._to_card, b""
        if not apdu:
            return self._failed(BAD_DATA)
        answer = yield from self._ask(seat, apdu)
        if not answer or not self.field.answers(seat):
            yield 2 * fwt_ms(seat.card)
            return self._failed(TIMEOUT)
        self._from_card = answer
        return self._piece()

    def _ask(self, seat: Seat, apdu: bytes) -> "Generator[int, None, bytes]":
        said = seat.card.transceive(apdu)
        waited = 0
        while said is None and waited < _LONGEST_WAIT_MS and self.field.answers(seat):
            yield 1
            waited += 1
            said = seat.card.late_answer()
        if said is None:
            return b""
        answer, delay_ms = said
        while delay_ms > 0 and self.field.answers(seat):  # step by step, to notice a card that leaves
            yield min(delay_ms, 10)
            delay_ms -= 10
        yield air_ms(len(answer))
        return answer

    def _piece(self) -> bytes:
        piece, self._from_card = self._from_card[:_CHUNK], self._from_card[_CHUNK:]
        self.last_error = OK
        return bytes([OK | (_MORE if self._from_card else 0)]) + piece

    def _failed(self, status: int) -> bytes:
        self._to_card = self._from_card = b""
        self.last_error = status
        return bytes([status])

    def communicate(self, data: bytes) -> "Generator[int, None, bytes | None]":
        """InCommunicateThru (42): raw frames, such as ECP beacons, that no card of this model answers."""
        yield air_ms(len(data)) + 50
        return self._failed(TIMEOUT)

    def deselect(self, data: bytes) -> "Generator[int, None, bytes | None]":
        """InDeselect (44): halt the card, remember the target. Tg 0: all."""
        return (yield from self._each(data, HALT))

    def release(self, data: bytes) -> "Generator[int, None, bytes | None]":
        """InRelease (52): let go of the card and forget the target. Tg 0: all."""
        out = yield from self._each(data, IDLE)
        if out == bytes([OK]):
            self.targets = {n: seat for n, seat in self.targets.items() if data[0] not in (0, n)}
        return out

    def _each(self, data: bytes, state: int) -> "Generator[int, None, bytes | None]":
        if len(data) != 1:
            return None
        yield 2
        if data[0] and data[0] not in self.targets:
            return self._failed(NO_SUCH_TARGET)
        self._to_card = self._from_card = b""
        for number, seat in self.targets.items():
            if data[0] in (0, number) and self.field.answers(seat):
                seat.state = state
        return bytes([OK])

    def select(self, data: bytes) -> "Generator[int, None, bytes | None]":
        """InSelect (54): wake a deselected card (WUPA) and activate it again."""
        if len(data) != 1:
            return None
        yield 2
        seat = self.targets.get(data[0])
        if seat is None:
            return self._failed(NO_SUCH_TARGET)
        if self.field.answers(seat):
            return bytes([OK])
        yield _SELECT_MS + _RATS_MS
        if not self.field.on or seat not in self.field.seats:
            return self._failed(TIMEOUT)
        seat.activate(True)
        return bytes([OK])

    def diagnose(self, data: bytes) -> "Generator[int, None, bytes | None]":
        """Diagnose (00): 00 echoes, 06 asks the activated ISO 14443-4 card whether it is there."""
        yield 2
        if data[:1] == b"\x00":
            return bytes(data)
        if data != bytes([_CHECK_PRESENCE]):
            return None
        active = [seat for seat in self.targets.values() if self.field.answers(seat) and seat.card.ats]
        if active:
            return bytes([OK])
        yield 20
        return bytes([TIMEOUT])
