"""Ctrl-C on the cable: the firmware ends, the interpreter is there, and the watchdog gives whoever pressed it time."""

import sys
from types import SimpleNamespace

import main
import pytest


def _stopped(build, run):
    """What the chip is told while main() ends by Ctrl-C."""
    told = []
    chip = SimpleNamespace(release=lambda: told.append("released"))
    originals = main.build, main.run
    sys.modules["board"] = SimpleNamespace(CHIP="none")
    sys.modules["latchkey.chip.none"] = SimpleNamespace(open=lambda board: chip)
    main.build, main.run = build, run
    main.gc.threshold = lambda amount: None  # CPython has none
    try:
        with pytest.raises(KeyboardInterrupt):
            main.main()
    finally:
        main.build, main.run = originals
        del main.gc.threshold
        del sys.modules["board"], sys.modules["latchkey.chip.none"]
    return told


async def _interrupted(*parts):
    raise KeyboardInterrupt


def test_ctrl_c_releases_the_watchdog_and_ends_the_program():
    assert _stopped(lambda board, chip: (None, None, []), _interrupted) == ["released"]


def test_so_does_a_ctrl_c_while_the_controller_is_being_built():
    def build(board, chip):
        raise KeyboardInterrupt

    assert _stopped(build, None) == ["released"]
