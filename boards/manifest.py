# What `latchkey flash` would send, frozen into MicroPython: FROZEN.md. Its makemanifest.py runs this file in its own
# folder, and provides include() and freeze_…(). LATCHKEY_BOARD: the folder of the board. Compile first: `make size`.
# ruff: noqa: F821

import os
import sys

_ROOT = os.path.dirname(os.getcwd())
sys.path.insert(0, os.path.join(_ROOT, "tools"))

from latchkey_tools.boards import firmware, load  # noqa: E402

_FOLDER = load.FOLDER / os.environ["LATCHKEY_BOARD"]

include("$(PORT_DIR)/boards/manifest.py")
for _path in firmware.files(load.board(_FOLDER / "board.py")):
    freeze_mpy(str(_path.parent), _path.name)
freeze_as_mpy(str(_FOLDER), "board.py")
freeze_as_mpy(os.path.join(_ROOT, "firmware"), "boot.py")
