"""The simulated car's wiring harness: lines of text over TCP in both directions.

out NAME 0|1      a level output            in NAME INT       a wire has this level or value now
pulse NAME MS     a pulse that ends itself  ready             every wire there is has been sent once
stop NAME         end it now                cut N VARIANT     cut the power at the N-th flash write from now on
flash W E         writes and erases so far  anything else     is for the console
cut               the power is gone
"""

import select
import sys

from micropython import const

from latchkey.chip.unix.tcp import connect

_LINE_LIMIT = const(1_600)  # a certificate in base64
_CONSOLE_LINES = const(8)


class Wire:
    """An input; `level` is what the car said last."""

    def __init__(self, level: int) -> None:
        self.level = level

    def value(self) -> int:
        return self.level


class Level:
    """An output that keeps its level."""

    def __init__(self, harness: "Harness", name: str) -> None:
        self._harness = harness
        self._name = name

    def value(self, level: int) -> None:
        self._harness.write("out %s %d" % (self._name, level))


class Pulse:
    """An output that gives one pulse; the car ends it by itself, as hardware does."""

    def __init__(self, harness: "Harness", name: str) -> None:
        self._harness = harness
        self._name = name

    def pulse(self, ms: int) -> None:
        self._harness.write("pulse %s %d" % (self._name, ms))

    def stop(self) -> None:
        self._harness.write("stop %s" % self._name)


class Harness:
    """`wires`: name -> Wire. `cut`: (number, variant) as ordered, None when no cut is ordered."""

    def __init__(self, address: str) -> None:
        """address: HOST:PORT. raises: OSError."""
        self.wires: "dict[str, Wire]" = {}
        self.ready = False
        self.cut: "tuple[int, str] | None" = None
        self._console: "list[str]" = []
        self._sock = connect(address)
        self._poll = select.poll()
        self._poll.register(self._sock, select.POLLIN)
        self._rest = b""

    def level(self, name: str) -> Level:
        return Level(self, name)

    def pulse(self, name: str) -> Pulse:
        return Pulse(self, name)

    def write(self, line: str) -> None:
        """Send one line. The simulator always reads, so this waits for microseconds; without it there is no car."""
        data = line.encode() + b"\n"
        try:
            self._sock.setblocking(True)
            self._sock.write(data)
            self._sock.setblocking(False)
        except OSError:
            self._end()

    def readline(self) -> "str | None":
        """A line for the console, None when there is none."""
        return self._console.pop(0) if self._console else None

    def full(self) -> bool:
        return False  # it all goes out at once

    def poll(self) -> None:
        """Take in whatever the simulator has sent."""
        while self._poll.poll(0):
            try:
                data = self._sock.recv(512)
            except OSError:
                self._end()
            if not data:
                self._end()
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._rest = self._rest[-_LINE_LIMIT:]
            for line in lines:
                self._take(line.decode().split())

    def _take(self, words: "list[str]") -> None:
        if not words:
            return
        if words[0] == "in" and len(words) == 3:
            wire = self.wires.get(words[1])
            if wire is None:
                self.wires[words[1]] = Wire(int(words[2]))
            else:
                wire.level = int(words[2])
        elif words[0] == "ready":
            self.ready = True
        elif words[0] == "cut" and len(words) == 3:
            self.cut = (int(words[1]), words[2])
        elif len(self._console) < _CONSOLE_LINES:
            self._console.append(" ".join(words))

    def _end(self) -> None:
        print("The simulator has gone; so has the power.")
        sys.exit(1)
