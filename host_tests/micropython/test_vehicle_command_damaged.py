"""Damaged messages of the phone's protocol, in damaged frames: nothing raises, nothing grows, nothing signed changes.

Whatever comes out with a key's name on it must be what that key has signed; every other outcome is a fault, a look at
the vehicle, a key that shows itself, or silence.
"""

import random

from fakes.mutation import below, growth, mutated
from fakes.phone import STATUS, UNLOCK, Keys, Phone
from fakes.scale import LONG
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.vehicle_command import Dialogue
from latchkey.protocol.vehicle_command_frame import Frame
from latchkey.protocol.vehicle_command_sessions import Sessions

_ROUNDS = 1_000_000 if LONG else 5_000
_SLOT = 4
_UNSIGNED = (orders.NOTHING, orders.STATUS, orders.KEY_LIST, orders.KEY_ENTRY, orders.SHOW_KEY, orders.STRANGER)

_keys = Keys()
_phone = Phone()
_keys.enrol(_SLOT, _phone.key, _phone.k)
_dialogue = Dialogue(_keys, Sessions(_keys))
_keys.now += 500
_phone.synchronise(_dialogue.sessions)
_frame = Frame(300)
_outcomes = [0] * (orders.UNKNOWN + 1)


def _older():
    inner = b"\x82\x01\x4d\x2a\x47\x0a\x43\x0a\x41" + _phone.point + b"\x20\x03\x32\x02\x08\x01"
    return bytes((0x0A, len(inner) + 4, 0x12, len(inner))) + inner + b"\x18\x02"


def _signed(payload, flags):
    _phone.flags = flags
    return _phone.signed(payload)


_SEEDS = (
    _signed(UNLOCK, 0),
    _signed(UNLOCK, 2),
    _phone.signed(UNLOCK, 8),
    _phone.handshake(),
    _phone.unsigned(STATUS),
    _phone.unsigned(_older()[4:-2]),
    _older(),
)


def _answer(order):
    """As a link would; every answer must fit."""
    voice = _dialogue.voice
    if order == orders.UNLOCK:
        voice.accept()
    elif order == orders.KEY_LIST:
        voice.key_list([(slot, b"abcd") for slot in range(32)])
    elif order == orders.SHOW_KEY:
        voice.key_change(5)
    for index in range(voice.out.count):
        assert 2 < len(voice.out.frame(index)) < 500


def _one(number):
    seed = _SEEDS[below(len(_SEEDS))]
    message = mutated(seed) if number % 8 else seed
    frame = bytearray((len(message) >> 8, len(message) & 0xFF)) + message
    if below(8) == 0:
        frame = mutated(frame)
    _frame.begin(frame, below(2) * 2_000)
    while _frame.next():
        order = _dialogue.handle(_frame.message)
        _outcomes[order] += 1
        if _dialogue.slot == -1:
            assert order in _UNSIGNED
        else:
            assert (order, _dialogue.slot) == (orders.UNLOCK, _SLOT)
            _dialogue.sessions._counters[0][_SLOT] = 0
        _answer(order)


def test_damaged_messages():
    random.seed(212)
    assert growth(_one, _ROUNDS) <= 512
    for order in (orders.NOTHING, orders.UNLOCK, orders.STATUS, orders.SHOW_KEY, orders.STRANGER):
        assert _outcomes[order] > _ROUNDS // 1_000, _outcomes


def test_random_tags():
    random.seed(16)
    message = _signed(UNLOCK, 2)
    at = bytes(message).find(_phone.tag)
    for _ in range(_ROUNDS):
        for index in range(16):
            message[at + index] = random.getrandbits(8)
        assert _dialogue.handle(memoryview(message)) == orders.NOTHING and _dialogue.slot == -1
    message[at : at + 16] = _phone.tag
    assert _dialogue.handle(memoryview(message)) == orders.UNLOCK
