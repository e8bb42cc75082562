"""Corrects the few places where micropython-esp32-stubs 1.29 does not say what the interpreter does.

    mend_stubs.py FOLDER

Each row is (file, what stands there, what should). It stops when a line to mend has gone: then the stubs have changed,
and this list wants looking at.
"""

import sys
from pathlib import Path

MENDINGS = (
    # ticks are plain ints at run time; the opaque type would make every `now: int` an error
    ("_mpy_shed/time_mp.pyi", "class _TicksMs:", "class _TicksMs(int):"),
    ("_mpy_shed/time_mp.pyi", '"_Ticks", _TicksMs, _TicksUs, _TicksCPU)', '"_Ticks", bound=int)'),
    # viper's pointers take any buffer
    (
        "micropython.pyi",
        "def viper(_func: Callable[_Param, _Ret], /) -> Callable[_Param, _Ret]:",
        "def viper(_func: Callable[_Param, _Ret], /) -> Callable[..., _Ret]:",
    ),
    # a file system is no block device, and takes any object that speaks the block protocol
    ("vfs.pyi", "class VfsLfs2(AbstractBlockDev):", "class VfsLfs2:"),
    ("vfs.pyi", "(block_dev: AbstractBlockDev, readsize=32", "(block_dev: object, readsize=32"),
    ("vfs.pyi", "(self, block_dev: AbstractBlockDev, readsize=32", "(self, block_dev: object, readsize=32"),
)


def main(folder: Path) -> int:
    for name, wrong, right in MENDINGS:
        path = folder / name
        text = path.read_text()
        if right in text:
            continue
        if wrong not in text:
            print(f"{name} no longer says {wrong!r}: see MENDINGS in {__file__}")
            return 1
        path.write_text(text.replace(wrong, right))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
