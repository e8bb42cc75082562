"""Which cards are new, known and gone, given what each sweep of the field has met."""

from latchkey.drivers.pn532_listing import Card
from latchkey.drivers.reader_presence import AGAIN, KNOWN, NEW, Presence

_KEY = bytes.fromhex("04a1a2a3a4a5a6")
_BANK = bytes.fromhex("04b1b2b3b4b5b6")


def _card(uid):
    card = Card()
    card.uid = uid
    return card


def _sweep(presence, *uids, keep=True):
    """What one sweep says of each card, as the reader does it: it stops at the first new one, which is given out."""
    presence.begin()
    said = []
    for uid in uids:
        said.append(presence.meet(_card(uid)))
        if said[-1] == NEW:
            if keep:
                presence.keep(_card(uid))
            return said
    presence.end()
    return said


def test_a_card_is_new_once():
    presence = Presence(3)
    assert presence.is_empty()
    assert _sweep(presence, _KEY) == [NEW]
    for _ in range(100):
        assert _sweep(presence, _KEY) == [KNOWN]
    assert not presence.is_empty()


def test_a_card_is_gone_after_so_many_sweeps_and_not_before():
    for misses in (1, 2, 3, 10):
        presence = Presence(misses)
        _sweep(presence, _KEY)
        for _ in range(misses - 1):
            _sweep(presence)
            assert not presence.is_empty()
        _sweep(presence)
        assert presence.is_empty()
        assert _sweep(presence, _KEY) == [NEW]


def test_a_drop_out_starts_the_count_again():
    presence = Presence(3)
    _sweep(presence, _KEY)
    for _ in range(50):
        assert _sweep(presence) == []
        assert _sweep(presence) == []
        assert _sweep(presence, _KEY) == [KNOWN]


def test_a_card_that_was_not_given_out_stays_new():
    presence = Presence(3)
    assert _sweep(presence, _KEY, keep=False) == [NEW]
    assert _sweep(presence, _KEY, keep=False) == [NEW]
    assert presence.is_empty()


def test_a_sweep_that_was_cut_short_says_nothing_about_the_others():
    presence = Presence(1)
    _sweep(presence, _KEY)
    assert _sweep(presence, _BANK) == [NEW]
    assert _sweep(presence, _BANK, _KEY) == [KNOWN, KNOWN]


def test_the_card_behind_a_known_one_is_seen():
    presence = Presence(3)
    _sweep(presence, _BANK)
    for _ in range(10):
        assert _sweep(presence, _BANK) == [KNOWN]
    assert _sweep(presence, _BANK, _KEY) == [KNOWN, NEW]
    for _ in range(3):
        assert _sweep(presence, _BANK) == [KNOWN]
    assert _sweep(presence, _BANK, _KEY) == [KNOWN, NEW]


def test_a_card_that_does_not_halt_is_met_again():
    presence = Presence(3)
    _sweep(presence, _BANK)
    assert _sweep(presence, _BANK, _BANK) == [KNOWN, AGAIN]


def test_a_random_uid_is_the_same_card_in_the_next_sweep():
    presence = Presence(3)
    assert _sweep(presence, b"\x08\x01\x02\x03") == [NEW]
    for number in range(200):
        assert _sweep(presence, bytes((8, 7, 7, number))) == [KNOWN]
    assert not presence.is_empty()


def test_a_second_random_uid_is_a_second_card():
    presence = Presence(2)
    _sweep(presence, b"\x08\x01\x02\x03")
    assert _sweep(presence, b"\x08\x01\x02\x04", b"\x08\x01\x02\x05") == [KNOWN, NEW]
    assert _sweep(presence, b"\x08\x01\x02\x06", b"\x08\x01\x02\x07") == [KNOWN, KNOWN]
    assert _sweep(presence, b"\x08\x01\x02\x08") == [KNOWN]
    assert _sweep(presence, b"\x08\x01\x02\x09") == [KNOWN]
    assert _sweep(presence, b"\x08\x01\x02\x06", b"\x08\x01\x02\x07") == [KNOWN, NEW]


def test_only_four_bytes_beginning_with_08_are_random():
    presence = Presence(3)
    assert _sweep(presence, b"\x08\x01\x02\x03\x04\x05\x06") == [NEW]
    assert _sweep(presence, b"\x08\x01\x02\x03\x04\x05\x07") == [NEW]
    assert _sweep(presence, b"\x01\x02\x03\x04") == [NEW]
    assert _sweep(presence, b"\x01\x02\x03\x05") == [NEW]


def test_a_forgotten_card_is_new_at_once():
    presence = Presence(3)
    presence.begin()
    presence.meet(_card(_KEY))
    name = presence.keep(_card(_KEY))
    presence.forget(name)
    assert presence.is_empty()
    assert _sweep(presence, _KEY) == [NEW]
    presence.forget(b"unknown")
    assert _sweep(presence, _KEY) == [KNOWN]


def test_a_crowd_makes_it_forget_the_longest_unseen():
    presence = Presence(1000)
    for number in range(8):
        _sweep(presence, bytes((4, 0, 0, number)))
    crowd = [bytes((4, 0, 0, number)) for number in range(1, 8)]
    assert _sweep(presence, *crowd) == [KNOWN] * 7
    assert _sweep(presence, _KEY) == [NEW]
    assert _sweep(presence, _KEY, *crowd) == [KNOWN] * 8
    assert _sweep(presence, bytes((4, 0, 0, 0))) == [NEW]
