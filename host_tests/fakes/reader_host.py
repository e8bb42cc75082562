"""The firmware's end of the reader's line, on CPython: sends literal frames and takes nothing but the right answer."""

import asyncio

ACK = bytes.fromhex("0000ff00ff00")
WAKE_SAM = bytes.fromhex("55550000000000000000000000000000000000ff05fbd4140114010200")
SAM_DONE = bytes.fromhex("0000ff02fed5151600")
VERSION = bytes.fromhex("0000ff02fed4022a00")
VERSION_IS = bytes.fromhex("0000ff06fad50332010607e800")


class ReaderHost:
    """Speaks to whatever is at a port of this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int) -> "ReaderHost":
        """Connect to 127.0.0.1:port."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def exchange(self, frame: bytes, answer: bytes) -> None:
        """Send bytes and demand exactly these in return within 5 s."""
        self.writer.write(frame)
        async with asyncio.timeout(5):
            assert await self.reader.readexactly(len(answer)) == answer

    async def wake(self) -> None:
        """Wake the chip and make one try the limit of a listing."""
        await self.exchange(WAKE_SAM, ACK + SAM_DONE)
        assert await self.ask("3205ff0100") == "33"

    async def ask(self, command: str) -> str:
        """Send D4 and a short command; check ACK and frame; give the answer after D5, all as hex."""
        payload = bytes.fromhex("d4" + command)
        head = bytes([len(payload), 256 - len(payload)])
        self.writer.write(b"\x00\x00\xff" + head + payload + bytes([-sum(payload) & 255, 0]))
        async with asyncio.timeout(10):
            assert await self.reader.readexactly(6) == ACK
            head = await self.reader.readexactly(5)
            assert head[:3] == b"\x00\x00\xff" and (head[3] + head[4]) & 255 == 0
            body = await self.reader.readexactly(head[3] + 2)
        assert sum(body) & 255 == 0 and body[0] == 0xD5
        return body[1:-2].hex()

    async def silent(self, seconds: float = 0.1) -> bool:
        """Say whether nothing comes for a while."""
        try:
            async with asyncio.timeout(seconds):
                return not await self.reader.read(1)
        except TimeoutError:
            return True

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            pass
