"""Streams of damaged PN532 frames, cut anywhere: only sound ones come out, and a clean one behind the mess always does.

Like all of fuzz/, this runs in a heap of 48 KB (-X heapsize=48k).
"""

import random

from fakes.mutation import below, growth, mutated
from fakes.scale import LONG
from latchkey.drivers.pn532_frame import ACK_FRAME, DATA, HEAD, MAX_PAYLOAD, NACK_FRAME, NONE, TAIL, Decoder, seal

_ROUNDS = 1_000_000 if LONG else 20_000
_ERROR_FRAME = bytes.fromhex("0000ff01ff7f8100")
_LAST = b"\x03\x12\x34\x56\x78"


def _framed(answer):
    buffer = bytearray(HEAD + 1 + len(answer) + TAIL)
    buffer[HEAD] = 0xD5
    buffer[HEAD + 1 : HEAD + 1 + len(answer)] = answer
    return bytes(buffer[seal(buffer, 1 + len(answer)) :])


_LISTING = _framed(bytes.fromhex("4b010100042004" + "08d69833" + "0578807002"))
_SEEDS = (
    ACK_FRAME + _LISTING,
    ACK_FRAME + _framed(b"\x41\x00\x90\x00") + _ERROR_FRAME,
    NACK_FRAME + ACK_FRAME + ACK_FRAME + _framed(b"\x33"),
    _framed(b"\x41\x00" + bytes(range(70))),
    _framed(b"\x41\x40" + b"\x00\xff" * 131),
    b"\x55\x00\xff\x00\x00\x00\xff" + _LISTING + b"\x00\xff\xff\xff\x01\x09",
)
_CLEAN = _framed(_LAST)

_decoder = Decoder()


def _drain():
    """Take all frames; True if the clean one was among them. Each must be sound by a sum of its own."""
    found = False
    while True:
        kind = _decoder.next()
        if kind == NONE:
            return found
        if kind == DATA:
            begin, end = _decoder.offset - 1, _decoder.offset + _decoder.length
            assert 2 <= end - begin <= MAX_PAYLOAD
            assert end < len(_decoder.buffer)
            assert _decoder.buffer[begin] == 0xD5
            assert sum(_decoder.view[begin : end + 1]) & 0xFF == 0
            found = found or bytes(_decoder.view[begin + 1 : end]) == _LAST


def _feed(data):
    found = False
    while len(data):
        count = _decoder.feed(data[: 1 + below(len(data))])
        data = data[count:]
        found = _drain() or found
    return found


def _one(number):
    stream = mutated(_SEEDS[number % len(_SEEDS)])
    _feed(stream)
    found = _feed(_CLEAN)
    for _ in range(len(_decoder.buffer)):  # silence: whoever waits gives up what is half done, again and again
        if found or not _decoder.partial:
            break
        _decoder.give_up()
        found = _drain()
    if not found:  # what is left of the mess begins a header that ate the beginning of the clean frame
        found = _feed(bytes(8)) or _feed(_CLEAN)
    assert found
    _decoder.clear()


def test_only_sound_frames_come_out_of_a_mess():
    random.seed(532)
    assert growth(_one, _ROUNDS) <= 512
