"""A vehicle's side of the vehicle-command protocol: sessions, the order of checks, replies of every kind.

The phone is fakes/phone.py, which takes replies apart by itself. Expected numbers are signed_message_fault codes.
"""

from fakes.phone import HMAC, LOCK, STATUS, UNLOCK, Keys, Phone, parsed, replies
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
    return keys, dialogue, phone


def _send(dialogue, message):
    return dialogue.handle(memoryview(message))


def _fault(dialogue, message):
    """The fault that a message meets; nothing may come of it otherwise."""
    assert _send(dialogue, message) == orders.NOTHING
    assert dialogue.slot == -1
    (found,) = replies(dialogue)
    assert found[(12, 1)] == numbers.ERROR and found[(12, 2)] == dialogue.fault
    return dialogue.fault


def test_a_handshake_tells_counter_epoch_and_clock():
    keys, dialogue, phone = _met()
    dialogue.sessions.accept(2, _SLOT, 41)
    assert _send(dialogue, phone.handshake()) == orders.NOTHING
    (found,) = replies(dialogue)
    assert found[(6, 2)] == phone.address and found[(50,)] == phone.uuid and found[(7, 1)] == 2
    assert phone.trusts(found)
    info = parsed(found[(15,)])
    assert info == {
        (1,): 41,
        (2,): b"\x04" + keys.public_key,
        (3,): bytes(dialogue.sessions.epoch(2)),
        (4,): 500,
    }
    assert dialogue.slot == -1


def test_both_domains_have_epochs_counters_and_handshakes_of_their_own():
    _, dialogue, phone = _met()
    sessions = dialogue.sessions
    assert sessions.epoch(2) != sessions.epoch(3)
    sessions.accept(2, _SLOT, 41)
    phone.domain = 3
    _send(dialogue, phone.handshake())
    (found,) = replies(dialogue)
    assert found[(7, 1)] == 3 and phone.trusts(found)
    info = parsed(found[(15,)])
    assert info[(3,)] == bytes(sessions.epoch(3)) and (1,) not in info


def test_a_handshake_with_a_key_that_is_none():
    _, dialogue, phone = _met()
    message = phone.handshake()
    at = bytes(message).find(phone.point)
    message[at] = 2
    assert _fault(dialogue, message) == numbers.BAD_PARAMETER


def test_a_stranger_s_handshake_is_left_to_the_link():
    _, dialogue, _ = _met()
    stranger = Phone(b"stranger")
    assert _send(dialogue, stranger.handshake()) == orders.STRANGER
    assert dialogue.order.key == stranger.key
    assert replies(dialogue) == [] and dialogue.slot == -1
    path = Path()
    path.copy(dialogue.voice.path)
    dialogue.voice.refuse(numbers.UNKNOWN_KEY_ID)
    (found,) = replies(dialogue)
    assert found[(12, 2)] == numbers.UNKNOWN_KEY_ID and (15,) not in found
    dialogue.voice.introduce(path, bytearray(stranger.k))
    (found,) = replies(dialogue)
    assert found[(6, 2)] == stranger.address and stranger.trusts(found)
    assert parsed(found[(15,)])[(5,)] == 1


def test_commands_signed_in_both_ways():
    for form in (5, HMAC):
        for flags in (0, 2):
            _, dialogue, phone = _met(flags)
            for payload, kind in ((UNLOCK, orders.UNLOCK), (LOCK, orders.LOCK)):
                assert _send(dialogue, phone.signed(payload, form)) == kind
                assert dialogue.slot == _SLOT
                assert replies(dialogue) == []


def test_faults_come_in_the_order_of_the_reference():
    """One message that is wrong in every way; mended step by step it meets one check after the other."""
    keys, dialogue, phone = _met()
    stranger = Phone(b"stranger")
    stranger.flags, stranger.domain = 2, 5
    assert _fault(dialogue, stranger.signed(UNLOCK)) == numbers.INVALID_DOMAINS
    stranger.domain = 2
    assert _fault(dialogue, stranger.signed(UNLOCK, 9)) == numbers.BAD_PARAMETER
    assert _fault(dialogue, stranger.signed(UNLOCK)) == numbers.UNKNOWN_KEY_ID
    dialogue.sessions.accept(2, _SLOT, 100)
    phone.k = bytes(16)
    good_epoch, phone.epoch = phone.epoch, bytes(15)
    phone.nonce_length = 11
    phone.lifetime, phone.counter = None, 99
    assert _fault(dialogue, phone.signed(b"\xff")) == numbers.INCORRECT_EPOCH
    phone.epoch = good_epoch
    phone.counter = 99
    assert _fault(dialogue, phone.signed(b"\xff")) == numbers.IV_INCORRECT_LENGTH
    phone.nonce_length = 12
    for lifetime, fault in (
        (None, numbers.TIME_EXPIRED),
        (-1, numbers.TIME_EXPIRED),
        (61, numbers.TIME_TO_LIVE_TOO_LONG),
    ):
        phone.lifetime, phone.counter = lifetime, 99
        assert _fault(dialogue, phone.signed(b"\xff")) == fault
    phone.lifetime, phone.counter = 60, 99
    assert _fault(dialogue, phone.signed(b"\xff")) == numbers.INVALID_TOKEN_OR_COUNTER
    assert _fault(dialogue, phone.signed(b"\xff")) == numbers.INVALID_SIGNATURE
    phone.k = keys.slots[_SLOT][1]
    phone.counter = 100
    assert _send(dialogue, phone.signed(b"\xff")) == orders.NOTHING
    assert replies(dialogue)[0][(12, 2)] == numbers.DECODING
    assert _send(dialogue, phone.signed(b"\x10\x02")) == orders.NOTHING
    assert replies(dialogue)[0][(12, 2)] == numbers.INVALID_COMMAND
    assert _send(dialogue, phone.signed(UNLOCK)) == orders.UNLOCK


def test_the_latest_and_the_earliest_moment():
    _, dialogue, phone = _met()
    for lifetime in (0, 1, 59, 60):
        phone.lifetime = lifetime
        assert _send(dialogue, phone.signed(UNLOCK)) == orders.UNLOCK
    for lifetime in (-1, 61):
        phone.lifetime = lifetime
        assert _send(dialogue, phone.signed(UNLOCK)) == orders.NOTHING


def test_an_expiry_of_zero_is_none_even_in_the_first_second():
    keys, phone = Keys(), Phone()
    keys.enrol(_SLOT, phone.key, phone.k)
    dialogue = Dialogue(keys, Sessions(keys))
    phone.synchronise(dialogue.sessions)
    phone.lifetime = 0
    assert _fault(dialogue, phone.signed(UNLOCK)) == numbers.TIME_EXPIRED
    phone.lifetime = 1
    assert _send(dialogue, phone.signed(UNLOCK)) == orders.UNLOCK


def test_faults_that_a_client_can_mend_carry_fresh_session_info():
    _, dialogue, phone = _met()
    dialogue.sessions.accept(2, _SLOT, 7)
    phone.counter = 6
    for _ in range(2):
        _fault(dialogue, phone.repeated(UNLOCK))
        (found,) = replies(dialogue)
        assert phone.trusts(found)
        assert parsed(found[(15,)])[(1,)] == 7
        assert found[(50,)] == phone.uuid
    stranger = Phone(b"stranger")
    stranger.synchronise(dialogue.sessions)
    _fault(dialogue, stranger.signed(UNLOCK))
    (found,) = replies(dialogue)
    assert (15,) not in found and (13,) not in found


def test_faults_that_no_client_can_mend_carry_none():
    _, dialogue, phone = _met()
    phone.nonce_length = 11
    _send(dialogue, phone.signed(UNLOCK))
    (found,) = replies(dialogue)
    assert found[(12, 2)] == numbers.IV_INCORRECT_LENGTH and not {(13,), (15,)} & set(found)
    phone.nonce_length = 12
    for payload, fault in ((b"\xff", numbers.DECODING), (b"\x10\x02", numbers.INVALID_COMMAND)):
        _send(dialogue, phone.signed(payload))
        (found,) = replies(dialogue)
        assert found[(12, 2)] == fault and not {(13,), (15,)} & set(found)


def test_of_two_signatures_the_last_counts_and_inherits_nothing():
    _, dialogue, phone = _met()
    for second, fault in (
        (b"\x6a\x02\x42\x00", numbers.TIME_EXPIRED),  # HMAC
        (b"\x6a\x02\x2a\x00", numbers.IV_INCORRECT_LENGTH),  # AES-GCM
        (b"\x6a\x02\x32\x00", numbers.BAD_PARAMETER),  # of session info
        (b"\x6a\x02\x4a\x00", numbers.BAD_PARAMETER),  # of a reply
    ):
        assert _fault(dialogue, phone.signed(UNLOCK) + second) == fault


def test_a_message_without_an_epoch_is_bound_to_the_present_one_all_the_same():
    """The field may be left out; the tag covers the vehicle's own epoch whatever the message says."""
    keys, dialogue, phone = _met()
    message = _without_epoch(phone)
    assert _send(dialogue, message) == orders.UNLOCK
    message = _without_epoch(phone)
    dialogue.sessions.renew(2)
    keys.now += 500
    assert _fault(dialogue, message) == numbers.INVALID_SIGNATURE


def _without_epoch(phone):
    """A signed message whose epoch stands in a field that nobody knows."""
    message = phone.signed(UNLOCK)
    at = bytes(message).find(b"\x0a\x10" + phone.epoch)
    message[at] = 0x7A
    return message


def test_handles_are_refused():
    _, dialogue, phone = _met()
    message = phone.signed(UNLOCK)
    at = bytes(message).find(b"\x0a\x41" + phone.point)
    message[at : at + 67] = b"\x18\x05" + b"\x7a\x3f" + bytes(63)
    assert _fault(dialogue, message) == numbers.INVALID_KEY_HANDLE


def test_a_signature_without_a_signer():
    _, dialogue, phone = _met()
    message = phone.signed(UNLOCK)
    at = bytes(message).find(b"\x0a\x41" + phone.point)
    message[at] = 0x7A
    assert _fault(dialogue, message) == numbers.UNKNOWN_KEY_ID


def test_a_key_whose_secret_cannot_be_read():
    keys, dialogue, phone = _met()
    keys.broken = True
    assert _fault(dialogue, phone.signed(UNLOCK)) == numbers.INTERNAL
    assert _fault(dialogue, phone.handshake()) == numbers.INTERNAL
    keys.broken = False
    assert _send(dialogue, phone.signed(UNLOCK)) == orders.UNLOCK


def test_unsigned_messages_may_look_and_show_a_key():
    _, dialogue, phone = _met(0)
    show = b"\x82\x01\x49\x2a\x47\x0a\x43\x0a\x41" + phone.point + b"\x20\x03"
    for payload, kind in (
        (STATUS, orders.STATUS),
        (b"\x0a\x02\x08\x05", orders.KEY_LIST),
        (b"\x0a\x04\x08\x06\x20\x00", orders.KEY_ENTRY),
        (show, orders.SHOW_KEY),
    ):
        assert _send(dialogue, phone.unsigned(payload)) == kind
        assert dialogue.slot == -1 and dialogue.order.kind == kind
        assert replies(dialogue) == []


def test_unsigned_messages_may_do_nothing_else():
    _, dialogue, phone = _met(0)
    remove = b"\x82\x01\x45\x12\x43\x0a\x41" + phone.point
    for payload in (
        UNLOCK,
        LOCK,
        b"\x10\x14",
        b"\x10\x1e",
        b"\x22\x02\x28\x01",
        remove,
        b"",
        b"\x82\x01\x03\x80\x01\x01",
    ):
        assert _fault(dialogue, phone.unsigned(payload)) == numbers.INSUFFICIENT_PRIVILEGES
    phone.domain = 3
    assert _fault(dialogue, phone.unsigned(STATUS)) == numbers.INSUFFICIENT_PRIVILEGES


def test_replies_are_not_answered():
    """Two vehicles, or a vehicle and its own echo, would never stop."""
    _, dialogue, phone = _met()
    for _ in range(2):
        _send(dialogue, phone.handshake())
        echo = bytearray(dialogue.voice.out.message(0))
        assert _send(dialogue, echo) == orders.NOTHING and replies(dialogue) == []


def test_whom_a_message_names_and_what_became_of_it():
    _, dialogue, phone = _met()
    _send(dialogue, phone.handshake())
    assert (dialogue.claimed, dialogue.slot, dialogue.fault) == (_SLOT, -1, 0)
    _send(dialogue, phone.signed(UNLOCK))
    assert (dialogue.claimed, dialogue.slot, dialogue.fault) == (_SLOT, _SLOT, 0)
    _send(dialogue, phone.repeated(UNLOCK))
    assert (dialogue.claimed, dialogue.slot, dialogue.fault) == (_SLOT, -1, numbers.INVALID_TOKEN_OR_COUNTER)
    for message in (Phone(b"stranger").handshake(), phone.unsigned(STATUS), bytearray()):
        _send(dialogue, message)
        assert (dialogue.claimed, dialogue.slot, dialogue.fault) == (-1, -1, 0)
    _send(dialogue, Phone(b"stranger").signed(UNLOCK))
    assert (dialogue.claimed, dialogue.slot, dialogue.fault) == (-1, -1, numbers.UNKNOWN_KEY_ID)


def test_rubbish_is_dropped_in_silence():
    _, dialogue, phone = _met()
    for message in (b"", b"\x00", b"\x0a", b"\x0a\x00", b"\xff" * 40, bytes(300), b"\x32\x02\x08\x02", bytes(1_025)):
        assert _send(dialogue, bytearray(message)) == orders.NOTHING
        assert replies(dialogue) == []
    for length in (1, 15, 17):
        message = phone.handshake()
        at = bytes(message).find(phone.uuid) - 1
        del_from = bytearray(message[:at]) + bytes((length,)) + bytes(length)
        assert _send(dialogue, del_from) == orders.NOTHING
        assert replies(dialogue) == []


def test_a_payload_that_does_not_fit_is_refused():
    keys, _, phone = _met()
    dialogue = Dialogue(keys, Sessions(keys), 100)
    phone.synchronise(dialogue.sessions)
    assert _fault(dialogue, phone.signed(bytes(101))) == numbers.REQUEST_TOO_LONG


def test_the_last_counter_ends_the_epoch():
    _, dialogue, phone = _met()
    before = bytes(dialogue.sessions.epoch(2))
    phone.counter = _LAST - 1
    assert _send(dialogue, phone.signed(UNLOCK)) == orders.UNLOCK
    assert dialogue.sessions.epoch(2) != before
    assert dialogue.sessions.counter(2, _SLOT) == 0 and dialogue.sessions.clock_s(2) == 0
    assert _fault(dialogue, phone.repeated(UNLOCK)) == numbers.INCORRECT_EPOCH
    phone.synchronise(dialogue.sessions)
    phone.counter = 0
    assert _send(dialogue, phone.signed(UNLOCK)) == orders.UNLOCK


def test_a_key_that_comes_back_finds_its_old_messages_spent():
    keys, dialogue, phone = _met()
    other = Phone(b"other")
    keys.enrol(9, other.key, other.k)
    other.synchronise(dialogue.sessions)
    phone.counter = 50
    old = [bytes(phone.signed(UNLOCK)) for _ in range(3)]
    assert _send(dialogue, bytearray(old[0])) == orders.UNLOCK
    del keys.slots[_SLOT]
    dialogue.sessions.forget(_SLOT)
    assert _fault(dialogue, bytearray(old[1])) == numbers.UNKNOWN_KEY_ID
    assert _send(dialogue, other.signed(LOCK)) == orders.LOCK
    dialogue.sessions.forget(11)
    keys.enrol(11, phone.key, phone.k)
    assert dialogue.sessions.counter(2, 11) >= 51
    assert _fault(dialogue, bytearray(old[0])) == numbers.INVALID_TOKEN_OR_COUNTER


def test_a_forgotten_slot_reads_its_key_anew():
    keys, dialogue, phone = _met()
    _send(dialogue, phone.signed(UNLOCK))
    _send(dialogue, phone.signed(UNLOCK))
    assert keys.reads == 1
    other = Phone(b"other")
    dialogue.sessions.forget(_SLOT)
    keys.enrol(_SLOT, other.key, other.k)
    other.synchronise(dialogue.sessions)
    other.counter = phone.counter
    assert _send(dialogue, other.signed(UNLOCK)) == orders.UNLOCK
    assert keys.reads == 2


def test_the_keys_used_last_are_ready_and_no_more_than_four():
    keys, dialogue, _ = _met()
    phones = []
    for slot in range(10, 16):
        phone = Phone(bytes((slot,)))
        keys.enrol(slot, phone.key, phone.k)
        phone.synchronise(dialogue.sessions)
        phones.append(phone)
    for phone in phones * 2:
        assert _send(dialogue, phone.signed(UNLOCK)) == orders.UNLOCK
    assert len(dialogue.sessions._peers) == 4
    reads = keys.reads
    for phone in phones[-4:]:
        assert _send(dialogue, phone.signed(UNLOCK)) == orders.UNLOCK
    assert keys.reads == reads


def test_slots_beyond_the_last_are_no_slots():
    keys, dialogue, phone = _met()
    del keys.slots[_SLOT]
    keys.enrol(32, phone.key, phone.k)
    assert _fault(dialogue, phone.signed(UNLOCK)) == numbers.UNKNOWN_KEY_ID


def test_nothing_of_a_message_stays_behind():
    _, dialogue, phone = _met()
    _send(dialogue, phone.signed(b"\x82\x01\x45\x12\x43\x0a\x41" + phone.point))
    dialogue.voice.key_change(numbers.KEY_LIST_CHANGED)
    dialogue.clear()
    assert not any(dialogue._text) and not any(dialogue.voice._payload) and not any(dialogue.voice.out._buffer)
    assert dialogue.slot == -1 and dialogue.order.kind == orders.NOTHING and dialogue.voice._peer is None
