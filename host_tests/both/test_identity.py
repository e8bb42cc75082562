"""The vehicle's name and key: made once, kept for good, never made anew by itself."""

from fakes.bench_chip import Generator
from fakes.failing_files import NO_MEMORY, RAISES, FailingFiles
from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from latchkey.credentials import identity as ids
from latchkey.credentials.identity import Identity, IdentityError, name_of, shared_key
from latchkey.crypto import p256
from latchkey.crypto.entropy import Entropy
from latchkey.storage.records import Record


class _Car:
    def __init__(self, seed=1):
        self.folder = fresh_folder()
        self.marks = Marks()
        self.generator = Generator(seed)
        self.entropy = Entropy(self.generator)

    def boot(self):
        identity = Identity(Record(self.folder + "/identity"), self.marks)
        identity.load()
        return identity

    def made(self):
        identity = self.boot()
        for _ in identity.make_steps(self.entropy.fill):
            pass
        return identity

    def path(self, copy):
        return self.folder + "/identity." + copy

    def spoil(self, *copies):
        for copy in copies:
            with open(self.path(copy), "rb") as file:
                data = bytearray(file.read())
            data[40] ^= 1
            with open(self.path(copy), "wb") as file:
                file.write(data)

    def end(self):
        remove(self.folder)


def _shown(identity):
    return (identity.state, identity.vin, bytes(identity.public_key))


def test_it_is_absent_made_and_then_the_same_at_every_boot():
    car = _Car()
    assert _shown(car.boot()) == (ids.ABSENT, b"", bytes(64))
    made = car.made()
    assert made.state == ids.READY and len(made.vin) == 17 and made.vin[:8] == b"LATCHKEY"
    assert made.vin == name_of(made.public_key) and not set(made.vin.decode()) & set("IOQ")
    assert p256.on_curve(made.public_key)
    for _ in range(2):
        assert _shown(car.boot()) == _shown(made)
    again = car.boot()
    for _ in again.make_steps(car.entropy.fill):
        raise AssertionError("made anew")
    assert _shown(again) == _shown(made)
    car.end()


def test_two_vehicles_have_two_names():
    first, second = _Car(1), _Car(2)
    assert first.made().vin != second.made().vin
    first.end()
    second.end()


def test_its_private_key_is_the_one_that_phones_agree_with():
    car = _Car()
    identity = car.made()
    private = bytes(30) + b"\x01\x00"
    private = b"\x22" * 16 + private[16:]
    public, k, theirs = p256.public(private), bytearray(16), bytearray(16)
    for _ in identity.k_steps(public, k):
        pass
    shared_key(p256.shared(private, identity.public_key), theirs)
    assert k == theirs and any(k)
    car.end()


def _locator(identity):
    out = bytearray(ids.LOCATOR_LEN)
    return bytes(out) if identity.card_locator(out) else None


def test_each_vehicle_has_a_locator_for_its_cards_which_stays_the_same():
    cars = [_Car(seed) for seed in range(1, 5)]
    found = []
    for car in cars:
        assert _locator(car.boot()) is None  # nothing is made up
        made = _locator(car.made())
        assert made == _locator(car.boot()) and 1 <= made[16] <= 255
        found.append(made)
        car.end()
    assert len({made[:16] for made in found}) == len(cars)


def test_a_damaged_copy_is_mended_and_two_of_them_are_not_made_anew():
    car = _Car()
    made = _shown(car.made())
    for copies in (("a",), ("b",)):
        car.spoil(*copies)
        assert _shown(car.boot()) == made
    car.spoil("a", "b")
    broken = car.boot()
    assert broken.state == ids.UNREADABLE and broken.vin == b""
    for _ in broken.make_steps(car.entropy.fill):
        raise AssertionError("made anew: every phone would be locked out for good")
    car.end()


def test_files_that_have_gone_are_not_taken_for_a_first_boot():
    car = _Car()
    car.made()
    remove(car.folder)
    car.folder = fresh_folder()
    assert car.boot().state == ids.UNREADABLE
    car.end()


def test_marks_that_were_lost_come_back():
    """MicroPython erases all of NVS when it finds it unusable."""
    car = _Car()
    made = _shown(car.made())
    car.marks.values.clear()
    assert _shown(car.boot()) == made
    assert car.marks.values == {"identity": 1}
    car.end()


def test_without_randomness_there_is_none():
    car = _Car()
    car.generator.stuck = True
    identity = car.boot()
    try:
        for _ in identity.make_steps(car.entropy.fill):
            pass
        raise AssertionError("a key from a stuck generator")
    except IdentityError as error:
        assert error.code == ids.NO_ENTROPY
    assert _shown(car.boot()) == (ids.ABSENT, b"", bytes(64))
    car.end()


def test_without_room_there_is_none_and_it_is_tried_again():
    car = _Car()
    identity = Identity(Record(car.folder + "/nowhere/identity"), car.marks)
    identity.load()
    try:
        for _ in identity.make_steps(car.entropy.fill):
            pass
        raise AssertionError("kept nowhere")
    except IdentityError as error:
        assert error.code == ids.NO_STORAGE
    assert identity.state == ids.ABSENT
    assert car.made().state == ids.READY
    car.end()


def test_a_record_that_is_whole_and_says_something_else_is_no_identity():
    for body in (b"", b"\x01" * 113, b"\x01" * 115, b"\x02" * 114):
        car = _Car()
        for _ in Record(car.folder + "/identity").change_steps(0, body):
            pass
        assert car.boot().state == ids.UNREADABLE, body
        car.end()


def test_a_mark_that_cannot_be_written_is_written_at_the_next_boot():
    car = _Car()
    car.marks.limit = 0
    made = car.made()
    assert made.state == ids.READY and car.marks.values == {}
    car.marks.limit = None
    assert _shown(car.boot()) == _shown(made) and car.marks.values == {"identity": 1}
    car.end()


def test_a_name_that_cannot_be_kept_leaves_the_old_one():
    car = _Car()
    made = _shown(car.made())
    identity = car.boot()
    with FailingFiles(1, RAISES, True):
        try:
            for _ in identity.rename_steps(b"5YJ3E1EA7KF317000"):
                pass
        except IdentityError as error:
            assert error.code == ids.NO_STORAGE
        else:
            raise AssertionError("renamed without storage")
    assert _shown(car.boot()) == made
    for _ in identity.rename_steps(b"5YJ3E1EA7KF317000"):
        pass
    assert car.boot().vin == b"5YJ3E1EA7KF317000"
    car.end()


def test_a_heap_that_is_full_at_the_boot_is_no_first_boot():
    car = _Car()
    made = _shown(car.made())
    with FailingFiles(2, NO_MEMORY):
        assert car.boot().state == ids.UNREADABLE
    assert _shown(car.boot()) == made
    car.end()
