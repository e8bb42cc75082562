"""The bench: car, reader and firmware joined, and the one thing that the page and its API talk to.

Whatever happens (a line from the firmware, an order from the page, a switch that closes) goes through here: the car is
brought up to now, the change is made, inputs that read differently are sent, and everyone who looks at the page is
told.
"""

import asyncio
import contextlib
import copy
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from latchkey_tools.simulator.car import COILS, Car, CarError
from latchkey_tools.simulator.cloud import Cloud
from latchkey_tools.simulator.feed import Feed
from latchkey_tools.simulator.firmware import Firmware
from latchkey_tools.simulator.hand import Hand
from latchkey_tools.simulator.harness import Harness
from latchkey_tools.simulator.hint import hint
from latchkey_tools.simulator.latency import Latency
from latchkey_tools.simulator.orders import Order, OrderError
from latchkey_tools.simulator.phones import Phones
from latchkey_tools.simulator.reader import Reader, ReaderError
from latchkey_tools.simulator.viewers import Viewers
from latchkey_tools.simulator.wire import Message, format_cut, format_guest, format_input, format_key, format_time

_WIRE_JITTER_MS = 30  # what two processes and a socket on a busy PC add to a dead time; the firmware cannot help it
_LOG_LINES = 400


class Bench:
    """`attach()` it to a firmware before anything can ask for one."""

    def __init__(self, reader: Reader, about: dict[str, object]) -> None:
        self._origin = time.monotonic()
        self.about = about
        self.reader = reader
        self._firmware: Firmware
        self._erase: Callable[[], None]
        self._phones: Phones
        self._cloud: Cloud
        self._latency = Latency()
        self.viewers = Viewers(self.snapshot)
        self.car = Car(self._now_ms(), jitter_ms=_WIRE_JITTER_MS)
        self.harness = Harness(self._greet, self._hear, self.complain, self.left)
        self.log: deque[dict[str, object]] = deque(maxlen=_LOG_LINES)
        self._feed = Feed()
        self._hand = Hand(reader, self.viewers.changed)
        self._status: dict[str, object] | None = None
        self._status_ms = 0
        self._flash: dict[str, int] | None = None
        self._armed: Order | None = None
        self._reset_held = False
        self._sent: dict[str, int] = {}  # inputs as the firmware knows them; one that is not wired is absent
        self._wake = asyncio.Event()

    def attach(self, firmware: Firmware, erase: Callable[[], None], phones: Phones, cloud: Cloud) -> None:
        """erase() empties the firmware's flash; it is called while the firmware is dark."""
        self._firmware, self._erase, self._phones, self._cloud = firmware, erase, phones, cloud

    async def keep_time(self) -> None:
        """Advances the car at each moment something in it changes by itself, until cancelled."""
        while True:
            self._wake.clear()
            due = self.car.next_event_ms()
            wait_s = None if due is None else max(0, due - self._now_ms()) / 1000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)
            self.car.advance(self._now_ms())
            self._send_inputs()
            self.viewers.changed()

    # Orders. Each raises OrderError when the world does not allow it.

    def order_car(self, order: Order) -> None:
        """Tried on a copy of the car, so that a refused order has changed nothing."""
        self.car.advance(self._now_ms())
        car = copy.deepcopy(self.car)
        try:
            if "hand" in order:
                car.throw_by_hand(order["hand"])
            if "doors" in order:
                car.open_doors(order["doors"])
        except CarError as error:
            raise OrderError(str(error), 409)
        if "close" in order:
            car.close(order["close"])
        if "ignition" in order:
            car.turn_key(order["ignition"])
        for name in ("button", "crash", "jam", "speed", "supply"):
            if name in order:
                setattr(car, name, order[name])
        for wire, cut in order.get("unplug", {}).items():
            (car.unplugged.add if cut else car.unplugged.discard)(wire)
        self.car = car
        self._after_change()

    def order_faults(self, order: Order) -> None:
        if "cloud" in order:
            self._cloud.break_(order["cloud"])
            self._latency.fault = self._cloud.fault
        if "power_cut" in order:
            cut = order["power_cut"]
            if not self.harness.send(format_cut(cut["write"], cut["variant"])):
                raise OrderError("The firmware is not running: there is no flash write to cut.", 409)
            self._armed = cut
        if "reader" in order:
            self._break_reader(order["reader"])
        if "power" in order:
            self._cut("The supply was pulled.")
        self.viewers.changed()

    def order_card(self, order: Order) -> None:
        known = {card["name"] for card in self.reader.cards()}
        away, put, tap = order.get("take_away", []), order.get("put", []), order.get("tap")
        for name in [*away, *put, *([tap] if tap else [])]:
            if name not in known:
                raise OrderError(f"There is no card called {name!r} in the wallet.", 404)
        if "make" in order:
            self._make_card(order["make"])
        for name in away:
            self.reader.take_away(name)
        for name in put:
            self.reader.put(name)
        if tap:
            self._hand.tap(tap)
        self.viewers.changed()

    def _make_card(self, kind: str) -> None:
        try:
            self.reader.make(kind)
        except ReaderError as error:
            raise OrderError(str(error), 409) from None

    def order_phone(self, order: Order) -> None:
        linked = self._phones.linked(order["name"])
        self._phones.order(order)
        if order.get("do") in COILS:
            self._latency.pressed(time.monotonic(), linked)

    def order_cloud(self, order: Order) -> None:
        self._cloud.order(order)

    def order_keys(self, order: Order) -> None:
        """As on the USB console. Whoever gives a guest a time tells what time it is."""
        now = datetime.now(UTC)
        lines = [format_key(word, order[word]) for word in ("revoke", "suspend", "admit") if word in order]
        if "time" in order or order.get("hours"):
            lines.append(format_time(now))
        if "guest" in order:
            until = now + timedelta(hours=order["hours"], minutes=1) if order["hours"] else None
            lines.append(format_guest(order["guest"], until))
        if not all([self.harness.send(line) for line in lines]):
            raise OrderError("The firmware is not running: nobody can change the key.", 409)

    def order_reset(self) -> None:
        self._cut("Erased over USB: the controller starts blank.", self._wipe)

    def _break_reader(self, fault: str) -> None:
        try:
            self.reader.fault(fault)
        except ReaderError as error:
            raise OrderError(str(error), 409)

    def _wipe(self) -> None:
        self._erase()
        self._feed.clear()
        self._latency.clear()

    def _cut(self, why: str, between: Callable[[], None] | None = None) -> None:
        self._firmware.power_cut(why, between)
        self.reader.power_cycle()

    # The firmware's side.

    def _greet(self) -> Iterator[str]:
        self.car.advance(self._now_ms())
        self._sent = {name: value for name, value in self.car.wires().items() if name not in self.car.unplugged}
        for name, value in self._sent.items():
            yield format_input(name, value)
        yield "ready"
        yield from self._cloud.lines()

    def _hear(self, message: Message) -> None:
        self.car.advance(self._now_ms())
        word, *arguments = message
        try:
            self._HEAR[word](self, *arguments)
        except CarError as error:
            self.complain(str(error))
        self._after_change()

    def _hear_output(self, name: str, level: int) -> None:
        if name == "reader_reset":  # active low, as the chip's RSTPDN: it takes effect when it is let go
            if level and self._reset_held:
                self.reader.reset()
            self._reset_held = not level
            return
        self.car.output(name, level)
        if name != "drive_enable":
            self.viewers.tell("signal", {"name": name, "level": level})

    def _hear_pulse(self, name: str, length: int) -> None:
        if name in COILS:
            self._latency.card_answered(self.reader.answered_s())
            self._latency.pulsed(time.monotonic())
        self.car.pulse(name, length)

    def _hear_status(self, status: dict[str, object]) -> None:
        self._firmware.connected()
        self._status = status
        self._status_ms = self.car.now_ms
        self._feed.look(status)
        self._phones.look(status)
        self._cloud.look(status)

    def _hear_verdict(self, verdict: dict[str, object]) -> None:
        self._feed.add(verdict, self._firmware.starts)
        self._latency.decided(verdict)
        if verdict.get("source") == "keycard":
            self._hand.answered()

    def _hear_cut(self) -> None:
        self._cut("The power cut struck at the armed flash write.")

    def _hear_flash(self, writes: int, erases: int) -> None:
        self._flash = {"writes": writes, "erases": erases}

    _HEAR: dict[str, Callable[..., None]] = {
        "out": _hear_output,
        "pulse": _hear_pulse,
        "stop": lambda self, name: self.car.stop(name),
        "status": _hear_status,
        "verdict": _hear_verdict,
        "cut": _hear_cut,
        "flash": _hear_flash,
        "stored": lambda self, name: None,
        "limit": lambda self, number, limit_ms: None,
        "error": lambda self, text: self.complain(f"The firmware says: {text}"),
        "about": lambda self: None,
        "settings": lambda self: None,
        "tried": lambda self: None,
        "journal": lambda self: None,
    }

    def left(self) -> None:
        """The firmware has gone: nothing that it said holds any more, and its outputs fall."""
        self.car.advance(self._now_ms())
        self.car.power_off()
        self._status, self._flash, self._armed = None, None, None
        self._sent = {}
        self._reset_held = False
        for name in ("light_red", "light_green", "light_blue", "buzzer"):
            self.viewers.tell("signal", {"name": name, "level": 0})
        self._after_change()

    def hear_log(self, stream: str, text: str) -> None:
        """stream: out, err (of the firmware) or simulator."""
        line: dict[str, object] = {"at": round(time.time(), 3), "stream": stream, "text": text}
        self.log.append(line)
        self.viewers.tell("log", line)

    def complain(self, text: str) -> None:
        self.hear_log("simulator", text)

    # What is shown.

    def snapshot(self) -> dict[str, object]:
        """The whole state as the page shows it; plain JSON types."""
        self.car.advance(self._now_ms())
        process = self._firmware.snapshot()
        cards = self.reader.cards()
        names = {str(card["id"]): str(card["label"]) for card in cards} | self._phones.names | self._cloud.names
        return {
            "simulator": self.about,
            "firmware": process,
            "controller": self._status,
            "controller_age_s": (self.car.now_ms - self._status_ms) / 1000,
            "car": self.car.snapshot(),
            "reader": self.reader.snapshot(),
            "cards": cards,
            "phones_here": self._phones.snapshot(),
            "cloud_here": self._cloud.snapshot(),
            "latency": self._latency.snapshot(),
            "verdicts": self._feed.newest_first(),
            "flash": self._flash,
            "armed_cut": self._armed,
            "hint": hint(process, self._status, self.car.button, self._feed.seen, names, self._phones.hint),
        }

    def _after_change(self) -> None:
        self._send_inputs()
        self._wake.set()
        self.viewers.changed()

    def _send_inputs(self) -> None:
        for name, value in self.car.wires().items():
            if name in self._sent and self._sent[name] != value:
                self._sent[name] = value
                self.harness.send(format_input(name, value))

    def _now_ms(self) -> int:
        return int((time.monotonic() - self._origin) * 1000)
