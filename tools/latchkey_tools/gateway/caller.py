"""One car's orders, one after the other: each is signed, sent and answered before the next one begins. Pure.

    caller.ask("lock", now_s)             # "" taken on, or why not
    for message in caller.step(now_s)     # bytes to send to the car
    caller.take(reply, now_s)             # what came on the reply topic, whoever sent it
    caller.outcomes                       # (order, accepted, sentence), to be taken away

This is where the gateway signs, and the only way in is ask(). What comes back is believed where the car has sealed it
for this key. A broker that swallows answers or makes up faults gets the same order signed a few times more within the
order's short life (exchange.py), and nothing else. An order that waits longer than its life is not sent any more:
whoever gave it does not stand there waiting.
"""

from collections import deque
from dataclasses import dataclass

from latchkey_tools.cloud.words import retold
from latchkey_tools.phone import request
from latchkey_tools.phone.exchange import Exchange
from latchkey_tools.phone.problem import Problem
from latchkey_tools.phone.session import Session

LOCK, UNLOCK = "lock", "unlock"
ROOM = 4  # orders that wait
LIFE_S = 20.0
ANSWER_S = 10.0
_REQUESTS = {LOCK: request.LOCK, UNLOCK: request.UNLOCK}


@dataclass(frozen=True)
class Order:
    what: str
    until_s: float


@dataclass(frozen=True)
class Outcome:
    order: str
    accepted: bool
    sentence: str


class Caller:
    """session: with this car, its key pinned. It outlives orders: one handshake for each start of the car."""

    def __init__(self, session: Session) -> None:
        self.outcomes: list[Outcome] = []
        self._session = session
        self._waiting: deque[Order] = deque()
        self._order: Order | None = None
        self._exchange: Exchange | None = None
        self._send_s: float | None = None  # when the next message may go
        self._answer_s = 0.0  # until when the answer to the last one is waited for

    @property
    def idle(self) -> bool:
        return self._order is None and not self._waiting

    def ask(self, what: str, now_s: float) -> str:
        """Take on an order. The same as the last one that waits is that one."""
        if self._waiting and self._waiting[-1].what == what:
            return ""
        if len(self._waiting) >= ROOM:
            return f"{ROOM} orders are waiting for this car already"
        self._waiting.append(Order(what, now_s + LIFE_S))
        return ""

    def take(self, message: bytes) -> None:
        """Something has come on the reply topic."""
        if self._exchange is None:
            return
        try:
            self._exchange.take(message)
        except Problem as problem:
            self._finish(False, str(retold(problem)))
            return
        if self._exchange.answer is not None:
            self._finish(True, "accepted")

    def step(self, now_s: float) -> list[bytes]:
        """Go on; gives what is to be sent to the car, one message at most."""
        while True:
            if self._exchange is None and not self._begin():
                return []
            if self._is_late(now_s):
                continue
            message = self._outgoing(now_s)
            if self._exchange is not None:
                return [message] if message is not None else []

    def abandon(self, why: str) -> None:
        """Neither the order under way nor those that wait will come to an end."""
        if self._order is not None:
            self._finish(False, why + self._doubt())
        while self._waiting:
            self.outcomes.append(Outcome(self._waiting.popleft().what, False, why))

    def _begin(self) -> bool:
        if not self._waiting:
            return False
        self._order = self._waiting.popleft()
        self._exchange = Exchange(self._session, _REQUESTS[self._order.what])
        self._send_s = None
        return True

    def _is_late(self, now_s: float) -> bool:
        """End an order that took too long."""
        if self._exchange is None or self._order is None:
            return False
        due = self._exchange.due
        if due and now_s > self._order.until_s:
            self._finish(False, "it took too long, and was not sent any more")
        elif not due and now_s > self._answer_s:
            self._finish(False, f"the car did not answer within {ANSWER_S:.0f} s{self._doubt()}")
        return self._exchange is None

    def _outgoing(self, now_s: float) -> bytes | None:
        exchange = self._exchange
        if exchange is None or not exchange.due:
            return None
        if self._send_s is None:
            self._send_s = now_s + exchange.pause_s
        if now_s < self._send_s:
            return None
        self._send_s = None
        self._answer_s = now_s + ANSWER_S
        try:
            return exchange.outgoing()
        except Problem as problem:
            self._finish(False, str(retold(problem)))
            return None

    def _doubt(self) -> str:
        """What is not known of an order that got no answer."""
        commanded = self._exchange is not None and self._exchange.commanded
        return "; it may have been done all the same" if commanded else ", and nothing was ordered"

    def _finish(self, accepted: bool, sentence: str) -> None:
        if self._order is not None:
            self.outcomes.append(Outcome(self._order.what, accepted, sentence))
        self._order = self._exchange = None
