"""A strict stand-in for navigator.bluetooth in a page, and what is behind it: the simulated air, or a world of bytes.

    radio = WebBluetooth(OnAir(9544))           # or WebBluetooth(InWorld(world))
    await radio.attach(context)                 # before any page of it loads

Every GATT call of the page arrives here, one by one; web_bluetooth.js sees to it that a page can do with it what
Chromium allows and no more. `violations` lists what a page did that it must not. End it with radio.end().
It stands for the browser's radio, not for its speed: everything here takes milliseconds.
"""

import asyncio
import contextlib
from pathlib import Path

from bumble import core, gatt
from latchkey_tools.radio_phone import Phone, whole_uuid

_SCRIPT = Path(__file__).parent / "web_bluetooth.js"
_SCAN_S = 3
_CONNECT_S = 3
_UNREACHED_S = 0.05

SERVICE = "00000211-b2d1-43f0-9b88-960cebf8b91e"
TO_CAR = SERVICE.replace("211", "212", 1)
FROM_CAR = SERVICE.replace("211", "213", 1)


class _Refused(Exception):
    """What the page gets as a DOMException: name and message."""


class WebBluetooth:
    """The browser's radio, and the person at its list of devices.

    move() carries it out of reach of the car and back. picks: whether a device of the list is chosen.
    powered: whether there is an adapter. permitted: False where the browser's settings forbid it. remembers: whether
    this browser has getDevices(). largest: a longer write fails half-way, as with some adapters.
    """

    def __init__(self, beyond, remembers=False):
        self.picks = self.powered = self.permitted = True
        self.largest = 512
        self.written = []  # lengths
        self.violations = []
        self._beyond = beyond
        self._remembers = remembers
        self._in_reach = True
        self._granted = {}  # id -> name
        self._services = set()
        self._links = {}  # id -> what was connected
        self._told = asyncio.Queue()
        self._page = None
        self._telling = asyncio.create_task(self._tell())

    async def attach(self, context):
        await context.expose_binding("__radio", self._call)
        script = _SCRIPT.read_text()
        await context.add_init_script(script.replace("REMEMBERS", "true" if self._remembers else "false"))

    async def end(self):
        """Hangs up."""
        await self._hang_up()
        self._telling.cancel()

    async def told(self):
        """Everything that has been heard so far has been given to the page."""
        await self._told.join()

    @property
    def connected(self):
        return bool(self._links)

    async def move(self, in_reach):
        """Carry the phone out of reach of the car, or back."""
        self._in_reach = in_reach
        if not in_reach:
            await self._hang_up()

    async def _call(self, source, method, *values):
        if method == "loaded":
            await self._hang_up()  # connections end with their document
            self._page = source["page"]
            return {}
        try:
            return {"value": await getattr(self, "_do_" + method)(*values)}
        except _Refused as refusal:
            return {"error": list(refusal.args)}

    async def _do_violation(self, text):
        self.violations.append(text)

    async def _do_available(self):
        return self.powered

    async def _do_choose(self, names, services):
        if not self.permitted:
            raise _Refused("SecurityError", "The user denied permission.")
        name = await self._beyond.listen(names) if self.powered and self._in_reach else None
        if name is None or not self.picks:
            raise _Refused("NotFoundError", "User cancelled the requestDevice() chooser.")
        identity = "device of " + name
        self._granted[identity] = name
        self._services.update(services)
        return {"id": identity, "name": name}

    async def _do_devices(self):
        return [{"id": identity, "name": name} for identity, name in self._granted.items()]

    async def _do_connect(self, identity):
        if identity in self._links:
            return
        link = None
        if self._in_reach and self.powered:
            link = await self._beyond.connect(
                self._granted[identity],
                lambda uuid, data: self._told.put_nowait(("__radioHeard", identity, uuid, list(data))),
                lambda: self._lose(identity),
            )
        if link is None:
            await asyncio.sleep(_UNREACHED_S)
            raise _Refused("NetworkError", "Bluetooth Device is no longer in range.")
        self._links[identity] = link

    async def _do_disconnect(self, identity):
        link = self._links.pop(identity, None)
        if link is not None:
            await link.disconnect()

    async def _do_service(self, identity, uuid):
        if uuid not in self._services:
            raise _Refused("SecurityError", "Origin is not allowed to access the service.")
        if uuid not in self._link(identity).table:
            raise _Refused("NotFoundError", "No Services matching UUID found in Device.")

    async def _do_characteristic(self, identity, service, uuid):
        properties = self._link(identity).table[service].get(uuid)
        if properties is None:
            raise _Refused("NotFoundError", "No Characteristics matching UUID found in Service.")
        return {name: name in properties for name in ("read", "write", "writeWithoutResponse", "notify", "indicate")}

    async def _do_listen(self, identity, uuid):
        await self._operate(self._link(identity).listen(uuid))

    async def _do_write(self, identity, uuid, data):
        if len(data) > self.largest:
            await self._operate(self._link(identity).write(uuid, bytes(data[: self.largest])))
            raise _Refused("NetworkError", "GATT operation failed for unknown reason.")
        self.written.append(len(data))
        await self._operate(self._link(identity).write(uuid, bytes(data)))

    async def _operate(self, work):
        try:
            await work
        except (core.BaseBumbleError, OSError) as error:
            raise _Refused("NetworkError", "GATT operation failed: %r" % error)

    def _link(self, identity):
        if identity not in self._links:
            raise _Refused("NetworkError", "GATT Server is disconnected.")
        return self._links[identity]

    async def _hang_up(self):
        for identity in list(self._links):
            link = self._links.pop(identity)
            await link.disconnect()
            self._told.put_nowait(("__radioEnded", identity))

    def _lose(self, identity):
        """The other end has gone."""
        if self._links.pop(identity, None) is not None:
            self._told.put_nowait(("__radioEnded", identity))

    async def _tell(self):
        """Tells the page, in order."""
        while True:
            function, *values = await self._told.get()
            with contextlib.suppress(Exception):  # the page may just have been closed
                await self._page.evaluate("([name, ...values]) => window[name](...values)", [function, *values])
            self._told.task_done()


class OnAir:
    """Beyond the radio is the simulator's air. port: its HCI port."""

    def __init__(self, port):
        self._port = port

    async def listen(self, names):
        """The first of these names that is heard, or None."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SCAN_S):
                return (await self._hear(names)).name
        return None

    async def connect(self, name, hear, ended):
        """A link, or None where nobody answers."""
        phone = None
        try:
            async with asyncio.timeout(_CONNECT_S):
                heard = await self._hear([name])
                phone = Phone(self._port)
                await phone.__aenter__()
                await phone.connect(heard.address, timeout_s=_CONNECT_S)
        except (core.BaseBumbleError, OSError):
            if phone is not None:
                await phone.__aexit__()
            return None
        return _AirLink(phone, hear, ended)

    async def _hear(self, names):
        async with Phone(self._port) as ear, contextlib.aclosing(ear.scan()) as advertisements:
            async for heard in advertisements:
                if heard.name in names and heard.connectable:
                    return heard


class _AirLink:
    def __init__(self, phone, hear, ended):
        self._phone = phone
        self._hear = hear
        self._watch = asyncio.create_task(self._wait(ended))
        self.table = {
            whole_uuid(service.uuid): {whole_uuid(one.uuid): _names(one.properties) for one in service.characteristics}
            for service in phone.services
        }

    async def listen(self, uuid):
        await self._phone.listen(self._phone.find(uuid), lambda data: self._hear(uuid, bytes(data)))

    async def write(self, uuid, data):
        await self._phone.write(self._phone.find(uuid), data)

    async def disconnect(self):
        self._watch.cancel()
        await self._phone.__aexit__()

    async def _wait(self, ended):
        await self._phone.gone.wait()
        ended()
        await self._phone.__aexit__()


def _names(properties):
    names = {"READ": "read", "WRITE": "write", "WRITE_WITHOUT_RESPONSE": "writeWithoutResponse"}
    names.update(NOTIFY="notify", INDICATE="indicate")
    return [name for flag, name in names.items() if properties & gatt.Characteristic.Properties[flag]]


class InWorld:
    """Beyond the radio is a World of phone_world.py, without a radio. name: of the car on the air.

    spoil(chunks): what the car sends, on its way; the test may change it. deaf: the car takes and never answers.
    """

    def __init__(self, world, name):
        self.world = world
        self.spoil = lambda chunks: chunks
        self.deaf = False
        self.silent = False  # no connection comes about, and no refusal either
        self._name = name
        self._hear = None

    async def listen(self, names):
        return self._name if self._name in names else None

    async def connect(self, name, hear, ended):
        if self.silent:
            await asyncio.Event().wait()
        self._hear = hear
        return _WorldLink(self, self.world.connection(), hear)

    def say(self, chunks):
        """The car speaks unasked."""
        for chunk in chunks:
            self._hear(FROM_CAR, chunk)


class _WorldLink:
    table = {SERVICE: {TO_CAR: ["write", "writeWithoutResponse"], FROM_CAR: ["indicate"]}}

    def __init__(self, beyond, connection, hear):
        self._beyond = beyond
        self._connection = connection
        self._hear = hear
        self._listening = False
        self._written_s = 0.0

    async def listen(self, uuid):
        assert uuid == FROM_CAR
        self._listening = True

    async def write(self, uuid, data):
        assert uuid == TO_CAR and self._listening
        before_s, self._written_s = self._written_s, asyncio.get_running_loop().time()
        chunks = self._connection.write(data, int((self._written_s - before_s) * 1000))
        if not self._beyond.deaf:
            for chunk in self._beyond.spoil(chunks):
                self._hear(FROM_CAR, bytes(chunk))

    async def disconnect(self):
        self._listening = False
