"""The Bluetooth driver against phones that do anything in any order, while the radio may keep an event to itself.

Each walk is 20 things that happen, also from within the driver's own calls. In every third walk one event is lost: a
connection that nobody is told of, one whose end nobody is told of, an MTU, a confirmation. A GATTS_WRITE is not among
them: MicroPython calls the handler from within the write (modbluetooth.c).

Both interpreters draw other walks: 10,000 together.
"""

import random

from fakes.peripheral_walk import Walk
from fakes.scale import LONG, SHORT

_CONNECT, _DISCONNECT, _DONE, _MTU = 1, 2, 20, 21
_EVENTS = (_CONNECT, _DISCONNECT, _DONE, _MTU)
_WALKS = 25_000 if LONG else 200 if SHORT else 2_500


def _hold(eager, seed):
    random.seed(seed)
    walk = Walk(eager)
    for number in range(_WALKS):
        if number % 3 == 2:
            walk.losing = _EVENTS[number % 4]
        for _ in range(20):
            walk.happen()
        walk.end()
    assert walk.lost > _WALKS // 10
    assert walk.number > _WALKS


def test_any_order_of_events_that_wait_to_be_polled():
    _hold(False, 1)


def test_any_order_of_events_that_come_at_once():
    _hold(True, 2)
