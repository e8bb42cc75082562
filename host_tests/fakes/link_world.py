"""A vehicle that phones reach over the fake radio, stepped by hand: for many messages in little time.

    world = LinkWorld()
    owner = world.phone(1, codes.OWNER)       # enrolled, as if it had been paired long ago
    owner.connect()
    assert owner.command(UNLOCK) == "done"
    world.moved()                              # how often anything was driven
    world.boot()                               # the power was off

Real are the radio's driver, the link, the responder, the protocol, the list of keys on files, custody and the vehicle;
cards and their reader are left out: tap() asks what links/nfc asks of a card that has proved its key. A step takes as
much virtual time as one likes, so a message need not cost the hundred turns that it takes on the Bench.
"""

from latchkey.core import codes
from latchkey.core.request import Request
from latchkey.credentials import entries
from latchkey.credentials.identity import Identity
from latchkey.credentials.registry import Registry
from latchkey.crypto.digest import sha256
from latchkey.crypto.entropy import Entropy
from latchkey.drivers.ble_peripheral import Peripheral
from latchkey.links.ble import BleLink
from latchkey.links.reception import Reception
from latchkey.protocol.vehicle_command_identity import local_name
from latchkey.storage.records import Record

from fakes.authority import LATCHES, Authority, Outputs
from fakes.bench_chip import Generator
from fakes.bench_phone import LOCK, STATUS, UNLOCK, BenchPhone, add_key, legacy, remove_key
from fakes.marks import Marks
from fakes.phone import GCM, HMAC, Phone
from fakes.radio import Radio
from fakes.scratch import fresh_folder, remove

_TURN_MS = 5
_NO = 1  # a reading of a wire: not so (core/facts)
_ANSWER_TURNS = 12
_LONGEST_TURNS = 2_000
_TRAVEL_MS = 120


class LinkWorld:
    """seed: of the random numbers, and so of the vehicle's own key. by_hand: the board has no reader. close() it."""

    def __init__(self, seed=1, by_hand=False):
        self._by_hand = by_hand
        self.outputs = Outputs()
        self.clock = self.outputs.clock
        self.random = Generator(seed)
        self.marks = Marks()
        self._folder = fresh_folder()
        self.registry = self.identity = self.vehicle = self.radio = self.peripheral = self.link = None
        self.boot()

    def close(self):
        remove(self._folder)

    def boot(self):
        """Lose the power and come back: a new epoch, and whoever was connected is gone."""
        self.outputs.reset()
        if self.radio is not None:
            self.radio.BLE().active(False)
        self.registry = Registry(Record(self._folder + "/keys"), self.marks, 128)
        if self._by_hand:
            self.registry.owner_kind = entries.PHONE
        self.registry.load()
        if not self.registry.count and not self._by_hand:
            self.registry.add(card_key(0), codes.OWNER)
        entropy = Entropy(self.random)
        self.identity = Identity(Record(self._folder + "/identity"), self.marks)
        self.identity.load()
        for _ in self.identity.make_steps(entropy.fill):
            pass
        self.vehicle = Authority(self.outputs, self.registry, latches=LATCHES, marks=self.marks).vehicle
        self.vehicle.custody.identity = self.identity
        self.vehicle.custody.by_hand = self._by_hand
        self.vehicle.sense_crash(False)
        for sense in (self.vehicle.sense_door, self.vehicle.sense_ignition, self.vehicle.sense_speed):
            sense(_NO)
        self.vehicle.sense_bolt(codes.AT_LOCKED)
        self.radio = Radio()
        self.peripheral = Peripheral(self.radio, self.clock)
        self.reception = Reception(self.vehicle, self.identity, entropy, self.clock)
        self.link = BleLink(self.peripheral, self.vehicle, self.reception, self.clock)
        self.peripheral.start(local_name(self.identity.vin), "Latchkey")
        self.step(3)

    # Time

    def step(self, count=1, ms=_TURN_MS):
        """What main and the link do again and again."""
        for _ in range(count):
            self.clock.advance(ms)
            self.radio.poll()
            self._move_bolt()
            self.vehicle.tick()
            self.peripheral.poll()
            self.link._serve(self.reception.responder, self.clock.ticks_ms())

    def pass_ms(self, ms, turn_ms=250):
        self.step(max(1, ms // turn_ms), turn_ms)

    def _move_bolt(self):
        began = max(_last(self.outputs.lock), _last(self.outputs.unlock))
        if 0 <= began <= self.clock.elapsed_ms - _TRAVEL_MS:
            self.vehicle.sense_bolt(codes.AT_LOCKED if self.bolt() == "locked" else codes.AT_UNLOCKED)

    # Keys

    def phone(self, number, role=codes.NO_ROLE):
        """A phone, enrolled unless it has no role."""
        phone = LinkPhone(self, number)
        phone.meet(self.identity)
        if role and self.registry.add_phone(phone.key, role, phone.k, 9) < 0:
            raise AssertionError("not enrolled")
        return phone

    def active(self):
        """(number, role) of every active key."""
        registry = self.registry
        return [(n, registry.role(n)) for n in range(registry.count) if registry.condition(n) == entries.ACTIVE]

    def tap(self, key64, held=False):
        """A card with this key, which it has proved, lies on the reader; the verdict. See links/nfc._ask_vehicle."""
        vehicle, registry = self.vehicle, self.registry
        vehicle.sense_button(held)
        asking = Request(codes.KEYCARD)
        number = registry.find(key64)
        condition = registry.condition(number)
        known = condition not in (entries.ABSENT, entries.REVOKED)
        if not known and not vehicle.custody.wants_keys():
            verdict = codes.UNKNOWN_KEY
        elif not known:
            verdict = vehicle.show_key(asking, key64)
        else:
            asking.credential = number
            asking.generation = registry.entry_generation(number)
            asking.action = vehicle.meaning_of_tap(number, 3, True)
            verdict = vehicle.request(asking)
        vehicle.sense_button(False)
        return verdict

    def press(self, ms=50):
        """The cabin button, shortly or for longer."""
        self.vehicle.sense_button(True)
        self.step(10, ms // 10)
        self.vehicle.sense_button(False)
        self.step(10)
        self.pass_ms(1_500)

    # What can be seen

    def moved(self):
        """How often the bolt, a latch or the drive relay was driven."""
        coils = [self.outputs.lock, self.outputs.unlock] + list(self.outputs.latches.values())
        return sum([len(coil.driven) for coil in coils]) + self.outputs.drive.level

    def bolt(self):
        """ "locked" or "unlocked", as the motor has left it."""
        return "unlocked" if _last(self.outputs.unlock) > _last(self.outputs.lock) else "locked"

    def proven(self):
        """How many links have the rights of one that has signed."""
        return len([client for client in self.link._clients if client.connected and client.proven])

    def state(self):
        """All that a message could change."""
        custody = self.vehicle.custody
        return (self.moved(), self.registry.generation, custody.enrolment.state, self.vehicle.arbiter.drive.state)


class LinkPhone(BenchPhone):
    """BenchPhone without waiting: each method takes the steps that it needs. recorded: what it writes, if a list."""

    def __init__(self, world, number):
        super().__init__(world, number)
        self.recorded = None
        self.form = GCM
        self._world = world

    def move(self, world):
        """To another world, in which the vehicle has the same key."""
        self._world = self._bench = world
        self.line = None
        self.counter = 0

    def connect(self):
        world = self._world
        for _ in range(_LONGEST_TURNS):
            if world.radio.advertising is not None and world.radio.advertising[0]:
                break
            world.step()
        self.begin(world.radio.connect())
        self.said.clear()
        world.step(2)
        return self

    @property
    def is_connected(self):
        return self.line is not None and self.line.connected

    def write(self, message):
        if self.recorded is not None:
            self.recorded.append(bytes(message))
        super().write(message)

    def ask(self, message, turns=_ANSWER_TURNS, turn_ms=_TURN_MS):
        """The replies to a message, without broadcasts."""
        self.write(message)
        self._world.step(turns, turn_ms)
        return [reply for reply in self.frames() if not self._is_broadcast(reply)]

    def tell(self, message):
        """Write a message at the pace that a link is looked at for ever, whatever comes of it; connects if need be."""
        if not self.is_connected:
            self.connect()
        self.write(message)
        self._world.step(1, 250)
        if len(self.line.heard) > 8:
            self.line.heard.clear()
            self.line.answers.clear()
            self._taken = 0

    def handshake(self):
        """As BenchPhone's."""
        return self.learn(self.ask(Phone.handshake(self)))

    def command(self, payload=UNLOCK, form=GCM):
        """As BenchPhone's, in either form of signature."""
        self.form = form
        return self.outcome(self.ask(self.signed(payload, form)))

    def opened(self, reply, form=None):
        return super().opened(reply, form or self.form)


def _last(coil):
    """When it was driven last, -1 for never."""
    return coil.driven[-1][0] if coil.driven else -1


def card_key(number):
    """The key of a card: nobody computes with it here."""
    return bytearray(sha256(b"card", b"%d" % number) + sha256(b"key", b"%d" % number))


__all__ = ["GCM", "HMAC", "LOCK", "STATUS", "UNLOCK", "LinkPhone", "LinkWorld", "add_key", "legacy", "remove_key"]
