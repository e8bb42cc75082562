"""The air over TCP: what the radio is told to do, and what happens to it, as lines of text.

The lines are described in tools/latchkey_tools/radio_wire.py, which is at the other end.
"""

import select
import time

from micropython import const

from latchkey.chip.unix.tcp import connect

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip.unix.ble import Ble

_EPROTO = const(71)
_RESET = const(104)
_EVENTS = const(16)  # at most, in one poll(): a flood of writes must not hold up the vehicle
_PIECE = const(2_048)
_LINE_LIMIT = const(1_200)  # a write of 512 bytes in hexadecimal, and what stands before it
_HELLO_MS = const(2_000)


class Air:
    """Connected from the start. address: (type, 6 bytes) of the radio. raises: OSError."""

    def __init__(self, place: str) -> None:
        """place: HOST:PORT. Waits until the radio has said hello."""
        self._sock = connect(place)
        self._poll = select.poll()
        self._poll.register(self._sock, select.POLLIN)
        self._rest = b""
        self.address = self._hello()

    def send(self, *words: object) -> None:
        """One order: its name, numbers, bytes. The radio always reads, so this waits for microseconds."""
        line = " ".join([(word.hex() or "-") if isinstance(word, bytes) else str(word) for word in words])
        try:
            self._sock.setblocking(True)
            self._sock.write(line.encode() + b"\n")
            self._sock.setblocking(False)
        except OSError:
            pass  # poll() finds out, and tells everybody

    def poll(self, radio: "Ble") -> None:
        """Tell the radio what has happened. raises: OSError when the air is gone or makes no sense."""
        for _ in range(_EVENTS):
            line = self._line()
            if line is None:
                return
            try:
                self._deliver(radio, line.decode().split())
            except (ValueError, IndexError, KeyError):
                raise OSError(_EPROTO)

    def close(self) -> None:
        self._poll.unregister(self._sock)
        self._sock.close()

    def _deliver(self, radio: "Ble", words: "list[str]") -> None:
        event = words[0]
        if event == "failed":
            return radio.on_failed_connect()
        link = int(words[1])
        if event == "connect":
            radio.on_connect(link, int(words[2]), bytes.fromhex(words[3]))
        elif event == "disconnect":
            radio.on_disconnect(link)
            self.send("freed", link)
        elif event == "mtu":
            radio.on_mtu(link, int(words[2]))
        elif event == "write":
            radio.on_write(link, int(words[2]), _data(words[3]))
            self.send("wrote", link)
        elif event == "read":
            status, data = radio.on_read(link, int(words[2]))
            self.send("value", link, status, data)
        elif event == "confirm":
            radio.on_confirmed(link, int(words[2]))
        else:
            raise ValueError

    def _line(self) -> "bytes | None":
        """The next line, None when there is none yet."""
        while True:
            end = self._rest.find(b"\n")
            if end >= 0:
                line = self._rest[:end]
                self._rest = self._rest[end + 1 :]
                return line
            if len(self._rest) > _LINE_LIMIT:
                raise OSError(_EPROTO)
            if not self._poll.poll(0):
                return None
            data = self._sock.recv(_PIECE)
            if not data:
                raise OSError(_RESET)
            self._rest += data

    def _hello(self) -> "tuple[int, bytes]":
        began = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), began) < _HELLO_MS:
            line = self._line()
            if line is not None:
                words = line.decode().split()
                if len(words) == 3 and words[0] == "radio":
                    return int(words[1]), bytes.fromhex(words[2])
                break
            time.sleep_ms(2)
        self.close()
        raise OSError(_EPROTO)


def _data(word: str) -> bytes:
    return b"" if word == "-" else bytes.fromhex(word)
