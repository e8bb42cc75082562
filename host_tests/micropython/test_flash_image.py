"""The simulated flash takes LittleFS2 and nothing else: FAT is refused by name, and left as it is."""

import vfs
from fakes.scratch import fresh_folder, remove
from latchkey.chip.unix.flash import Flash

_BLOCKS = 256


class _FatDisk:
    """A formatted FAT file system in RAM."""

    def __init__(self):
        self.data = bytearray(4_096 * _BLOCKS)
        vfs.VfsFat.mkfs(self)

    def readblocks(self, block, buf):
        buf[:] = self.data[4_096 * block : 4_096 * block + len(buf)]

    def writeblocks(self, block, buf):
        self.data[4_096 * block : 4_096 * block + len(buf)] = buf

    def ioctl(self, operation, argument):
        return {4: _BLOCKS, 5: 4_096}.get(operation, 0)


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def test_fat_is_refused_by_name_and_left_as_it_is():
    folder = fresh_folder()
    image = folder + "/flash.bin"
    whole = _FatDisk().data
    with open(image, "wb") as file:
        file.write(whole)
    flash = Flash(image, None)
    for _ in range(2):  # it is not made anew the second time either
        try:
            flash.mount("/image")
        except OSError as error:
            assert "FAT" in str(error)
        else:
            raise AssertionError("FAT was mounted")
    assert flash.writes == flash.erases == 0 and _read(image) == whole
    remove(folder)
