"""A board on a pseudo-terminal: the ROM's loader, and MicroPython's unix port with LittleFS2 mounted at "/".

    with EmulatedBoard(folder) as board:
        ...                           # esptool, mpremote or a terminal at board.port

Which of the two answers is decided as by the lines of a real port: esptool's first frame finds the loader, whoever
comes after it finds MicroPython started anew. MicroPython is there once a program was written behind the loader's
address, or when the board is made with one. What the board prints while nobody has its port open is lost, as on a wire.
"""

import contextlib
import os
import pty
import select
import subprocess
import termios
import threading
import time
import tty
from pathlib import Path

from fakes.rom_loader import RomLoader

ROOT = Path(__file__).resolve().parents[2]
_ROM = ROOT / "host_tests/fakes/board_rom.py"
_SYNC = b"\xc0\x00\x08"
_FLASH_LEN = 4 << 20
PROGRAM_AT = 0x10000


def micropython():
    return os.environ.get("MICROPYTHON") or str(ROOT / ".venv/bin/micropython")


class EmulatedBoard:
    """bare: nothing in flash. says: a text that it prints again and again instead of starting. esp32: it has what an
    ESP32 has built in, and can run the firmware itself.

    port: its path. events: what the ROM has told. files: path of the image of its file system.
    """

    def __init__(self, folder, bare=False, says="", blocks=256, esp32=False, flash_id=0x1640C8):
        self.folder = Path(folder)
        self.files = self.folder / "files.bin"
        self.flash = bytearray(b"\xff" * _FLASH_LEN)
        if not bare:
            self.flash[PROGRAM_AT] = 0xE9
        if not self.files.exists():
            self.files.write_bytes(b"\xff" * 4096 * blocks)
        self.says = says
        self.loader = None
        self.starts = 0
        self.cut_at = 0
        self.unplug_after = None  # bytes from the host
        self._flash_id = flash_id
        self._environment = {"FROZEN": str(_ROM.parents[1]), "FIRMWARE": str(ROOT / "firmware")} if esp32 else {}
        self._control = self.folder / "control"
        self._control.write_text("")
        self._process = self._inner = None
        self._ended = False
        self._plugged = False
        self._thread = None

    def __enter__(self):
        self.plug_in()
        return self

    def __exit__(self, *error):
        self.unplug()

    @property
    def events(self):
        return self._control.read_text().split("\n")[:-1]

    @property
    def _saying(self):
        return self.says or ("" if self.flash[PROGRAM_AT] == 0xE9 else "invalid header: 0xffffffff")

    def plug_in(self):
        """The supply comes with the cable."""
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self.loader = None
        self._ended = False
        self._plugged = True
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def unplug(self):
        """Whoever has the port open sees it go."""
        self._ended = True
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(10)

    def _work(self):
        try:
            self._start()
            while not self._ended:
                self._turn()
        finally:
            self._kill()
            os.close(self._master)
            self._plugged = False

    def _turn(self):
        waiting = select.poll()
        waiting.register(self._master, select.POLLIN)
        if self._inner is not None:
            waiting.register(self._inner, select.POLLIN)
        ready = dict(waiting.poll(20))
        state = ready.get(self._master, 0)
        if state & select.POLLIN:
            self._from_host()
        elif state & select.POLLHUP:
            if self.loader is not None:
                self._start()
            time.sleep(0.002)
        if self._inner is not None and ready.get(self._inner, 0):
            self._from_board()
        if self._saying and self.loader is None:
            self._to_host(self._saying.encode() + b"\r\n")
            time.sleep(0.05)
        if self.cut_at and self.events[-1:] == ["cut"]:
            self._ended = True

    def _from_host(self):
        try:
            data = os.read(self._master, 4096)
        except OSError:
            return
        if self.unplug_after is not None:
            self.unplug_after -= len(data)
            if self.unplug_after < 0:
                self.unplug_after = None
                self._ended = True
                return
        if self.loader is None and data.startswith(_SYNC):
            self._kill()
            self.loader = RomLoader(self.flash, self._flash_id)
        elif self.loader is not None and data[:1] == b"\r":
            self._start()
        if self.loader is not None:
            self._to_host(self.loader.feed(data))
        elif self._inner is not None:
            os.write(self._inner, data)

    def _from_board(self):
        try:
            data = os.read(self._inner, 4096)
        except OSError:
            data = b""
        if data:
            self._to_host(data)
        else:
            self._start()  # it ended: as a reset

    def _to_host(self, data):
        waiting = select.poll()
        waiting.register(self._master, select.POLLOUT)
        while data:
            state = dict(waiting.poll(200)).get(self._master, 0)
            if state & select.POLLHUP or not state:
                return
            with contextlib.suppress(BlockingIOError, OSError):
                data = data[os.write(self._master, data) :]

    def _start(self):
        self._kill()
        self.loader = None
        if self._saying:
            return
        self.starts += 1
        self._inner, slave = pty.openpty()
        tty.setraw(slave)
        modes = termios.tcgetattr(slave)
        modes[3] |= termios.ISIG
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        environment = {
            "FLASH": str(self.files),
            "CONTROL": str(self._control),
            "CUT": str(self.cut_at),
            "HOME": str(self.folder),
            "PATH": os.environ["PATH"],
            **self._environment,
        }

        # A new session's first terminal is the one that its Ctrl-C comes from.
        words = ["sh", "-c", 'exec "$0" "$@" <>"$TERMINAL" >&0 2>&0', micropython()]
        self._process = subprocess.Popen(
            [*words, "-X", "heapsize=2m", str(_ROM)],
            env={**environment, "TERMINAL": os.ttyname(slave)},
            start_new_session=True,
        )
        time.sleep(0.02)  # until it has opened it
        os.close(slave)

    def _kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            os.close(self._inner)
            self._process = self._inner = None
