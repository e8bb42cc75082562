"""The contract of `bluetooth`, over the air: firmware in a process of its own, phones that are Bumble hosts.

The cases are those of both/test_radio_contract.py. The event loop runs only while a test waits for something.
"""

import ast
import asyncio
import contextlib
import statistics
import time

import pytest
from bumble import att, core
from fakes import radio_cases
from latchkey_tools.radio import ADDRESS, Radio, RadioError
from latchkey_tools.radio_phone import Phone
from latchkey_tools.simulator.firmware import ROOT, interpreter

_DEADLINE_S = 5
_QUIET_S = 0.03  # after this nothing more is under way
_CASES = sorted(name for name in dir(radio_cases) if name.startswith("case_"))
_CCCD = core.UUID.from_16_bits(0x2902)


class World:
    """The probe in a MicroPython process, on an air of its own. raises TimeoutError from anything that hangs."""

    def __init__(self, loop):
        self._loop = loop
        self._phones = []
        self._events = []
        self._answers = asyncio.Queue()
        self.air = Radio(air_port=0, hci_port=0)
        self.wait(self._start())

    def wait(self, work):
        return self._loop.run_until_complete(asyncio.wait_for(work, _DEADLINE_S))

    async def _start(self):
        await self.air.start()
        await self.air.start_hci()
        self._process = await asyncio.create_subprocess_exec(
            interpreter(),
            str(ROOT / "host_tests/fakes/radio_probe.py"),
            f"127.0.0.1:{self.air.air_port}",
            env={"MICROPYPATH": str(ROOT / "firmware") + ":.frozen"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read())

    async def _read(self):
        async for line in self._process.stdout:
            text = line.decode().rstrip()
            if text.startswith("@"):
                self._events.append(ast.literal_eval(text[1:]))
            elif text.startswith(("=", "!")):
                self._answers.put_nowait(ast.literal_eval(text[1:]) if text[0] == "=" else text)

    def close(self):
        self.wait(self._close())

    async def _close(self):
        for phone in self._phones:
            await phone.__aexit__()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading
        await self.air.stop()

    def power_cut(self):
        """The firmware is gone from one moment to the next."""
        self._process.kill()

    def call(self, method, *words, **named):
        return self.wait(self._call(method, words, named))

    async def _call(self, *order):
        self._process.stdin.write(repr(order).encode() + b"\n")
        return await self._answers.get()

    def events(self, count):
        self.wait(self._at_least(self._events, count))
        self.call("active")
        events = list(self._events)
        self._events.clear()
        return events

    async def _at_least(self, where, count):
        while len(where) < count:
            await asyncio.sleep(0.001)
        await asyncio.sleep(_QUIET_S)

    def scan(self):
        return self.wait(self._scan())

    async def _scan(self):
        """What is heard in six intervals. A phone gets advertisement and scan response as one; the first is flags."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.12), self.phone() as phone, contextlib.aclosing(phone.scan()) as heard:
                async for advertisement in heard:
                    data = advertisement.data
                    if len(data) > len(radio_cases.FLAGS):
                        return advertisement.connectable, data[:3], data[3:]
        return None

    def phone(self):
        return Phone(self.air.hci_port)

    def connect(self, confirms=True):
        phone = self.phone()
        self._phones.append(phone)
        self.wait(self._connect(phone))
        return Person(self, phone, confirms)

    async def _connect(self, phone):
        await phone.__aenter__()
        await phone.connect(ADDRESS + "/P", timeout_s=3, mtu=23)

    def fail_connect(self):
        self.air.fail(1)
        with pytest.raises(ConnectionResetError):
            self.connect()


class Person:
    """Somebody with a phone: its methods wait until they are done."""

    def __init__(self, world, phone, confirms):
        self._world = world
        self._phone = phone
        self._heard = []
        self.address = bytes(reversed(bytes(phone.address)))
        if not confirms:
            self.confirm = phone.confirm_by_hand()

    def write(self, uuid, data):
        return self._status(self._phone.write(self._find(uuid), data))[0]

    def read(self, uuid):
        return self._status(self._phone.read(self._find(uuid)))

    def exchange_mtu(self, mtu):
        self._world.wait(self._phone.exchange_mtu(mtu))

    def subscribe(self, uuid, indications):
        what = self._phone.find(uuid)
        if bool(what.properties & what.properties.INDICATE) == indications:
            return self._status(self._phone.listen(what, lambda data: self._heard.append((uuid, data))))[0]
        return self._status(self._phone.write(what.get_descriptor(_CCCD), bytes((1 + indications, 0))))[0]

    def heard(self, count):
        self._world.wait(self._world._at_least(self._heard, count))
        heard = list(self._heard)
        self._heard.clear()
        return heard

    def disconnect(self):
        self._world.wait(self._phone.disconnect())

    def ended(self):
        self._world.wait(self._phone.gone.wait())
        return True

    def name(self):
        return self.read("2a00")[1]

    def _find(self, uuid):
        with contextlib.suppress(LookupError):
            return self._phone.find(uuid)
        (owner,) = [c for s in self._phone.services for c in s.characteristics if c.get_descriptor(core.UUID(uuid))]
        return owner.get_descriptor(core.UUID(uuid))

    def _status(self, work):
        """(0 or an ATT error, what came of it)."""
        try:
            return 0, self._world.wait(work) or b""
        except att.ATT_Error as error:
            return error.error_code, b""


@contextlib.contextmanager
def world():
    with asyncio.Runner() as runner:
        whole = World(runner.get_loop())
        try:
            yield whole
        finally:
            whole.close()


@pytest.mark.parametrize("case", _CASES)
def test_the_contract_holds_over_the_air(case):
    with world() as whole:
        getattr(radio_cases, case)(whole)


def _advertising(whole):
    handles = whole.call("probe_register")
    whole.call("gap_advertise", 20_000, radio_cases.FLAGS)
    return handles


def test_a_power_cut_ends_connections_and_a_new_firmware_finds_a_clean_radio():
    with world() as whole:
        _advertising(whole)
        phone = whole.connect()
        whole.power_cut()
        assert phone.ended()
        assert whole.scan() is None


def test_whoever_comes_second_to_the_same_advertisement_is_told():
    with world() as whole:
        _advertising(whole)

        async def both():
            async with whole.phone() as one, whole.phone() as other:
                calls = [phone.connect(ADDRESS + "/P", timeout_s=3, mtu=23) for phone in (one, other)]
                return await asyncio.gather(*calls, return_exceptions=True)

        results = whole.wait(both())
        assert sorted(type(result).__name__ for result in results) == ["ConnectionResetError", "NoneType"]


def test_a_phone_that_leaves_the_air_is_gone():
    with world() as whole:
        _advertising(whole)

        async def come_and_go():
            async with whole.phone() as phone:
                await phone.connect(ADDRESS + "/P", mtu=23)
                phone._transport.sink.transport.abort()  # no HCI command: carried out of reach

        whole.wait(come_and_go())
        assert [event for event, _ in whole.events(2)] == [radio_cases.CONNECT, radio_cases.DISCONNECT]


def test_a_flood_of_write_commands_is_survived():
    """More than anything buffers: some are lost, as on NimBLE, none holds up the firmware or another phone."""
    with world() as whole:
        handles = _advertising(whole)
        whole.call("gatts_set_buffer", handles[0], 512, True)
        flooder = whole.connect()
        whole.call("gap_advertise", 20_000)
        other = whole.connect()
        whole.events(2)

        async def flood():
            for _ in range(2_000):
                await flooder._phone.write(flooder._phone.find("fff1"), bytes(200), response=False)

        whole.wait(flood())
        assert other.write("fff1", b"still served") == 0
        assert 2 <= len(whole.events(2)) <= 2_001
        assert len(whole.call("gatts_read", handles[0])) == 512


def test_nonsense_on_the_wire_ends_that_connection_only():
    with world() as whole:

        async def speak(port, words):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(words)
            await reader.read()
            writer.close()

        for words in (
            b"advertise\n",
            b"notify 4 1 00\n",
            b"wrote 0 0\n",
            b"x" * 5_000,
            b"name zz\n",
            b"indicate 0 1 -\n\n",
        ):
            whole.wait(speak(whole.air.air_port, words))
        whole.wait(speak(whole.air.hci_port, b"GET / HTTP/1.1\r\n\r\n"))
        _advertising(whole)
        whole.connect()
        assert [event for event, _ in whole.events(1)] == [radio_cases.CONNECT]


def test_an_adapter_that_is_not_there_is_named():
    async def start(adapter):
        await Radio(air_port=0, hci_port=0, adapter=adapter).start()

    for adapter in ("usb:0", "nonsense:1", "tcp-client:127.0.0.1:1"):
        with pytest.raises(RadioError, match=adapter):
            asyncio.run(start(adapter))


def test_round_trips_are_short_enough_for_stories_in_real_time():
    """Write, answer, indication, confirmation; the probe looks at its radio every ms. Printed, with a wide bound."""
    with world() as whole:
        handles = _advertising(whole)
        whole.call("gatts_set_buffer", handles[0], 512, True)
        began = time.perf_counter()
        phone = whole.connect()
        connect_ms = (time.perf_counter() - began) * 1000
        phone.exchange_mtu(256)
        phone.subscribe("fff4", True)
        times = []
        for _ in range(50):
            began = time.perf_counter()
            assert phone.write("fff1", bytes(181)) == 0
            times.append((time.perf_counter() - began) * 1000)
        median = statistics.median(times)
        print(f"connect and discover {connect_ms:.0f} ms; write {median:.1f} ms")
        assert median < 50
