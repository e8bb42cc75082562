"""Damaged messages: the reader goes to the end or stops with its declared error, and leaves nothing on the heap."""

import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG
from latchkey.protocol import protobuf
from latchkey.protocol.protobuf import ProtobufError, Reader

_ROUNDS = 1_000_000 if LONG else 20_000
_HANDSHAKE = bytes.fromhex(
    "320208023a121210d2d06cfadf7320214d778e6b148438ad72430a4104b2b6bc68c2da0665ce656815594996c62394edd8bea905fe781a754f"
    "e6a845a714330902f225e9269d466e05b349981fda9d85cc23c6fb444aa73b629105dc6e9a0310cab9d03f794d559d83b951b574ce0df3"
)
_SIGNATURE = bytes.fromhex(
    "320208026a402a3d0a10eaabe301b4b4a1243118a40825220115120c45d29af664e2ff8fd49218b718ffffffff0f2550c300002a10"
    "6d846705ba5c143f94257275a2ca701f"
)
_DEEP = bytes.fromhex("0a0c0a0a0a080a060a040a020a00") + bytes.fromhex("0801") * 8
_SEEDS = (_HANDSHAKE, _SIGNATURE, _DEEP, b"\x09" + bytes(8) + b"\x08" + b"\xff" * 9 + b"\x01")
_CODES = (
    protobuf.TRUNCATED,
    protobuf.BAD_VARINT,
    protobuf.BAD_FIELD,
    protobuf.WRONG_TYPE,
    protobuf.OUT_OF_RANGE,
    protobuf.TOO_MANY,
    protobuf.TOO_DEEP,
)

_reader = Reader()
_outcomes = [0] * 9


def _walk():
    """Read every field as something that depends on its number, into messages too; ends however long that takes."""
    depth = fields = 0
    while True:
        field = _reader.next()
        if not field:
            if not depth:
                return
            depth -= 1
            continue
        fields += 1
        assert fields <= 32
        choice = (field + fields) % 5
        if choice == 0:
            _reader.number()
        elif choice == 1:
            assert len(_reader.bytes()) < 300
        elif choice == 2:
            assert _reader.fixed32() >= 0
        elif choice == 3:
            _reader.enter()
            depth += 1
            assert depth <= 4


def _one(number):
    message = mutated(_SEEDS[below(len(_SEEDS))])
    try:
        _reader.begin(message)
        _walk()
        _outcomes[0] += 1
    except ProtobufError as error:
        assert error.code in _CODES
        _outcomes[error.code] += 1
    _reader.end()


def test_damaged_messages():
    random.seed(1024)
    assert growth(_one, _ROUNDS) <= 512
    for code in (0, protobuf.TRUNCATED, protobuf.BAD_FIELD, protobuf.WRONG_TYPE):
        assert _outcomes[code] > _ROUNDS // 200, _outcomes
