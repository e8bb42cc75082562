"""A process beside this one that takes orders: a line to it, a line of JSON back. See air.py.

async with Beside("latchkey_tools.drill.air") as air:
    air.said["air"]                 # its first answer comes unasked
    await air.do("pair VIN")
"""

import asyncio
import json
import os
import sys
from typing import Any

from latchkey_tools.benchmark.controller import ROOT, ControllerError

_ORDER_S = 30.0


class Beside:
    """module: run with `python -m`. It ends when nobody orders any more. said: what it said first."""

    def __init__(self, module: str) -> None:
        self.said: dict[str, Any] = {}
        self._module = module

    async def __aenter__(self) -> "Beside":
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "tools")},
        )
        try:
            self.said = await self._answer()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        try:
            await asyncio.wait_for(self._process.communicate(), _ORDER_S)
        except TimeoutError:
            self._process.kill()
            await self._process.communicate()

    async def do(self, order: str) -> dict[str, Any]:
        """One order after the other. Raises ControllerError when it has ended, TimeoutError."""
        assert self._process.stdin is not None  # PIPE was asked for
        self._process.stdin.write(order.encode() + b"\n")
        return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # PIPE was asked for
        line = await asyncio.wait_for(self._process.stdout.readline(), _ORDER_S)
        if not line:
            raise ControllerError(f"{self._module} has ended", "")
        answer: dict[str, Any] = json.loads(line)
        return answer
