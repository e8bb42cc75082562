"""What the vehicle remembers between messages: an epoch and counters for each domain, and the keys used last.

Facts: protocol.md "Session state"; the published Verifier. An epoch is 16 random bytes and new at each boot, because
counters live in RAM: messages of an earlier boot fail by the epoch, which their tag covers. Within an epoch the counter
of a key only rises, in both domains strictly. One Sessions serves all links, or a message heard on one could be played
to another.

A slot that is given to another key goes on from the highest counter of all. So a key that is removed and comes back,
into whatever slot, finds its old messages spent.

Not protected against: a message that is held back. It stays good until it expires, if no later one overtakes it.
"""

from array import array

from micropython import const

from latchkey.crypto.secret import wipe
from latchkey.protocol import vehicle_command_numbers as numbers
from latchkey.protocol.vehicle_command_identity import K_LEN
from latchkey.protocol.vehicle_command_peer import Peer

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from typing import Protocol

    class Keys(Protocol):
        """What the protocol is given: the vehicle's own names, and the enrolled keys in slots 0 to 31."""

        vin: bytes  # 17 ASCII characters
        public_key: "bytes | bytearray"  # the vehicle's, 64 bytes

        def now_s(self) -> int:
            """Seconds since boot; never goes back, and does not wrap."""

        def fill(self, out: "bytearray | memoryview") -> None:
            """Fill out with fresh random bytes, even when enrolment is closed for want of entropy."""

        def find(self, key64: bytearray) -> int:
            """The slot of a public key that has K, or -1. Suspended and revoked ones may be among them."""

        def secret(self, slot: int, out16: bytearray) -> bool:
            """Put K of a slot into out16; False where it cannot be read."""


SLOTS = const(32)

_LAST_COUNTER = const(0xFFFFFFFF)
_PEERS = const(4)  # as many as there are radio links
_DOMAINS = const(2)
_NONCE_PREFIX = const(8)


class Sessions:
    """State of all sessions. Domains are numbers.VEHICLE_SECURITY and numbers.INFOTAINMENT, slots 0 to 31."""

    def __init__(self, keys: "Keys") -> None:
        self._keys = keys
        self._epochs = (bytearray(numbers.EPOCH_LEN), bytearray(numbers.EPOCH_LEN))
        self._began_s = [0] * _DOMAINS
        self._counters = (array("I", bytes(4 * SLOTS)), array("I", bytes(4 * SLOTS)))
        self._peers: "list[Peer]" = []  # used last first
        self._nonce = bytearray(_NONCE_PREFIX)
        self._nonces = 0
        self.renew(numbers.VEHICLE_SECURITY)
        self.renew(numbers.INFOTAINMENT)

    def epoch(self, domain: int) -> bytearray:
        """The 16 bytes; not to be changed."""
        return self._epochs[_index(domain)]

    def clock_s(self, domain: int) -> int:
        """Seconds since the epoch began."""
        return self._keys.now_s() - self._began_s[_index(domain)]

    def counter(self, domain: int, slot: int) -> int:
        """The highest counter accepted from this slot, 0 before the first."""
        return self._counters[_index(domain)][slot]

    def accept(self, domain: int, slot: int, counter: int) -> None:
        """A message with this counter was genuine. The last counter of all ends the epoch."""
        self._counters[_index(domain)][slot] = counter
        if counter == _LAST_COUNTER:
            self.renew(domain)

    def renew(self, domain: int) -> None:
        """Begin a new epoch: every message made so far is worthless, and clients synchronise anew."""
        index = _index(domain)
        self._keys.fill(self._epochs[index])
        self._began_s[index] = self._keys.now_s()
        counters = self._counters[index]
        for slot in range(SLOTS):
            counters[slot] = 0

    def peer(self, slot: int) -> "Peer | None":
        """The key of a slot, ready for use; None where K cannot be read."""
        for peer in self._peers:
            if peer.slot == slot:
                self._peers.remove(peer)
                self._peers.insert(0, peer)
                return peer
        return self._load(slot)

    def forget(self, slot: int) -> None:
        """The key of this slot was removed or replaced: to be called before anything else is done with the slot."""
        for counters in self._counters:
            counters[slot] = max(counters)
        for peer in self._peers:
            if peer.slot == slot:
                peer.wipe()
                self._peers.remove(peer)
                return

    def fill_nonce(self, out12: bytearray) -> None:
        """A nonce for a reply that this vehicle has never used: random since boot, then counted (SP 800-38D, 8.2.1)."""
        if not self._nonces & 0xFFFFFFFF:
            self._keys.fill(self._nonce)
        out12[:_NONCE_PREFIX] = self._nonce
        out12[_NONCE_PREFIX:] = (self._nonces & 0xFFFFFFFF).to_bytes(4, "big")
        self._nonces += 1

    def _load(self, slot: int) -> "Peer | None":
        key = bytearray(K_LEN)
        try:
            if not self._keys.secret(slot, key):
                return None
            if len(self._peers) == _PEERS:
                self._peers.pop().wipe()
            peer = Peer(slot, key)
        finally:
            wipe(key)
        self._peers.insert(0, peer)
        return peer


def _index(domain: int) -> int:
    return 0 if domain == numbers.VEHICLE_SECURITY else 1
