"""Damaged frames and envelopes of the phone's protocol: read to the end or refused with the declared error.

This is the part that reads what nobody has authenticated yet. The whole dialogue, with its ciphers, is damaged in
micropython/test_vehicle_command_damaged.py, in a larger heap.
"""

import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG
from latchkey.protocol.protobuf import ProtobufError, Reader
from latchkey.protocol.vehicle_command_envelope import Envelope
from latchkey.protocol.vehicle_command_frame import Frame

_ROUNDS = 1_000_000 if LONG else 20_000
_SEEDS = (
    bytes.fromhex(
        "320208023a121210d2d06cfadf7320214d778e6b148438ad52029c076a80010a430a4104b2b6bc68c2da0665ce656815594996c62394ed"
        "d8bea905fe781a754fe6a845a714330902f225e9269d466e05b349981fda9d85cc23c6fb444aa73b629105dc6e2a390a104c463f9cc0d3"
        "d26906e982ed224adde6120cac3a0c679869699f75366584180725780a00002a10582a13fd8779588e5b66ba09ab539b8f9a0310c85232"
        "063db9c311d4700e133534f1d9a00302"
    ),
    bytes.fromhex(
        "320208023a121210d2d06cfadf7320214d778e6b148438ad72430a4104b2b6bc68c2da0665ce656815594996c62394edd8bea905fe781a"
        "754fe6a845a714330902f225e9269d466e05b349981fda9d85cc23c6fb444aa73b629105dc6e9a0310cab9d03f794d559d83b951b574ce"
        "0df3"
    ),
)

_envelope = Envelope(Reader())
_frame = Frame(256)
_outcomes = [0] * 3


def _read(message):
    """1 for an envelope that could be read, 0 for a refusal."""
    try:
        _envelope.read(message)
    except ProtobufError:
        return 0
    assert len(_envelope.address) in (0, 16) and len(_envelope.uuid) in (0, 16)
    assert 0 <= _envelope.counter <= 0xFFFFFFFF and 0 <= _envelope.expires_at <= 0xFFFFFFFF
    return 1


def _one(number):
    message = mutated(_SEEDS[number & 1])
    frame = bytearray((len(message) >> 8, len(message) & 0xFF)) + message
    if not below(4):
        frame = mutated(frame)
    _frame.begin(frame, below(2) * 2_000)
    found = 2
    while _frame.next():
        found = _read(_frame.message)
    _outcomes[found] += 1
    _envelope.clear()


def test_damaged_frames_and_envelopes():
    random.seed(211)
    assert growth(_one, _ROUNDS) <= 512
    assert min(_outcomes) > _ROUNDS // 50, _outcomes
