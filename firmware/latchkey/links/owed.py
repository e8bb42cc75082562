"""An answer that is owed: kept until it is known, and given only to the connection that asked.

A client is whatever a link holds for one connection; see responder.py.
"""

from micropython import const

from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol.vehicle_command_reply import Path

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from typing import Protocol

    from latchkey.protocol.vehicle_command import Dialogue

    class Client(Protocol):
        source: int
        serial: int
        proven: bool
        credential: int
        generation: int

        @property
        def connected(self) -> bool: ...

        def send(self, frame: memoryview) -> bool: ...


class Owed:
    """To whom, the way back, and the key that it is about. generation: of the key to encrypt for, when it asked."""

    def __init__(self) -> None:
        self.client: "Client | None" = None
        self.path = Path()
        self.key = bytearray(numbers.KEY_LEN)
        self.generation = 0
        self._serial = 0

    def keep(self, client: "Client", path: Path, key64: "bytes | bytearray", generation: int = 0) -> None:
        self.client = client
        self.generation = generation
        self.path.copy(path)
        self.key[:] = key64
        self._serial = client.serial

    def is_for(self, client: "Client") -> bool:
        return self.client is client and self._serial == client.serial

    def is_another_s(self, client: "Client", key64: "bytes | bytearray") -> bool:
        """About the same key, and owed to somebody else who is still there."""
        asker = self.client
        return asker is not None and asker is not client and self.key == key64 and self.asker() is not None

    def asker(self) -> "Client | None":
        """Who asked, if his connection is still the one it was."""
        client = self.client
        return client if client is not None and client.connected and client.serial == self._serial else None


def deliver(dialogue: "Dialogue", client: "Client") -> None:
    """Hand over all replies. A client that does not fetch them loses them; its link drops it."""
    out = dialogue.voice.out
    for index in range(out.count):
        client.send(out.frame(index))
    dialogue.clear()
