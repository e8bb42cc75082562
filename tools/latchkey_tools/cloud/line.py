"""A connection to a broker: MQTT 3.1.1 on paho-mqtt, as one session that is over when it is lost.

    async with Line(broker, "my-name", will=("my/status", b"offline")) as line:
        await line.subscribe(["a/b"])
        line.publish("c/d", b"text", qos=1)
        message = await line.receive()

paho's socket is read and written by the event loop; only connecting, which blocks, is done in a thread. Each session is
a new client: clean session, and nothing is sent again that an earlier one has not got rid of, because an order that is
late is no order any more. raises: LineError whatever happens. What comes faster than it is fetched is dropped and
counted. Not protected against: a broker that sends one packet of 256 MB has the memory for it taken here.
"""

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import paho.mqtt.client as mqtt

from latchkey_tools.cloud import failure
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.cloud.failure import LineError

CONNECT_S = 12.0
_TCP_S = 5.0  # and as long for each step of the TLS handshake
_SUBSCRIBE_S = 10.0
_TOPICS_AT_ONCE = 50
_MISC_S = 1.0  # how often keep-alive is looked at
_ROOM = 500  # messages that wait to be fetched
_OUT_ROOM = 1_000  # QoS 1 messages that wait for the broker


@dataclass(frozen=True)
class Message:
    """retained: it was stored at the broker before this session listened."""

    topic: str
    payload: bytes
    retained: bool


class _TlsSocket(ssl.SSLSocket):
    """Closed when its handshake fails; paho lets it lie."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class Line:
    """will: topic and payload, retained, that the broker publishes when this session is lost. `dropped`: messages."""

    def __init__(
        self, broker: Broker, identifier: str, will: tuple[str, bytes] | None = None, keep_alive_s: int = 30
    ) -> None:
        """raises: CannotStart where the broker's files cannot be read."""
        self.dropped = 0
        self._broker = broker
        self._keep_alive_s = keep_alive_s
        self._why: LineError | None = None
        self._client = client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=identifier, clean_session=True, reconnect_on_failure=False
        )
        context = broker.context()
        if context is not None:
            context.sslsocket_class = _TlsSocket
            client.tls_set_context(context)
        if broker.user:
            client.username_pw_set(broker.user, broker.password())
        if will is not None:
            client.will_set(*will, qos=1, retain=True)
        client.connect_timeout = _TCP_S
        client.max_queued_messages_set(_OUT_ROOM)
        client.on_log = self._logged
        client.on_connect = self._accepted
        client.on_disconnect = self._ended
        client.on_subscribe = self._subscribed
        client.on_message = self._heard
        client.on_socket_open = self._opened
        client.on_socket_close = self._closed
        client.on_socket_register_write = self._has_to_write
        client.on_socket_unregister_write = self._has_written

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._messages: asyncio.Queue[Message] = asyncio.Queue(_ROOM)
        self._up: asyncio.Future[None] = self._loop.create_future()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._subscriptions: dict[int, asyncio.Future[bool]] = {}
        self._misc = asyncio.create_task(self._look_after())
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._connect()
                await asyncio.wait((self._up, self._over), return_when=asyncio.FIRST_COMPLETED)
            if self._over.done():
                raise self._why or LineError(failure.LOST)
        except TimeoutError:
            self._end()
            raise LineError(failure.NO_ANSWER)
        except BaseException:
            self._end()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        if not self._over.done():
            self._client.disconnect()
            await asyncio.sleep(0)  # the packet goes out in the next turn
            self._write()
        self._end()

    async def subscribe(self, topics: Iterable[str]) -> None:
        """At QoS 1, some at a time; a broker that refuses one of them is of no use."""
        left = list(topics)
        while left:
            some, left = left[:_TOPICS_AT_ONCE], left[_TOPICS_AT_ONCE:]
            result, number = self._client.subscribe([(topic, 1) for topic in some])
            if result or number is None:
                raise self._error()
            answered = self._subscriptions[number] = self._loop.create_future()
            done, _ = await asyncio.wait(
                (answered, self._over), timeout=_SUBSCRIBE_S, return_when=asyncio.FIRST_COMPLETED
            )
            del self._subscriptions[number]
            if answered not in done:
                raise self._error() if done else LineError(failure.NO_ANSWER)
            if not answered.result():
                raise LineError(failure.NOT_ALLOWED)

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:
        """Hand over a message; that the broker has got it is not waited for. One that takes none is lost."""
        if self._over.done():
            raise self._error()
        if self._client.publish(topic, payload, qos, retain).rc:
            self._lose(LineError(failure.NO_ANSWER, "it takes nothing any more"))
            raise self._error()

    async def receive(self) -> Message:
        """The next message. Waits for ever, or until the line is lost."""
        if self._messages.empty():
            getting = asyncio.ensure_future(self._messages.get())
            try:
                await asyncio.wait((getting, self._over), return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    return getting.result()
            finally:
                getting.cancel()
            raise self._error()
        return self._messages.get_nowait()

    async def _connect(self) -> None:
        try:
            await asyncio.to_thread(
                self._client.connect, self._broker.host, self._broker.port, keepalive=self._keep_alive_s
            )
        except (OSError, ValueError, EOFError) as error:
            raise failure.of_connecting(error)

    def _error(self) -> LineError:
        return self._why or LineError(failure.LOST)

    async def _look_after(self) -> None:
        while not self._over.done():
            await asyncio.sleep(_MISC_S)
            if self._up.done() and self._client.loop_misc():
                self._lose(LineError(failure.NO_ANSWER, "keep-alive"))

    def _end(self) -> None:
        self._lose(LineError(failure.LOST))
        self._misc.cancel()
        sock = self._client.socket()
        if sock is not None:
            self._closed(self._client, None, sock)
            sock.close()  # type: ignore[union-attr]

    def _lose(self, why: LineError) -> None:
        if not self._over.done():
            self._why = self._why or why
            self._over.set_result(None)

    # paho calls these: the first four from the thread that connects, too

    def _opened(self, client: mqtt.Client, userdata: Any, sock: Any) -> None:
        self._loop.call_soon_threadsafe(self._watch, sock)

    def _has_to_write(self, client: mqtt.Client, userdata: Any, sock: Any) -> None:
        self._loop.call_soon_threadsafe(self._watch_to_write, sock)

    def _logged(self, client: mqtt.Client, userdata: Any, level: int, text: str) -> None:
        self._why = self._why or failure.of_log(text)

    def _closed(self, client: mqtt.Client, userdata: Any, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)

    def _has_written(self, client: mqtt.Client, userdata: Any, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._loop.remove_writer(sock)

    def _accepted(self, client: mqtt.Client, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        if self._up.done():
            return
        if code.is_failure:
            self._lose(failure.of_refusal(_old_code(code.value), str(code)))
        else:
            self._up.set_result(None)

    def _ended(self, client: mqtt.Client, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        self._lose(LineError(failure.LOST, str(code)))

    def _subscribed(self, client: mqtt.Client, userdata: Any, number: int, codes: Any, properties: Any) -> None:
        answered = self._subscriptions.get(number)
        if answered is not None and not answered.done():
            answered.set_result(not any(code.is_failure for code in codes))

    def _heard(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        try:
            heard = Message(message.topic, bytes(message.payload), bool(message.retain))
            self._messages.put_nowait(heard)
        except (UnicodeDecodeError, asyncio.QueueFull):
            self.dropped += 1

    # and the event loop these

    def _watch(self, sock: Any) -> None:
        if self._over.done():  # it took too long, and nobody waits any more
            sock.close()
        elif sock.fileno() >= 0:
            self._loop.add_reader(sock, self._read, sock)

    def _watch_to_write(self, sock: Any) -> None:
        if sock.fileno() >= 0 and not self._over.done():
            self._loop.add_writer(sock, self._write)

    def _read(self, sock: Any) -> None:
        """One packet, then in a turn of its own what TLS has decrypted already: select() does not see that."""
        try:
            self._client.loop_read()
            if self._broker.tls and sock.fileno() >= 0 and sock.pending():
                self._loop.call_soon(self._read, sock)
        except Exception as error:  # what a broker sends must end its session and nothing else
            self._lose(LineError(failure.LOST, type(error).__name__))

    def _write(self) -> None:
        try:
            self._client.loop_write()
        except Exception as error:
            self._lose(LineError(failure.LOST, type(error).__name__))


def _old_code(value: int) -> int:
    """The CONNACK code of MQTT 3.1.1 for what paho translates to a reason code of MQTT 5."""
    return {0x86: 4, 0x87: 5}.get(value, 0)
