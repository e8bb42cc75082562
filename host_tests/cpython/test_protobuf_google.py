"""The protobuf reader and writer beside Google's own, over the messages of the published client's schema."""

from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey.protocol.protobuf import ProtobufError, Reader
from latchkey.protocol.protobuf_writer import Writer
from tesla_fleet_api.tesla.vehicle.proto.signatures_pb2 import SessionInfo
from tesla_fleet_api.tesla.vehicle.proto.universal_message_pb2 import RoutableMessage

_U32 = st.integers(0, (1 << 32) - 1)


def _session_info(message):
    """Counter, public key, epoch, clock: what a program that assigns as it reads ends up with."""
    found = {1: 0, 2: b"", 3: b"", 4: 0}
    reader = Reader()
    reader.begin(message)
    while field := reader.next():
        if field == 1:
            found[1] = reader.number()
        elif field in (2, 3):
            found[field] = bytes(reader.bytes())
        elif field == 4:
            found[4] = reader.fixed32()
    return tuple(found.values())


@given(
    counter=_U32, key=st.binary(max_size=80), epoch=st.binary(max_size=20), clock=_U32, order=st.permutations(range(4))
)
@settings(max_examples=200)
def test_what_one_writes_the_other_reads(counter, key, epoch, clock, order):
    theirs = SessionInfo(counter=counter, publicKey=key, epoch=epoch, clock_time=clock)
    assert _session_info(theirs.SerializeToString()) == (counter, key, epoch, clock)
    buffer = bytearray(200)
    ours = Writer(buffer)
    steps = ((ours.number, 1, counter), (ours.bytes, 2, key), (ours.bytes, 3, epoch), (ours.fixed32, 4, clock))
    for index in order:
        write, field, value = steps[index]
        write(field, value)
    assert SessionInfo.FromString(bytes(buffer[: ours.length])) == theirs


@given(data=st.binary(max_size=60))
@settings(max_examples=500)
def test_what_theirs_refuses_ours_refuses(data):
    """The other way round it does not hold: ours has bounds, and takes no wrong wire types for unknown fields."""
    try:
        RoutableMessage.FromString(data)
        return
    except DecodeError:
        pass
    reader = Reader()
    try:
        reader.begin(data)
        _walk(reader)
    except ProtobufError:
        return
    raise AssertionError(data.hex())


def _walk(reader):
    """Read as deep as the schema of an envelope goes."""
    nested = {(): (6, 7, 12, 13, 14), (13,): (1, 5, 6, 8, 9)}
    path = []
    while True:
        field = reader.next()
        if field == 0:
            if not path:
                return
            path.pop()
        elif field in nested.get(tuple(path), ()):
            reader.enter()
            path.append(field)
