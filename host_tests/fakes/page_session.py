"""One session of the phone page, driven from a test: session.js itself, in a real browser, without a radio.

spoken = PageSession(page)
await spoken.begin(VIN, PRIVATE)
message = await spoken.greet()
outcome = await spoken.receive(reply)     # None or {"kind": …}; payloads are bytes
"""

from pathlib import Path

from latchkey.crypto import p256

_SCRIPT = (Path(__file__).parent / "page_session.js").read_text()


class PageSession:
    def __init__(self, page):
        self.page = page
        self.key = b""  # 64 bytes

    async def begin(self, vin, private, vehicle_key=None, vehicle_id="", lifetime_s=None, randoms=()):
        """vehicle_key: 64 bytes that are pinned. lifetime_s: of commands, None for the page's own.

        randoms: what the generator is to yield, in this order.
        """
        self.key = p256.public(private)
        await self.page.evaluate(_SCRIPT)
        about = {"vin": vin, "d": private.hex(), "xy": self.key.hex(), "vehicleId": vehicle_id, "lifetimeS": lifetime_s}
        about["vehicleKey"] = "04" + vehicle_key.hex() if vehicle_key else None
        await self._do("begin", about, _digits(randoms))

    async def greet(self, randoms=()):
        return bytes.fromhex(await self._do("greet", _digits(randoms)))

    async def ask(self, payload, randoms=()):
        return bytes.fromhex(await self._do("ask", payload.hex(), _digits(randoms)))

    async def command(self, payload, randoms=()):
        return bytes.fromhex(await self._do("command", payload.hex(), _digits(randoms)))

    async def later(self, ms):
        await self._do("later", ms)

    async def receive(self, message):
        outcome = await self._do("receive", message.hex())
        if outcome and "payload" in outcome:
            outcome["payload"] = bytes.fromhex(outcome["payload"])
        return outcome

    async def turned(self, message):
        """{kind of outcome: how often}, over the message with each bit turned in its turn."""
        return await self._do("turned", message.hex())

    async def heard(self, messages):
        """The kinds of outcome of some messages."""
        return await self._do("heard", _digits(messages))

    async def _do(self, name, *values):
        return await self.page.evaluate("([name, ...values]) => drive[name](...values)", [name, *values])


def _digits(parts):
    return [bytes(part).hex() for part in parts]
