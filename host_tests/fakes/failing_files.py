"""Files that refuse one operation, for what storage/records does with them: the same on both interpreters.

with FailingFiles(3, RAISES):
    ...                       # the third operation on a file fails, and only that one

Operations are opening, reading, writing, renaming and removing; each is refused before it has done anything, but for
LATE: a rename that is reported as failed and was done.
"""

import os

from latchkey.storage import records

RAISES = 0  # OSError, as of flash that cannot be read or written
STOPS = 1  # a read or write that comes to its end early, without an error
NO_MEMORY = 2
LATE = 3
WAYS = (RAISES, STOPS, NO_MEMORY, LATE)

_EIO = 5


class FailingFiles:
    """at: the number of the operation that fails; ever: all later ones too. `count`: how many were tried.

    `failed`: what it was that failed first: "open", "read", "write", "rename", "remove", or "".
    """

    def __init__(self, at, way=RAISES, ever=False):
        self.count = 0
        self.failed = ""
        self._at = at
        self._way = way
        self._ever = ever
        self._open = None

    def __enter__(self):
        self._open = getattr(records, "open", open)
        records.open = self._opened
        records.os = self
        return self

    def __exit__(self, *error):
        records.open = self._open
        records.os = os

    def fails(self, what):
        """True where this operation is to end early; raises what it is to raise."""
        self.count += 1
        if self.count != self._at and not (self._ever and 0 < self._at < self.count):
            return False
        self.failed = self.failed or what
        if self._way == NO_MEMORY:
            raise MemoryError
        if self._way == RAISES:
            raise OSError(_EIO)
        return True

    def _opened(self, path, mode):
        if self.fails("open"):
            raise OSError(_EIO)
        return _File(self, self._open(path, mode))

    # In place of the module os

    def remove(self, path):
        if self.fails("remove"):
            raise OSError(_EIO)
        os.remove(path)

    def rename(self, old, new):
        failed = self.fails("rename")
        if not failed or self._way == LATE:
            os.rename(old, new)
        if failed:
            raise OSError(_EIO)


class _File:
    def __init__(self, failing, file):
        self._failing = failing
        self._file = file

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def read(self, length):
        return self._file.read(length // 2 if self._failing.fails("read") else length)

    def readinto(self, buf):
        return self._file.readinto(memoryview(buf)[: len(buf) // 2] if self._failing.fails("read") else buf)

    def write(self, data):
        return self._file.write(memoryview(data)[: len(data) // 2] if self._failing.fails("write") else data)

    def seek(self, offset):
        self._file.seek(offset)
