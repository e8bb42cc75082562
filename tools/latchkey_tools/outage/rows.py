"""What is done to the controller's way to its broker: a row each, begun before the first tap and ended after the last.

A row yields a question: what shows that the fault has happened? Its answer is a sentence, or nothing; a drill in which
nothing happened has shown nothing.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from latchkey_tools.cloud import topics
from latchkey_tools.outage import replay
from latchkey_tools.outage.bench import Bench
from latchkey_tools.outage.certificates import BAD_BROKERS, CLOCKS
from latchkey_tools.outage.places import Places
from latchkey_tools.outage.replay import CloudKey
from latchkey_tools.simulator import cloud_faults

Shown = Callable[[], str]
Begun = AbstractAsyncContextManager[Shown]

_BRIEFLY_S = 0.3
_CHANGE_S = 4.0  # between two variants of a fault, longer than the longest wait of a car that lost its broker at once
_FLAP_S = 1.5
_AGAIN_S = 0.2
_LOOK_S = 0.01
_KILL_S = 5.0
_SLOW_NAME_S = 2.0
_FLOODED, _REPLAYED = 25, 10  # messages that the car took, at least; it takes ten a second


@dataclass
class Stage:
    """Where the rows play. reconnects_s: of the row that looks at them."""

    bench: Bench
    places: Places
    key: CloudKey
    reconnects_s: list[float] = field(default_factory=list)

    def said(self, words: str) -> str:
        """The car has given this reason for being away."""
        return next((why for why in self.bench.controller.whys if words in why), "")


@dataclass(frozen=True)
class Row:
    """name: also what `--rows` picks by. quick: among those that every run of the tests drills."""

    name: str
    begin: Callable[[Stage], Begun]
    quick: bool = False


def _way(mode: str, words: str) -> Callable[[Stage], Begun]:
    """The way to Mosquitto is broken, as FaultProxy does it. words: of the reason that the car then gives."""

    @asynccontextmanager
    async def row(stage: Stage) -> AsyncIterator[Shown]:
        proxy = stage.places.proxy
        await proxy.switch(mode)
        try:
            yield lambda: stage.said(words)
        finally:
            await proxy.switch(cloud_faults.OK)

    return row


def _enemy(mode: str, words: str, plain: bool = False, **options: int) -> Callable[[Stage], Begun]:
    """The broker is the hostile one. words: as above; none where the car has to take what comes."""

    @asynccontextmanager
    async def row(stage: Stage) -> AsyncIterator[Shown]:
        places = stage.places
        broker = places.plain if plain else places.hostile
        broker.change(mode, **options)
        try:
            await stage.bench.use(places.plain_enemy if plain else places.enemy)
            yield lambda: stage.said(words) if words else _taken(stage, _FLOODED)
        finally:
            broker.change("honest")

    return row


@asynccontextmanager
async def _dripping(stage: Stage) -> AsyncIterator[Shown]:
    """Where TLS should begin a byte comes in each second. The car gives up after ten, and tries again."""
    hostile = stage.places.hostile
    hostile.change("drip")
    before = hostile.counts()["connections"]
    try:
        await stage.bench.use(stage.places.enemy)
        yield lambda: _counted(hostile.counts()["connections"] - before, "handshakes begun")
    finally:
        hostile.change("honest")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count else ""


def _taken(stage: Stage, least: int) -> str:
    received = stage.bench.controller.received
    return f"{received} messages taken" if received >= least else ""


@asynccontextmanager
async def _slow(stage: Stage) -> AsyncIterator[Shown]:
    proxy = stage.places.proxy
    await proxy.switch(cloud_faults.SLOW)
    try:
        yield lambda: "the connection stands" if proxy.connections else ""
    finally:
        await proxy.switch(cloud_faults.RESET)
        await proxy.switch(cloud_faults.OK)


@asynccontextmanager
async def _stopped(stage: Stage) -> AsyncIterator[Shown]:
    """Stopped by a signal: the connection stands, and nobody is behind it."""
    mosquitto = stage.places.mosquitto
    await stage.bench.use(stage.places.direct)
    await stage.bench.connected()
    mosquitto.signal(signal.SIGSTOP)
    try:
        yield lambda: "nobody has answered" if mosquitto.is_stopped() else ""
    finally:
        mosquitto.signal(signal.SIGCONT)


def _certificates(names: tuple[str, ...]) -> Callable[[Stage], Begun]:
    """The hostile broker shows one wrong certificate after the other."""

    @asynccontextmanager
    async def row(stage: Stage) -> AsyncIterator[Shown]:
        hostile = stage.places.hostile

        async def show_all() -> None:
            while True:
                for name in names:
                    hostile.change("certificate", name=name)
                    await asyncio.sleep(_CHANGE_S)

        try:
            async with _meanwhile(show_all()):
                await asyncio.sleep(_LOOK_S)
                await stage.bench.use(stage.places.enemy)
                yield lambda: stage.said("certificate is not the right one")
        finally:
            hostile.change("honest")

    return row


def _names(mode: str, delay_s: float) -> Callable[[Stage], Begun]:
    """The broker has a name, and the name server takes its time."""

    @asynccontextmanager
    async def row(stage: Stage) -> AsyncIterator[Shown]:
        names, proxy = stage.places.names, stage.places.proxy
        await stage.bench.controller.ask(f"names {names.port}")
        names.mode, names.delay_s = mode, delay_s
        before = names.asked
        await proxy.switch(cloud_faults.RESET)  # else one name would do for a whole connection
        try:
            await stage.bench.use(stage.places.by_name)
            yield lambda: _counted(names.asked - before, "questions")
        finally:
            names.mode, names.delay_s = "honest", 0.0
            await proxy.switch(cloud_faults.OK)
            await stage.bench.set("dns", "")

    return row


@asynccontextmanager
async def _flapping(stage: Stage) -> AsyncIterator[Shown]:
    """Out of reach for 1.5 s, there for 1.5 s; what stood before is reset."""
    proxy, controller = stage.places.proxy, stage.bench.controller

    async def flap() -> None:
        while True:
            await controller.ask("up 0")
            await proxy.switch(cloud_faults.HALF_OPEN)
            await asyncio.sleep(_FLAP_S)
            await proxy.switch(cloud_faults.RESET)
            await proxy.switch(cloud_faults.OK)
            await controller.ask("up 1")
            await asyncio.sleep(_FLAP_S)

    try:
        async with _meanwhile(flap()):
            yield lambda: f"{controller.states.count('connected')} connections" if stage.said("no network") else ""
    finally:
        await controller.ask("up 1")
        await proxy.switch(cloud_faults.OK)


@asynccontextmanager
async def _replayed(stage: Stage) -> AsyncIterator[Shown]:
    """An unlock that the car took, once more: kept by Mosquitto, then by a broker that sends it in every manner."""
    bench, places = stage.bench, stage.places
    if bench.controller.car.bolt() != "unlocked":
        await bench.tap()  # what somebody at the car has just done outweighs the cloud
    commands = await stage.key.unlock(places.tools, bench.vin)
    await replay.keep(places.tools, bench.vin, commands)
    await bench.use(places.home)
    await bench.connected()
    await asyncio.sleep(_BRIEFLY_S)
    kept = bench.controller.received
    bench.controller.accepted = 0
    topic = topics.topic(bench.vin, topics.COMMAND)

    async def send_again() -> None:
        while True:
            for command in commands:
                for flags in ({"retain": True}, {"qos": 1}, {"qos": 1, "dup": True}, {}):
                    places.hostile.publish(topic, command, **flags)
                    await asyncio.sleep(_AGAIN_S)

    places.hostile.change("honest")
    await bench.use(places.enemy)
    await bench.connected()
    try:
        async with _meanwhile(send_again()):
            yield lambda: _taken(stage, _REPLAYED) if kept else ""
    finally:
        await replay.keep(places.tools, bench.vin, [])


@asynccontextmanager
async def _killed(stage: Stage) -> AsyncIterator[Shown]:
    """Killed again and again; each time it is started anew a second later."""
    bench, mosquitto = stage.bench, stage.places.mosquitto
    await bench.use(stage.places.direct)
    await bench.connected()

    async def kill() -> None:
        while True:
            mosquitto.signal(signal.SIGKILL)
            await _until(lambda: not mosquitto.running)
            await _until(lambda: mosquitto.running)
            began = time.monotonic()
            await _until(lambda: bench.controller.states[-1:] == ["connected"])
            stage.reconnects_s.append(time.monotonic() - began)
            await asyncio.sleep(_KILL_S)

    async with _meanwhile(kill()):
        yield lambda: "".join(f"back after {seconds:.1f} s; " for seconds in stage.reconnects_s).removesuffix("; ")
    await _until(lambda: mosquitto.running)


async def _until(happened: Callable[[], bool]) -> None:
    while not happened():
        await asyncio.sleep(_LOOK_S)


@asynccontextmanager
async def _meanwhile(doing: "Awaitable[None]") -> AsyncIterator[None]:
    """Beside the body, and no longer; an error of it is raised."""
    task = asyncio.ensure_future(doing)
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


ROWS = (
    Row("broker down: refused", _way(cloud_faults.DOWN, "nothing listens"), quick=True),
    Row("connection reset", _way(cloud_faults.RESET, "ended the connection")),
    Row("black hole: SYN unanswered", _enemy("swallow", "no answer in time")),
    Row("silent where TLS should be", _enemy("silent", "no answer in time")),
    Row("garbage where TLS should be", _way(cloud_faults.GARBAGE, "speaks no TLS")),
    Row("TLS handshake, 1 byte a second", _dripping),
    Row("broker stopped by a signal: half-open", _stopped),
    Row("1 byte a second", _slow),
    Row("2,000 messages a second of 200 B, plain", _enemy("flood", "", plain=True, rate=2_000, size=200)),
    Row("200 messages a second of 200 B, TLS", _enemy("flood", "", rate=200, size=200), quick=True),
    Row("messages of 7 KB", _enemy("large", "too long")),
    Row("packets declared as 256 MB", _enemy("huge", "too long")),
    Row("damaged packets, 100 a second", _enemy("malformed", "no broker sends")),
    Row("six wrong certificates", _certificates(BAD_BROKERS)),
    Row("clock off by ten years, both ways", _certificates(CLOCKS)),
    Row("name server answers after 2 s", _names("honest", _SLOW_NAME_S)),
    Row("name server silent", _names("silent", 0.0)),
    Row("Wi-Fi flapping", _flapping),
    Row("CONNACK 3: not available", _enemy("connack", "not available", code=3)),
    Row("CONNACK 5: not authorised", _enemy("connack", "not authorised", code=5)),
    Row("recorded commands: retained, queued, repeated", _replayed),
    Row("broker killed and started again", _killed),
)
