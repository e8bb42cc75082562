"""Damaged payloads of the phone's protocol: an order that exists, or the declared error."""

import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.protobuf import ProtobufError, Reader
from latchkey.protocol.vehicle_command_order import Order

_ROUNDS = 1_000_000 if LONG else 20_000
_ADD_KEY = bytes.fromhex(
    "82014d2a470a430a4104b2b6bc68c2da0665ce656815594996c62394edd8bea905fe781a754fe6a845a714330902f225e9269d466e05b34998"
    "1fda9d85cc23c6fb444aa73b629105dc6e200332020809"
)
_PAYLOADS = (
    _ADD_KEY,
    b"\x10\x00",
    b"\x0a\x04\x08\x06\x20\x04",
    b"\x22\x02\x28\x01",
    b"\x0a\x0a\x08\x06\x12\x06\x0a\x04abcd",
)
_OLDER = b"\x0a\x54\x12\x50" + _ADD_KEY + b"\x18\x02"

_order = Order(Reader())
_outcomes = [0] * (orders.UNKNOWN + 1)
_refused = [0]


def _one(number):
    older = number & 3 == 0
    data = mutated(_OLDER if older else _PAYLOADS[below(len(_PAYLOADS))])
    try:
        kind = _order.read_older(memoryview(data)) if older else _order.read(memoryview(data))
    except ProtobufError:
        _refused[0] += 1
        return
    assert kind == _order.kind
    assert (kind == orders.SHOW_KEY or kind == orders.NOTHING) == older
    assert kind != orders.STRANGER
    _outcomes[kind] += 1


def test_damaged_payloads():
    random.seed(177)
    assert growth(_one, _ROUNDS) <= 512
    assert _refused[0] > _ROUNDS // 50
    for kind in (orders.UNLOCK, orders.STATUS, orders.KEY_ENTRY, orders.OPEN_TRUNK, orders.ADD_KEY, orders.SHOW_KEY):
        assert _outcomes[kind] > _ROUNDS // 1_000, (kind, _outcomes)
