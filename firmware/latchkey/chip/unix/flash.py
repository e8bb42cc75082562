"""The simulated flash: LittleFS2 on a file of the host, which can lose its power at any write or erase.

A cut leaves of the block that was being written nothing, half, all but the last byte, or all of it, and then stands
still until the process is killed.
"""

import os
import time

from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip.unix.harness import Harness

_BLOCK = const(4096)
_BLOCKS = const(256)  # 1 MB, about what an ESP32 with 4 MB has for files
_REPORT_MS = const(1_000)
_ERASED = b"\xff" * 256  # a whole block would need 4 KB of the heap in one piece


class Flash:
    """A block device for VfsLfs2 that counts what is written."""

    def __init__(self, path: str, harness: "Harness") -> None:
        """path: the image, made on first use. raises: OSError."""
        self.writes = 0
        self.erases = 0
        self._harness = harness
        self._reported_at = time.ticks_ms()
        self._reported = 0
        self._new = not _exists(path)
        if self._new:
            with open(path, "wb") as file:
                for _ in range(_BLOCKS * _BLOCK // len(_ERASED)):
                    file.write(_ERASED)
        self._file = open(path, "r+b")

    def mount(self, point: str) -> str:
        """Mount at `point`; a new image is formatted, an old one never. raises: OSError."""
        import vfs  # not at the top: the radio beside this file is tested under CPython too

        if self._new:
            vfs.VfsLfs2.mkfs(self)
        try:
            vfs.mount(vfs.VfsLfs2(self), point)
        except OSError:
            raise OSError("it is not LittleFS2; FAT would lose keys with the power")
        return point

    def report(self) -> None:
        """Tell the simulator how much has been written, once a second at most."""
        now = time.ticks_ms()
        if self.writes + self.erases != self._reported and time.ticks_diff(now, self._reported_at) >= _REPORT_MS:
            self._reported = self.writes + self.erases
            self._reported_at = now
            self._harness.write("flash %d %d" % (self.writes, self.erases))

    # The block protocol of vfs.AbstractBlockDev

    def readblocks(self, block: int, buf: bytearray, offset: int = 0) -> None:
        self._file.seek(block * _BLOCK + offset)
        self._file.readinto(buf)

    def writeblocks(self, block: int, buf: bytearray, offset: int = 0) -> None:
        self.writes += 1
        self._put(block * _BLOCK + offset, buf)

    def ioctl(self, operation: int, argument: int) -> "int | None":
        if operation == 4:
            return _BLOCKS
        if operation == 5:
            return _BLOCK
        if operation == 6:
            self.erases += 1
            self._put(argument * _BLOCK, _ERASED, _BLOCK // len(_ERASED))
        return 0

    def _put(self, at: int, data: "bytes | bytearray", times: int = 1) -> None:
        """One operation of the flash: `data`, so many times one behind the other."""
        left = self._left_by_a_cut(len(data) * times)
        whole = times if left is None else left // len(data)
        self._file.seek(at)
        for _ in range(whole):
            self._file.write(data)
        if left is not None:
            self._file.write(memoryview(data)[: left - whole * len(data)])
        self._file.flush()
        if left is None:
            return
        self._harness.write("cut")
        while True:
            time.sleep_ms(1_000)

    def _left_by_a_cut(self, length: int) -> "int | None":
        """How many bytes of this write reach the flash when the power goes now; None when it does not."""
        if self._harness.cut is None:
            return None
        number, variant = self._harness.cut
        if number > 1:
            self._harness.cut = (number - 1, variant)
            return None
        return {"none": 0, "half": length // 2, "almost": length - 1}.get(variant, length)


def _exists(path: str) -> bool:
    try:
        os.stat(path)
        return True
    except OSError:
        return False
