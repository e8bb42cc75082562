"""How far a step is: one line that moves on a terminal, a line when a step begins elsewhere. On stderr."""

import sys
from typing import TextIO


class Progress:
    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._shown = ""

    def step(self, text: str) -> None:
        """A step begins. It stays to be read."""
        self._clear()
        print(text, file=self._stream, flush=True)

    def part(self, done: int, of: int, what: str = "") -> None:
        """done of the step's `of` units."""
        if not self._terminal or not of:
            return
        self._clear()
        self._shown = f"  {done * 100 // of:3} % {what}"[:78]
        print(self._shown, end="", file=self._stream, flush=True)
        if done >= of:
            self._clear()

    def _clear(self) -> None:
        if self._shown:
            print("\r" + " " * len(self._shown) + "\r", end="", file=self._stream, flush=True)
            self._shown = ""
