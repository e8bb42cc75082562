"""The way from a bare board to a controller that reports, step by step. raises: Problem."""

import json
from pathlib import Path
from typing import Any

from latchkey_tools.console.cable import Cable
from latchkey_tools.flash import application, images
from latchkey_tools.flash.application import Application
from latchkey_tools.flash.boards import Board
from latchkey_tools.flash.files import Installer
from latchkey_tools.flash.images import Image
from latchkey_tools.flash.progress import Progress
from latchkey_tools.flash.repl import Repl
from latchkey_tools.phone.problem import CannotStart, Problem

_OLDEST = (1, 26)
_FIRST_START_S = 30.0  # it formats the rest of its flash
_START_S = 25.0
_RUNNING_S = 8.0
_MPY_VERSION = 6


def micropython(board: Board, image: Image, port: str, progress: Progress, slow: bool) -> str:
    """Write MicroPython; returns the chip's name. Nothing is written before everything fits."""
    from latchkey_tools.flash.loader import Loader, too_little

    progress.step(f"Asking the chip at {port} …")
    with Loader(port, progress, slow) as loader:
        if loader.mcu != board.mcu:
            raise CannotStart(
                f"The chip at {port} is {loader.name}, and {board.name} has {board.mcu.upper()}: choose the board that "
                "you have.",
                "wrong_chip",
            )
        if too_little(loader.flash_len) or 0 < loader.flash_len < image.flash_len:
            raise CannotStart(
                f"This chip has {loader.flash_len >> 20} MB of flash, and the image wants {image.flash_len >> 20} MB: "
                "take a board with 4 MB or more.",
                "too_little_flash",
            )
        label = images.moved(loader.partitions(), image.partitions)
        if label:
            raise CannotStart(
                f"{image.called} puts the partition {label!r} elsewhere than the MicroPython on this board does: its "
                "keys would be out of reach. Take an image of the same kind, or, to lose the keys, `latchkey erase`.",
                "keys_would_be_lost",
            )
        progress.step(f"Writing {image.called} to {loader.name} …")
        loader.write(image)
        loader.start()
        return loader.name


def files(made: Application, port: str, progress: Progress, new: bool) -> tuple[Installer, Cable]:
    """Put the application on, and start the board; returns the cable, too. new: MicroPython was just written."""
    progress.step("Waiting for MicroPython …" if new else f"Interrupting what runs at {port} …")
    with Repl(port, _FIRST_START_S if new else _RUNNING_S) as repl:
        check(repl, made)
        progress.step("Comparing and sending files …")
        installer = Installer(repl, made, progress)
        installer.install()
        return installer, Cable(port, repl.restart())


def check(repl: Repl, made: Application) -> None:
    """Can this MicroPython run it? raises: Problem."""
    told = json.loads(
        repl.run(
            "import sys, json\ni = sys.implementation\n"
            "print(json.dumps([i[0], list(i[1])[:3], getattr(i, '_mpy', 0), sys.platform]))"
        )
    )
    name, version, mpy, _ = told
    if name != "micropython":
        raise Problem("not MicroPython", f"{name} runs on this board: flash it without `--files-only`.")
    if tuple(version[:2]) < _OLDEST:
        raise Problem(
            "too old",
            f"MicroPython {'.'.join(map(str, version))} runs on this board, and Latchkey wants 1.26 or later: flash it "
            "without `--files-only`; keys stay.",
        )
    if mpy & 0xFF != _MPY_VERSION or (made.architecture and mpy >> 10 & 15 != made.architecture):
        raise Problem(
            "wrong chip",
            f"The firmware was compiled for {application.architecture_name(made.architecture)} and this MicroPython "
            f"runs {application.architecture_name(mpy >> 10 & 15)}: name the board that you have.",
        )


def first_status(cable: Cable, progress: Progress) -> dict[str, Any]:
    """Wait until the controller reports."""
    progress.step("Waiting for the controller …")
    return cable.status(_START_S)


def image_for(board: Board, file: str | None, version: str, progress: Progress) -> Image:
    if file:
        return images.read(Path(file), board.mcu)
    progress.step(f"MicroPython {version} for {board.image}: looking for the image …")
    return images.official(board.image, version, board.mcu)
