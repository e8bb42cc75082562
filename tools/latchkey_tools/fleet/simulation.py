"""The story: a broker that is gone for an hour and comes back, then an order to everyone to be as loud as possible.

Time is counted in seconds; what happens in the same second happens in the order in which it was planned. All sessions
end in one second, and all controllers hear the order in one second, which is the worst that can be.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from latchkey_tools.fleet import controller as parts
from latchkey_tools.fleet.controller import Controller, governor

_TEN_YEARS_S = 315_576_000
_KEEP_ALIVE_S = 60
_USES_A_DAY = 40  # of a lock; each is told of by two lock states and one of the vehicle

# How often a controller finds a diagnostic worth telling, by verbosity.
_PACE_S = {governor.SPARSE: 86_400, governor.NORMAL: 3_600, governor.DETAILED: 60, governor.MAXIMUM: 10}


class Plan(NamedTuple):
    """When what happens, in seconds."""

    gone: int = 1_200
    back: int = 4_800
    loud: int = 9_000
    end: int = 14_400


class Fleet:
    """Run it once; then everything that was counted stands in it. Lists are by second.

    wait_percent: 100 as a fleet should be set, less as the owner of a single car may set it.
    """

    def __init__(self, controllers: int, seed: int, plan: Plan | None = None, wait_percent: int = 100) -> None:
        self.plan = plan or Plan()
        self._chance = Random(seed)
        self.controllers = [Controller(self._chance, self.plan.end, wait_percent) for _ in range(controllers)]
        self.attempts = [0] * self.plan.end
        self.arrivals = [0] * self.plan.end
        self.wanted = [0] * self.plan.end  # messages that controllers wanted to publish
        self.sent = [0] * self.plan.end
        self.loud = [False] * self.plan.end  # somebody's verbosity was the highest
        self._agenda: list[list[tuple[Callable[..., None], Controller, int]]] = [[] for _ in range(self.plan.end)]

    def run(self) -> "Fleet":
        for each in self.controllers:
            each.governor.connected(0)
            self._begin_session(each, 0, self._chance.randrange(_KEEP_ALIVE_S))
            self._at(self._chance.randrange(_PACE_S[governor.NORMAL]), self._tell, each, each.telling)
            self._at(self._next_use(0), self._use, each, 0)
        for now_s in range(self.plan.end):
            if now_s == self.plan.gone:
                self._lose_all(now_s)
            if now_s == self.plan.loud:
                self._make_loud(now_s)
            for action, each, mark in self._agenda[now_s]:
                action(each, mark, now_s)
            self._agenda[now_s].clear()
        return self

    def _at(self, second: int, action: Callable[..., None], each: Controller, mark: int) -> None:
        if second < self.plan.end:
            self._agenda[second].append((action, each, mark))

    def _next_use(self, now_s: int) -> int:
        return now_s + 1 + int(self._chance.expovariate(_USES_A_DAY / 86_400))

    def _begin_session(self, each: Controller, now_s: int, ping_s: int) -> None:
        each.up = True
        each.session += 1
        self._at(now_s + ping_s, self._ping, each, each.session)

    def _lose_all(self, now_s: int) -> None:
        for each in self.controllers:
            each.up = False
            each.session += 1
            each.governor.connected_long(now_s)
            self._at(now_s + each.wait_s(), self._connect, each, each.session)

    def _make_loud(self, now_s: int) -> None:
        for each in self.controllers:
            each.governor.set_verbosity(governor.MAXIMUM, _TEN_YEARS_S, now_s)
            each.telling += 1
            self._at(now_s + self._chance.randrange(_PACE_S[governor.MAXIMUM]), self._tell, each, each.telling)

    def _connect(self, each: Controller, session: int, now_s: int) -> None:
        if session != each.session:
            return
        granted = each.send(governor.RECONNECT, parts.CONNECT_LEN, now_s)
        self.attempts[now_s] += granted
        if not granted or self.plan.gone <= now_s < self.plan.back:
            self._at(now_s + each.wait_s(), self._connect, each, session)
            return
        self.arrivals[now_s] += 1
        each.governor.connected(now_s)
        self._begin_session(each, now_s, _KEEP_ALIVE_S)
        each.send(governor.UPKEEP, parts.SUBSCRIBE_LEN, now_s)
        self._publish(each, governor.LOCK_STATE, parts.STATE_LEN, now_s)
        self._publish(each, governor.VEHICLE_STATE, parts.STATE_LEN, now_s)

    def _ping(self, each: Controller, session: int, now_s: int) -> None:
        if session == each.session:
            each.send(governor.UPKEEP, parts.PING_LEN, now_s)
            self._at(now_s + _KEEP_ALIVE_S, self._ping, each, session)

    def _use(self, each: Controller, _: int, now_s: int) -> None:
        self._at(self._next_use(now_s), self._use, each, 0)
        if each.up:
            for kind in (governor.LOCK_STATE, governor.LOCK_STATE, governor.VEHICLE_STATE):
                self._publish(each, kind, parts.STATE_LEN, now_s)

    def _tell(self, each: Controller, telling: int, now_s: int) -> None:
        if telling != each.telling:
            return
        level = each.governor.verbosity(now_s)
        self.loud[now_s] |= level == governor.MAXIMUM
        self._at(now_s + _PACE_S[level], self._tell, each, telling)
        if each.up and not self._publish(each, governor.DIAGNOSTIC, parts.DIAGNOSTIC_LEN, now_s):
            each.governor.count(governor.DIAGNOSTIC)

    def _publish(self, each: Controller, kind: int, size: int, now_s: int) -> bool:
        self.wanted[now_s] += 1
        granted = each.publish(kind, size, now_s)
        self.sent[now_s] += granted
        return granted
