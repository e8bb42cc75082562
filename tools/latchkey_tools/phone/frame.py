"""Frames of the vehicle-command protocol: two bytes of length, big-endian, then one message, cut anywhere.

Facts: protocol.md; Tesla's connector/ble: a frame that stands still for a second is dropped, a length beyond 1,024 is
nonsense and everything that has come so far is thrown away.
"""

MESSAGE_LIMIT = 1_022  # with its length 1,024
_SILENCE_S = 1.0


def framed(message: bytes) -> bytes:
    """The message as it is written. Raises ValueError for one that is too long."""
    if len(message) > MESSAGE_LIMIT:
        raise ValueError(f"{len(message)} bytes do not fit in one message")
    return len(message).to_bytes(2, "big") + message


class Assembly:
    """Puts the chunks of one connection together again."""

    def __init__(self) -> None:
        self._waiting = b""
        self._last_s = 0.0

    def take(self, chunk: bytes, now_s: float) -> list[bytes]:
        """Messages that are whole with this chunk, which has come at now_s."""
        if now_s - self._last_s > _SILENCE_S:
            self._waiting = b""
        self._last_s = now_s
        self._waiting += chunk
        whole = []
        while len(self._waiting) >= 2:
            end = 2 + int.from_bytes(self._waiting[:2], "big")
            if end > 2 + MESSAGE_LIMIT:
                self._waiting = b""
            if len(self._waiting) < end:
                break
            whole.append(self._waiting[2:end])
            self._waiting = self._waiting[end:]
        return whole
