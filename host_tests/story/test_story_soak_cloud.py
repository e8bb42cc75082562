"""The same lives with a network that comes and goes, a broker that stops, hangs, loses everybody, talks nonsense.

72 hours of five seeds under make test-long, and a share of them always: no memory, no task lost, and once all is well
again the cloud is there. The same seed is the same life, to the last byte that was published.
"""

from fakes.scale import LONG
from test_story_soak import Life

_HOURS = 72 if LONG else 6
_SEEDS = 5 if LONG else 2
_GROWTH = 2_048  # bytes, or CPython's blocks: the broker and the last session of the moment are among them


class CloudLife(Life):
    def __init__(self, seed, hours):
        super().__init__(seed, hours, net=True)
        self._bench.broker.keeps = 10
        self._events += ((16, self._weather), (6, self._flood))
        self.connected = 0

    async def _weather(self):
        """The network or the broker changes."""
        network, broker = self._bench.network, self._bench.broker
        what = self._roll(7)
        if what == 0:
            network.up = not network.up
        elif what == 1:
            broker.down = not broker.down
            broker.drop()
        elif what == 2:
            network.takes_nothing = not network.takes_nothing
        elif what == 3:
            broker.refuses = (0, 3)[self._roll(2)]
        elif what == 4:
            broker.acknowledges = not broker.acknowledges
        elif what == 5 and broker.now:
            broker.last.say((b"\x30\xff\xff\xff\x7f", b"\xff" * 40, b"\x40\x02\x00\x63")[self._roll(3)])
        else:
            self._clear()
        await self._bench.pass_ms(1_000 + self._roll(30_000))
        self.connected += self._bench.status()["cloud"]["state"] == "connected"

    async def _flood(self):
        for _ in range(30):
            for connection in self._bench.broker.now:
                self._bench.broker.publish(connection.topics[0] if connection.topics else b"x", bytes(self._roll(900)))
            await self._bench.pass_ms(200)

    def _clear(self):
        """All is well again."""
        network, broker = self._bench.network, self._bench.broker
        network.up, network.takes_nothing = True, False
        broker.down, broker.refuses, broker.acknowledges = False, 0, True

    def _listen(self):
        for row in self._bench.broker.said:
            self._trace.update(str(row).encode())
        self._trace.update(str((self._bench.broker.count, self._bench.network.connects)).encode())
        super()._listen()

    def _measure(self):
        self._bench.broker.said.clear()  # the broker's memory, not the car's
        super()._measure()

    async def _days(self):
        await super()._days()
        self._clear()
        for _ in range(60):  # what may be connected in an hour may be used up
            await self._bench.pass_ms(5_000)
            if self._bench.status()["cloud"]["state"] == "connected":
                return
        raise AssertionError(str(self._bench.status()["cloud"]))


def test_days_with_a_network_that_comes_and_goes():
    messages = 0
    for seed in range(1, 1 + _SEEDS):
        life = CloudLife(seed, _HOURS)
        life.run()
        bench = life._bench
        print(
            "%d h, seed %d: %d events, %d connections, %d messages, memory in use %d at first, %d in the end"
            % (_HOURS, seed, life.events, bench.network.connects, bench.broker.count, life.early, life.late)
        )
        assert bench.network.connects > 3
        messages += bench.broker.count
        assert not LONG or life.late <= life.early + _GROWTH
    assert messages > 20, "what was said between the breaks"


def test_the_same_seed_is_the_same_life():
    hours = 24 if LONG else 2
    assert CloudLife(7, hours).run() == CloudLife(7, hours).run() != CloudLife(8, hours).run()
