"""Phones and cloud keys in the list of keys: slots, kinds, secrets, and who must stay."""

from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from latchkey.core import codes
from latchkey.credentials import entries
from latchkey.credentials.registry import Registry
from latchkey.storage.records import Record


def _key(n):
    return (n + 1).to_bytes(4, "big") * 16


def _k(n):
    return bytes((n,)) * 16


class _Car:
    """A claimed controller with one owner card, number 0."""

    def __init__(self, capacity=64):
        self.folder = fresh_folder()
        self.marks = Marks()
        self.capacity = capacity
        self.boot()
        assert self.registry.add(_key(0), codes.OWNER) == 0

    def boot(self):
        self.registry = Registry(Record(self.folder + "/keys"), self.marks, self.capacity)
        self.registry.load()
        return self.registry

    def end(self):
        remove(self.folder)


def test_a_phone_has_a_kind_a_slot_and_its_secret_also_after_a_reboot():
    car = _Car()
    assert car.registry.add_phone(_key(1), codes.DRIVER, _k(1), 9) == 1
    assert car.registry.add_phone(_key(2), codes.FLEET_MANAGER, _k(2)) == 2
    for registry in (car.registry, car.boot()):
        assert [registry.kind(n) for n in range(4)] == [entries.KEYCARD, entries.PHONE, entries.CLOUD_KEY, 0]
        assert [registry.slot_of(n) for n in range(-1, 4)] == [-1, -1, 0, 1, -1]
        assert [registry.number_in(slot) for slot in (-1, 0, 1, 2, 31, 32)] == [-1, 1, 2, -1, -1, -1]
        assert [registry.id_in(slot) for slot in (0, 1)] == [entries.short_id(_key(n)) for n in (1, 2)]
        assert (registry.form(0), registry.form(1), registry.form(2)) == (0, 9, 0)
        k = bytearray(16)
        assert not registry.secret(0, k) and not any(k)
        assert registry.secret(1, k) and k == _k(1)
        assert registry.secret(2, k) and k == _k(2)
    car.end()


def test_a_slot_is_free_again_when_its_key_is_revoked_and_the_next_key_gets_the_lowest():
    car = _Car()
    for n in range(1, 5):
        assert car.registry.add_phone(_key(n), codes.DRIVER, _k(n)) == n
    for n in (3, 1):
        assert car.registry.revoke(n) == codes.ACCEPTED
        assert car.registry.slot_of(n) == -1 and car.registry.condition(n) == entries.REVOKED
        assert car.registry.kind(n) == entries.PHONE
    k = bytearray(16)
    assert not car.registry.secret(1, k) and not any(k)
    assert car.registry.add_phone(_key(3), codes.GUEST, _k(9)) == 3  # its old number, another slot
    assert car.registry.add_phone(_key(7), codes.DRIVER, _k(7)) == 5
    for registry in (car.registry, car.boot()):
        assert [registry.slot_of(n) for n in range(6)] == [-1, -1, 1, 0, 3, 2]
        assert registry.role(3) == codes.GUEST and registry.secret(3, k) and k == _k(9)
    car.end()


def test_a_key_that_was_a_card_may_come_back_as_a_phone_and_the_other_way_round():
    car = _Car()
    assert car.registry.add(_key(1), codes.DRIVER) == 1
    assert car.registry.add_phone(_key(1), codes.DRIVER, _k(1)) == -codes.ALREADY_ENROLLED
    assert car.registry.revoke(1) == codes.ACCEPTED
    assert car.registry.add_phone(_key(1), codes.DRIVER, _k(1)) == 1
    assert (car.registry.kind(1), car.registry.slot_of(1)) == (entries.PHONE, 0)
    assert car.registry.revoke(1) == codes.ACCEPTED
    assert car.registry.add(_key(1), codes.DRIVER) == 1
    for registry in (car.registry, car.boot()):
        assert (registry.kind(1), registry.slot_of(1), registry.number_in(0)) == (entries.KEYCARD, -1, -1)
    car.end()


def test_there_are_32_slots():
    car = _Car()
    for n in range(1, 33):
        assert car.registry.add_phone(_key(n), codes.DRIVER, _k(n)) == n
    assert car.registry.add_phone(_key(33), codes.DRIVER, _k(33)) == -codes.REGISTRY_FULL
    assert car.registry.add(_key(33), codes.DRIVER) == 33  # a card needs none
    assert car.registry.revoke(17) == codes.ACCEPTED
    assert car.registry.add_phone(_key(34), codes.DRIVER, _k(34)) == 34
    assert car.registry.slot_of(34) == 16
    car.end()


def test_roles_that_a_kind_cannot_have():
    car = _Car()
    run = car.registry.add_steps
    for kind, role in (
        (entries.PHONE, codes.FLEET_MANAGER),
        (entries.CLOUD_KEY, codes.OWNER),
        (entries.KEYCARD, codes.FLEET_MANAGER),
        (entries.PHONE, codes.NO_ROLE),
        (entries.AES_CARD, codes.FLEET_MANAGER),
        (entries.AES_CARD + 1, codes.DRIVER),
    ):
        try:
            next(run(_key(1), role, kind, _k(1)))
            raise AssertionError((kind, role))
        except StopIteration as end:
            assert end.value == -codes.NOT_PERMITTED
    assert car.registry.count == 1
    car.end()


def test_a_blank_controller_takes_no_phone_as_its_first_key():
    folder = fresh_folder()
    registry = Registry(Record(folder + "/keys"), Marks())
    registry.load()
    assert registry.add_phone(_key(1), codes.OWNER, _k(1)) == -codes.NOT_PERMITTED
    assert registry.count == 0
    remove(folder)


def test_the_last_owner_card_stays_even_where_an_owner_has_a_phone():
    """A phone cannot open enrolment: without an owner's card nobody could ever add a key again."""
    car = _Car()
    assert car.registry.add_phone(_key(1), codes.OWNER, _k(1)) == 1
    assert (car.registry.owners(), car.registry.owner_cards()) == (2, 1)
    assert car.registry.revoke(0) == codes.LAST_OWNER
    assert car.registry.add(_key(2), codes.OWNER) == 2
    assert car.registry.revoke(0) == codes.ACCEPTED
    assert car.registry.revoke(2) == codes.LAST_OWNER
    assert car.registry.revoke(1) == codes.ACCEPTED
    for registry in (car.registry, car.boot()):
        assert (registry.owners(), registry.owner_cards()) == (1, 1)
    car.end()
