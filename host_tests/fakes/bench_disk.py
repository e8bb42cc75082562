"""The file system of a controller on the bench: LittleFS2 on flash in RAM where there is a vfs module, else a folder.

disk.mount() -> path        as the chip does it at boot
disk.opened                 how often a file was opened by storage/records, for reading or writing
disk.operations             reads, writes and erases of the flash; 0 for ever in a folder, which has none
disk.full                   while true, nothing can be written: no file finds room
disk.written                writes and erases among them
disk.cut_power()            what has been written so far is what the next mount() finds
"""

import os

from latchkey.storage import records, seed

from fakes.scratch import fresh_folder, remove

try:
    import vfs
except ImportError:  # CPython
    vfs = None

_POINT = "/bench"
_ENOSPC = 28
_taken = {}  # size: its memory, and the power of the disk that has it
_mounted = []  # strong references, or gc would finalise files left open into a file system that is gone


class FlashDisk:
    """`power` cuts it at any operation, see fakes.flash. A new disk takes over the memory of the last one of its size,
    which fails from then on: after a while no heap of 192 KB has 16 KB in one piece.
    """

    def __init__(self, block_size, block_count):
        self.opened = 0
        self._block_size = block_size
        size = block_size * block_count
        if size in _taken:
            data, last = _taken[size]
            last.gone = True
        else:
            data = bytearray(size)
        self._insert(data)
        for block in range(block_count):
            self._flash.ioctl(6, block)
        vfs.VfsLfs2.mkfs(self._flash)

    @property
    def operations(self):
        return self._flash.operations

    @property
    def written(self):
        return self._flash.writes + self._flash.erases

    def mount(self):
        _unmount()
        vfs.mount(vfs.VfsLfs2(self._flash), _POINT)
        _mounted.append(self._flash)
        return _POINT

    def cut_power(self):
        """Files that are open stay open, and whoever writes to them gets an error."""
        _unmount()
        self.power.gone = True
        self._insert(self._flash.data)

    def _insert(self, data):
        from fakes.flash import Flash, Power

        self.power = Power()
        self._flash = Flash(self.power, data, self._block_size)
        _taken[len(data)] = data, self.power


class Folder:
    """Real files in a folder of their own, deleted at exit."""

    operations = 0
    written = 0

    def __init__(self):
        import atexit

        self.opened = 0
        self._path = fresh_folder()
        atexit.register(remove, self._path)

    def mount(self):
        return self._path

    def cut_power(self):
        """What a process has written stays written."""


def new_disk(block_size=512, block_count=32):
    """An empty, formatted disk; the one whose openings are counted from now on."""
    disk = Folder() if vfs is None else FlashDisk(block_size, block_count)
    disk.full = False

    def opening(path, mode):
        disk.opened += 1
        return opening_seed(path, mode)

    def opening_seed(path, mode):
        if disk.full and mode == "wb":
            raise OSError(_ENOSPC)
        return open(path, mode)

    records.open = opening
    seed.open = opening_seed
    return disk


def damage(path, at=-1):
    """Flip one bit of a file; the last byte's unless told otherwise."""
    size = os.stat(path)[6]
    with open(path, "r+b") as file:
        file.seek(at % size)
        byte = file.read(1)[0]
        file.seek(at % size)
        file.write(bytes([byte ^ 0x10]))


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def replace(path, data):
    with open(path, "wb") as file:
        file.write(data)


def _unmount():
    if _mounted and _POINT[1:] in os.listdir("/"):
        vfs.umount(_POINT)
    while len(_mounted) > 4:
        _mounted.pop(0)
