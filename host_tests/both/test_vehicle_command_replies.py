"""What a vehicle says in the vehicle-command protocol: replies of every kind, open and encrypted, asked for and not.

The phone is fakes/phone.py, which takes replies apart and opens them by itself.
"""

from fakes.phone import HMAC, LOCK, STATUS, UNLOCK, Keys, Phone, parsed, replies
from latchkey.protocol import vehicle_command_answer as answers
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.vehicle_command import Dialogue
from latchkey.protocol.vehicle_command_reply import Path
from latchkey.protocol.vehicle_command_sessions import Sessions

_SLOT = 4
_LAST = 0xFFFFFFFF


def _met(flags=2, domain=2):
    """A vehicle and an enrolled phone that have shaken hands; flags 2: replies shall be encrypted."""
    keys, phone = Keys(), Phone()
    keys.enrol(_SLOT, phone.key, phone.k)
    dialogue = Dialogue(keys, Sessions(keys))
    keys.now += 500
    phone.domain, phone.flags = domain, flags
    phone.synchronise(dialogue.sessions)
    return dialogue, phone


def _send(dialogue, message):
    return dialogue.handle(memoryview(message))


def test_an_accepted_command_has_two_replies():
    for form in (5, HMAC):
        dialogue, phone = _met(0)
        _send(dialogue, phone.signed(UNLOCK, form))
        dialogue.voice.accept()
        first, second = replies(dialogue)
        assert first[(10,)] == b"\x22\x04\x12\x02\x08\x01" and second[(10,)] == b""
        for found in (first, second):
            assert (found[(6, 2)], found[(7, 1)], found[(50,)]) == (phone.address, 2, phone.uuid)
            assert (13,) not in found


def test_encrypted_replies_are_numbered_and_bound_to_their_request():
    for form in (5, HMAC):
        dialogue, phone = _met(2)
        _send(dialogue, phone.signed(UNLOCK, form))
        dialogue.voice.accept()
        first, second = replies(dialogue)
        assert phone.opened(first, form) == b"\x22\x04\x12\x02\x08\x01"
        assert phone.opened(second, form) == b""
        assert (first[(13, 9, 2)], second[(13, 9, 2)]) == (1, 2)
        assert first[(13, 9, 1)] != second[(13, 9, 1)]
        _send(dialogue, phone.signed(LOCK, form))
        dialogue.voice.accept()
        assert [found[(13, 9, 2)] for found in replies(dialogue)] == [1, 2]


def test_nonces_never_repeat():
    dialogue, phone = _met(2)
    seen = set()
    for _ in range(40):
        _send(dialogue, phone.signed(UNLOCK))
        dialogue.voice.accept()
        seen |= {found[(13, 9, 1)] for found in replies(dialogue)}
    assert len(seen) == 80


def test_the_prefix_of_nonces_is_drawn_anew_when_their_counter_is_used_up():
    keys = Keys()
    sessions = Sessions(keys)
    first, second = bytearray(12), bytearray(12)
    sessions.fill_nonce(first)
    sessions._nonces = _LAST
    sessions.fill_nonce(second)
    assert second[:8] == first[:8] and second[8:] == b"\xff" * 4
    sessions.fill_nonce(second)
    assert second[:8] != first[:8] and second[8:] == bytes(4)


def test_a_large_counter_in_a_reply():
    dialogue, phone = _met(0)
    phone.counter = 299
    _send(dialogue, phone.signed(UNLOCK))
    dialogue.voice.accept()
    assert replies(dialogue)[0][(10,)] == b"\x22\x05\x12\x03\x08\xac\x02"


def test_status_is_one_reply():
    dialogue, phone = _met(2)
    assert _send(dialogue, phone.signed(STATUS)) == orders.STATUS
    now = answers.Status()
    now.lock = answers.LOCKED
    now.closures[answers.TRUNK] = answers.OPEN
    dialogue.voice.status(now)
    (found,) = replies(dialogue)
    assert phone.opened(found) == b"\x0a\x08\x0a\x02\x28\x01\x10\x01\x18\x01"


def test_what_the_vehicle_declines():
    dialogue, phone = _met(2)
    _send(dialogue, phone.signed(LOCK))
    dialogue.voice.decline(numbers.CLOSURES_OPEN)
    (found,) = replies(dialogue)
    assert phone.opened(found).hex() == "f202020802"


def test_a_refusal_is_not_encrypted_and_tells_no_session():
    dialogue, phone = _met(2)
    _send(dialogue, phone.signed(LOCK))
    dialogue.voice.refuse(numbers.BUSY)
    (found,) = replies(dialogue)
    assert found[(12,)] == b"\x08\x02\x10\x01" and (15,) not in found and (13,) not in found


def test_the_list_of_keys():
    dialogue, phone = _met(0)
    listed = [(slot, bytes((slot, 1, 2, 3))) for slot in range(32)]
    for keys in (listed, [], listed[30:]):
        assert _send(dialogue, phone.signed(b"\x0a\x02\x08\x05")) == orders.KEY_LIST
        dialogue.voice.key_list(keys)
        (found,) = replies(dialogue)
        told = parsed(found[(10,)], messages=((16,),))
        assert told.get((16, 1), 0) == len(keys)
        assert told.get((16, 3), 0) == sum(1 << slot for slot, _ in keys)
        assert found[(10,)].count(b"\x12\x06\x0a\x04") == len(keys)


def test_one_key():
    dialogue, phone = _met(2)
    assert _send(dialogue, phone.signed(b"\x0a\x04\x08\x06\x20\x04")) == orders.KEY_ENTRY
    dialogue.voice.key_entry(4, phone.key, b"abcd", 2, 9)
    (found,) = replies(dialogue)
    told = parsed(phone.opened(found), messages=((17,), (17, 1), (17, 2), (17, 4)))
    assert told[(17, 1, 1)] == b"abcd" and told[(17, 2, 1)] == phone.point
    assert (told[(17, 4, 1)], told[(17, 6)], told[(17, 7)]) == (9, 4, 2)
    _send(dialogue, phone.signed(b"\x0a\x04\x08\x06\x20\x05"))
    dialogue.voice.key_change(numbers.NOT_ON_LIST)
    (found,) = replies(dialogue)
    assert phone.opened(found).hex() == "220808021a04080c1802"


def test_changes_of_the_key_list():
    dialogue, phone = _met(2)
    remove = bytearray(b"\x82\x01\x45\x12\x43\x0a\x41" + Phone(b"other").point)
    assert _send(dialogue, phone.signed(remove)) == orders.REMOVE_KEY
    assert dialogue.order.key == Phone(b"other").key
    dialogue.voice.key_change(numbers.KEY_LIST_CHANGED, b"abcd")
    (found,) = replies(dialogue)
    assert phone.opened(found).hex() == "220a1a0812060a0461626364"
    remove[7] = 2
    assert _send(dialogue, phone.signed(remove)) == orders.NOTHING
    (found,) = replies(dialogue)
    assert phone.opened(found).hex() == "220808021a0408061802"


def test_infotainment_answers_everything_with_not_available():
    for form in (5, HMAC):
        for flags in (0, 2):
            dialogue, phone = _met(flags, 3)
            assert _send(dialogue, phone.signed(b"\x12\x02\x0a\x00", form)) == orders.NOTHING
            assert dialogue.slot == _SLOT
            (found,) = replies(dialogue)
            assert found[(7, 1)] == 3
            payload = phone.opened(found, form) if flags else found[(10,)]
            assert payload == b"\x0a\x13\x08\x01\x12\x0f\x0a\x0dnot available"


def test_a_command_for_the_lock_does_nothing_in_the_other_domain():
    dialogue, phone = _met(0, 3)
    assert _send(dialogue, phone.signed(UNLOCK)) == orders.NOTHING
    assert dialogue.order.kind == orders.NOTHING


def test_an_unsigned_request_is_answered_in_the_open():
    dialogue, phone = _met(2)
    _send(dialogue, phone.signed(UNLOCK))
    _send(dialogue, phone.unsigned(STATUS))
    dialogue.voice.status(answers.Status())
    (found,) = replies(dialogue)
    assert found[(10,)] == b"\x0a\x04\x0a\x00\x18\x01" and (13,) not in found


def test_the_older_envelope_shows_a_key_and_is_answered_to_everybody():
    dialogue, phone = _met()
    inner = b"\x82\x01\x4d\x2a\x47\x0a\x43\x0a\x41" + phone.point + b"\x20\x03\x32\x02\x08\x01"
    message = bytes((0x0A, len(inner) + 4, 0x12, len(inner))) + inner + b"\x18\x02"
    assert _send(dialogue, bytearray(message)) == orders.SHOW_KEY
    assert (dialogue.order.key, dialogue.order.role, dialogue.order.form) == (phone.key, 3, 1)
    assert not dialogue.voice.path.addressed
    dialogue.voice.broadcast_wait()
    assert bytes(dialogue.voice.out.message(0)).hex() == "320208003a020802520422020801"


def test_news_for_everybody():
    dialogue, phone = _met(2)
    _send(dialogue, phone.signed(UNLOCK))
    dialogue.voice.broadcast_status(answers.Status())
    (found,) = replies(dialogue)
    assert found[(6,)] == b"\x08\x00" and found[(7, 1)] == 2
    assert found[(10,)] == b"\x0a\x04\x0a\x00\x18\x01"
    assert not {(13,), (50,), (12,)} & set(found)


def test_a_message_from_nowhere_is_answered_to_everybody():
    dialogue, phone = _met(0)
    message = phone.signed(UNLOCK)
    message[4] = 0x7A  # the field with the address becomes one that nobody knows
    assert bytes(message[:4]) == b"\x32\x02\x08\x02"
    assert _send(dialogue, message) == orders.UNLOCK
    dialogue.voice.accept()
    assert [found[(6,)] for found in replies(dialogue)] == [b"\x08\x00"] * 2


def test_a_key_that_has_gone_meanwhile_hears_nothing_of_its_change():
    """In the open anybody could read what became of it."""
    keys, phone = Keys(), Phone()
    keys.enrol(_SLOT, phone.key, phone.k)
    dialogue = Dialogue(keys, Sessions(keys))
    phone.domain, phone.flags = 2, 2
    phone.synchronise(dialogue.sessions)
    _send(dialogue, phone.signed(UNLOCK))
    path = Path()
    path.copy(dialogue.voice.path)
    assert path.slot == _SLOT
    dialogue.voice.later_key_change(path, numbers.KEY_LIST_CHANGED)
    assert len(replies(dialogue)) == 1
    dialogue.sessions.forget(_SLOT)
    keys.broken = True
    dialogue.voice.later_key_change(path, numbers.KEY_LIST_CHANGED)
    assert replies(dialogue) == []


def test_a_stranger_who_cannot_be_told_more_is_refused():
    dialogue, _ = _met()
    stranger = Phone(b"stranger")
    assert _send(dialogue, stranger.handshake()) == orders.STRANGER
    path = Path()
    path.copy(dialogue.voice.path)
    dialogue.voice.clear()
    dialogue.voice.later_refusal(path, numbers.BUSY)
    (found,) = replies(dialogue)
    assert (found[(6, 2)], found[(50,)], found[(12, 2)]) == (stranger.address, stranger.uuid, numbers.BUSY)
    assert (15,) not in found
