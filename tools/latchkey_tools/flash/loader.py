"""The loader in the chip's ROM, spoken to by esptool: which chip is it, what lies in its flash, write, start.

Used as a context: whatever happens, the port is closed. raises: Problem; what esptool itself says stands in it.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import serial
from esptool import cmds
from esptool.logger import TemplateLogger, log
from esptool.util import FatalError

from latchkey_tools.flash import ports
from latchkey_tools.flash.images import TABLE_LEN, Image, Partition, table
from latchkey_tools.flash.progress import Progress
from latchkey_tools.phone.problem import Problem

_FAST_BAUD = 460_800
_TABLE_AT = 0x8000
_LEAST_FLASH = 4 << 20


class Loader:
    """mcu: as boards name it. flash_len: bytes of flash, 0 where it does not say."""

    def __init__(self, port: str, progress: Progress, slow: bool = False) -> None:
        self.mcu = ""
        self.name = ""
        self.flash_len = 0
        self._port = port
        self._progress = progress
        self._slow = slow
        self._esp: Any = None

    def __enter__(self) -> "Loader":
        _QUIET.progress = self._progress
        try:
            with self._explained():
                self._connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        if self._esp is not None:
            with contextlib.suppress(OSError, serial.SerialException):
                self._esp._port.close()
            self._esp = None

    def partitions(self) -> tuple[Partition, ...]:
        """As they stand in the board's flash now."""
        with self._explained():
            return table(cmds.read_flash(self._esp, _TABLE_AT, TABLE_LEN, no_progress=True) or b"")

    def write(self, image: Image) -> None:
        """What is there already is not written again; what was written is compared by its sum."""
        with self._explained():
            cmds.write_flash(self._esp, image.parts(), skip_flashed=True)

    def erase(self) -> None:
        with self._explained():
            cmds.erase_flash(self._esp)

    def start(self) -> None:
        with self._explained():
            cmds.reset_chip(self._esp, "hard-reset")

    def _connect(self) -> None:
        self._esp = esp = cmds.detect_chip(self._port, connect_mode="default-reset")
        self.name = esp.CHIP_NAME
        self.mcu = esp.CHIP_NAME.lower().replace("-", "")
        if not self._slow:
            self._esp = esp = cmds.run_stub(esp)
            if esp.IS_STUB:
                esp.change_baud(_FAST_BAUD)
        cmds.attach_flash(esp)
        size = cmds.detect_flash_size(esp)
        self.flash_len = cmds.flash_size_bytes(size) if size else 0

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FatalError as error:
            raise _problem(str(error), self._port)
        except serial.SerialTimeoutException:
            raise ports.lost(self._port)
        except (serial.SerialException, OSError) as error:
            raise ports.lost(self._port) if self._esp else ports.explained(error, self._port)


def too_little(flash_len: int) -> bool:
    return 0 < flash_len < _LEAST_FLASH


def _problem(text: str, port: str) -> Problem:
    first = text.splitlines()[0] if text else ""
    if "Could not open" in text:
        error = OSError(text)
        return ports.explained(error, port)
    if "No serial data received" in text or "Failed to connect" in text or "Wrong boot mode" in text:
        return Problem(
            "no answer",
            f"No chip answers at {port}: hold BOOT, press and let go of RESET, let go of BOOT, and repeat the command. "
            f"Is it the right port, and does the cable carry data? (esptool: {first})",
        )
    if "MD5" in text or "verif" in text.lower():
        return Problem(
            "not written",
            f"What was written reads back differently: try `--slow`, another cable, or a better supply. ({first})",
        )
    if "secur" in text.lower() or "encrypt" in text.lower():
        return Problem(
            "secured chip", f"This chip's security fuses are burnt, and it takes only its own builds. ({first})"
        )
    return Problem(
        "loader failed", f"The chip's loader failed: repeat the command, with `--slow` if it happens again. ({first})"
    )


class _Quiet(TemplateLogger):
    """esptool talks a lot; how far it is, is all that is shown."""

    progress: Progress | None = None

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Not shown."""

    def note(self, message: str) -> None:
        """Not shown."""

    def warning(self, message: str) -> None:
        """Not shown."""

    def error(self, message: str) -> None:
        """Not shown: it is raised, too."""

    def stage(self, finish: bool = False) -> None:
        """Not shown."""

    def progress_bar(
        self, cur_iter: int, total_iters: int, prefix: str = "", suffix: str = "", bar_length: int = 30
    ) -> None:
        if self.progress is not None:
            self.progress.part(cur_iter, total_iters)

    def set_verbosity(self, verbosity: str) -> None:
        """It has one."""


_QUIET = _Quiet()
log.set_logger(_QUIET)
