"""A registry on LittleFS2 on flash in RAM, which a test can stop at any instant and boot again. MicroPython only.

The model beside it is what the registry must show: a list of (key, role, condition, slot, K, window), blank when empty.
Cards have slot -1 and no K, and so have revoked phones. window: (0, 0, 0) for none.
"""

import vfs
from latchkey.core import codes
from latchkey.credentials import registry as reg
from latchkey.credentials.registry import Registry
from latchkey.storage.records import Record

from fakes.flash import Flash, Power
from fakes.marks import Marks

ADD = 0
REVOKE = 1
ADD_PHONE = 2
SUSPEND = 3
ADMIT = 4
LIMIT = 5
_NONE = (0, 0, 0)

_mounted = []


def key(n):
    """64 bytes that stand for public key n."""
    return (n + 1).to_bytes(4, "big") * 16


def secret(n):
    """16 bytes that stand for the secret that phone n shares with the vehicle."""
    return (n + 1).to_bytes(2, "big") * 8


def blank_image(block_size, block_count):
    """A formatted, empty flash."""
    data = bytearray(b"\xff" * (block_size * block_count))
    vfs.VfsLfs2.mkfs(Flash(Power(), data, block_size))
    return data


class Car:
    """One boot from `data` and mark `values`, both of which it goes on changing. `found` is what load() returned."""

    def __init__(self, data, values, block_size, capacity=12):
        self.power = Power()
        self.flash = Flash(self.power, data, block_size)
        self.marks = Marks(values, self.power)
        self._block_size = block_size
        self._capacity = capacity
        self.mount()
        self.registry = Registry(Record("/flash/keys"), self.marks, capacity)

    def mount(self):
        unmount()
        vfs.mount(vfs.VfsLfs2(self.flash), "/flash")
        _mounted.append(self.flash)  # a strong reference, or gc would finalise open files into a dead block device

    def reboot(self):
        """The same flash and marks with the power back; not loaded yet."""
        return Car(self.flash.data, self.marks.values, self._block_size, self._capacity)

    def snapshot(self):
        return bytes(self.flash.data), dict(self.marks.values)

    def perform(self, step):
        """Carry out (ADD or ADD_PHONE, key number, role), (REVOKE, SUSPEND or ADMIT, key number), or (LIMIT, key
        number, first minute of a window or 0 for none); True when it was reported done.
        """
        if step[0] == ADD:
            return self.registry.add(key(step[1]), step[2]) >= 0
        if step[0] == ADD_PHONE:
            return self.registry.add_phone(key(step[1]), step[2], secret(step[1]), 9) >= 0
        number = self.registry.find(key(step[1]))
        if step[0] == REVOKE:
            return self.registry.revoke(number) == codes.ACCEPTED
        if step[0] == LIMIT:
            return self.registry.limit(number, _seconds(step[2])) == codes.ACCEPTED
        return self.registry.suspend(number, step[0] == SUSPEND) == codes.ACCEPTED

    def shown(self):
        """What the registry shows, in the model's form; fails where its parts contradict each other."""
        registry = self.registry
        out = bytearray(64)
        entries = []
        owners = 0
        for number in range(registry.count):
            if not registry.kind(number):  # a window's block
                continue
            assert registry.key(number, out), "an entry without its key"
            assert registry.find(out) == number
            role, condition = registry.role(number), registry.condition(number)
            owners += 1 if role == codes.OWNER and condition == reg.ACTIVE else 0
            window = registry.window_of(number) or _NONE
            assert registry.is_windowed(number) == any(window), "a guest is shut out by half a change"
            entries.append((bytes(out), role, condition) + self._slot(number) + (window,))
        assert owners == registry.owners()
        assert registry.state == (reg.READY if entries else reg.BLANK), registry.state
        return sorted(entries)

    def _slot(self, number):
        """(slot, K) of a phone that is not revoked, (-1, none) of every other entry."""
        registry, k = self.registry, bytearray(16)
        slot = registry.slot_of(number)
        assert registry.secret(number, k) == (slot >= 0)
        if slot < 0:
            assert not any(k)
            return (-1, b"")
        assert registry.number_in(slot) == number and registry.form(number) == 9
        return (slot, bytes(k))


def _seconds(first_min):
    """The window that begins with this minute, as the registry is given it."""
    return (60 * first_min, 60 * first_min + 3_600, 1) if first_min else None


def unmount():
    if _mounted:
        vfs.umount("/flash")
        _mounted.clear()


def models(steps):
    """What must be shown before, and after each of the steps."""
    entries = {}
    result = [[]]
    for step in steps:
        name = key(step[1])
        known = entries.get(name)
        if step[0] == REVOKE:
            entries[name] = (known[0], reg.REVOKED, -1, b"", _NONE)
        elif step[0] == ADD:
            entries[name] = (step[2], reg.ACTIVE, -1, b"", _NONE)
        elif step[0] == LIMIT:
            entries[name] = known[:4] + ((step[2], step[2] + 60, 1) if step[2] else _NONE,)
        elif step[0] in (SUSPEND, ADMIT):
            entries[name] = (known[0], reg.SUSPENDED if step[0] == SUSPEND else reg.ACTIVE) + known[2:]
        else:
            taken = [entry[2] for entry in entries.values()]
            free = min([slot for slot in range(32) if slot not in taken])
            entries[name] = (step[2], reg.ACTIVE, free, secret(step[1]), _NONE)
        result.append(sorted([(name,) + entry for name, entry in entries.items()]))
    return result


BLOCK = 512
_BLOCKS = 48

# A list with every kind of entry, and one change of every kind. The claim stands for itself.
BEFORE = ((ADD, 0, codes.OWNER), (ADD, 1, codes.OWNER), (ADD, 2, codes.DRIVER), (ADD, 3, codes.DRIVER), (REVOKE, 3))
BEFORE += ((ADD_PHONE, 5, codes.DRIVER), (ADD_PHONE, 6, codes.OWNER))
BEFORE += ((ADD, 8, codes.GUEST), (ADD_PHONE, 9, codes.GUEST), (LIMIT, 9, 14_148_000), (SUSPEND, 5))
_CHANGES = ((ADD, 4, codes.DRIVER), (REVOKE, 2), (ADD, 3, codes.DRIVER), (REVOKE, 0))
_CHANGES += ((ADD_PHONE, 7, codes.GUEST), (REVOKE, 5))
_CHANGES += ((SUSPEND, 2), (ADMIT, 5), (LIMIT, 8, 14_148_000), (LIMIT, 9, 14_149_000), (LIMIT, 9, 0))


def prepared(steps):
    """The flash and marks of a controller on which these steps were carried out."""
    car = Car(blank_image(BLOCK, _BLOCKS), {}, BLOCK)
    car.registry.load()
    for step in steps:
        assert car.perform(step)
    return car.snapshot()


def boot(snapshot):
    """A car with a copy of that flash and those marks, loaded."""
    car = Car(bytearray(snapshot[0]), dict(snapshot[1]), BLOCK)
    car.registry.load()
    return car


def cases():
    """(snapshot, change, what is shown before, what is shown after) of every kind of change."""
    claim = (ADD, 0, codes.OWNER)
    yield prepared(()), claim, [], models((claim,))[1]
    snapshot = prepared(BEFORE)
    for change in _CHANGES:
        before, after = models(BEFORE + (change,))[-2:]
        yield snapshot, change, before, after


def check_agreement(car, done, before, after):
    """RAM shows what was reported, and the next boot shows what RAM shows."""
    shown = car.shown()
    assert shown == (after if done else before)
    car = car.reboot()
    car.registry.load()
    assert car.shown() == shown
