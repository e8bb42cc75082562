"""Frames of the vehicle-command protocol: in any pieces; after silence, nonsense or excess the next one works."""

from latchkey.protocol.vehicle_command_frame import Frame


def _frame(message):
    return len(message).to_bytes(2, "big") + message


def _taken(frame, chunk, idle_ms=0):
    """The messages that a chunk completes."""
    messages = []
    frame.begin(chunk, idle_ms)
    while frame.next():
        messages.append(bytes(frame.message))
    return messages


def test_one_frame_in_pieces_of_every_size():
    message = bytes(range(200))
    for size in range(1, 203):
        frame = Frame()
        whole = _frame(message)
        messages = []
        for at in range(0, len(whole), size):
            messages += _taken(frame, whole[at : at + size])
        assert messages == [message], size


def test_several_frames_in_one_chunk_and_one_that_begins_in_it():
    frame = Frame()
    third = _frame(b"third")
    assert _taken(frame, _frame(b"first") + _frame(b"second") + third[:1]) == [b"first", b"second"]
    assert _taken(frame, third[1:4]) == []
    assert _taken(frame, third[4:] + _frame(b"x")) == [b"third", b"x"]


def test_an_empty_frame_and_an_empty_chunk_are_nothing():
    frame = Frame()
    assert _taken(frame, b"") == []
    assert _taken(frame, b"\x00\x00" + _frame(b"a")) == []  # nonsense, with what comes in the same chunk
    assert _taken(frame, _frame(b"a")) == [b"a"]


def test_silence_drops_what_has_begun():
    whole = _frame(b"message")
    for cut in range(1, len(whole)):
        frame = Frame()
        assert _taken(frame, whole[:cut]) == []
        assert _taken(frame, whole[cut:], 1_000) == [b"message"]
        assert _taken(frame, whole[:cut]) == []
        assert _taken(frame, whole, 1_001) == [b"message"]


def test_a_length_beyond_1024_takes_its_chunk_along_and_no_more():
    frame = Frame(1_024)
    assert _taken(frame, b"\x04\x01" + _frame(b"lost")) == []
    assert _taken(frame, _frame(b"next")) == [b"next"]
    assert _taken(frame, b"\xff") == []
    assert _taken(frame, b"\xff" + _frame(b"lost")) == []
    assert _taken(frame, _frame(b"next")) == [b"next"]
    assert _taken(frame, b"\x04\x00" + bytes(1_024)) == [bytes(1_024)]


def test_a_frame_that_is_too_long_for_the_buffer_is_passed_over():
    frame = Frame(64)
    assert _taken(frame, _frame(bytes(64))) == [bytes(64)]
    assert _taken(frame, _frame(bytes(65)) + _frame(b"next")) == [b"next"]
    long = _frame(bytes(1_024)) + _frame(b"next")
    messages = []
    for at in range(0, len(long), 20):
        messages += _taken(frame, long[at : at + 20])
    assert messages == [b"next"]


def test_a_new_connection_begins_anew():
    frame = Frame()
    _taken(frame, _frame(b"message")[:4])
    frame.reset()
    assert _taken(frame, _frame(b"other")) == [b"other"]


def test_the_view_is_of_the_frame_s_own_buffer():
    frame = Frame()
    chunk = bytearray(_frame(b"message"))
    frame.begin(chunk, 0)
    assert frame.next()
    chunk[2:] = bytes(7)
    assert bytes(frame.message) == b"message"
    assert not frame.next()


def test_a_frame_of_no_length_is_nonsense_and_takes_the_rest_of_its_chunk_with_it():
    frame = Frame()
    frame.begin(bytes(508), 0)
    assert not frame.next() and not frame.begun
    frame.begin(b"\x00\x00\x00\x02ok", 0)
    assert not frame.next() and not frame.begun
    frame.begin(b"\x00\x02o", 0)
    assert not frame.next() and frame.begun
    frame.begin(b"k", 0)
    assert frame.next() and bytes(frame.message) == b"ok"
