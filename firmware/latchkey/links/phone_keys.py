"""What the phone's protocol needs to know of this vehicle and its keys: the names in which it asks, joined to the list.

Facts: vehicle_command_sessions.Keys. Slots of revoked keys are free, so whoever was removed is a stranger. A card is
none of the protocol's keys, whatever it sends.
"""

from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.credentials.identity import Identity
    from latchkey.crypto.entropy import Entropy
    from latchkey.vehicle import Vehicle


class PhoneKeys:
    """identity: READY."""

    def __init__(self, identity: "Identity", vehicle: "Vehicle", entropy: "Entropy") -> None:
        self.vin = identity.vin
        self.public_key: "bytes | bytearray" = identity.public_key
        self.fill = entropy.fill_from_pool
        self._vehicle = vehicle

    def now_s(self) -> int:
        return self._vehicle.uptime_s

    def find(self, key64: bytearray) -> int:
        """The slot of this key, -1 for a card's and for a stranger's."""
        registry = self._vehicle.registry
        number = registry.find(key64)
        return registry.slot_of(number) if number >= 0 else -1

    def secret(self, slot: int, out16: bytearray) -> bool:
        """Put K of a slot into out16; False where it cannot be read."""
        registry = self._vehicle.registry
        return registry.secret(registry.number_in(slot), out16)
