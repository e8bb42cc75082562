"""The handler of Bluetooth events between any two bytecodes of the driver, as the ESP32 runs it.

CPython can trace single opcodes: while the driver polls, reads and queues, something happens before the k-th opcode of
its own code that touches an object, for every k. Before any other opcode it would be the same: handler and driver share
nothing but objects. What must hold is in fakes/peripheral_walk.py.
"""

import dis
import random
import sys

import pytest
from fakes.peripheral_walk import Walk

_ACTIONS = (
    "write",
    "write_much",
    "leave",
    "replace",
    "replace_hearer",
    "come",
    "fail",
    "confirm",
    "refuse",
    "ask",
    "die",
)


_TOUCHES = ("LOAD_ATTR", "LOAD_METHOD", "STORE_", "BINARY_SUBSCR", "BINARY_SLICE", "CALL", "RETURN_")


class _Injection:
    """Calls `act(name of the function)` at one opcode of the driver. seen: how many there were."""

    def __init__(self, at, act):
        self.seen = 0
        self._at = at
        self._act = act

    def __enter__(self):
        sys.settrace(self._call)
        return self

    def __exit__(self, *error):
        sys.settrace(None)

    def _call(self, frame, event, argument):
        if "/drivers/ble_" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._step

    def _step(self, frame, event, argument):
        if event == "opcode" and dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith(_TOUCHES):
            self.seen += 1
            if self.seen == self._at:  # nothing is traced in here, so the handler runs in one piece
                self._act(frame.f_code.co_name)
        return self._step


class _Scene(Walk):
    """One phone has written up to the ring's end, another is being sent to, and advertising is due."""

    def __init__(self):
        random.seed(5)
        super().__init__(eager=True)
        self.world.radio.meanwhile = None
        self.writer = self._newcomer(True)
        self.hearer = self._newcomer(False)
        self.gone = self._newcomer(True)
        for size in (300, 200, 60):
            self.put(self.writer, size)
            self.step()
            self.read()
        assert self.writer.read == 3 and not self.writer.unread
        self.writer.crowded = False
        self.queue(self.hearer, 175)
        self.step()
        self.hearer.phone.confirm()
        self.gone.phone.disconnect()
        for size in (400, 30):
            self.put(self.writer, size)
            self.read()
        for size in (90, 100, 60):  # the last one lies at the ring's start again
            self.put(self.writer, size)
        self.writer.crowded = False
        self.world.time.advance(4_000)

    def turns(self):
        """What the application does."""
        for size in (30, 200):
            self.step()
            self.queue(self.hearer, size)

    def act(self, name, where):
        getattr(self, "_" + name)(where)

    def _newcomer(self, confirms):
        talk = self.come(confirms)
        self.step()
        self.step()
        return talk

    def _write(self, where):
        self.put(self.writer, 18)

    def _write_much(self, where):
        self.put(self.writer, 512)

    def _leave(self, where):
        self.writer.phone.disconnect()

    def _replace(self, where):
        """Another phone gets the same number at once."""
        number = self.writer.phone.link
        self.writer.phone.disconnect()
        self._come(where)
        assert not self._is_open() or self.talks[-1].phone.link == number

    def _replace_hearer(self, where):
        if where != "_indicate":  # the one moment that ble_link.py does not protect
            self.hearer.phone.disconnect()
            self._come(where)

    def _come(self, where):
        if self._is_open():
            self.put(self.come(True), 40)

    def _fail(self, where):
        if self._is_open():
            self.world.radio.fail_connect()

    def _confirm(self, where):
        if self.awaits(self.hearer):
            self.hearer.phone.confirm()

    def _refuse(self, where):
        if self.awaits(self.hearer):
            self.hearer.phone.refuse(13)
            self.hearer.whole = False

    def _ask(self, where):
        self.hearer.phone.exchange_mtu(256)

    def _die(self, where):
        self.fixed = False
        self.world.radio.break_down()
        self.world.radio.poll()

    def _is_open(self):
        advertising = self.world.radio.advertising
        return advertising is not None and advertising[0]


def _run(action, at):
    """Returns how many opcodes there were."""
    scene = _Scene()
    with _Injection(at, lambda where: scene.act(action, where)) as injection:
        scene.turns()
    scene.end()
    return injection.seen


@pytest.mark.parametrize("action", _ACTIONS)
def test_before_every_opcode(action):
    count = _run(action, 0)
    assert count > 300
    for at in range(1, count + 1):
        try:
            _run(action, at)
        except Exception:
            print("before opcode", at, "of", count)
            raise
