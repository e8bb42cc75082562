"""What the controller decided, newest first, and what a newcomer has therefore already seen.

The fields are the firmware's (contract of the harness); `at` is added here, in seconds of the wall clock, and `name`
where the wallet knows a card with that short id.
"""

import time
from collections import deque

_LENGTH = 100
_UNKNOWN_KEY = 30  # core/codes.py
_OWNERS_OF_A_CLAIM = 2
_NO_CARDS = ("phone", "cloud key")

Verdict = dict[str, object]


class Feed:
    def __init__(self) -> None:
        self._verdicts: deque[Verdict] = deque(maxlen=_LENGTH)
        self.seen: set[str] = set()

    def add(self, verdict: Verdict, boot: int) -> None:
        """boot: which start of the firmware said so; its own numbering begins anew each time."""
        self._verdicts.appendleft({**verdict, "at": round(time.time(), 3), "start": boot})
        if verdict.get("source") == "keycard":
            if verdict.get("accepted") and verdict.get("action") == "unlock":
                self.seen.add("unlocked")
            if verdict.get("verdict") == _UNKNOWN_KEY:
                self.seen.add("refused")
        if verdict.get("source") == "phone" and verdict.get("accepted") and verdict.get("action") == "unlock":
            self.seen.add("unlocked by phone")

    def look(self, status: dict[str, object]) -> None:
        """Notes what the list of keys tells."""
        keys = status.get("keys")
        known = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
        cards = [key for key in known if key.get("kind") not in _NO_CARDS]
        if len(cards) > _OWNERS_OF_A_CLAIM:
            self.seen.add("enrolled")
        if any(key.get("state") == "revoked" for key in cards):
            self.seen.add("revoked")
        if any(key.get("kind") == "phone" and key.get("state") == "active" for key in known):
            self.seen.add("paired")

    def newest_first(self) -> list[Verdict]:
        return list(self._verdicts)

    def clear(self) -> None:
        self._verdicts.clear()
        self.seen.clear()
