"""Counts what happens between a card's last byte and the pulse, on a Bench. Nothing is timed.

counters = Counters(bench)
card = bench.enrol(Acting(1, {PROOF: counters.ask}), codes.OWNER)
with CountedBlocks():
    bench.run(story())
counters.spent                  # one Spent for each pulse
"""

from collections import namedtuple

from latchkey.crypto import p256
from latchkey.protocol import keycard

PROOF = 4  # the APDU that asks the plastic card for its proof

# curve: operations begun since the card was asked for its proof. The others since its last byte came: AES blocks, files
# opened, operations of the flash, ms, turns (of the vehicle's loop, unless Counters is told otherwise).
Spent = namedtuple("Spent", ("curve", "blocks", "opened", "flash", "ms", "turns"))


class _CountingBlock(keycard.Block):
    """AES that counts its blocks."""

    count = 0

    def encrypt(self, block, out):
        _CountingBlock.count += 1
        super().encrypt(block, out)

    def decrypt(self, block, out):
        _CountingBlock.count += 1
        super().decrypt(block, out)


class CountedBlocks:
    """While entered, AES blocks of the keycard protocol are counted."""

    def __enter__(self):
        self._block = keycard.Block
        keycard.Block = _CountingBlock

    def __exit__(self, *error):
        keycard.Block = self._block


class Counters:
    """Looks at all counters whenever bytes of the card reach the firmware, and once more at each pulse."""

    def __init__(self, bench, turns=None):
        self.spent = []
        self._turns = turns or (lambda: bench.chip.turns)
        self._asked = 0
        self._bench = bench
        self._last = ()
        port = bench.ports[0]
        if hasattr(port, "on_read"):
            port.on_read = self._read
        else:
            self._readinto = port.readinto
            port.readinto = self._reading
        bench.bolt.on_pulse = self._pulse

    def ask(self):
        """The card is asked for its proof: what is begun on the curve from now on is begun too late."""
        self._asked = p256.operations()

    def _look(self):
        bench = self._bench
        now = (_CountingBlock.count, bench.disk.opened, bench.disk.operations)
        return now + (bench.time.elapsed_ms, self._turns())

    def _reading(self, buffer):
        count = self._readinto(buffer)
        self._read()
        return count

    def _read(self):
        self._last = self._look()

    def _pulse(self):
        since = [now - last for now, last in zip(self._look(), self._last)]
        self.spent.append(Spent(p256.operations() - self._asked, *since))
