"""Custody of the keys where it says no: what is busy, what cannot be written, and what a phone may not ask for."""

from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from fakes.virtual_time import VirtualTime
from latchkey.core import codes
from latchkey.credentials import enrolment as enrol
from latchkey.credentials import entries
from latchkey.credentials import key_list as keys
from latchkey.credentials.custody import NOTHING, Custody
from latchkey.credentials.registry import Registry
from latchkey.crypto.p256_error import P256Error
from latchkey.storage.records import Record

_OWNER = 0
_UID = b"\x04\x11\x22\x33\x44\x55\x66"


def _key(n):
    return bytearray((n + 1).to_bytes(4, "big") * 16)


class _Car:
    """Key 0 is an owner's card."""

    def __init__(self):
        self.folder = fresh_folder()
        self.registry = Registry(Record(self.folder + "/keys"), Marks(), 8)
        self.registry.load()
        assert self.registry.add(_key(0), codes.OWNER) == _OWNER
        self.time = VirtualTime()
        self.custody = Custody(self.registry, self.time)

    def outcome(self):
        """Of what is being written."""
        while self.custody.is_writing():
            verdict = self.custody.tick(True)
        return verdict

    def pinned_phone(self, role=codes.DRIVER):
        """Enrolment is open and a phone has been shown; it can be confirmed by now."""
        assert self.custody.open(_OWNER) == codes.ACCEPTED
        assert self.custody.show_phone(_key(1), role, 9) == codes.KEY_PINNED
        self.time.advance(400)

    def end(self):
        assert self.registry.count == 1
        remove(self.folder)


class _Identity:
    """Computes no K: the key is no point of the curve, or the heap is full."""

    def __init__(self, error):
        self._error = error

    def k_steps(self, key64, out16):
        yield
        raise self._error


def test_while_one_change_is_written_every_other_is_busy():
    car = _Car()
    custody = car.custody
    assert custody.change(codes.SUSPEND_KEY, _OWNER, None) == codes.ACCEPTED
    refused = (
        custody.claim(),
        custody.open(_OWNER),
        custody.owner_tap(_OWNER, False),
        custody.show_key(_key(1)),
        custody.add_aes_card(_UID, bytes(16), codes.DRIVER),
        custody.change(codes.REVOKE_KEY, _OWNER, None),
        custody.set_pace(_OWNER, 20),
    )
    assert refused == (codes.BUSY,) * len(refused)
    custody.settle_card(_OWNER)
    assert car.outcome() == codes.LAST_OWNER, "what came of the first, and of no other"
    car.end()


def test_a_list_that_cannot_be_written_opens_nothing():
    for state, verdict in ((keys.OLDER, codes.OLD_REGISTRY), (keys.UNREADABLE, codes.NO_REGISTRY)):
        car = _Car()
        car.registry.state = state
        assert car.custody.open(_OWNER) == verdict and not car.custody.wants_keys()
        car.end()


def test_what_a_phone_may_not_ask_for():
    car = _Car()
    assert car.custody.show_phone(_key(1), codes.DRIVER, 9) == codes.ENROLMENT_CLOSED
    assert car.custody.open(_OWNER) == codes.ACCEPTED
    for role in (codes.NO_ROLE, codes.SERVICE, 200):
        assert car.custody.show_phone(_key(1), role, 9) == codes.NOT_PERMITTED, role
    assert car.custody.show_phone(_key(0), codes.DRIVER, 9) == codes.ALREADY_ENROLLED
    assert car.custody.enrolment.state == enrol.OPEN, "none of them is pinned"
    car.end()


def test_a_phone_whose_secret_cannot_be_computed_is_not_enrolled_and_the_enrolment_is_over():
    for identity, verdict in (
        (None, codes.NO_RULE),
        (_Identity(P256Error(1)), codes.BAD_POINT),
        (_Identity(MemoryError()), codes.STORAGE_FAILED),
    ):
        car = _Car()
        car.custody.identity = identity
        car.pinned_phone()
        assert car.custody.owner_tap(_OWNER, False) == codes.ACCEPTED
        assert car.custody.show_phone(_key(2), codes.DRIVER, 9) == codes.BUSY
        assert car.outcome() == verdict == car.custody.ending
        assert car.custody.outcome_credential == NOTHING and car.custody.endings == 1
        assert car.custody.enrolment.state == enrol.CLOSED and not any(car.custody.enrolment.pinned)
        car.end()


def test_a_heap_too_full_to_begin_a_write_ends_the_enrolment():
    car = _Car()
    car.pinned_phone()
    car.custody._add_steps = _full
    assert car.custody.owner_tap(_OWNER, False) == codes.STORAGE_FAILED
    assert not car.custody.is_writing() and car.custody.enrolment.state == enrol.CLOSED
    assert car.custody.tick(True) == NOTHING and car.custody.endings == 1
    car.end()


def _full(granted):
    raise MemoryError


def test_the_heap_is_full_while_a_change_is_written():
    car = _Car()
    for begin in (
        lambda: car.custody.change(codes.REVOKE_KEY, _OWNER, None),
        lambda: car.custody.set_pace(_OWNER, 20),
        lambda: car.custody.add_aes_card(_UID, bytes(16), codes.DRIVER),
    ):
        assert begin() == codes.ACCEPTED
        car.custody._write.close()
        car.custody._write = _breaking()
        assert car.outcome() == codes.STORAGE_FAILED
    car.custody.settle_card(_OWNER)
    assert car.outcome() == NOTHING, "nobody has asked for it"
    car.end()


def _breaking():
    yield
    raise MemoryError


def test_an_aes_card_made_elsewhere_is_told_by_its_outcome():
    car = _Car()
    for uid, verdict, credential in ((_UID, codes.ENROLLED, 1), (_UID, codes.ALREADY_ENROLLED, NOTHING)):
        assert car.custody.add_aes_card(uid, bytes(16), codes.DRIVER) == codes.ACCEPTED
        assert car.outcome() == verdict and car.custody.outcome_credential == credential
    assert car.registry.kind(1) == entries.AES_CARD
    assert car.custody.set_pace(1, 20) == codes.ACCEPTED and car.outcome() == codes.ACCEPTED
    assert car.registry.pace(1) == 20
    remove(car.folder)
