"""The chip's serial line towards the host, and everything that can be made to go wrong on it and behind it."""

FAULTS = (
    "hang",  # the chip stands still until the reset pin or the supply ends it
    "dead",  # the chip stands still, reset pin or not, until the fault is cleared
    "no_ack",  # a command is lost: no ACK, no answer
    "no_answer",  # ACK, then nothing
    "bad_checksum",  # the answer's DCS is wrong; after a NACK it comes again undamaged
    "partial",  # the answer ends in the middle
    "garbage_before",  # noise before the ACK, with a start code in it that begins no frame
    "garbage_after",  # noise after the answer
    "slow",  # the bytes of an answer come one by one, 5 ms apart
    "status",  # an exchange with a card fails with the status given as argument
)

GARBAGE = b"\x80\x55\x00\xff\x13"
_SLOW_MS = 5


class Faults:
    """Which faults are waiting to strike, and how often."""

    def __init__(self, names: "tuple[str, ...]" = FAULTS) -> None:
        self.names = names
        self._left: dict[str, list[int]] = {}

    def add(self, name: str, times: int = 1, argument: int = 0) -> None:
        """Let a fault strike so many times; times = -1: until it is cleared."""
        if name not in self.names:
            raise ValueError("no such fault: " + name)
        self._left[name] = [times, argument]

    def clear(self, name: str = "") -> None:
        """Clear one fault, or all of them."""
        for each in [name] if name else list(self._left):
            self._left.pop(each, None)

    def active(self, name: str) -> bool:
        """Say whether a fault is waiting, without using it up."""
        return name in self._left

    def strike(self, name: str) -> bool:
        """Use a fault once; True when it strikes."""
        return self.argument(name) is not None

    def argument(self, name: str) -> "int | None":
        """Use a fault once; its argument when it strikes, else None."""
        waiting = self._left.get(name)
        if waiting is None:
            return None
        if waiting[0] > 0:
            waiting[0] -= 1
        if waiting[0] == 0:
            del self._left[name]
        return waiting[1]


class Line:
    """Bytes on their way to the host; each piece has the time at which its last bit has left the chip."""

    def __init__(self) -> None:
        self._pieces: list[tuple[int, bytes]] = []
        self._busy_until_ms = 0

    def send(self, data: bytes, at_ms: int, baud: int, slow: bool = False) -> int:
        """Queue bytes not before at_ms, ten bits each; give the time at which they have left."""
        at_ms = max(at_ms, self._busy_until_ms)
        if slow:
            for byte in data:
                at_ms += _SLOW_MS
                self._pieces.append((at_ms, bytes([byte])))
        else:
            at_ms += (len(data) * 10_000 + baud - 1) // baud
            self._pieces.append((at_ms, bytes(data)))
        self._busy_until_ms = at_ms
        return at_ms

    def take(self, now_ms: int) -> bytes:
        """Give what has left the chip by now."""
        out = b""
        while self._pieces and self._pieces[0][0] <= now_ms:
            out += self._pieces.pop(0)[1]
        return out

    def clear(self, now_ms: int) -> None:
        """Drop what has not left yet."""
        self._pieces = [piece for piece in self._pieces if piece[0] <= now_ms]
        self._busy_until_ms = now_ms

    def due_ms(self) -> "int | None":
        """Time of the next piece, None when there is none."""
        return self._pieces[0][0] if self._pieces else None
