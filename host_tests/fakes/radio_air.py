"""A real air for tests: the probe of radio_probe.py in a MicroPython process, phones that are Bumble hosts.

    with world() as whole:
        handles = whole.call("probe_register")
        …

The event loop runs only while a test waits for something, each time for five seconds at most.
"""

import ast
import asyncio
import contextlib

import pytest
from bumble import att, core
from latchkey_tools.radio import ADDRESS, Radio
from latchkey_tools.radio_phone import Phone
from latchkey_tools.simulator.firmware import ROOT, interpreter

from fakes import radio_cases

_DEADLINE_S = 5
_QUIET_S = 0.03  # after this nothing more is under way
_CCCD = core.UUID.from_16_bits(0x2902)


class World:
    """The probe in a MicroPython process, on an air of its own. raises TimeoutError from anything that hangs.

    script: what runs there instead of the probe, from host_tests/fakes; only the probe answers call().
    """

    def __init__(self, loop, script="radio_probe.py"):
        self._loop = loop
        self._script = script
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
            str(ROOT / "host_tests/fakes" / self._script),
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

    @property
    def process_id(self):
        return self._process.pid

    def power_cut(self):
        """The firmware is gone from one moment to the next."""
        self._process.kill()

    def call(self, method, *words, **named):
        return self.wait(self.ask(method, *words, **named))

    async def ask(self, method, *words, **named):
        """call(), for coroutines."""
        self._process.stdin.write(repr((method, words, named)).encode() + b"\n")
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

    async def all_leave(self):
        """All phones hang up and leave the air."""
        leaving, self._phones = self._phones, []
        await asyncio.gather(*(phone.__aexit__() for phone in leaving))

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
        """And leave the air."""
        self._world._phones.remove(self._phone)
        self._world.wait(self._phone.__aexit__())

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
def world(script="radio_probe.py"):
    with asyncio.Runner() as runner:
        whole = World(runner.get_loop(), script)
        try:
            yield whole
        finally:
            whole.close()
