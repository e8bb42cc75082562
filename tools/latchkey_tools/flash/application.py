"""What has to lie on a board beside MicroPython: the application in a folder of its own, and three files at the root.

The folder is called after what is in it, so an application never mixes with another, and main.py is the only thing that
says which one runs: replacing that one file, which LittleFS does in one step, is the whole change. boot.py and board.py
lie outside, because they must work whatever happens to the application.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from latchkey_tools.boards import firmware
from latchkey_tools.build import shipped
from latchkey_tools.build.sources import BuildError
from latchkey_tools.flash.boards import ROOT, Board
from latchkey_tools.phone.problem import CannotStart

FOLDER = "app_"
_MAIN = """\
# Written by `latchkey flash`: which application runs. Replacing this file is the whole change from one to the next.
import gc
import sys

gc.threshold(2_000)  # while modules are loaded, as main.py does
sys.path.insert(0, "/{folder}")
import main

main.main()
"""
_ARCHITECTURES = {2: "x64", 10: "xtensawin", 11: "rv32imc"}


@dataclass(frozen=True)
class Application:
    """folder: its name. files: what is in it. root: what lies outside, in the order in which it is put there."""

    folder: str
    files: dict[str, bytes]
    root: dict[str, bytes]

    def paths(self) -> dict[str, bytes]:
        """Everything, by its path on the board."""
        inside = {f"/{self.folder}/{name}": content for name, content in self.files.items()}
        return {**inside, **{f"/{name}": content for name, content in self.root.items()}}

    def digests(self) -> dict[str, str]:
        return {path: hashlib.sha256(content).hexdigest() for path, content in self.paths().items()}

    @property
    def architecture(self) -> int:
        """Number of the processor that its native code is for, 0 where it has none (py/persistentcode.h)."""
        return max((content[2] >> 2 & 15 for content in self.files.values() if len(content) > 3), default=0)


def architecture_name(number: int) -> str:
    return _ARCHITECTURES.get(number, f"architecture {number}")


def compiled(board: Board, folder: Path | None = None) -> Application:
    """The application for a board. folder: of .mpy files, compiled here from the sources where there is none.

    raises: CannotStart.
    """
    if folder is None:
        try:
            complaints = shipped.build([board.target])
        except (BuildError, FileNotFoundError) as error:
            complaints = [str(error)]
        if complaints:
            raise CannotStart(f"The firmware does not compile: {complaints[0]}", "no_firmware")
        folder = ROOT / "build" / board.target
    files = {
        path.name: path.read_bytes() for path in sorted(folder.glob("*.mpy")) if firmware.wanted(path.stem, board.data)
    }
    if "main.mpy" not in files:
        raise CannotStart(f"There is no compiled firmware in {folder}: there should be a main.mpy.", "no_firmware")
    return assembled(files, board.source, (ROOT / "firmware/boot.py").read_bytes())


def assembled(files: dict[str, bytes], board_source: bytes, boot_source: bytes) -> Application:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    folder = FOLDER + whole.hexdigest()[:8]
    root = {"board.py": board_source, "boot.py": boot_source, "main.py": _MAIN.format(folder=folder).encode()}
    return Application(folder, files, root)
