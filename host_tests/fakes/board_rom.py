"""What an emulated board has in its ROM: run by MicroPython's unix port, see fakes/emulated_board.py. Mounts LittleFS2
on a file of the host at "/", then runs boot.py and main.py as a chip does, and gives a prompt.

There is no prompt before that (no -i): it would have the host's own files at "/".

FLASH: the file. CONTROL: where events are told to the emulator. CUT: number of the write or erase at which the power
goes; 0 never. FROZEN: host_tests, for a board that has what an ESP32 has built in (fakes/esp32_built_in.py), and
FIRMWARE: where those fakes find what they import.
"""

import os
import sys
import time

import micropython
import vfs

micropython.kbd_intr(-1)

_BLOCK = 4096


class Block:
    def __init__(self, path, control, cut, blocks):
        self.file = open(path, "r+b")
        self.control = control
        self.cut = cut
        self.blocks = blocks

    def readblocks(self, block, buf, offset=0):
        self.file.seek(block * _BLOCK + offset)
        self.file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        self._put(block * _BLOCK + offset, buf)

    def ioctl(self, operation, argument):
        if operation == 4:
            return self.blocks
        if operation == 5:
            return _BLOCK
        if operation == 6:
            self._put(argument * _BLOCK, b"\xff" * _BLOCK)
        return 0

    def _put(self, at, data):
        self.cut -= 1
        self.file.seek(at)
        self.file.write(memoryview(data)[: len(data) // 2] if self.cut == 0 else data)
        self.file.flush()
        if self.cut == 0:
            tell(self.control, "cut")
            while True:
                time.sleep(60)


def tell(control, text):
    control.write(text + "\n")
    control.flush()


class Watchdog:
    """machine.WDT: the emulator is told how long it was given."""

    def __init__(self, id=0, timeout=5_000):
        tell(_control, "wdt %d" % timeout)

    def feed(self):
        pass


class Pin:
    """machine.Pin, as far as boot.py needs it."""

    OUT = 3

    def __init__(self, id, mode=-1, pull=-1, *, value=None):
        if mode != Pin.OUT or value not in (0, 1):
            raise ValueError("boot.py drives outputs and does nothing else")


class Machine:
    """What a bare MicroPython, boot.py and the tools need of `machine`."""

    WDT = Watchdog
    Pin = Pin

    def reset(self):
        tell(_control, "reset")
        sys.exit(0)


def mounted(path, control, cut):
    """Format it where the first block is erased, as inisetup.py does; else complain for ever."""
    device = Block(path, control, cut, os.stat(path)[6] // _BLOCK)
    try:
        return vfs.VfsLfs2(device)
    except OSError:
        head = bytearray(_BLOCK)
        device.readblocks(0, head)
        while head.count(b"\xff") != _BLOCK:
            print("The filesystem appears to be corrupted. If you had important data there, you")
            time.sleep(0.2)
        print("Performing initial setup")
        vfs.VfsLfs2.mkfs(device)
        return vfs.VfsLfs2(device)


def run(name):
    try:
        with open(name) as file:
            text = file.read()
    except OSError:
        return
    exec(compile(text, name, "exec"), {"__name__": "__main__"})


def start():
    """Up to the file system, which on a chip nobody can interrupt; without one the host's own would lie open."""
    if os.getenv("FROZEN"):
        sys.path[:] = [os.getenv("FROZEN"), os.getenv("FIRMWARE"), ".frozen"]
        from fakes import esp32_built_in

        esp32_built_in.load(tell, _control, {36: 0, 39: 1, 34: 1, 14: 1, 16: 1, 13: 1, 17: 1})  # esp32_devkitc: locked
        for name in [name for name in sys.modules if name.startswith("latchkey")]:
            del sys.modules[name]
    else:
        sys.modules["machine"] = Machine()
    disk = mounted(os.getenv("FLASH"), _control, int(os.getenv("CUT") or "0"))
    vfs.umount("/")
    vfs.mount(disk, "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]


_control = open(os.getenv("CONTROL"), "a")
try:
    start()
except Exception as error:
    tell(_control, "no start: %r" % error)
    raise
os.putenv("MICROPYINSPECT", "1")
micropython.kbd_intr(3)
run("boot.py")
run("main.py")
