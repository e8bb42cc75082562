"""A reader on the bench: the firmware's driver, a model of the chip behind a serial line, and virtual time."""

from latchkey.drivers.pn532 import Pn532
from latchkey.drivers.pn532_uart import Uart
from latchkey.drivers.reader import Reader
from pn532_model import Card as ModelCard
from pn532_model import Pn532Model, Tag

from fakes.scripted import bus
from fakes.uart import ModelUart, ResetPin
from fakes.virtual_time import VirtualTime

KEY_UID = bytes.fromhex("04a1a2a3a4a5a6")
BANK_UID = bytes.fromhex("04b1b2b3b4b5b6")


class EchoCard(ModelCard):
    """Answers an APDU with itself and 9000, after a time; counts how often it was activated."""

    def __init__(self, uid=KEY_UID, delay_ms=20):
        self.uid = uid
        self.delay_ms = delay_ms
        self.activations = 0

    def activated(self):
        self.activations += 1

    def transceive(self, apdu):
        return apdu + b"\x90\x00", self.delay_ms


class RandomCard(EchoCard):
    """A phone: another random UID at each activation."""

    def __init__(self):
        super().__init__(bytes.fromhex("08000000"))

    def activated(self):
        self.activations += 1
        self.uid = bytes((8, 0, self.activations >> 8, self.activations & 0xFF))


class MuteCard(EchoCard):
    """Takes the APDU, asks for more time and never answers."""

    def transceive(self, apdu):
        return None

    def late_answer(self):
        return None


class Bench:
    """`reader` and what it stands on. `health`: every change of its health, as (elapsed_ms, state).

    kind: "uart" or one of buses.KINDS; else what usual() has said. `bus`: the chip's side of a bus, for its faults.
    """

    def __init__(self, reset_wired=True, pace_ms=100, kind=None):
        self.time = VirtualTime()
        self.kind = kind or bus[0]
        if self.kind == "uart":
            self.model = self.bus = Pn532Model()
            self.port = ModelUart(self.time, self.model)
            transport = Uart(self.port)
        else:
            from fakes.buses import Wired  # takes room that tests of serial lines need not have

            self.wired = Wired(self.time, self.kind)
            self.bus, self.model, self.port = self.wired.bus, self.wired.model, self.wired.port
            transport = self.wired.transport()
        self.pin = ResetPin(self.bus)
        self.chip = Pn532(transport, self.time)
        self.reader = Reader(self.chip, self.pin if reset_wired else None, self.time, pace_ms)
        self.health = []
        self.reader.on_health(self._note)

    def _note(self, state):
        self.health.append((self.time.elapsed_ms, state))

    def run(self, coroutine, limit_ms=120_000):
        return self.time.run(coroutine, limit_ms)


__all__ = ["BANK_UID", "KEY_UID", "Bench", "EchoCard", "MuteCard", "RandomCard", "Tag"]
