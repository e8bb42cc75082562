"""The USB cable, or UART0 behind a USB chip: MicroPython's own console, read and written in pieces that do not wait.

At 115,200 baud a status line takes 80 ms, and print() would hold everything up for that long. So lines wait here and
go out by as many bytes as the port sends in one turn of 5 ms (57; its own buffer takes 128). A status that finds others
waiting is left out, because a newer one follows; where more than _MOST_LEN wait, what comes last is lost. A line for
which nothing else waits is taken whatever its length: the status of 32 keys with windows is one of 5 KB.
"""

from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from typing import Any

_PIECE_LEN = const(56)
_MOST_LEN = const(3_000)
_ENOUGH_LEN = const(700)
_LONGEST = const(1_600)  # a certificate in base64
_MOST_READ = const(64)  # bytes in one turn
_STATUS = "status "


class Cable:
    """reader, writer: as sys.stdin.buffer and sys.stdout.buffer; waiting: a select.poll() that watches the reader."""

    def __init__(self, reader: "Any", writer: "Any", waiting: "Any") -> None:
        self._reader = reader
        self._writer = writer
        self._waiting = waiting
        self._byte = bytearray(1)
        self._begun = bytearray()
        self._too_long = False
        self._lines: "list[bytes]" = []
        self._lines_len = 0
        self._view = memoryview(b"")
        self._sent = 0

    def readline(self) -> "str | None":
        """A line without its end, None where none is complete. One that is too long is no line."""
        for _ in range(_MOST_READ):
            if not self._has_come() or not self._reader.readinto(self._byte):
                return None
            if self._byte[0] in b"\r\n":
                if self._begun:
                    return self._ended()
            elif len(self._begun) < _LONGEST:
                self._begun.extend(self._byte)
            else:
                self._too_long = True
        return None

    def write(self, line: str) -> None:
        waits = self._lines or self._sent < len(self._view)
        if waits and line.startswith(_STATUS):
            return
        data = line.encode() + b"\n"
        if not waits:
            self._begin(data)
        elif self._lines_len + len(data) <= _MOST_LEN:
            self._lines.append(data)
            self._lines_len += len(data)

    def full(self) -> bool:
        return self._lines_len >= _ENOUGH_LEN

    def poll(self) -> None:
        """Send the next piece."""
        if self._sent >= len(self._view):
            if not self._lines:
                return
            data = self._lines.pop(0)
            self._lines_len -= len(data)
            self._begin(data)
        self._writer.write(self._view[self._sent : self._sent + _PIECE_LEN])
        self._sent += _PIECE_LEN
        if self._sent >= len(self._view):
            self._begin(b"")  # a long line's memory is not kept until the next

    def _begin(self, data: bytes) -> None:
        self._view = memoryview(data)
        self._sent = 0

    def _has_come(self) -> bool:
        for _ in self._waiting.ipoll(0):
            return True
        return False

    def _ended(self) -> "str | None":
        line, self._begun = self._begun, bytearray()
        refused, self._too_long = self._too_long, False
        try:
            return None if refused else bytes(line).decode()
        except ValueError:  # no UTF-8
            return None
