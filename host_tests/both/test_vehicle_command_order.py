"""Payloads of the vehicle-command protocol as orders: what each client sends, and what is refused rather than guessed.

Encodings from vcsec.proto; those of whole requests as the clients named in vehicle-command.md send them.
"""

from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.protobuf import ProtobufError, Reader
from latchkey.protocol.vehicle_command_order import Order

_KEY = bytes(range(100, 164))
_POINT = b"\x04" + _KEY
_order = Order(Reader())


def _field(number, data):
    key = (number << 3 | 2,) if number < 16 else (number << 3 & 0x7F | 0x82, number >> 4)
    return bytes(key) + bytes((len(data),)) + data


def _change(*fields):
    return _field(16, b"".join(fields))


def _permissions(role, point=_POINT, more=b""):
    return _field(1, _field(1, point)) + more + bytes((0x20, role))


def test_actions():
    for number, kind in (
        (0, orders.UNLOCK),
        (1, orders.LOCK),
        (20, orders.AUTHORISE_DRIVE),
        (29, orders.LOCK),
        (30, orders.WAKE),
    ):
        assert _order.read(bytes((0x10, number))) == kind == _order.kind
    for number in (2, 3, 19, 21, 28, 31, 127):
        assert _order.read(bytes((0x10, number))) == orders.UNKNOWN


def test_nothing_is_not_unlock():
    """RKE_ACTION_UNLOCK is 0: an empty payload must not be taken for it."""
    assert _order.read(b"") == orders.UNKNOWN
    assert _order.read(b"\x98\x06\x00") == orders.UNKNOWN


def test_closures():
    for number, kind in ((5, orders.OPEN_TRUNK), (6, orders.OPEN_FRUNK), (7, orders.OPEN_CHARGE_PORT)):
        for move, expected in ((0, orders.UNKNOWN), (1, kind), (2, orders.UNKNOWN), (3, kind), (4, orders.UNKNOWN)):
            assert _order.read(_field(4, bytes((number << 3, move)))) == expected
    for number in (1, 2, 3, 4, 8, 9):
        assert _order.read(_field(4, bytes((number << 3, 3)))) == orders.UNKNOWN


def test_several_closures_at_once_are_not_guessed_at():
    assert _order.read(_field(4, b"\x28\x01\x30\x01")) == orders.UNKNOWN
    assert _order.read(_field(4, b"\x08\x03\x28\x01")) == orders.UNKNOWN
    assert _order.read(_field(4, b"\x28\x01\x08\x03")) == orders.UNKNOWN
    assert _order.read(_field(4, b"\x08\x00\x28\x01\x30\x00")) == orders.OPEN_TRUNK
    assert _order.read(_field(4, b"")) == orders.UNKNOWN


def test_information():
    assert _order.read(b"\x0a\x00") == orders.STATUS
    assert _order.read(b"\x0a\x02\x08\x00") == orders.STATUS
    assert _order.read(b"\x0a\x02\x08\x05") == orders.KEY_LIST
    for number in (1, 2, 3, 4, 7, 30):
        assert _order.read(bytes((0x0A, 2, 8, number))) == orders.UNKNOWN


def test_information_about_one_key():
    assert _order.read(b"\x0a\x04\x08\x06\x20\x00") == orders.KEY_ENTRY
    assert (_order.slot, _order.has_id, _order.has_key) == (0, False, False)
    assert _order.read(b"\x0a\x04\x20\x1f\x08\x06") == orders.KEY_ENTRY
    assert _order.slot == 31
    assert _order.read(_field(1, b"\x08\x06" + _field(2, _field(1, b"abcd")))) == orders.KEY_ENTRY
    assert _order.has_id and _order.key_id == b"abcd" and _order.slot == orders.NO_SLOT
    assert _order.read(_field(1, b"\x08\x06" + _field(3, _POINT))) == orders.KEY_ENTRY
    assert _order.has_key and _order.key == _KEY
    assert _order.read(b"\x0a\x02\x08\x06") == orders.UNKNOWN
    assert _order.read(_field(1, b"\x08\x06" + _field(2, _field(1, b"abc")))) == orders.UNKNOWN


def test_adding_a_key():
    assert _order.read(_change(_field(5, _permissions(3)), _field(6, b"\x08\x09"))) == orders.ADD_KEY
    assert (_order.key, _order.has_key, _order.role, _order.form) == (_KEY, True, 3, 9)
    assert _order.read(_change(_field(6, b"\x08\x07"), _field(5, _permissions(2)))) == orders.ADD_KEY
    assert (_order.role, _order.form) == (2, 7)
    assert _order.read(_change(_field(1, _field(1, _POINT)))) == orders.ADD_KEY
    assert (_order.key, _order.role) == (_KEY, 0)


def test_removing_a_key():
    assert _order.read(_change(_field(2, _field(1, _POINT)))) == orders.REMOVE_KEY
    assert _order.has_key and _order.key == _KEY


def test_of_several_changes_the_last_counts_and_keeps_nothing_of_the_others():
    add, remove = _field(5, _permissions(2)), _field(2, b"")
    assert _order.read(_change(add, remove)) == orders.REMOVE_KEY
    assert not _order.has_key and _order.role == 0
    assert _order.read(_change(add) + b"\x10\x01") == orders.LOCK
    assert _order.read(b"\x10\x01" + _change(remove, add)) == orders.ADD_KEY
    assert _order.role == 2


def test_changes_that_this_vehicle_does_not_know():
    for number in (3, 4, 7, 8, 9, 17):
        assert _order.read(_change(_field(number, _permissions(2)))) == orders.CHANGE_KEY
    assert _order.read(_change(b"\x80\x01\x01")) == orders.CHANGE_KEY
    assert _order.read(_change(_field(5, _permissions(2, more=b"\x18\x3c")))) == orders.CHANGE_KEY
    assert _order.read(_change(_field(5, _permissions(2, more=b"\x18\x00")))) == orders.ADD_KEY
    assert _order.read(_change(_field(6, b"\x08\x09"))) == orders.UNKNOWN


def test_keys_that_are_none():
    for point in (b"", _POINT[:-1], _POINT + b"\x00", b"\x02" + _KEY, b"\x02" + _KEY[:32], _KEY):
        assert _order.read(_change(_field(5, _permissions(2, point)))) == orders.ADD_KEY
        assert not _order.has_key


def test_the_older_envelope():
    payload = _change(_field(5, _permissions(3)), _field(6, b"\x08\x01"))
    message = _field(1, _field(2, payload) + b"\x18\x02")
    assert _order.read_older(memoryview(message)) == orders.SHOW_KEY
    assert (_order.key, _order.role, _order.form) == (_KEY, 3, 1)
    for other in (
        _field(1, _field(2, payload)),
        _field(1, _field(2, payload) + b"\x18\x00"),
        _field(1, _field(2, payload) + b"\x18\x05"),
        _field(1, _field(2, b"\x10\x00") + b"\x18\x02"),
        _field(1, _field(2, _change(_field(2, _field(1, _POINT)))) + b"\x18\x02"),
        _field(1, b"\x18\x02"),
        b"\x0a\x00",
    ):
        assert _order.read_older(memoryview(other)) == orders.NOTHING
        assert _order.kind == orders.NOTHING


def test_an_order_leaves_nothing_to_the_next_one():
    _order.read(_change(_field(5, _permissions(2)), _field(6, b"\x08\x09")))
    assert _order.read(b"\x10\x01") == orders.LOCK
    assert (_order.has_key, _order.role, _order.form, _order.slot) == (False, 0, 0, orders.NO_SLOT)


def test_nonsense_is_refused_with_the_declared_error():
    for payload in (b"\x0a", b"\x12\x00", b"\x0a\x02\x0a\x00", b"\x20\x01", b"\x10\x80\x80\x80\x80\x10"):
        try:
            _order.read(payload)
        except ProtobufError:
            continue
        raise AssertionError(payload)


def test_fields_that_nobody_knows_are_passed_over_wherever_they_stand():
    """A later version of the protocol may add some; unknown are 14, a number, and 15, bytes."""
    for odd in (b"\x70\x05", b"\x7a\x02\x08\x01"):
        assert _order.read(odd + b"\x10\x01" + odd) == orders.LOCK
        assert _order.read(_field(1, odd + b"\x08\x05")) == orders.KEY_LIST
        about = _field(1, b"\x08\x06" + _field(2, odd + _field(1, b"abcd") + odd))
        assert _order.read(about) == orders.KEY_ENTRY and _order.key_id == b"abcd"
        key = _field(1, odd + _field(1, _POINT) + odd)
        add = _change(odd, _field(5, odd + key + b"\x20\x03"), _field(6, odd + b"\x08\x09"))
        assert _order.read(add) == orders.ADD_KEY
        assert (_order.key, _order.role, _order.form) == (_KEY, 3, 9)
        assert _order.read(_change(_field(2, odd + _field(1, _POINT)))) == orders.REMOVE_KEY and _order.key == _KEY
        own = b"\xc2\x3e" + bytes((4 + len(odd),)) + b"\x08\x08" + odd + b"\x10\x07"
        assert _order.read(own) == orders.SET_CLOCK and _order.values == [7, 0, 0, 0, 0]
        shown = _field(2, _change(_field(1, _field(1, _POINT))))
        assert _order.read_older(memoryview(odd + _field(1, odd + shown + b"\x18\x02"))) == orders.SHOW_KEY
