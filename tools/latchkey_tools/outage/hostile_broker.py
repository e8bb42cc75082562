"""A broker that does everything a client must survive, as a process of its own: see hostile_process.py for its starter.

    python -m latchkey_tools.outage.hostile_broker PORT [FOLDER OF CERTIFICATES]

It listens on 127.0.0.1 (port 0: any), prints {"port": …}, then reads lines of JSON and answers each with its counts:

    {"mode": NAME, …}   for the connections there are and those to come; options are in MODES, and after_s: when an
                        attack begins, 0.2 s after the first topic was subscribed to
    {"publish": TOPIC, "payload": HEX, "retain": …, "qos": …, "dup": …, "packet_id": …}    to whoever is connected
    {"seen": true}      [topic, flags] of every publish that has come, instead of counts
    {}                  only the counts

MODES says what each does. Modes of `_BEFORE_TLS` act where a handshake would begin, so on new connections alone.
"""

import asyncio
import contextlib
import json
import os
import random
import select
import socket
import ssl
import struct
import sys
from collections.abc import Awaitable, Callable
from typing import Any

MODES = {
    "honest": "a broker for clients that talk to nobody else",
    "refuse": "nothing listens any more; who is connected is reset",
    "swallow": "SYN gets no answer, as behind a firewall that drops; who is connected stays",
    "reset": "accepts and resets",
    "close": "accepts and closes",
    "silent": "accepts, reads nothing and says nothing",
    "garbage": "answers with random bytes",
    "drip": "answers with the beginning of TLS, a byte in a second",
    "certificate": "honest, but shows another certificate: `name`",
    "mute": "does TLS, reads everything, says nothing",
    "connack": "refuses with return code `code`",
    "huge": "declares a packet of 256 MB, and sends it",
    "slow": "sends one long message, a byte in a second",
    "flood": "`rate` messages a second of `size` bytes with `qos`",
    "large": "messages of 7 KB",
    "malformed": "packets in which something is wrong, 100 in a second",
    "replay": "`payload` (hex) at once to whoever subscribes: retained, as kept in a queue, and as new",
    "wrong": "packets that no broker sends, one at each connection in turn",
    "deaf": "half-open: stops reading and writing, and closes nothing",
    "unacknowledged": "honest, but a publish gets no PUBACK",
    "unanswered": "honest, but PINGREQ gets no PINGRESP",
}

_BEFORE_TLS = ("reset", "close", "silent", "garbage", "drip")
_CONNECT, _PUBLISH, _PUBACK, _SUBSCRIBE, _PINGREQ, _DISCONNECT = 1, 3, 4, 8, 12, 14
_SHAKE_S = 5.0

# CONNACK and SUBACK that nobody asked for, kinds of QoS 2, kinds of a client, reserved ones, flags that must not be.
_WRONG = (
    b"\x20\x02\0\0",
    b"\x90\x03\x7f\xff\0",
    b"\x40\x02\x7f\xff",
    b"\xd0\x00",
    b"\x34\x06\0\x01t\0\x01x",
    b"\x50\x02\0\x01",
    b"\x62\x02\0\x01",
    b"\x70\x02\0\x01",
    b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0",
    b"\x82\x06\0\x01\0\x01t\0",
    b"\xb0\x02\0\x01",
    b"\xc0\x00",
    b"\xe0\x00",
    b"\x00\x00",
    b"\xf0\x00",
    b"\x3f\x06\0\x01t\0\x01x",
    b"\x30\x03\0\x00x",
    b"\x30\x05\0\x02#/x",
)


def packet(first: int, body: bytes) -> bytes:
    length = len(body)
    out = bytearray([first])
    while length > 127:
        out.append(length & 127 | 128)
        length >>= 7
    out.append(length)
    return bytes(out) + body


def publish(
    topic: bytes, payload: bytes, qos: int = 0, retain: bool = False, dup: bool = False, packet_id: int = 1
) -> bytes:
    head = len(topic).to_bytes(2, "big") + topic + (packet_id.to_bytes(2, "big") if qos else b"")
    return packet(0x30 | dup << 3 | qos << 1 | retain, head + payload)


class _Gone(Exception):
    """The connection has ended, one way or another."""


class _Session:
    """One connection, TLS done."""

    def __init__(self, broker: "HostileBroker", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._broker = broker
        self._reader = reader
        self._writer = writer
        self._topics: list[bytes] = []
        self._attack: asyncio.Task[None] | None = None
        self._packet_id = 0
        self._pen = asyncio.Lock()  # one packet after the other, also where one takes its time

    async def run(self) -> None:
        while True:
            await self._broker.flows.wait()
            first = (await self._read(1))[0]
            length = shift = 0
            while True:
                byte = (await self._read(1))[0]
                length |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            await self._answer(first >> 4, first & 15, await self._read(length))

    async def _read(self, count: int) -> bytes:
        data = await self._reader.readexactly(count)
        self._broker.counts["bytes"] += count
        return data

    async def write(self, data: bytes) -> None:
        async with self._pen:
            await self._put(data)

    async def _put(self, data: bytes) -> None:
        await self._broker.flows.wait()
        await asyncio.sleep(0)  # neither line need wait, and then nobody else would hear that the client has gone
        self._writer.write(data)
        await self._writer.drain()

    async def _answer(self, kind: int, flags: int, body: bytes) -> None:
        mode, counts = self._broker.mode, self._broker.counts
        if kind == _CONNECT:
            counts["connects"] += 1
            if mode == "connack":
                await self.write(bytes((0x20, 2, 0, self._broker.options["code"])))
                raise _Gone
            if mode != "mute":
                await self.write(b"\x20\x02\0\0")
        elif kind == _SUBSCRIBE:
            length = int.from_bytes(body[2:4], "big")
            self._topics.append(body[4 : 4 + length])
            await self.write(b"\x90\x03" + body[:2] + body[-1:])
            if len(self._topics) == 1:
                self.change()
        elif kind == _PUBLISH:
            counts["publishes"] += 1
            at = 2 + int.from_bytes(body[:2], "big")
            self._broker.seen.append((body[2:at].decode(), flags))
            if flags & 2 and mode != "unacknowledged":
                await self.write(b"\x40\x02" + body[at : at + 2])
        elif kind == _PUBACK:
            counts["pubacks"] += 1
        elif kind == _PINGREQ:
            counts["pings"] += 1
            if mode != "unanswered":
                await self.write(b"\xd0\0")
        elif kind == _DISCONNECT:
            counts["disconnects"] += 1
            raise _Gone

    def change(self) -> None:
        """The mode is another one: begin what it does to a client that has subscribed."""
        if self._attack is not None:
            self._attack.cancel()
        attack = getattr(self, "_" + self._broker.mode, None)
        self._attack = asyncio.create_task(self._until_gone(attack)) if attack and self._topics else None

    def reset(self) -> None:
        with contextlib.suppress(OSError):
            self._writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self.end()

    def end(self) -> None:
        if self._attack is not None:
            self._attack.cancel()
        self._writer.transport.abort()

    async def _until_gone(self, attack: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(self._broker.options.get("after_s", 0.2))  # by then it has all its topics
        with contextlib.suppress(OSError, _Gone):
            await attack()

    def message(self, size: int, qos: int = 0) -> bytes:
        self._packet_id = self._packet_id % 65_535 + 1
        return publish(self._topics[0], os.urandom(size), qos, packet_id=self._packet_id)

    async def _huge(self) -> None:
        await self.write(b"\x30\xff\xff\xff\x7f")
        while True:
            await self.write(bytes(65_536))

    async def _slow(self) -> None:
        while True:
            async with self._pen:
                for byte in self.message(1_000):
                    await self._put(bytes((byte,)))
                    await asyncio.sleep(1)

    async def _flood(self) -> None:
        options = self._broker.options
        rate, size, qos = options.get("rate", 100), options.get("size", 200), options.get("qos", 0)
        began = asyncio.get_running_loop().time()
        sent = 0
        while True:
            due = int((asyncio.get_running_loop().time() - began) * rate)
            if due > sent:
                await self.write(b"".join(self.message(size, qos) for _ in range(min(due - sent, 500))))
                sent = due
            await asyncio.sleep(0.005)

    async def _large(self) -> None:
        while True:
            await self.write(self.message(7_000))
            await asyncio.sleep(0.1)

    async def _malformed(self) -> None:
        while True:
            damaged = bytearray(self.message(random.randrange(60)))
            for _ in range(random.randrange(1, 4)):
                damaged[random.randrange(min(8, len(damaged)))] = random.randrange(256)
            await self.write(bytes(damaged))
            await asyncio.sleep(0.01)

    async def _replay(self) -> None:
        payload = bytes.fromhex(self._broker.options["payload"])
        for flags in ({"retain": True}, {"qos": 1}, {"qos": 1, "dup": True}, {}):
            await self.write(publish(self._topics[0], payload, **flags))

    async def _wrong(self) -> None:
        await self.write(_WRONG[self._broker.counts["connects"] % len(_WRONG)])


class HostileBroker:
    """mode: one of MODES. counts: what has come since the start. seen: (topic, flags) of publishes."""

    def __init__(self, folder: str | None = None) -> None:
        self.mode = "honest"
        self.options: dict[str, Any] = {}
        self.counts = dict.fromkeys(
            ("connections", "handshakes", "connects", "publishes", "pubacks", "pings", "disconnects", "bytes"), 0
        )
        self.seen: list[tuple[str, int]] = []
        self.flows = asyncio.Event()
        self.flows.set()
        self._folder = folder
        self._listener: socket.socket
        self._accepts: asyncio.Task[None]
        self._port = 0
        self._fillers: list[socket.socket] = []
        self._sessions: set[_Session] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, port: int) -> int:
        """Returns the port."""
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self._listener.setblocking(False)
        self._port = int(self._listener.getsockname()[1])
        self._accepts = asyncio.create_task(self._accept(self._listener))
        return self._port

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            sock, _ = await asyncio.get_running_loop().sock_accept(listener)
            self.counts["connections"] += 1
            task = asyncio.create_task(self._serve(sock))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def change(self, mode: str, **options: Any) -> None:
        if mode not in MODES:
            raise ValueError(mode)
        self.mode, self.options = mode, options
        if mode == "deaf":
            self.flows.clear()
        else:
            self.flows.set()
        if mode in ("refuse", "swallow"):
            self._end_listening()
        elif self._listener.fileno() < 0 or self._fillers:
            self._end_listening()
            self.listen(self._port)
        if mode == "refuse":
            for session in list(self._sessions):
                session.reset()
        elif mode == "swallow":
            await self._swallow()
        for session in list(self._sessions):
            session.change()

    def _end_listening(self) -> None:
        self._accepts.cancel()
        self._listener.close()
        for sock in self._fillers:
            sock.close()
        self._fillers.clear()

    async def _swallow(self) -> None:
        """Linux drops a SYN where the queue of those that nobody has accepted is full. So it is filled."""
        self._listener = socket.create_server(("127.0.0.1", self._port), backlog=1)
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", self._port))
            self._fillers.append(sock)
        await asyncio.sleep(0.05)

    async def publish(self, topic: str, payload: str, **flags: Any) -> None:
        data = publish(topic.encode(), bytes.fromhex(payload), **flags)
        for session in list(self._sessions):
            await session.write(data)

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        name = self.options.get("name", "broker") if self.mode == "certificate" else "broker"
        context.load_cert_chain(f"{self._folder}/{name}.pem", f"{self._folder}/{name}.key.pem")
        return context

    async def _serve(self, sock: socket.socket) -> None:
        """One connection. What acts before TLS has the bare socket."""
        sock.setblocking(False)
        session: _Session | None = None
        try:
            if self.mode in _BEFORE_TLS:
                await getattr(self, "_" + self.mode)(sock)
                return
            session = await self._shake(sock)
            self.counts["handshakes"] += 1
            self._sessions.add(session)
            await session.run()
        except (OSError, EOFError, TimeoutError, _Gone):
            pass
        finally:
            if session is not None:
                self._sessions.discard(session)
                session.end()
            sock.close()

    async def _shake(self, sock: socket.socket) -> _Session:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        secure: dict[str, Any] = (
            {"ssl": self._context(), "ssl_handshake_timeout": _SHAKE_S} if self._folder is not None else {}
        )
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock, **secure)
        return _Session(self, reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def _reset(self, sock: socket.socket) -> None:
        _close_by_reset(sock)

    async def _close(self, sock: socket.socket) -> None:
        sock.close()

    async def _silent(self, sock: socket.socket) -> None:
        while not _has_ended(sock):
            await asyncio.sleep(0.5)

    async def _garbage(self, sock: socket.socket) -> None:
        for _ in range(20):
            await asyncio.get_running_loop().sock_sendall(sock, os.urandom(500))
            await asyncio.sleep(0.05)

    async def _drip(self, sock: socket.socket) -> None:
        for byte in b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + bytes(100):
            await asyncio.get_running_loop().sock_sendall(sock, bytes((byte,)))
            await asyncio.sleep(1)


def _has_ended(sock: socket.socket) -> bool:
    """The other side has closed; what it said before is not taken."""
    poll = select.poll()
    poll.register(sock, select.POLLRDHUP)
    return bool(poll.poll(0))


def _close_by_reset(sock: socket.socket) -> None:
    """RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


async def _obey(broker: HostileBroker, order: dict[str, Any]) -> object:
    if "mode" in order:
        await broker.change(**order)
    elif "publish" in order:
        await broker.publish(order.pop("publish"), **order)
    if "seen" in order:
        return broker.seen
    return broker.counts


async def _main(port: int, folder: str | None) -> None:
    broker = HostileBroker(folder)
    print(json.dumps({"port": broker.listen(port)}), flush=True)
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        print(json.dumps(await _obey(broker, json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
