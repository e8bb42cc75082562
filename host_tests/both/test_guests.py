"""Guests' windows in the list of keys: what is written, what it decides, and what happens to half of it."""

from fakes.marks import Marks
from fakes.registry_in_folder import ListInFolder
from latchkey.core import codes
from latchkey.core.facts import Facts
from latchkey.core.remote import Remote
from latchkey.core.request import Request
from latchkey.credentials import entries
from latchkey.credentials.recognition import recognise, warrant
from latchkey.credentials.registry import ACTIVE, READY, REVOKED, SUSPENDED
from latchkey.credentials.windows import MOST, WHILE_UNSET, block_of
from latchkey.crypto.digest import sha256

_OWNER, _DRIVER, _GUEST, _PHONE = range(4)
_DAY = 86_400
_FROM, _UNTIL = 848_880_000, 848_880_000 + _DAY  # 2026-11-25, all day
_FROM_MIN, _UNTIL_MIN = _FROM // 60, _UNTIL // 60
_UNSET = -1
_WINDOW = (_FROM, _UNTIL, 0)


def _key(n):
    return (n + 1).to_bytes(4, "big") * 16


def _list():
    """Owner and driver with cards, one guest with a card and one with a phone."""
    keys = ListInFolder(Marks())
    registry = keys.registry
    assert registry.add(_key(0), codes.OWNER) == _OWNER
    assert registry.add(_key(1), codes.DRIVER) == _DRIVER
    assert registry.add(_key(2), codes.GUEST) == _GUEST
    assert registry.add_phone(_key(3), codes.GUEST, bytes(16), 9) == _PHONE
    return keys


def _asked(registry, number, now_min):
    """What unlocking by this key comes to, as far as the list decides it: looked at in both of the ways."""
    request = Request(codes.PHONE if registry.kind(number) == entries.PHONE else codes.KEYCARD)
    request.action = codes.UNLOCK
    request.credential = number
    request.generation = registry.entry_generation(number)
    verdict = recognise(registry, request, now_min)
    assert (warrant(registry, request, Remote(Facts()), now_min) != 0) == (verdict == codes.ACCEPTED)
    return verdict


def test_a_guest_without_a_window_may_come_at_any_time():
    with _list() as keys:
        for now in (_UNSET, _FROM_MIN - 1, _FROM_MIN, _UNTIL_MIN):
            assert _asked(keys.registry, _GUEST, now) == codes.ACCEPTED


def test_a_window_holds_from_its_first_minute_to_its_last_also_after_a_reboot():
    with _list() as keys:
        for number in (_GUEST, _PHONE):
            assert keys.registry.limit(number, _WINDOW) == codes.ACCEPTED
        for registry in (keys.registry, keys.reboot()):
            for number in (_GUEST, _PHONE):
                assert _asked(registry, number, _FROM_MIN - 1) == codes.OUTSIDE_WINDOW
                assert _asked(registry, number, _FROM_MIN) == codes.ACCEPTED
                assert _asked(registry, number, _UNTIL_MIN - 1) == codes.ACCEPTED
                assert _asked(registry, number, _UNTIL_MIN) == codes.OUTSIDE_WINDOW
                assert registry.window_of(number) == (_FROM_MIN, _UNTIL_MIN, 0)
            for number in (_OWNER, _DRIVER):
                for now in (_UNSET, 0, _FROM_MIN, _UNTIL_MIN):
                    assert _asked(registry, number, now) == codes.ACCEPTED
            assert registry.slot_of(_PHONE) == 0 and registry.find(_key(3)) == _PHONE


def test_what_an_unset_clock_means_the_owner_chooses_for_each_guest():
    with _list() as keys:
        registry = keys.registry
        assert registry.limit(_GUEST, _WINDOW) == codes.ACCEPTED
        assert registry.limit(_PHONE, (_FROM, _UNTIL, WHILE_UNSET)) == codes.ACCEPTED
        for known in (registry, keys.reboot()):
            assert _asked(known, _GUEST, _UNSET) == codes.CLOCK_UNSET
            assert _asked(known, _PHONE, _UNSET) == codes.ACCEPTED
            assert _asked(known, _PHONE, -1 - (_UNTIL_MIN - 1)) == codes.ACCEPTED
            for number in (_GUEST, _PHONE):  # over in any case: it is later than the window's end
                assert _asked(known, number, -1 - _UNTIL_MIN) == codes.OUTSIDE_WINDOW
            assert _asked(known, _PHONE, _FROM_MIN - 1) == codes.OUTSIDE_WINDOW  # known, and not yet


def test_seconds_are_rounded_to_the_minutes_inside():
    with _list() as keys:
        assert keys.registry.limit(_GUEST, (_FROM + 1, _UNTIL - 1, 0)) == codes.ACCEPTED
        for registry in (keys.registry, keys.reboot()):
            assert registry.window_of(_GUEST) == (_FROM_MIN + 1, _UNTIL_MIN - 1, 0)
        assert keys.registry.limit(_GUEST, (_FROM + 1, _FROM + 61, 0)) == codes.NOT_PERMITTED  # no whole minute
        assert keys.registry.limit(_GUEST, (0, 1 << 32, 0)) == codes.NOT_PERMITTED
        assert keys.registry.window_of(_GUEST) == (_FROM_MIN + 1, _UNTIL_MIN - 1, 0)
        assert keys.registry.limit(_GUEST, (0, (1 << 32) - 1, 0)) == codes.ACCEPTED


def test_a_window_is_changed_in_its_place_and_taken_away_again():
    with _list() as keys:
        registry = keys.registry
        assert registry.limit(_GUEST, _WINDOW) == codes.ACCEPTED
        count = registry.count
        assert count == 5  # the window has a block, and no number of a key has moved
        assert registry.limit(_GUEST, (_FROM + _DAY, _UNTIL + _DAY, 0)) == codes.ACCEPTED
        assert _asked(registry, _GUEST, _FROM_MIN) == codes.OUTSIDE_WINDOW
        assert registry.limit(_GUEST, None) == codes.ACCEPTED and registry.limit(_GUEST, None) == codes.ALREADY
        assert registry.count == count and not registry.is_windowed(_GUEST)
        for known in (registry, keys.reboot()):
            assert _asked(known, _GUEST, _UNSET) == codes.ACCEPTED
            assert known.limit(_PHONE, _WINDOW) == codes.ACCEPTED  # in the block that is free
            assert known.count == count and _asked(known, _GUEST, _UNSET) == codes.ACCEPTED


def test_only_guests_have_windows():
    with _list() as keys:
        registry = keys.registry
        generation = registry.generation
        monitor = registry.add_phone(_key(7), codes.VEHICLE_MONITOR, bytes(16), 9)
        generation += 1
        for number, verdict in ((_OWNER, codes.NOT_PERMITTED), (monitor, codes.NOT_PERMITTED), (9, codes.NO_SUCH_KEY)):
            assert registry.limit(number, _WINDOW) == verdict
            assert registry.limit(number, None) == verdict
        assert registry.revoke(_GUEST) == codes.ACCEPTED
        assert registry.limit(_GUEST, _WINDOW) == codes.REVOKED
        assert registry.generation == generation + 1 and registry.windows is None


def test_a_driver_who_gets_a_window_becomes_a_guest_and_stays_one():
    with _list() as keys:
        registry = keys.registry
        phone = registry.add_phone(_key(7), codes.DRIVER, bytes(16), 9)
        for number in (_DRIVER, phone):
            assert registry.limit(number, _WINDOW) == codes.ACCEPTED
            for known in (registry, keys.reboot()):
                assert known.role(number) == codes.GUEST
                assert _asked(known, number, _FROM_MIN) == codes.ACCEPTED
                assert _asked(known, number, _UNTIL_MIN) == codes.OUTSIDE_WINDOW
            assert registry.limit(number, None) == codes.ACCEPTED
            assert keys.reboot().role(number) == codes.GUEST and _asked(keys.reboot(), number, 0) == codes.ACCEPTED
        assert registry.slot_of(phone) == 1


def test_a_driver_becomes_a_guest_without_a_window_as_well():
    with _list() as keys:
        assert keys.registry.limit(_DRIVER, None) == codes.ACCEPTED
        assert keys.registry.limit(_DRIVER, None) == codes.ALREADY
        assert keys.reboot().role(_DRIVER) == codes.GUEST


def test_a_guest_who_is_suspended_admitted_or_settled_keeps_his_window():
    with _list() as keys:
        registry = keys.registry
        card = registry.add_steps(entries.card_name(bytes(range(7))), codes.GUEST, entries.AES_CARD, b"k" * 16, 1)
        number = -1
        while number < 0:
            try:
                next(card)
            except StopIteration as end:
                number = end.value
        for guest in (_GUEST, number):
            assert registry.limit(guest, _WINDOW) == codes.ACCEPTED
            assert registry.suspend(guest, True) == codes.ACCEPTED
            assert _asked(registry, guest, _FROM_MIN) == codes.SUSPENDED
            assert registry.suspend(guest, False) == codes.ACCEPTED
        for _ in registry.settle_steps(number):
            pass
        for known in (registry, keys.reboot()):
            for guest in (_GUEST, number):
                assert _asked(known, guest, _UNTIL_MIN) == codes.OUTSIDE_WINDOW
                assert _asked(known, guest, _FROM_MIN) == codes.ACCEPTED


def test_a_guest_who_was_revoked_and_comes_back_has_no_window_left():
    with _list() as keys:
        registry = keys.registry
        assert registry.limit(_GUEST, _WINDOW) == codes.ACCEPTED
        assert registry.revoke(_GUEST) == codes.ACCEPTED
        assert registry.add(_key(2), codes.GUEST) == _GUEST
        for known in (registry, keys.reboot()):
            assert _asked(known, _GUEST, _UNSET) == codes.ACCEPTED and known.window_of(_GUEST) is None


def _windowed(number, key, role=codes.GUEST, kind=entries.KEYCARD):
    """The block of an entry that needs a window."""
    tail = bytes(24) if kind == entries.KEYCARD else entries.tail(key, bytes(16), 0, 9)
    return entries.lead(role, ACTIVE, 1, kind, entries.WINDOWED) + key + tail


def _window(number, key, until_s=_UNTIL):
    return block_of(number, sha256(key)[:16], _FROM, until_s, WHILE_UNSET)


def _written(*blocks):
    """A list with an owner and these blocks behind him."""
    return ListInFolder(Marks(), entries.header() + entries.entry(codes.OWNER, 1, _key(0)) + b"".join(blocks))


def _written_at(generation, *blocks, marks=None, boots=True):
    """The same after so many changes, booted once more."""
    keys = ListInFolder(marks or Marks(), entries.header() + entries.entry(codes.OWNER, 1, _key(0)))
    for change in range(1, generation):
        piece = b"".join(blocks) if change == generation - 1 else b""
        for _ in keys.registry._record.change_steps(entries.offset_of(1), piece):
            pass
    if boots:
        keys.registry = keys.reboot()
    return keys


def test_a_window_is_written_as_documented():
    assert entries.lead(codes.GUEST, ACTIVE, 7, entries.KEYCARD, entries.WINDOWED) == b"\x03\x01\x08\x01\0\0\0\x07"
    block = block_of(258, bytes(range(16)), _FROM, _UNTIL, 1)
    times = _FROM.to_bytes(4, "big") + _UNTIL.to_bytes(4, "big")
    assert block == b"\x01\x05" + bytes(6) + b"\x01\x02" + bytes(range(16)) + times + b"\x01" + bytes(61)


def test_a_windowed_guest_whose_window_is_missing_or_does_not_fit_is_refused_at_any_time():
    guest = _windowed(1, _key(2))
    for blocks in (
        (guest,),
        (guest, _window(1, _key(3))),  # of another key
        (guest, _window(3, _key(2))),  # of another number
        (guest, _window(65_535, _key(2))),
        (guest, b"\x02" + _window(1, _key(2))[1:]),  # of newer firmware
    ):
        with _written(*blocks) as keys:
            assert keys.registry.state == READY
            for now in (_UNSET, _FROM_MIN - 1, _FROM_MIN, _UNTIL_MIN):
                assert _asked(keys.registry, 1, now) == codes.OUTSIDE_WINDOW
            assert keys.registry.window_of(1) == (0, 0, 0)
            assert keys.registry.limit(1, _WINDOW) == codes.ACCEPTED  # an owner mends it
            assert _asked(keys.reboot(), 1, _FROM_MIN) == codes.ACCEPTED


def test_a_window_may_stand_before_its_guest_and_of_two_both_must_allow():
    guest = _windowed(2, _key(2))
    with _written(_window(2, _key(2)), guest) as keys:
        assert _asked(keys.registry, 2, _FROM_MIN) == codes.ACCEPTED
    with _written(_window(2, _key(2)), guest, _window(2, _key(2), _FROM + 3_600)) as keys:
        assert _asked(keys.registry, 2, _FROM_MIN) == codes.ACCEPTED
        assert _asked(keys.registry, 2, _FROM_MIN + 60) == codes.OUTSIDE_WINDOW


def test_a_windowed_owner_is_nobody():
    for role in (codes.OWNER, codes.DRIVER, codes.SERVICE):
        with _written(_windowed(1, _key(2), role), _window(1, _key(2))) as keys:
            assert keys.registry.condition(1) == entries.ABSENT and keys.registry.owners() == 1
            assert _asked(keys.registry, 1, _FROM_MIN) == codes.UNKNOWN_KEY


def test_a_key_that_older_firmware_enrolled_again_counts_as_it_did_that():
    """It saw no windowed entry, so the guest was a stranger to it; neither list nor anybody else is lost."""
    again = entries.entry(codes.DRIVER, 1, _key(2))
    for blocks in ((_windowed(1, _key(2)), again), (again, _windowed(2, _key(2)))):
        with _written(*blocks) as keys:
            registry = keys.registry
            number = registry.find(_key(2))
            assert registry.state == READY and registry.owners() == 1
            assert registry.role(number) == codes.DRIVER and _asked(registry, number, _UNSET) == codes.ACCEPTED
            assert registry.condition(3 - number) == entries.ABSENT
    phone = entries.entry(codes.DRIVER, 1, _key(5), entries.PHONE, entries.tail(_key(5), bytes(16), 0, 9))
    with _written(_windowed(1, _key(2), kind=entries.PHONE), phone) as keys:  # its slot was given away
        assert keys.registry.number_in(0) == 2 and keys.registry.condition(1) == entries.ABSENT


def _restricted(key, role, generation, version=entries.PACED, condition=ACTIVE):
    """A card's block that older firmware does not see."""
    lead = entries.lead(role, condition, generation, entries.KEYCARD, version)
    return lead + key + entries.tail(key, bytes(16), 0, 50)


def test_of_two_restricted_entries_with_one_key_the_later_change_counts_wherever_it_stands():
    """The second was enrolled by older firmware, and has been restricted since."""
    old = _restricted(_key(2), codes.OWNER, 3)
    new = _restricted(_key(2), codes.DRIVER, 6, condition=SUSPENDED)
    guest = _restricted(_key(2), codes.GUEST, 6, entries.WINDOWED)
    for blocks, role in (((old, new), codes.DRIVER), ((new, old), codes.DRIVER), ((old, guest), codes.GUEST)):
        with _written_at(9, *blocks) as keys:
            for registry in (keys.registry, keys.reboot()):
                number = registry.find(_key(2))
                assert registry.state == READY and registry.role(number) == role and registry.owners() == 1
                assert registry.condition(3 - number) == entries.ABSENT


def test_of_two_restricted_phones_in_one_slot_the_later_change_counts():
    blocks = []
    for n, generation in ((5, 3), (6, 4)):
        lead = entries.lead(codes.GUEST, ACTIVE, generation, entries.PHONE, entries.WINDOWED)
        blocks.append(lead + _key(n) + entries.tail(_key(n), bytes(16), 0, 9))
    for first, second in (blocks, reversed(blocks)):
        with _written_at(9, first, second) as keys:
            number = keys.registry.number_in(0)
            assert keys.registry.find(_key(6)) == number and keys.registry.find(_key(5)) == -1


def test_what_gave_way_is_erased_and_does_not_count_again_once_the_other_key_has_gone():
    old = _restricted(_key(2), codes.OWNER, 3)
    with _written_at(9, old, entries.entry(codes.DRIVER, 4, _key(2))) as keys:
        keys.registry.load()  # again, and nothing is left to do
        assert keys.registry.generation == 10 and keys.registry.state == READY
        block = bytearray(entries.BLOCK_LEN)
        for twin in (False, True):
            assert keys.registry._record.read(entries.offset_of(1), block, twin) and not any(block)
        assert keys.registry.revoke(2) == codes.ACCEPTED
        assert keys.reboot().condition(2) == REVOKED and keys.reboot().find(_key(2)) == 2


def test_where_it_cannot_be_erased_it_counts_as_little_and_the_next_boot_tries_again():
    marks = Marks()
    with _written_at(9, _restricted(_key(2), codes.OWNER, 3), marks=marks, boots=False) as keys:
        for _ in keys.registry._record.change_steps(entries.offset_of(2), entries.entry(codes.DRIVER, 4, _key(2))):
            pass
        marks.limit = 0
        found = keys.reboot()
        assert found.state == READY and found.find(_key(2)) == 2 and found.generation == 10
        marks.limit = None
        assert keys.reboot().generation == 11


def test_thirty_two_guests_have_windows_and_the_next_one_is_told_so():
    with _list() as keys:
        registry = keys.registry
        guests = [registry.add(_key(10 + n), codes.GUEST) for n in range(MOST + 1)]
        for n, number in enumerate(guests[:MOST]):
            assert registry.limit(number, (_FROM + 60 * n, _UNTIL, 0)) == codes.ACCEPTED
        assert registry.limit(guests[MOST], _WINDOW) == codes.REGISTRY_FULL
        assert _asked(registry, guests[MOST], _UNSET) == codes.ACCEPTED
        for known in (registry, keys.reboot()):
            assert [known.window_of(number)[0] - _FROM_MIN for number in guests[:MOST]] == list(range(MOST))
        assert registry.limit(guests[5], None) == codes.ACCEPTED
        assert registry.limit(guests[MOST], _WINDOW) == codes.ACCEPTED


def test_the_list_and_a_window_that_takes_the_place_of_a_revoked_key():
    keys = ListInFolder(Marks(), capacity=4)
    with keys:
        registry = keys.registry
        for n, role in enumerate((codes.OWNER, codes.DRIVER, codes.GUEST, codes.DRIVER)):
            assert registry.add(_key(n), role) == n
        assert registry.limit(2, _WINDOW) == codes.REGISTRY_FULL
        assert registry.revoke(1) == codes.ACCEPTED
        assert registry.limit(2, _WINDOW) == codes.ACCEPTED
        for known in (registry, keys.reboot()):
            assert known.count == 4 and known.condition(1) == entries.ABSENT and known.find(_key(1)) == -1
            assert _asked(known, 2, _FROM_MIN) == codes.ACCEPTED


def test_keys_are_suspended_and_readmitted_and_the_last_owner_never_is():
    with _list() as keys:
        registry = keys.registry
        assert registry.suspend(_OWNER, True) == codes.LAST_OWNER
        second = registry.add(_key(8), codes.OWNER)
        assert registry.suspend(_OWNER, True) == codes.ACCEPTED
        assert registry.suspend(_OWNER, True) == codes.ALREADY
        assert registry.suspend(second, True) == codes.LAST_OWNER and registry.revoke(second) == codes.LAST_OWNER
        assert registry.owners() == 1
        known = keys.reboot()
        assert known.condition(_OWNER) == SUSPENDED and known.owners() == 1
        assert _asked(known, _OWNER, _UNSET) == codes.SUSPENDED
        assert known.suspend(_OWNER, False) == codes.ACCEPTED and known.owners() == 2
        assert known.revoke(_OWNER) == codes.ACCEPTED
        for suspended in (True, False):
            assert known.suspend(_OWNER, suspended) == codes.REVOKED
        assert known.suspend(40, True) == codes.NO_SUCH_KEY
        assert keys.reboot().condition(_OWNER) == REVOKED


def test_a_suspended_phone_keeps_its_slot_and_its_secret():
    with _list() as keys:
        k = bytearray(16)
        assert keys.registry.suspend(_PHONE, True) == codes.ACCEPTED
        for known in (keys.registry, keys.reboot()):
            assert known.slot_of(_PHONE) == 0 and known.secret(_PHONE, k) and known.form(_PHONE) == 9
            assert known.id_in(0) == entries.short_id(_key(3))
