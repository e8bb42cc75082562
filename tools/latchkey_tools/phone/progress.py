"""What is under way, told on stderr to whoever waits: nothing for the first second, then what, and how long at most."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TextIO

_QUIET_S = 1


class Progress:
    """On a terminal one line that counts down; elsewhere a line when something begins."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._shown = ""
        self._under_way: list[object] = []  # of what is done within something else, only the innermost is shown

    def say(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        print(text, file=self._stream, flush=True)

    @contextlib.asynccontextmanager
    async def during(self, text: str, limit_s: float) -> AsyncIterator[None]:
        """Shows that something is done that ends after limit_s at the latest."""
        this = object()
        self._under_way.append(this)
        counting = asyncio.create_task(self._count(this, text, limit_s))
        try:
            yield
        finally:
            counting.cancel()
            self._under_way.remove(this)
            self._clear()

    async def _count(self, this: object, text: str, limit_s: float) -> None:
        clock = asyncio.get_running_loop().time
        until_s = clock() + limit_s
        while True:
            await asyncio.sleep(_QUIET_S)
            if self._under_way[-1] is not this:
                continue
            if not self._terminal:
                self.say(f"{text} (up to {limit_s:.0f} s) …")
                return
            self._clear()
            self._shown = f"{text} … {max(0, until_s - clock()):.0f} s"
            print(self._shown, end="", file=self._stream, flush=True)

    def _clear(self) -> None:
        if self._shown:
            print("\r" + " " * len(self._shown) + "\r", end="", file=self._stream, flush=True)
            self._shown = ""
