"""The registry on ordinary files: numbers, roles, guards, reboots, marks. Power cuts and flash errors: micropython/."""

from fakes.marks import Marks
from fakes.scratch import fresh_folder, remove
from latchkey.core import codes
from latchkey.credentials import registry as reg
from latchkey.credentials.registry import Registry
from latchkey.storage.records import Record


def key(n):
    """64 bytes that stand for public key n. The registry never asks whether they are a point."""
    return (n + 1).to_bytes(4, "big") * 16


class Controller:
    """What outlives a reboot: a folder and the marks."""

    def __init__(self, capacity=8):
        self.folder = fresh_folder()
        self.marks = Marks()
        self.capacity = capacity

    def boot(self):
        """A fresh registry over what is there; returns (registry, what load() found)."""
        registry = Registry(Record(self.folder + "/keys"), self.marks, self.capacity)
        return registry, registry.load()

    def copy(self, name):
        with open(self.folder + "/keys." + name, "rb") as file:
            return file.read()

    def overwrite(self, name, data):
        with open(self.folder + "/keys." + name, "wb") as file:
            file.write(data)

    def end(self):
        remove(self.folder)


def picture(registry):
    """All that the registry answers about its entries, as one comparable value."""
    out = bytearray(64)
    entries = []
    for number in range(registry.count):
        assert registry.key(number, out)
        entries.append(
            (bytes(out), registry.role(number), registry.condition(number), registry.entry_generation(number))
        )
    return registry.state, registry.generation, registry.owners(), entries


def test_a_blank_controller_knows_nobody():
    car = Controller()
    registry, found = car.boot()
    assert found == reg.BLANK
    assert registry.find(key(0)) == -1
    assert registry.count == 0 and registry.owners() == 0 and registry.generation == 0
    assert registry.condition(0) == reg.ABSENT and registry.role(0) == codes.NO_ROLE
    assert registry.revoke(0) == codes.NO_SUCH_KEY
    car.end()


def test_the_first_key_of_a_blank_controller_must_be_an_owner():
    car = Controller()
    registry, _ = car.boot()
    assert registry.add(key(0), codes.DRIVER) == -codes.NOT_PERMITTED
    assert registry.state == reg.BLANK and car.marks.values == {}
    assert registry.add(key(0), codes.OWNER) == 0
    assert registry.state == reg.READY and registry.owners() == 1
    assert car.marks.values == {"claimed": 1, "generation": 1}
    car.end()


def test_everything_is_there_again_after_a_reboot():
    car = Controller()
    registry, _ = car.boot()
    for n, role in enumerate((codes.OWNER, codes.DRIVER, codes.GUEST, codes.SERVICE)):
        assert registry.add(key(n), role) == n
    assert registry.revoke(2) == codes.ACCEPTED
    before = picture(registry)
    again, found = car.boot()
    assert found == reg.READY
    assert picture(again) == before
    assert [again.find(key(n)) for n in range(5)] == [0, 1, 2, 3, -1]
    assert again.condition(2) == reg.REVOKED and again.entry_generation(2) == 5
    assert car.copy("a") == car.copy("b")
    car.end()


def test_a_revoked_key_comes_back_only_as_a_new_generation_of_its_entry():
    car = Controller()
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    number = registry.add(key(1), codes.DRIVER)
    proved_at = registry.entry_generation(number)
    assert registry.revoke(number) == codes.ACCEPTED
    assert registry.revoke(number) == codes.ALREADY
    assert registry.find(key(1)) == number and registry.condition(number) == reg.REVOKED
    assert registry.add(key(1), codes.GUEST) == number
    assert registry.condition(number) == reg.ACTIVE and registry.role(number) == codes.GUEST
    assert registry.entry_generation(number) > proved_at
    assert picture(car.boot()[0]) == picture(registry)
    car.end()


def test_refusals_change_nothing():
    car = Controller(capacity=2)
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    before = picture(registry)
    assert registry.add(key(0), codes.DRIVER) == -codes.ALREADY_ENROLLED
    assert registry.add(key(1), codes.FLEET_MANAGER) == -codes.NOT_PERMITTED
    assert registry.add(key(1), codes.NO_ROLE) == -codes.NOT_PERMITTED
    assert registry.revoke(0) == codes.LAST_OWNER
    assert registry.revoke(1) == codes.NO_SUCH_KEY
    assert registry.revoke(-1) == codes.NO_SUCH_KEY
    assert picture(registry) == before
    registry.add(key(1), codes.OWNER)
    assert registry.add(key(2), codes.DRIVER) == -codes.REGISTRY_FULL
    assert registry.revoke(0) == codes.ACCEPTED
    assert registry.revoke(1) == codes.LAST_OWNER
    car.end()


def test_a_full_list_gives_the_place_of_the_key_revoked_longest_ago():
    car = Controller(capacity=4)
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    for n in (1, 2, 3):
        registry.add(key(n), codes.DRIVER)
    registry.revoke(3)
    registry.revoke(1)
    assert registry.add(key(7), codes.DRIVER) == 3
    assert registry.find(key(3)) == -1 and registry.find(key(7)) == 3
    assert registry.entry_generation(3) == registry.generation
    assert registry.add(key(8), codes.DRIVER) == 1
    assert registry.add(key(9), codes.DRIVER) == -codes.REGISTRY_FULL
    assert picture(car.boot()[0]) == picture(registry)
    car.end()


def test_a_place_changes_hands_any_number_of_times():
    car = Controller(capacity=2)
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    for n in range(1, 30):
        assert registry.add(key(n), codes.DRIVER) == 1
        assert registry.find(key(n)) == 1 and registry.find(key(n - 1)) == (0 if n == 1 else -1)
        assert registry.revoke(1) == codes.ACCEPTED
    assert picture(car.boot()[0]) == picture(registry)
    car.end()


def test_a_lost_list_is_never_blank():
    for keep in ("claimed", "generation"):
        car = Controller()
        registry, _ = car.boot()
        registry.add(key(0), codes.OWNER)
        remove(car.folder)
        car.folder = fresh_folder()
        car.marks.values = {keep: car.marks.values[keep]}
        registry, found = car.boot()
        assert found == reg.UNREADABLE
        assert registry.add(key(0), codes.OWNER) == -codes.NO_REGISTRY
        assert registry.revoke(0) == codes.NO_REGISTRY
        assert car.boot()[1] == reg.UNREADABLE
        car.end()


def test_lost_marks_are_written_again():
    car = Controller()
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    car.marks.values = {}
    assert car.boot()[1] == reg.READY
    assert car.marks.values == {"claimed": 1, "generation": 1}
    car.end()


def test_an_older_list_put_back_is_told_from_the_newest():
    car = Controller()
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    registry.add(key(1), codes.DRIVER)
    old = car.copy("a")
    registry.revoke(1)
    car.overwrite("a", old)
    car.overwrite("b", old)
    registry, found = car.boot()
    assert found == reg.OLDER
    assert registry.find(key(0)) == 0 and registry.role(0) == codes.OWNER
    assert registry.add(key(2), codes.DRIVER) == -codes.OLD_REGISTRY
    assert registry.revoke(1) == codes.OLD_REGISTRY
    assert car.boot()[1] == reg.OLDER
    car.end()


def test_a_change_that_stands_in_one_copy_only_was_never_made():
    car = Controller()
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    before, old = picture(registry), car.copy("a")
    registry.add(key(1), codes.DRIVER)
    new = car.copy("a")
    for whole, half in (("a", "b"), ("b", "a")):
        car.overwrite(whole, old)
        car.overwrite(half, new)
        car.marks.values["generation"] = 1
        registry, found = car.boot()
        assert found == reg.READY and picture(registry) == before
        assert car.copy("a") == car.copy("b") == old
    car.end()


def test_a_change_whose_mark_failed_stands_and_is_marked_later():
    car = Controller()
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    car.marks.limit = 0
    assert registry.add(key(1), codes.DRIVER) == 1
    assert car.marks.values["generation"] == 1 and registry.fault
    assert registry.add(key(2), codes.DRIVER) == -codes.STORAGE_FAILED
    again, found = car.boot()
    assert found == reg.READY and picture(again) == picture(registry)
    car.marks.limit = None
    assert registry.add(key(2), codes.DRIVER) == 2
    assert car.marks.values["generation"] == 3
    car.end()


def test_changes_do_not_overlap_and_the_old_state_is_in_force_meanwhile():
    car = Controller()
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    before = picture(registry)
    steps = registry.add_steps(key(1), codes.DRIVER)
    next(steps)
    assert registry.add(key(2), codes.DRIVER) == -codes.BUSY
    assert registry.revoke(0) == codes.BUSY
    assert picture(registry) == before and registry.find(key(1)) == -1
    steps.close()
    assert picture(registry) == before and picture(car.boot()[0]) == before
    assert registry.add(key(2), codes.DRIVER) == 1
    car.end()


def test_entries_of_newer_firmware_keep_their_place_and_match_nothing():
    car = Controller(capacity=3)
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    registry.add(key(1), codes.DRIVER)
    for _ in registry._record.change_steps(2 * 96 + 1, b"\x07"):  # the type of entry 1
        pass
    registry, found = car.boot()
    assert found == reg.READY and registry.count == 2
    assert registry.condition(1) == reg.ABSENT and registry.find(key(1)) == -1
    assert registry.add(key(2), codes.DRIVER) == 2
    assert registry.revoke(1) == codes.NO_SUCH_KEY
    assert registry.add(key(3), codes.DRIVER) == -codes.REGISTRY_FULL
    assert car.copy("a")[12 + 2 * 96 :][:2] == b"\x01\x07"
    car.end()


def test_a_suspended_key_is_known_and_is_no_owner():
    car = Controller()
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    registry.add(key(1), codes.OWNER)
    for _ in registry._record.change_steps(2 * 96 + 3, bytes([reg.SUSPENDED])):  # the condition of entry 1
        pass
    registry, found = car.boot()
    assert found == reg.READY and registry.owners() == 1
    assert registry.find(key(1)) == 1 and registry.condition(1) == reg.SUSPENDED
    assert registry.add(key(1), codes.DRIVER) == -codes.ALREADY_ENROLLED
    assert registry.revoke(0) == codes.LAST_OWNER
    assert registry.revoke(1) == codes.ACCEPTED
    car.end()


def test_a_key_that_rots_while_the_controller_runs_is_read_from_the_twin():
    car = Controller()
    registry, _ = car.boot()
    registry.add(key(0), codes.OWNER)
    good = car.copy("a")
    at = 12 + 96 + 8 + 5
    bad = good[:at] + b"\xff" + good[at + 1 :]
    for name in ("a", "b"):
        car.overwrite("a", good)
        car.overwrite("b", good)
        car.overwrite(name, bad)
        assert registry.find(key(0)) == 0
    car.overwrite("a", bad)
    car.overwrite("b", bad)
    assert registry.find(key(0)) == -1 and registry.fault
    assert registry.find(bad[12 + 96 + 8 :][:64]) == -1
    car.end()
