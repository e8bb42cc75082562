"""The firmware's net as a process of its own, under either interpreter: does what it is told and prints what it saw.

    echo '{"do": "fail", "port": 1883, "times": 200}' | micropython host_tests/fakes/net_client.py
    echo '{"do": "stay", …}' | python host_tests/fakes/net_client.py

net_process.py starts it and says what the orders mean; they come by stdin because MicroPython ends at an argument of
more than 255 bytes. The answer is one line of JSON. What it measures:

    fds         file descriptors that are open, before and after (Linux)
    heap        bytes in use after gc.collect(), before and after (MicroPython)
    gap_cpu_ms  the most processor time between two turns of a task that only sleeps for 1 ms, less what TLS took of it
    gap_ms      the same in wall-clock time: what others do on this machine counts
    slow_gaps   how many of these were over 20 ms
    tls_cpu_ms  the most processor time that one step of TLS took
"""

import asyncio
import gc
import json
import os
import sys
import time

_MICROPYTHON = sys.implementation.name == "micropython"
_HERE = __file__.rsplit("/", 1)[0]
_ROOT = (_HERE if _HERE.startswith("/") else os.getcwd() + "/" + _HERE).rsplit("/", 2)[0]
_ADDRESS = b"\x7f\0\0\x01"


def _prepare():
    """Paths, and what CPython lacks."""
    sys.path.insert(0, _ROOT + "/host_tests")
    sys.path.insert(0, _ROOT + "/firmware")
    if not _MICROPYTHON:
        sys.path.insert(0, _ROOT + "/host_tests/shim")
        from install import install

        install()


def _cpu_us():
    """Processor time of this process."""
    return int((time.clock() if _MICROPYTHON else time.process_time()) * 1_000_000)


class _Meter:
    """Wraps a network's tls, so that the time of each of its steps is known."""

    def __init__(self, network):
        self.network = network
        self.longest_us = 0
        self.cpu_us = 0
        self.wall_us = 0
        self.steps = 0
        self._tls = network.tls
        self.PROTOCOL_TLS_CLIENT = network.tls.PROTOCOL_TLS_CLIENT
        self.CERT_REQUIRED = network.tls.CERT_REQUIRED
        network.tls = self

    def SSLContext(self, protocol):
        return _Context(self, self._tls.SSLContext(protocol))

    def timed(self, call, *arguments, **named):
        wall, cpu = time.ticks_us(), _cpu_us()
        try:
            return call(*arguments, **named)
        finally:
            took = _cpu_us() - cpu
            self.steps += 1
            self.cpu_us += took
            self.wall_us += time.ticks_diff(time.ticks_us(), wall)
            self.longest_us = max(self.longest_us, took)


class _Context:
    def __init__(self, meter, inner):
        self._meter = meter
        self._inner = inner
        for name in ("load_verify_locations", "load_cert_chain", "get_ciphers"):
            if hasattr(inner, name):
                setattr(self, name, getattr(inner, name))

    def set_ciphers(self, names):
        """Once the pre-shared key has been set, which it can be once."""
        self._inner.psk_identity = self.psk_identity
        self._inner.psk_key = self.psk_key
        self._inner.set_ciphers(names)

    def wrap_socket(self, sock, **named):
        self._inner.verify_mode = self.verify_mode
        return _TlsSocket(self._meter, self._meter.timed(self._inner.wrap_socket, sock, **named))


class _TlsSocket:
    def __init__(self, meter, inner):
        self._meter = meter
        self._inner = inner
        self.close = inner.close

    def readinto(self, buffer):
        return self._meter.timed(self._inner.readinto, buffer)

    def write(self, data):
        return self._meter.timed(self._inner.write, data)


class _Gap:
    """Gaps between two turns of a task that asks for nothing, less what the meter counted in them."""

    def __init__(self, meter):
        self._meter = meter
        self._task = asyncio.create_task(self._run())
        self.clear()

    def clear(self):
        self.cpu_us = self.wall_us = self.slow = 0

    async def _run(self):
        meter = self._meter
        while True:
            wall, cpu = time.ticks_us() - meter.wall_us, _cpu_us() - meter.cpu_us
            await asyncio.sleep_ms(1)
            passed_us = time.ticks_us() - meter.wall_us - wall - 1_000
            self.wall_us = max(self.wall_us, passed_us)
            self.cpu_us = max(self.cpu_us, _cpu_us() - meter.cpu_us - cpu)
            self.slow += passed_us > 20_000

    async def stop(self):
        self._task.cancel()
        await asyncio.sleep_ms(1)

    def add_to(self, seen):
        seen["gap_cpu_ms"] = self.cpu_us / 1_000
        seen["gap_ms"] = self.wall_us / 1_000
        seen["slow_gaps"] = self.slow
        return seen


def _heap():
    gc.collect()
    gc.collect()
    return gc.mem_alloc() if _MICROPYTHON else 0


def _fds():
    return len(os.listdir("/proc/self/fd"))


class Client:
    """What the orders are carried out with."""

    def __init__(self, order, meter):
        from latchkey.net.mqtt_session import MqttSession
        from latchkey.net.mqtt_settings import MqttSettings

        self.order = order
        self.got = []
        self.count = 0
        self.sent_len = 0
        self.meter = meter
        self.network = meter.network
        self.tls = self._tls()
        self.session = MqttSession(time, self._message, self._may_send)
        will = order.get("will", "").encode()
        topics = tuple([(topic.encode(), qos) for topic, qos in order.get("topics", [["latchkey/x/command", 1]])])
        client_id = order.get("client_id", "latchkeyabc123def").encode()
        self.settings = MqttSettings(client_id, order.get("keep_alive_s", 60), topics, will, b"0" if will else b"")

    def _tls(self):
        """ca, certificate and key are files, in DER; identity and psk are text and hex."""
        from latchkey.net.tls_client import TlsClient

        order = self.order
        if "ca" not in order and "psk" not in order:
            return None
        parts = {name: _content(order[name]) for name in ("ca", "certificate", "key") if name in order}
        if "psk" in order:
            parts["psk_identity"] = order["identity"].encode()
            parts["psk"] = bytes.fromhex(order["psk"])
        return TlsClient(self.network, order.get("server_name", "127.0.0.1"), **parts)

    def _message(self, topic, payload, retained, repeated):
        self.count += 1
        if len(self.got) < self.order.get("keeps", 0):
            self.got.append([bytes(topic).decode(), len(payload), bytes(payload[:20]).hex(), retained, repeated])

    def _may_send(self, kind, size):
        self.sent_len += size
        return True

    async def open(self):
        from latchkey.net.connection import connect

        order = self.order
        stream = await connect(self.network, _ADDRESS, order["port"], self.tls, time, order.get("connect_ms", 5_000))
        await self.session.open(stream, self.settings, order.get("open_ms", 10_000))

    async def code(self):
        """Of one attempt to open a session and to keep it for `stay_ms`, 0 when that went well."""
        from latchkey.net.net_error import NetError

        try:
            await self.open()
            until = time.ticks_add(time.ticks_ms(), self.order.get("stay_ms", 0))
            while time.ticks_diff(until, time.ticks_ms()) > 0:
                self.session.step()
                await asyncio.sleep_ms(20)
        except NetError as error:
            return error.code
        self.session.drop()
        return 0


def _network():
    if _MICROPYTHON:
        from latchkey.chip.unix.network import Network
    else:
        from fakes.cpython_network import Network
    return Network()


def _content(path):
    with open(path, "rb") as file:
        return file.read()


async def _attempts(client, times, codes):
    """So many attempts, each cancelled after another time where that is ordered; counts which code came of it."""
    cancel_ms = client.order.get("cancel_ms")
    for number in range(times):
        if cancel_ms is None:
            code = await client.code()
        else:
            task = asyncio.create_task(client.code())
            await asyncio.sleep_ms(number * 7 % cancel_ms)
            task.cancel()
            try:
                code = await task
            except asyncio.CancelledError:
                code = -1
        codes[str(code)] = codes.get(str(code), 0) + 1


async def _fail(order, meter):
    """Several at once, so that it is over sooner."""
    clients = [Client(order, meter) for _ in range(order.get("abreast", 8))]
    gap = _Gap(meter)
    codes = {}
    for _ in range(2):  # what is loaded and made once
        await asyncio.gather(*[_attempts(client, 1, codes) for client in clients])
    codes.clear()
    meter.longest_us = meter.steps = 0
    fds, heap = _fds(), _heap()
    await asyncio.sleep_ms(5)
    gap.clear()
    each = order["times"] // len(clients)
    await asyncio.gather(*[_attempts(client, each, codes) for client in clients])
    await gap.stop()
    return gap.add_to({"codes": codes, "fds": [fds, _fds()], "heap": [heap, _heap()]})


async def _stay(order, meter):
    """Opens a session, says `ready`, publishes, and stays for a while or until it ends."""
    from latchkey.net.net_error import NetError

    client = Client(order, meter)
    fds, heap = _fds(), 0
    code = step_us = 0
    began = time.ticks_ms()
    gap = _Gap(meter)
    try:
        await client.open()
        heap = _heap()
        print('{"ready": true}')
        for topic, payload, qos, retain in order.get("publish", []):
            while not client.session.publish(topic.encode(), payload.encode(), qos, retain):
                client.session.step()
                await asyncio.sleep_ms(5)
        while time.ticks_diff(time.ticks_ms(), began) < order["ms"]:
            cpu = _cpu_us() - meter.cpu_us
            client.session.step()
            step_us = max(step_us, _cpu_us() - meter.cpu_us - cpu)
            await asyncio.sleep_ms(20)
        client.session.close()
    except NetError as error:
        code = error.code
    await gap.stop()
    seen = {
        "code": code,
        "took_ms": time.ticks_diff(time.ticks_ms(), began),
        "count": client.count,
        "got": client.got,
        "given_up": client.session.given_up,
        "sent_len": client.sent_len,
        "step_cpu_ms": step_us / 1_000,
        "fds": [fds, _fds()],
        "heap": [heap, _heap()],
    }
    return gap.add_to(seen)


async def _resolve(order, meter):
    """Asks for a name: which address, or the code of why not."""
    from latchkey.net.net_error import NetError
    from latchkey.net.resolver import Resolver

    def fill(buffer):
        buffer[:] = os.urandom(len(buffer))

    meter.network.name_server_port = order["port"]
    resolver = Resolver(meter.network, time, fill)
    servers = tuple([bytes(server) for server in order["servers"]])
    fds = _fds()
    gap = _Gap(meter)
    began = time.ticks_ms()
    code, address = 0, b""
    for _ in range(order.get("times", 1)):
        try:
            address = await resolver.resolve(order["host"], servers)
        except NetError as error:
            code = error.code
    took_ms = time.ticks_diff(time.ticks_ms(), began)
    await gap.stop()
    return gap.add_to({"code": code, "address": list(address), "took_ms": took_ms, "fds": [fds, _fds()]})


def main(order):
    meter = _Meter(_network())
    result = asyncio.run({"fail": _fail, "stay": _stay, "resolve": _resolve}[order["do"]](order, meter))
    result["tls_cpu_ms"] = meter.longest_us / 1_000
    result["tls_steps"] = meter.steps
    print(json.dumps(result))


_prepare()
main(json.loads(sys.stdin.readline()))
