"""A flood: somebody who has got into the broker sends the car 2,000 messages a second, 200 bytes each.

They are what an attacker without a key can make: random bytes on the topic to which the car listens. The client is
fifty lines of MQTT 3.1.1 (3.1 CONNECT, 3.3 PUBLISH at QoS 0) because a library costs more for each message than there
is time for. Where the broker does not read that fast, it is as slow as the broker.
"""

import asyncio
import contextlib
import os

from latchkey_tools.cloud.broker import Broker

PER_SECOND = 2_000
PAYLOAD_LEN = 200
_TURN_S = 0.01
_PAUSE_S = 1.0
_CONNECT_S = 5.0


class Flood:
    """broker: whose certificates let this client in. `sent`: messages so far."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self.sent = 0
        self._broker = broker
        self._message = publish(topic, os.urandom(PAYLOAD_LEN))

    async def run(self) -> None:
        """Until cancelled; comes back when it has been thrown out."""
        while True:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                await self._pour()
            await asyncio.sleep(_PAUSE_S)

    async def _pour(self) -> None:
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await asyncio.open_connection(
                self._broker.host, self._broker.port, ssl=self._broker.context()
            )
        try:
            writer.write(connect(f"flood-{os.urandom(4).hex()}"))
            async with asyncio.timeout(_CONNECT_S):
                await reader.readexactly(4)  # CONNACK
            clock = asyncio.get_running_loop().time
            began, poured = clock(), 0
            while True:
                # What was missed while the broker did not read is not made up for in one go.
                due = min(int((clock() - began) * PER_SECOND) - poured, PER_SECOND // 10)
                if due <= 0:
                    await asyncio.sleep(_TURN_S)
                    continue
                writer.write(self._message * due)
                await writer.drain()
                poured += due
                self.sent += due
                if due == PER_SECOND // 10:
                    began, poured = clock(), 0
                await asyncio.sleep(_TURN_S)
        finally:
            writer.transport.abort()


def connect(identifier: str) -> bytes:
    """CONNECT with a clean session and no keep-alive."""
    return _packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x00" + _text(identifier))


def publish(topic: str, payload: bytes) -> bytes:
    """PUBLISH at QoS 0."""
    return _packet(0x30, _text(topic) + payload)


def _text(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _packet(first: int, body: bytes) -> bytes:
    """The remaining length in at most two bytes: nothing here is longer."""
    count = len(body)
    length = bytes([count]) if count < 128 else bytes([count & 127 | 128, count >> 7])
    return bytes([first]) + length + body
