"""The one in the crowd who has a key and wants to open: finds the car, connects, greets, unlocks; tries until it works.

How long a phone takes is assumed, and differs from try to try:

- 100 to 400 ms until its scan has found the car; a phone that has lost its connection needs no scan and asks for the
  next one 50 to 150 ms later.
- 300 to 800 ms from being connected to the first write: MTU, services, characteristics and the subscription are some
  ten requests, each of which waits for one or two connection events. Connection events are 30 to 50 ms apart.
- 20 ms to check an answer and to sign; what is to be written goes with the next connection event.
- An answer that does not come within a second is asked for again.
"""

from fakes.bench_phone import UNLOCK
from fakes.crowd_air import AWAY, Central
from fakes.phone import Phone

_COMPUTES_MS = 20
_PATIENCE_MS = 1_000

_FINDS_ITS_WAY, _GREETS, _ASKS, _DONE = range(4)


class Caller(Central):
    """served_ms: from the wish to open to the answer that it is done, -1 as long as there is none.

    connected_ms: of the connection that served. tries: connections that it took.
    """

    def __init__(self, air, phone):
        super().__init__(air)
        self.phone = phone
        self._air = air

    def begin(self):
        """Wish to open the car."""
        self.served_ms = -1
        self.tries = 0
        self._began_at = self._air.now
        self.interval_ms = self.dice.between(30, 50)
        self.doing = AWAY
        self.due_ms = self._air.now + self.dice.between(100, 400)
        self._air.join(self)

    def end(self):
        """Go away, whether or not it was served."""
        self._air.leave(self)

    def begun(self, now):
        self.tries += 1
        self.phone.begin(self.line)
        self._at = _FINDS_ITS_WAY
        self._due_ms = now + self.dice.between(300, 800)

    def event(self, now):
        if self._at == _GREETS and self.phone.learn(self.phone.frames()) == 0:
            self._at = _ASKS
            self._due_ms = now + _COMPUTES_MS
        elif self._at == _ASKS and self.phone.outcome(self.phone.frames()) == "done":
            self._at = _DONE
            self.served_ms = now - self._began_at
        elif now >= self._due_ms and self._at != _DONE:
            self._write()
            self._due_ms = now + _PATIENCE_MS

    def _write(self):
        if self._at == _ASKS:
            self.phone.write(self.phone.signed(UNLOCK))
            return
        self.phone.write(Phone.handshake(self.phone))
        self._at = _GREETS

    def away_ms(self):
        return self.dice.between(50, 150)
