"""Replay, forgery and downgrade against the vehicle-command protocol: no changed, repeated or borrowed frame opens.

Every single-bit flip of valid frames; every recorded frame in later sessions, on other vehicles, after a reboot and
after its time; random tags; counters pushed to the end. Honest messages in between are always taken.
"""

import random

from fakes.phone import GCM, HMAC, LOCK, UNLOCK, Keys, Phone, replies
from fakes.scale import LONG
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol import vehicle_command_order as orders
from latchkey.protocol.vehicle_command import Dialogue
from latchkey.protocol.vehicle_command_sessions import Sessions

_SLOT = 4
_LAST = 0xFFFFFFFF
_LOOKING = (orders.NOTHING, orders.STATUS, orders.KEY_LIST, orders.KEY_ENTRY, orders.STRANGER)
_REMOVE = b"\x82\x01\x45\x12\x43\x0a\x41" + Phone(b"other").point


def _met(phone, keys=None):
    keys = Keys() if keys is None else keys
    keys.enrol(_SLOT, phone.key, phone.k)
    dialogue = Dialogue(keys, Sessions(keys))
    keys.now += 500
    phone.synchronise(dialogue.sessions)
    return keys, dialogue


def _send(dialogue, message):
    return dialogue.handle(memoryview(message))


def _ways_to_say_the_same(message, phone):
    """Offsets of bytes that no tag covers: where to answer, and the names of fields that may be missing."""
    whole = bytes(message)
    free = set()
    for part in (b"\x3a\x12\x12\x10" + phone.address, b"\x9a\x03\x10" + phone.uuid):
        at = whole.find(part)
        assert at >= 0
        free |= set(range(at, at + len(part)))
    free.add(whole.find(b"\x0a\x10" + phone.epoch))
    return free


def _flip_every_bit(phone, payload, kind, form):
    """Returns how many flipped frames were still taken; each of them must mean the same."""
    _, dialogue = _met(phone)
    message = phone.signed(payload, form)
    free = _ways_to_say_the_same(message, phone)
    taken = 0
    for bit in range(8 * len(message)):
        message[bit >> 3] ^= 1 << (bit & 7)
        found = _send(dialogue, message)
        if dialogue.slot != -1:
            assert bit >> 3 in free, bit
            assert (found, dialogue.slot) == (kind, _SLOT)
            dialogue.sessions._counters[0][_SLOT] = phone.counter - 1  # or the next one would fail by its counter
            taken += 1
        else:
            assert found in _LOOKING, bit
        message[bit >> 3] ^= 1 << (bit & 7)
    assert dialogue.sessions.counter(2, _SLOT) == phone.counter - 1
    assert _send(dialogue, message) == kind
    return taken


def test_any_flipped_bit_of_a_signed_command():
    phones = 100 if LONG else 2
    for number in range(phones):
        for form in (GCM, HMAC):
            for payload, kind in ((UNLOCK, orders.UNLOCK), (_REMOVE, orders.REMOVE_KEY)):
                if kind == orders.REMOVE_KEY and number % 4:
                    continue
                phone = Phone(b"flip%d" % number)
                phone.flags = 2 * (number & 1)
                taken = _flip_every_bit(phone, payload, kind, form)
                assert 200 < taken < 8 * 42


def test_recorded_sessions_are_worth_nothing_later():
    """Every frame of earlier sessions, in the same one, in the next, and after the next boot; honest ones work."""
    phone = Phone()
    keys, dialogue = _met(phone)
    recorded = []
    honest = 0
    sessions = 1_000 if LONG else 30
    for session in range(sessions):
        if session % 5 == 0:
            dialogue = Dialogue(keys, Sessions(keys))
        keys.now += 7
        phone.synchronise(dialogue.sessions)
        frames = [phone.handshake(), phone.signed(UNLOCK), phone.signed(LOCK, HMAC), phone.signed(b"\x10\x1e")]
        for frame in frames:
            _send(dialogue, frame)
            honest += dialogue.slot == _SLOT
        for frame in recorded[-40:] + frames:
            _send(dialogue, bytearray(frame))
            assert dialogue.slot == -1
        recorded = recorded[-36:] + [bytes(frame) for frame in frames]
    assert honest == 3 * sessions


def test_frames_for_one_vehicle_open_no_other():
    phone = Phone()
    _, dialogue = _met(phone)
    frame = phone.signed(UNLOCK)
    others = (Keys(vin=b"LATCHKEY000000002"), Keys(filling=7), Keys(vin=b"LATCHKEY00000000"))
    for keys in others:
        _, other = _met(Phone(), keys)
        _send(other, bytearray(frame))
        assert other.slot == -1
    assert _send(dialogue, frame) == orders.UNLOCK


def test_the_vin_alone_makes_the_difference():
    """Same K, same epoch, same counters: another name is another vehicle."""
    phone = Phone()
    _met(phone)
    frame = phone.signed(UNLOCK)
    other_keys = Keys(vin=b"LATCHKEY000000002")
    _, other = _met(Phone(), other_keys)
    assert other.sessions.epoch(2) == phone.epoch
    _send(other, frame)
    assert replies(other)[0][(12, 2)] == numbers.INVALID_SIGNATURE


def test_messages_held_back_are_worthless_after_a_later_one_or_after_their_time():
    phone = Phone()
    keys, dialogue = _met(phone)
    first, second, third = (phone.signed(UNLOCK) for _ in range(3))
    assert _send(dialogue, second) == orders.UNLOCK
    _send(dialogue, first)
    assert replies(dialogue)[0][(12, 2)] == numbers.INVALID_TOKEN_OR_COUNTER
    keys.now += phone.lifetime + 1
    _send(dialogue, third)
    assert replies(dialogue)[0][(12, 2)] == numbers.TIME_EXPIRED


def test_a_message_heard_on_one_link_is_spent_on_all():
    phone = Phone()
    keys, first = _met(phone)
    second = Dialogue(keys, first.sessions)
    message = phone.signed(UNLOCK)
    assert _send(first, bytearray(message)) == orders.UNLOCK
    _send(second, message)
    assert second.slot == -1


def test_counters_only_rise():
    random.seed(9)
    phone = Phone()
    _, dialogue = _met(phone)
    highest = 0
    for _ in range(3_000 if LONG else 150):
        phone.counter = max(1, highest + random.getrandbits(4) - 8)
        taken = _send(dialogue, phone.repeated(UNLOCK)) == orders.UNLOCK
        assert taken == (phone.counter > highest)
        highest = max(highest, phone.counter)
        assert dialogue.sessions.counter(2, _SLOT) == highest


def test_a_forged_counter_does_not_lock_the_phone_out():
    phone = Phone()
    _, dialogue = _met(phone)
    forger = Phone()
    forger.k = bytes(16)
    forger.synchronise(dialogue.sessions)
    for counter in (1, 1_000_000, _LAST - 1, _LAST):
        forger.counter = counter
        for form in (GCM, HMAC):
            assert _send(dialogue, forger.repeated(UNLOCK, form)) == orders.NOTHING
            assert _send(dialogue, phone.signed(UNLOCK)) == orders.UNLOCK
    phone.counter += 1_000_000
    assert _send(dialogue, phone.signed(UNLOCK)) == orders.UNLOCK


def test_random_tags():
    random.seed(7)
    phone = Phone()
    _, dialogue = _met(phone)
    message = phone.signed(UNLOCK)
    at = bytes(message).find(phone.tag)
    for _ in range(20_000 if LONG else 500):
        word = random.getrandbits(30)
        for index in range(16):
            message[at + index] = (word >> index) & 0xFF
        assert _send(dialogue, message) == orders.NOTHING
    message[at : at + 16] = phone.tag
    assert _send(dialogue, message) == orders.UNLOCK


def test_tags_of_other_lengths():
    phone = Phone()
    _, dialogue = _met(phone)
    for form, length in ((GCM, 16), (HMAC, 32)):
        for cut in range(length + 1):
            phone.tag_length = cut
            found = _send(dialogue, phone.signed(UNLOCK, form))
            assert (found == orders.UNLOCK) == (cut == length)


def test_one_kind_of_signature_does_not_pass_for_the_other():
    """The tag of a GCM message as the start of an HMAC, and the other way round."""
    phone = Phone()
    _, dialogue = _met(phone)
    gcm = bytes(phone.signed(UNLOCK, GCM))
    for form in (GCM, HMAC):
        phone.counter -= 1
        phone.signed(UNLOCK, form)
        swapped = phone.assembled(UNLOCK, GCM + HMAC - form, (phone.tag * 2)[: 32 if form == GCM else 16])
        _send(dialogue, swapped)
        assert dialogue.slot == -1
    assert _send(dialogue, bytearray(gcm)) == orders.UNLOCK


def test_the_wish_for_encrypted_replies_cannot_be_taken_away_or_added():
    phone = Phone()
    _, dialogue = _met(phone)
    phone.flags = 2
    flagged = bytes(phone.signed(UNLOCK))
    assert flagged[-3:] == b"\xa0\x03\x02"
    for other in (flagged[:-3], flagged[:-1] + b"\x00", flagged[:-1] + b"\x03", flagged + b"\xa0\x03\x00"):
        _send(dialogue, bytearray(other))
        assert replies(dialogue)[0][(12, 2)] == numbers.INVALID_SIGNATURE
    assert _send(dialogue, bytearray(flagged)) == orders.UNLOCK
    phone.flags = 0
    plain = bytes(phone.signed(UNLOCK))
    _send(dialogue, bytearray(plain + b"\xa0\x03\x02"))
    assert replies(dialogue)[0][(12, 2)] == numbers.INVALID_SIGNATURE
    assert _send(dialogue, bytearray(plain)) == orders.UNLOCK


def test_a_command_of_one_domain_is_none_in_the_other():
    phone = Phone()
    _, dialogue = _met(phone)
    sessions = dialogue.sessions
    sessions._epochs[1][:] = sessions.epoch(2)  # the worst case: nothing but the domain differs
    for first, other in ((2, 3), (3, 2)):
        phone.domain = first
        message = phone.signed(UNLOCK)
        message[3] = other
        _send(dialogue, message)
        assert replies(dialogue)[0][(12, 2)] == numbers.INVALID_SIGNATURE
        assert dialogue.slot == -1


def test_a_vehicle_s_own_replies_are_no_commands():
    phone = Phone()
    phone.flags = 2
    _, dialogue = _met(phone)
    _send(dialogue, phone.signed(UNLOCK))
    dialogue.voice.accept()
    for index in range(2):
        reflected = bytearray(dialogue.voice.out.message(index))
        _send(dialogue, reflected)
        assert dialogue.slot == -1
        _send(dialogue, phone.signed(UNLOCK))
        dialogue.voice.accept()


def test_one_phone_cannot_speak_for_another():
    phone, other = Phone(), Phone(b"other")
    keys, dialogue = _met(phone)
    keys.enrol(9, other.key, other.k)
    other.synchronise(dialogue.sessions)
    message = other.signed(UNLOCK)
    at = bytes(message).find(other.point)
    message[at : at + 65] = phone.point
    _send(dialogue, message)
    assert replies(dialogue)[0][(12, 2)] == numbers.INVALID_SIGNATURE
    assert _send(dialogue, other.repeated(UNLOCK)) == orders.UNLOCK and dialogue.slot == 9


def test_asking_as_often_as_one_likes_changes_nothing():
    """Handshakes and refused messages leave epoch and counters alone, and what is kept does not grow."""
    phone = Phone()
    _, dialogue = _met(phone)
    epochs = bytes(dialogue.sessions.epoch(2)) + bytes(dialogue.sessions.epoch(3))
    forger = Phone()
    forger.k = bytes(16)
    for _ in range(50):
        _send(dialogue, phone.handshake())
        _send(dialogue, forger.signed(UNLOCK))
        _send(dialogue, Phone(b"stranger").handshake())
    assert bytes(dialogue.sessions.epoch(2)) + bytes(dialogue.sessions.epoch(3)) == epochs
    assert dialogue.sessions.counter(2, _SLOT) == 0 and len(dialogue.sessions._peers) == 1
