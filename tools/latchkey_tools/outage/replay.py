"""Commands of a cloud key that were good once: recorded on their way, and sent again by whoever has the broker."""

from cryptography.hazmat.primitives.asymmetric import ec

from latchkey_tools.cloud import topics
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.cloud.line import Line
from latchkey_tools.cloud.remote import Remote
from latchkey_tools.phone import request, seal
from latchkey_tools.phone.session import Session


class _Recorded(Line):
    """A line of which every message to the car is kept."""

    def __init__(self, broker: Broker, identifier: str) -> None:
        super().__init__(broker, identifier)
        self.commands: list[bytes] = []

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:
        self.commands.append(payload)
        super().publish(topic, payload, qos, retain)


class CloudKey:
    """point: its public key, 65 bytes."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.point = seal.point_of(self._private)

    async def unlock(self, broker: Broker, vin: str) -> list[bytes]:
        """Unlock the car, which must be connected; the messages that it took. Raises LineError, Problem."""
        async with _Recorded(broker, "latchkey-drill") as line:
            remote = Remote(line, Session(self._private, vin))
            await remote.meet()
            await remote.ask(request.UNLOCK)
            return line.commands


async def keep(broker: Broker, vin: str, commands: list[bytes]) -> None:
    """Leave the last of them at the broker, retained, for whoever subscribes. None: take it away. Raises LineError."""
    async with Line(broker, "latchkey-drill") as line:
        line.publish(topics.topic(vin, topics.COMMAND), commands[-1] if commands else b"", qos=1, retain=True)
