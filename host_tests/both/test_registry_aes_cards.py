"""AES cards in the list of keys: found by UID, with a key of their own, counted as the cards they are."""

import os

from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from latchkey.core import codes
from latchkey.core.request import Request
from latchkey.credentials import entries, recognition
from latchkey.credentials.registry import Registry
from latchkey.storage.records import Record

_POINT = (7).to_bytes(4, "big") * 16


def _uid(n):
    return b"\x04\x11\x22\x33\x44\x55" + bytes((n,))


def _name(n):
    return entries.card_name(_uid(n))


def _key(n):
    return bytes((0xA0 + n,)) * 16


class _Car:
    """A controller with an owner's AES card, number 0, unless it is to be blank."""

    def __init__(self, blank=False):
        self.folder = fresh_folder()
        self.marks = Marks()
        self.boot()
        if not blank:
            assert self.registry.add_aes_card(_uid(0), codes.OWNER, _key(0)) == 0

    def boot(self):
        self.registry = Registry(Record(self.folder + "/keys"), self.marks, 64)
        self.registry.load()
        return self.registry

    def damage(self, name, at):
        path = self.folder + "/" + name
        with open(path, "rb") as file:
            content = bytearray(file.read())
        content[at] ^= 0x10
        with open(path, "wb") as file:
            file.write(content)

    def end(self):
        remove(self.folder)


def test_a_card_is_found_by_its_uid_and_has_its_key_also_after_a_reboot():
    car = _Car()
    assert car.registry.add(_POINT, codes.OWNER) == 1
    assert car.registry.add_aes_card(_uid(2), codes.DRIVER, _key(2)) == 2
    assert car.registry.add_phone(bytes(reversed(_POINT)), codes.DRIVER, bytes(16)) == 3
    key = bytearray(16)
    for registry in (car.registry, car.boot()):
        assert [registry.kind(n) for n in range(4)] == [
            entries.AES_CARD,
            entries.KEYCARD,
            entries.AES_CARD,
            entries.PHONE,
        ]
        assert [registry.find(_name(n)) for n in range(4)] == [0, -1, 2, -1]
        assert registry.card_key(2, key) and key == _key(2)
        assert registry.card_key(0, key) and key == _key(0)
        assert not registry.card_key(1, key) and not registry.card_key(3, key) and not registry.card_key(9, key)
        assert [registry.slot_of(n) for n in range(4)] == [-1, -1, -1, 0]
        assert registry.owners() == registry.owner_cards() == 2
    car.end()


def test_its_key_is_given_to_nobody_who_asks_for_a_phones_secret():
    car = _Car()
    key = bytearray(16)
    assert not car.registry.secret(0, key) and not any(key)
    assert car.registry.form(0) == 0
    car.end()


def test_it_counts_over_the_reader_and_over_no_other_link():
    car = _Car()
    for source, verdict in (
        (codes.KEYCARD, codes.ACCEPTED),
        (codes.PHONE, codes.NOT_PERMITTED),
        (codes.CLOUD, codes.NOT_PERMITTED),
    ):
        request = Request(source)
        request.credential = 0
        request.generation = car.registry.entry_generation(0)
        assert recognition.recognise(car.registry, request, -1) == verdict
    car.end()


def test_it_may_be_the_first_owner_and_the_last():
    car = _Car(blank=True)
    assert car.registry.add_aes_card(_uid(0), codes.DRIVER, _key(0)) == -codes.NOT_PERMITTED
    assert car.registry.add_aes_card(_uid(0), codes.FLEET_MANAGER, _key(0)) == -codes.NOT_PERMITTED
    assert car.registry.add_aes_card(_uid(0), codes.OWNER, _key(0)) == 0
    assert car.registry.revoke(0) == codes.LAST_OWNER
    assert car.registry.add(_POINT, codes.OWNER) == 1
    assert car.registry.revoke(0) == codes.ACCEPTED
    assert car.registry.revoke(1) == codes.LAST_OWNER
    car.end()


def test_a_phone_among_the_owners_does_not_let_the_last_card_go():
    car = _Car()
    assert car.registry.add_phone(_POINT, codes.OWNER, bytes(16)) == 1
    assert car.registry.owners() == 2 and car.registry.owner_cards() == 1
    assert car.registry.revoke(0) == codes.LAST_OWNER
    car.end()


def test_a_board_without_a_reader_is_not_claimed_by_a_card():
    car = _Car(blank=True)
    car.registry.owner_kind = entries.PHONE
    assert car.registry.add_aes_card(_uid(0), codes.OWNER, _key(0)) == -codes.NOT_PERMITTED
    car.end()


def test_a_revoked_card_keeps_its_key_and_returns_under_its_number_with_the_one_it_is_given():
    car = _Car()
    car.registry.add_aes_card(_uid(1), codes.DRIVER, _key(1))
    assert car.registry.revoke(1) == codes.ACCEPTED
    key = bytearray(16)
    for registry in (car.registry, car.boot()):
        assert registry.condition(1) == entries.REVOKED and registry.find(_name(1)) == 1
        assert registry.card_key(1, key) and key == _key(1)
    assert car.registry.add_aes_card(_uid(1), codes.DRIVER, _key(7)) == 1
    for registry in (car.registry, car.boot()):
        assert registry.card_key(1, key) and key == _key(7)
    assert car.registry.add_aes_card(_uid(1), codes.DRIVER, _key(8)) == -codes.ALREADY_ENROLLED
    car.end()


def test_a_key_for_another_uid_does_not_pass_for_this_cards():
    """The check behind the key covers UID and key: entries cannot be mixed, nor a bit changed."""
    tail = entries.tail(_name(1), _key(1), 0, 0)
    assert entries.tail_fits(_name(1), tail) and not entries.tail_fits(_name(2), tail)
    for bit in range(8 * len(tail)):
        flipped = bytearray(tail)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not entries.tail_fits(_name(1), flipped)


def test_the_key_is_read_from_either_copy():
    for at in range(2 * entries.BLOCK_LEN, 3 * entries.BLOCK_LEN, 5):
        for twin in (False, True):
            car = _Car()
            car.registry.add_aes_card(_uid(1), codes.DRIVER, _key(1))
            names = sorted(os.listdir(car.folder))
            assert len(names) == 2
            car.damage(names[twin], at)
            key = bytearray(16)
            assert car.registry.card_key(1, key) and key == _key(1)
            car.end()


def _run(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _pending(car):
    assert _run(car.registry.add_steps(_name(1), codes.DRIVER, entries.AES_CARD, _key(1), entries.PENDING)) == 1


def _state(registry, number):
    key = bytearray(17)
    assert registry.card_key(number, key) and key[:16] == _key(number)
    return key[16]


def test_a_key_is_pending_until_it_is_settled():
    car = _Car()
    _pending(car)
    assert [_state(car.registry, n) for n in (0, 1)] == [entries.SETTLED, entries.PENDING]
    assert _state(car.boot(), 1) == entries.PENDING
    before = car.registry.entry_generation(1)
    assert _run(car.registry.settle_steps(1)) == codes.ACCEPTED
    assert car.registry.entry_generation(1) == before + 1
    for registry in (car.registry, car.boot()):
        assert [_state(registry, n) for n in (0, 1)] == [entries.SETTLED, entries.SETTLED]
        assert (registry.role(1), registry.condition(1), registry.kind(1)) == (
            codes.DRIVER,
            entries.ACTIVE,
            entries.AES_CARD,
        )
        assert registry.find(_name(1)) == 1
    car.end()


def test_what_cannot_be_settled():
    car = _Car()
    _pending(car)
    assert car.registry.add(_POINT, codes.OWNER) == 2
    generation = car.registry.generation
    for number in (-1, 2, 3):
        assert _run(car.registry.settle_steps(number)) == codes.NO_SUCH_KEY
    assert car.registry.revoke(1) == codes.ACCEPTED
    assert _run(car.registry.settle_steps(1)) == codes.NO_SUCH_KEY
    assert car.registry.generation == generation + 1 and _state(car.registry, 1) == entries.PENDING
    steps = car.registry.revoke_steps(2)
    next(steps)
    assert _run(car.registry.settle_steps(0)) == codes.BUSY
    steps.close()
    car.end()


def test_a_key_that_could_not_be_settled_is_pending_still():
    car = _Car()
    _pending(car)
    steps = car.registry.settle_steps(1)
    next(steps)
    steps.close()  # as a power cut would
    assert _state(car.registry, 1) == entries.PENDING
    assert _state(car.boot(), 1) == entries.PENDING
    assert _run(car.registry.settle_steps(1)) == codes.ACCEPTED
    assert _state(car.boot(), 1) == entries.SETTLED
    car.end()
