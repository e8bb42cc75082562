"""Ctrl-C on the cable: the firmware ends, the interpreter is there, and the watchdog gives whoever pressed it time."""

import sys
from types import SimpleNamespace

import main
import pytest


def test_ctrl_c_releases_the_watchdog_and_ends_the_program():
    told = []
    chip = SimpleNamespace(release=lambda: told.append("released"))
    originals = main.build, main.run

    async def run(*parts):
        raise KeyboardInterrupt

    sys.modules["board"] = SimpleNamespace(CHIP="none")
    sys.modules["latchkey.chip.none"] = SimpleNamespace(open=lambda board: chip)
    main.build, main.run = lambda board, chip: (None, None, []), run
    main.gc.threshold = lambda amount: None  # CPython has none
    try:
        with pytest.raises(KeyboardInterrupt):
            main.main()
    finally:
        main.build, main.run = originals
        del main.gc.threshold
        del sys.modules["board"], sys.modules["latchkey.chip.none"]
    assert told == ["released"]
