"""A latch of the simulated car and the lid that it holds shut: trunk, frunk or charge port.

Pure, as the car. A coil that carries current for RELEASE_MS has drawn the latch and the lid springs open; a shorter
pulse lets it fall back. Only a hand closes the lid, and then the latch holds it again, even while its coil is driven.
Real coils differ; a board's pulse is three times as long as this one needs.
"""

RELEASE_MS = 100
REST_MS = 1_000  # from the end of a pulse to the next one: a coil wound for a short pull burns under more


class Latch:
    """`is_open`: the lid has sprung open. `ends_ms`: when the pulse ends, None while the coil carries no current."""

    def __init__(self) -> None:
        self.is_open = False
        self.ends_ms: int | None = None
        self._began_ms = 0
        self._ended_ms: int | None = None
        self._drawn_ms = 0

    def pulse(self, now_ms: int, length_ms: int) -> int:
        """Drives the coil until length_ms from now; returns for how long it is driven then in one piece."""
        if self.ends_ms is None:
            self._began_ms = now_ms
            self._drawn_ms = 0
        self.ends_ms = max(now_ms + length_ms, self.ends_ms or 0)
        return self.ends_ms - self._began_ms

    def rested_ms(self, now_ms: int) -> int | None:
        """Since the end of the last pulse: 0 during one, None before the first."""
        if self.ends_ms is not None:
            return 0
        return None if self._ended_ms is None else now_ms - self._ended_ms

    def stop(self, now_ms: int) -> None:
        if self.ends_ms is not None:
            self._ended_ms, self.ends_ms = now_ms, None

    def close(self) -> None:
        self.is_open = False
        self._drawn_ms = RELEASE_MS  # by the pulse that still runs, if any: it does not draw twice

    def draw(self, length_ms: int) -> None:
        """Time passes with a supply that is strong enough."""
        if self.ends_ms is not None and self._drawn_ms < RELEASE_MS:
            self._drawn_ms = min(RELEASE_MS, self._drawn_ms + length_ms)
            self.is_open = self.is_open or self._drawn_ms == RELEASE_MS

    def draws_in_ms(self) -> int | None:
        """How much longer until the lid springs open, None where it will not."""
        if self.ends_ms is None or self.is_open or self._drawn_ms == RELEASE_MS:
            return None
        return RELEASE_MS - self._drawn_ms
