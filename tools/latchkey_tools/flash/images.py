"""Official MicroPython images for Espressif chips: fetched once, checked before anything is written, and taken apart.

An image file is what lies in flash from the loader's address on: second loader, table of partitions, and the program,
with 0xFF in between. Written whole, that filling would erase the NVS partition, where the marks are that tell a lost
list of keys from one that never was. So only loader, table and program are written. Formats: ESP-IDF Programming
Guide, Partition Tables; esptool, Firmware Image Format.

Not protected against: a false image at micropython.org or in your file. There is no signature on it.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from latchkey_tools.phone.problem import CannotStart, Problem

_MAGIC = 0xE9
_TABLE_AT = 0x8000
TABLE_LEN = 0xC00
_ENTRY = struct.Struct("<HBBII16sI")
_ENTRY_MAGIC = 0x50AA
_APP, _DATA = 0, 1
_OTA_CHOICE = 0  # the data partition that says which program starts: part of the program
_NAMES = {0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6", 16: "ESP32-H2"}


@dataclass(frozen=True)
class Partition:
    label: str
    kind: int
    subtype: int
    offset: int
    size: int

    @property
    def program(self) -> bool:
        return self.kind == _APP or (self.kind == _DATA and self.subtype == _OTA_CHOICE)


@dataclass(frozen=True)
class Image:
    """offset: where in flash the data begins."""

    called: str
    offset: int
    data: bytes
    partitions: tuple[Partition, ...]

    def parts(self) -> list[tuple[int, bytes]]:
        """What is written: (address, bytes), nothing of a data partition."""
        spans = [(self.offset, _TABLE_AT), (_TABLE_AT, _TABLE_AT + TABLE_LEN)]
        spans += [(one.offset, one.offset + one.size) for one in self.partitions if one.program]
        found = [(start, self.data[start - self.offset : end - self.offset]) for start, end in spans]
        return [(start, piece) for start, piece in found if piece]

    @property
    def flash_len(self) -> int:
        """How large a flash its table wants."""
        return max(one.offset + one.size for one in self.partitions)


def table(raw: bytes) -> tuple[Partition, ...]:
    """Partitions as they stand in flash at 0x8000, none where there is no table."""
    found = []
    for at in range(0, len(raw) - _ENTRY.size + 1, _ENTRY.size):
        magic, kind, subtype, offset, size, label, _ = _ENTRY.unpack_from(raw, at)
        if magic != _ENTRY_MAGIC:
            break
        found.append(Partition(label.rstrip(b"\0").decode("ascii", "replace"), kind, subtype, offset, size))
    return tuple(found)


def moved(before: tuple[Partition, ...], after: tuple[Partition, ...]) -> str:
    """The data partition of a MicroPython board that another table would put elsewhere; empty where all stay."""
    if not any(one.label == "vfs" for one in before):
        return ""
    there = {one.label: one for one in after}
    for one in before:
        if one.label in ("vfs", "nvs") and there.get(one.label) != one:
            return one.label
    return ""


def read(path: Path, mcu: str) -> Image:
    """An image file, checked to be MicroPython for this chip. raises: CannotStart."""
    try:
        return checked(path.read_bytes(), mcu, path.name)
    except OSError as error:
        raise CannotStart(f"{path} cannot be read ({error.strerror}).", "no_image")


def checked(data: bytes, mcu: str, called: str) -> Image:
    """raises: CannotStart."""
    from esptool.targets import CHIP_DEFS

    chip = CHIP_DEFS[mcu]
    offset = chip.BOOTLOADER_FLASH_OFFSET
    if len(data) < _TABLE_AT + TABLE_LEN or data[0] != _MAGIC:
        raise CannotStart(
            f"{called} is no whole image for an Espressif chip: take the .bin of the board from micropython.org, not "
            "the .app-bin, .elf or .uf2.",
            "wrong_image",
        )
    made_for = int.from_bytes(data[12:14], "little")
    if made_for != chip.IMAGE_CHIP_ID:
        raise CannotStart(
            f"{called} is for {_NAMES.get(made_for, f'chip {made_for}')}, and this board has {chip.CHIP_NAME}: take "
            "the image of the right board.",
            "wrong_image",
        )
    partitions = table(data[_TABLE_AT - offset : _TABLE_AT - offset + TABLE_LEN])
    if not any(one.kind == _APP for one in partitions):
        raise CannotStart(f"{called} has no table of partitions: it is a part of an image, or damaged.", "wrong_image")
    if b"MicroPython" not in data:
        raise CannotStart(f"{called} is not MicroPython: Latchkey runs on nothing else.", "wrong_image")
    return Image(called, offset, data, partitions)


def official(board_id: str, version: str, mcu: str) -> Image:
    """The official image, from where it is kept or else from micropython.org. raises: CannotStart, Problem."""
    folder = _folder()
    path = folder / "esp32" / f"{board_id}-v{version}.bin"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        data = _fetched(board_id, version, folder)
        checked(data, mcu, path.name)  # what came may be a page that says sorry
        new = path.with_suffix(".new")
        new.write_bytes(data)
        new.replace(path)
    return read(path, mcu)


def _folder() -> Path:
    """mpflash makes its database where this says, and only in a folder that exists."""
    kept = os.environ.get("MPFLASH_FIRMWARE") or str(Path.home() / ".cache/latchkey/micropython")
    folder = Path(kept).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{folder} cannot be made ({error.strerror}): set MPFLASH_FIRMWARE to another folder.")
    os.environ["MPFLASH_FIRMWARE"] = str(folder)
    return folder


def _fetched(board_id: str, version: str, folder: Path) -> bytes:
    import contextlib
    import io

    import requests
    from loguru import logger

    logger.disable("mpflash")
    with contextlib.redirect_stdout(io.StringIO()):
        from mpflash.download.from_web import get_boards
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            listed = get_boards(["esp32"], [board_id], True)
        sources = [one.source for one in listed if one.version.lstrip("v") == version and one.board_id == board_id]
        if not sources:
            raise CannotStart(
                f"micropython.org lists no image {board_id} v{version}: choose another with `--micropython`, or give "
                "one with `--image FILE`.",
                "no_image",
            )
        answer = requests.get(str(sources[0]), timeout=60)
        answer.raise_for_status()
        return answer.content
    except requests.RequestException as error:
        raise Problem(
            "no download",
            f"The image cannot be fetched from micropython.org ({type(error).__name__}): check the network, or "
            f"download {board_id} v{version} elsewhere and give it with `--image FILE`.",
        )
