"""How long to wait before connecting again: 1 s to 5 min, doubled with each failure, and never the same for all.

Gateways that lose one broker at one moment must not come back at one moment. A session that stood for a minute counts
as a success; a broker that accepts and hangs up at once does not.
"""

import random
from collections.abc import Callable

_SHORTEST_S, _LONGEST_S = 1.0, 300.0
_STOOD_S = 60.0


class Backoff:
    """uniform: as random.uniform."""

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._uniform = uniform
        self._ceiling_s = 2 * _SHORTEST_S

    def next_s(self, stood_s: float) -> float:
        """A session has ended, or did not come about, after stood_s: how long to wait."""
        if stood_s >= _STOOD_S:
            self._ceiling_s = 2 * _SHORTEST_S
        wait_s = self._uniform(_SHORTEST_S, self._ceiling_s)
        self._ceiling_s = min(2 * self._ceiling_s, _LONGEST_S)
        return wait_s
