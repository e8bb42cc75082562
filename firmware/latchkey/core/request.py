"""A wish to move something, or to change who may: what every link fills in and hands to vehicle.request().

A link owns one Request and fills it anew each time, so asking costs no memory.
"""

NOBODY = -1


class Request:
    """source, action: see codes. credential: its number, or NOBODY. argument: depends on the action.

    generation: that of its registry entry when it proved itself; if the entry changes after that, the request is STALE.
    window: (not before, not after, flags) with LIMIT_KEY, see credentials/windows.
    key_id: first 4 bytes of the key's SHA-1, for people to read; nothing is ever decided by it.
    """

    def __init__(self, source: int) -> None:
        self.source = source
        self.credential = NOBODY
        self.generation = 0
        self.action = 0
        self.argument = 0
        self.window: "tuple[int, int, int] | None" = None
        self.key_id = bytearray(4)

    def clear(self) -> None:
        """Forget who asked last."""
        self.credential = NOBODY
        self.generation = 0
        self.action = 0
        self.argument = 0
        self.window = None
        for at in range(4):
            self.key_id[at] = 0
