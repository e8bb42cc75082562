"""The composition root: the only file that knows which parts there are. Builds them, hands them over, runs them."""

import asyncio
import gc
import sys
import time

# Loading modules leaves waste between what stays. Unless it is swept up often, a small heap ends in crumbs: of 192 KB
# on a PC the largest piece left was 576 bytes, and neither native code nor the list of keys found room.
if __name__ == "__main__":
    gc.threshold(2_000)

from latchkey.core import intent, lock
from latchkey.core.arbiter import Arbiter
from latchkey.core.heartbeat import Heartbeat
from latchkey.credentials import entries
from latchkey.credentials.identity import Identity
from latchkey.credentials.registry import Registry
from latchkey.crypto import p256
from latchkey.crypto.entropy import Entropy
from latchkey.drivers.actuator import DriveRelay, Latch, LockMotor
from latchkey.drivers.ble_peripheral import Peripheral
from latchkey.drivers.indicator import Indicator
from latchkey.drivers.inputs import Inputs
from latchkey.drivers.pn532 import Pn532
from latchkey.drivers.pn532_uart import Uart
from latchkey.drivers.reader import Reader
from latchkey.links.ble import BleLink
from latchkey.links.cloud_start import CloudStart
from latchkey.links.console import Console
from latchkey.links.nfc import MARGIN_MS, NfcLink
from latchkey.links.reception import Reception
from latchkey.links.recorder import Recorder
from latchkey.protocol.ephemeral import Ephemeral
from latchkey.storage import seed
from latchkey.storage.chain import Chain
from latchkey.storage.records import Record
from latchkey.storage.settings import Settings
from latchkey.vehicle import Vehicle
from micropython import const

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from typing import Protocol

    from latchkey.chip import Chip, Clock, Network
    from latchkey.core.heartbeat import Task
    from latchkey.drivers.pn532_dialogue import Transport
    from latchkey.links.cloud import CloudLink

    class Link(Protocol):
        async def run(self) -> None: ...

    Links = list[tuple[str, Link]]

    class Board(Protocol):
        """Board data: boards/*/board.py."""

        READERS: "tuple[tuple[str, int, str | None], ...]"
        PACE_MS: int
        PULSE_MS: int
        RELOCK: bool
        DRIVE_OUTPUT: "str | None"
        OPENERS: "tuple[tuple[int, str, int], ...]"


_TICK_MS = 5
_RESTART_MS = 1_000
_REST_MS = 1_000
_LETS_IN = ("nfc", "ble")  # links without which nobody gets in


def build(board: "Board", chip: "Chip", clock: "Clock" = time) -> "tuple[Vehicle, Inputs, Links]":
    """All parts of the controller, from board data; returns (vehicle, inputs, links).

    board: a module as in boards/*/board.py; chip: see latchkey.chip; clock: `time`, or a test's.
    """
    folder = mounted(chip)
    registry = Registry(Record((folder or "") + "/keys"), chip.marks)
    if folder is not None:  # else it stays unreadable: nobody is recognised and nobody can claim, but doors still open
        registry.load()
    wires = chip.wires()
    arbiter = Arbiter("bolt_locked" in wires, board.PULSE_MS, board.RELOCK)
    motor = LockMotor(chip.pulse("lock"), chip.pulse("unlock"), board.PULSE_MS, clock)
    permit = chip.level(board.DRIVE_OUTPUT) if board.DRIVE_OUTPUT and "ignition" in wires else None
    relay = DriveRelay(permit) if permit is not None else None
    red, green, blue, buzzer = [chip.level(name) for name in ("light_red", "light_green", "light_blue", "buzzer")]
    vehicle = Vehicle(arbiter, registry, motor, relay, Indicator(red, green, blue, buzzer, clock), clock, chip.marks)
    for action, output, pulse_ms in board.OPENERS:
        vehicle.fit_latch(action, Latch(chip.pulse(output), pulse_ms, clock))
    inputs = Inputs(wires, vehicle, clock)
    kept = seed.renewed(folder + "/seed", chip.random, chip.marks) if folder else b""
    vehicle.generator = entropy = Entropy(chip.random, kept)
    vehicle.custody.by_hand = not board.READERS
    if not board.READERS:
        registry.owner_kind = entries.PHONE
    readers = []
    links: "Links" = []
    cabin_has_one = any(place & intent.CABIN for _, place, _ in board.READERS)
    for number, (port, place, reset_pin) in enumerate(board.READERS):
        ephemeral = Ephemeral(entropy.fill_from_pool, clock)
        pn532 = Pn532(transport(chip, port), clock)
        reader = Reader(pn532, chip.level(reset_pin) if reset_pin else None, clock, board.PACE_MS)
        readers.append(reader)
        enrols = not cabin_has_one or place & intent.CABIN != 0
        margin_ms = getattr(board, "CARD_MARGIN_MS", MARGIN_MS)
        links.append(("nfc", NfcLink(reader, place, vehicle, ephemeral, entropy, clock, number, enrols, margin_ms)))
    # Without a file system the vehicle has no key of its own, so it has nothing to say to phones and cloud.
    radio = chip.radio() if folder is not None else None
    settings = Settings(Record(folder + "/settings") if folder else None)
    network = chip.network(settings) if folder is not None else None
    phones = cloud = None
    if radio is not None or network is not None:
        vehicle.custody.identity = identity = Identity(Record(str(folder) + "/identity"), chip.marks)
        identity.load()
        reception = Reception(vehicle, identity, entropy, clock)
        if radio is not None:
            phones = BleLink(Peripheral(radio, clock), vehicle, reception, clock)
            links.append(("ble", phones))
        if network is not None:
            seen = (vehicle, inputs, readers, phones)
            cloud = CloudStart(settings, lambda: cloud_link(network, reception, settings, entropy, clock, *seen))
            links.append(("cloud", cloud))
    recorder = None
    if folder is not None:
        recorder = Recorder(vehicle, Chain(folder + "/journal", chip.marks, chip.random), clock, chip.reset_cause)
        links.append(("journal", recorder))
    under = (chip, network, folder)
    console = Console(chip.console, vehicle, inputs, readers, phones, cloud, settings, recorder, under)
    links.append(("console", console))
    return vehicle, inputs, links


def transport(chip: "Chip", port: str) -> "Transport":
    """What carries a reader's frames: "spi:name", "i2c:name", or a serial port's name. Loads only what it takes."""
    bus, _, name = port.rpartition(":")
    if bus == "spi":
        from latchkey.drivers.pn532_spi import Spi

        return Spi(*chip.spi(name))
    if bus == "i2c":
        from latchkey.drivers.pn532_i2c import I2c

        return I2c(*chip.i2c(name))
    return Uart(chip.port(port))


def cloud_link(
    network: "Network",
    reception: Reception,
    settings: Settings,
    entropy: Entropy,
    clock: "Clock",
    vehicle: Vehicle,
    inputs: Inputs,
    readers: "list[Reader]",
    phones: "BleLink | None",
) -> "CloudLink":
    """Load and build the link to a broker: tens of kilobytes, so only where one is set; swept up as at the start."""
    sweep = getattr(gc, "threshold", int)  # CPython has none
    before = sweep()
    gc.collect()
    sweep(2_000)
    try:
        from latchkey.links.cloud import CloudLink
        from latchkey.links.cloud_news import News
    finally:
        sweep(before)

    news = News(vehicle, inputs, readers, phones)
    return CloudLink(network, vehicle, reception, settings, news, entropy, clock, phones)


def mounted(chip: "Chip") -> "str | None":
    """The path of the data file system, None where it cannot be mounted: crash and button must work without it."""
    try:
        return chip.mount()
    except OSError as error:
        print("The file system cannot be mounted (%s): no key is recognised." % error)
        return None


def tell(name: str, error: Exception) -> None:
    """Print what a link could not handle, as far as memory and cable allow."""
    try:
        print("link", name, "failed and starts again:")
        sys.print_exception(error)
    except Exception:
        pass


async def keep(name: str, link: "Link") -> None:
    """Run one link for ever. What it could not handle itself is printed, and it starts again; the others go on."""
    while True:
        try:
            await link.run()
        except Exception as error:
            tell(name, error)
        await asyncio.sleep_ms(_RESTART_MS)


async def run(chip: "Chip", vehicle: Vehicle, inputs: Inputs, links: "Links", clock: "Clock" = time) -> None:
    """The vehicle's own loop. If it fails the program ends, with outputs that end their pulses by themselves."""
    tasks = [asyncio.create_task(keep(name, link)) for name, link in links]
    local: "list[Task]" = [link for name, link in links if name in _LETS_IN]  # type: ignore[misc]
    heart = Heartbeat(local, clock)
    rested_at = clock.ticks_ms()
    while tasks:
        chip.poll()
        now = clock.ticks_ms()
        inputs.poll(now)
        vehicle.tick()
        chip.alive(heart.beats(now))
        nobody = not vehicle.attends and vehicle.arbiter.lock.motor == lock.STILL
        if nobody and clock.ticks_diff(now, rested_at) >= _REST_MS:
            rested_at = now
            chip.rest()
        await asyncio.sleep_ms(_TICK_MS)


def main() -> None:
    import board  # found beside this file; not at the top, so that whoever has a board of another kind can build it

    p256.variant()  # loads native code while the heap is in one piece
    chip = __import__("latchkey.chip." + board.CHIP, None, None, ("open",)).open(board)
    try:
        vehicle, inputs, links = build(board, chip)
        gc.collect()
        gc.threshold(-1)  # from here on only when the heap is full
        asyncio.run(run(chip, vehicle, inputs, links))
    except KeyboardInterrupt:  # on a board: somebody at the cable wants the interpreter
        chip.release()
        raise


if __name__ == "__main__":  # as it is on a board and on a PC; imported, it starts nothing
    main()
