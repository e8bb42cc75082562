"""How soon a card must answer, as the list of keys keeps it: with the entry, through every other change of it."""

from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials.entries import AES_CARD, BLOCK_LEN, KEYCARD
from latchkey.credentials.registry import Registry
from latchkey.storage.records import Record

_POINT = (7).to_bytes(4, "big") * 16
_UID = b"\x04\x11\x22\x33\x44\x55\x66"
_KEY = bytes(range(16))
_WINDOW = (0, 900_000_000, 0)


def _run(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


class _Car:
    """Key 0 is an owner's key card with pace 50, key 1 a guest's AES card, pending, with pace 12, key 2 a phone."""

    def __init__(self):
        self.folder = fresh_folder()
        self.marks = Marks()
        registry = self.boot()
        assert _run(registry.add_steps(_POINT, codes.OWNER, KEYCARD, b"", 0, 50)) == 0
        name = entries.card_name(_UID)
        assert _run(registry.add_steps(name, codes.GUEST, AES_CARD, _KEY, entries.PENDING, 12)) == 1
        assert registry.add_phone(bytes(reversed(_POINT)), codes.DRIVER, bytes(16), 9) == 2

    def boot(self):
        self.registry = Registry(Record(self.folder + "/keys"), self.marks, 64)
        self.registry.load()
        return self.registry

    def block(self, number):
        """An entry as flash holds it."""
        block = bytearray(BLOCK_LEN)
        assert self.registry._record.read(entries.offset_of(number), block, False)
        return block

    def paces(self):
        """Of all keys; the same after a boot."""
        shown = [[registry.pace(n) for n in range(4)] for registry in (self.registry, self.boot())]
        assert shown[0] == shown[1], shown
        return shown[0]

    def key_of_card(self):
        key = bytearray(17)
        assert self.registry.card_key(1, key)
        return bytes(key)

    def end(self):
        remove(self.folder)


def test_a_pace_is_kept_with_the_entry_and_a_phone_has_none():
    car = _Car()
    assert car.paces() == [50, 12, 0, 0]
    assert car.key_of_card() == _KEY + b"\x01"
    assert car.registry.form(2) == 9 and car.registry.find(_POINT) == 0
    car.end()


def test_it_outlives_every_other_change_of_the_entry():
    car = _Car()
    assert _run(car.registry.settle_steps(1)) == codes.ACCEPTED
    assert car.paces() == [50, 12, 0, 0] and car.key_of_card() == _KEY + b"\x00"
    assert car.registry.suspend(1, True) == codes.ACCEPTED
    assert car.paces() == [50, 12, 0, 0]
    assert car.registry.suspend(1, False) == codes.ACCEPTED
    assert car.registry.limit(1, _WINDOW) == codes.ACCEPTED
    assert car.paces()[:2] == [50, 12] and car.registry.is_windowed(1)
    assert _run(car.registry.pace_steps(1, 30)) == codes.ACCEPTED
    assert car.paces()[:2] == [50, 30] and car.registry.is_windowed(1)
    assert car.registry.limit(1, None) == codes.ACCEPTED
    assert car.paces()[:2] == [50, 30] and not car.registry.is_windowed(1)
    assert car.block(1)[0] == entries.PACED
    car.end()


def test_it_is_changed_and_taken_away_and_nothing_else_with_it():
    car = _Car()
    for pace in (1, 250, 0, 7):
        before = car.registry.entry_generation(0)
        for number in (0, 1):
            assert _run(car.registry.pace_steps(number, pace)) == codes.ACCEPTED
        assert car.registry.entry_generation(0) > before
        assert car.paces() == [pace, pace, 0, 0]
        assert car.key_of_card() == _KEY + b"\x01" and car.registry.find(_POINT) == 0
        assert (car.registry.role(0), car.registry.condition(0)) == (codes.OWNER, entries.ACTIVE)
    car.end()


def test_older_firmware_sees_no_card_that_it_cannot_hold_to_its_pace():
    """It takes version 1 alone; and where there is no limit the entry is the one that it knows."""
    car = _Car()
    assert [car.block(n)[0] for n in range(3)] == [entries.PACED, entries.PACED, entries.PLAIN]
    for number in (0, 1):
        _run(car.registry.pace_steps(number, 0))
        assert car.block(number)[0] == entries.PLAIN
    assert not any(car.block(0)[-entries.TAIL_LEN :])  # of a key card
    car.end()


def test_only_cards_have_one():
    car = _Car()
    generation = car.registry.generation
    assert _run(car.registry.pace_steps(2, 9)) == codes.NOT_PERMITTED
    assert _run(car.registry.pace_steps(3, 9)) == codes.NO_SUCH_KEY
    assert car.registry.generation == generation
    block = car.block(2)
    block[0] = entries.PACED
    assert entries.kind_of(block) == 0  # a phone's form is no pace
    car.end()


def test_a_revoked_card_comes_back_with_the_pace_it_shows_then():
    car = _Car()
    assert car.registry.revoke(1) == codes.ACCEPTED
    assert _run(car.registry.pace_steps(1, 9)) == codes.REVOKED
    assert car.key_of_card() == _KEY + b"\x01"
    steps = car.registry.add_steps(entries.card_name(_UID), codes.DRIVER, AES_CARD, _KEY, entries.SETTLED, 33)
    assert _run(steps) == 1
    assert car.paces() == [50, 33, 0, 0]
    car.end()


def test_paces_of_limits():
    assert [entries.pace_of(ms) for ms in (0, 1, 4, 5, 999, 1_000, 5_000)] == [0, 1, 1, 2, 250, 250, 250]


def test_every_bit_of_a_key_cards_tail_is_covered_by_its_check():
    tail = entries.tail(_POINT, bytes(16), 0, 50)
    for bit in range(8 * len(tail)):
        flipped = bytearray(tail)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not entries.tail_fits(_POINT, flipped)
