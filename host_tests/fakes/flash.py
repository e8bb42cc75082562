"""NOR flash in RAM for vfs.VfsLfs2, and the power that can fail at any write or erase. MicroPython only.

Programming clears bits and never sets them; erasing sets all bits of a block. A cut lets a part of one operation
through and from then on everything fails: nothing that the program under test still attempts can reach the flash.
(Raising out of a block device would jump over littlefs' C code.)

Nothing here allocates while the flash works, so that a test may fill the heap around it.
"""

import micropython
from micropython import const

# How much of the operation that is cut gets through
NONE = const(0)
HALF = const(1)
ALMOST = const(2)  # all but the last byte
ALL = const(3)
VARIANTS = (NONE, HALF, ALMOST, ALL)

_EIO = const(5)


class Power:
    """Counts what is written and erased, flash and marks alike, and fails when told to."""

    def __init__(self):
        self.count = 0
        self.cut_at = -1
        self.variant = NONE
        self.gone = False

    def cut(self, after, variant):
        """Fail at the operation number `after` from now, the next one being number 1."""
        self.cut_at = self.count + after
        self.variant = variant

    def let_through(self, length):
        """How many of length bytes an operation may change; `gone` tells whether it failed."""
        if self.gone:
            return 0
        self.count += 1
        if self.count != self.cut_at:
            return length
        self.gone = True
        if self.variant == HALF:
            return length // 2
        if self.variant == ALMOST:
            return length - 1
        return length if self.variant == ALL else 0


class Flash:
    """Block device of `block_count` blocks. `data` is what survives; hand it to a new Flash to reboot.

    fail_at: the number of the operation, reads included, that fails and changes nothing (-1: none);
    fail_on: whether all later ones fail too.
    """

    def __init__(self, power, data, block_size):
        self.power = power
        self.data = data
        self.operations = self.writes = self.erases = 0
        self.fail_at = -1
        self.fail_on = False
        self._block_size = block_size

    def readblocks(self, block, buf, offset=0):
        if self._fails():
            return -_EIO
        _read(self.data, block * self._block_size + offset, buf, len(buf))
        return 0

    def writeblocks(self, block, buf, offset=0):
        if self._fails():
            return -_EIO
        self.writes += 1
        _program(self.data, block * self._block_size + offset, buf, self.power.let_through(len(buf)))
        return -_EIO if self.power.gone else 0

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.data) // self._block_size
        if operation == 5:
            return self._block_size
        if operation == 6:
            return self._erase(argument)
        return 0

    def _erase(self, block):
        if self._fails():
            return -_EIO
        self.erases += 1
        _fill(self.data, block * self._block_size, self.power.let_through(self._block_size))
        return -_EIO if self.power.gone else 0

    def _fails(self):
        self.operations += 1
        if self.operations == self.fail_at or (self.fail_on and 0 < self.fail_at < self.operations):
            return True
        return self.power.gone


@micropython.viper
def _read(data: ptr8, start: int, buf: ptr8, length: int):
    for at in range(length):
        buf[at] = data[start + at]


@micropython.viper
def _program(data: ptr8, start: int, buf: ptr8, length: int):
    for at in range(length):
        data[start + at] = data[start + at] & buf[at]


@micropython.viper
def _fill(data: ptr8, start: int, length: int):
    for at in range(length):
        data[start + at] = 0xFF
