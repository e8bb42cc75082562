"""The gateway's core, its cars, and nothing in between but the test: no network, no clock but this one.

bench = Bench(unlock=True)
bench.owner("UNLOCK")            # what Home Assistant publishes
bench.run()                      # messages go to and fro until nothing is left to do
bench.shown()                    # what Home Assistant is shown of the first car's lock
"""

import json
from pathlib import Path

from cloud_car import CloudCar
from cryptography.hazmat.primitives.asymmetric import ec
from latchkey_tools.cloud import topics
from latchkey_tools.cloud.broker import Broker
from latchkey_tools.gateway.core import CARS, OWNER, Core, Note
from latchkey_tools.gateway.settings import CarSettings, Settings

PRIVATE = ec.derive_private_key((1 << 252) + 31337, ec.SECP256R1())
_HERE = Broker("127.0.0.1", 1, False)
_TURN_S = 0.2


def settings_of(cars, unlock=False, cars_broker=_HERE, owner=_HERE, silence_s=7_200.0):
    vehicles = tuple(CarSettings(car.vin, f"Car {number}") for number, car in enumerate(cars, 1))
    prefix, discovery = "latchkey-gateway", "homeassistant"
    return Settings(cars_broker, owner, prefix, discovery, vehicles, unlock, silence_s, Path("/nowhere"))


class Bench:
    """cars: CloudCars that know the gateway's key; close() it. to_cars, to_owner: what was published, all of it."""

    def __init__(self, count=1, unlock=False, silence_s=7_200.0, start=True):
        self.cars = [CloudCar(seed) for seed in range(1, count + 1)]
        for car in self.cars:
            car.enrol(PRIVATE)
        self.settings = settings_of(self.cars, unlock, silence_s=silence_s)
        self.now_s = 1_000.0
        self.to_cars, self.to_owner, self.notes = [], [], []
        self.retained = {}  # what the owner's broker has
        self.fresh = []  # published to the cars and not delivered yet
        self.restart(start)

    def close(self):
        for car in self.cars:
            car.close()

    def restart(self, start=True):
        """The gateway's process starts anew."""
        self.fresh = []
        self.core = Core(self.settings, PRIVATE, {car.vin: car.point for car in self.cars})
        if start:
            self.core.cars_up(self.now_s)
            self.core.owner_up(self.now_s)
            for car in self.cars:
                self.says(topics.ONLINE, b"1", car)
                self.says(topics.STATE, car.state(), car)
            self.pass_s(_TURN_S)

    # The owner's side

    def owner(self, payload, car=0, retained=False):
        topic = self.core.topics.car(self.cars[car].vin, "set")
        self.core.owner_heard(topic, payload.encode(), retained, self.now_s)
        self.collect()

    def kept(self, leaf, car=0):
        """What the owner's broker keeps of a car, as text."""
        return self.retained[self.core.topics.car(self.cars[car].vin, leaf)].decode()

    def shown(self, car=0):
        return self.kept("lock", car)

    def sensor(self, name, car=0):
        return json.loads(self.kept("sensors", car))[name]

    def health(self):
        return json.loads(self.retained[self.core.topics.health])

    # The cars' side

    def says(self, leaf, payload, car=None, retained=False):
        """Something comes in on a topic of a car; car: number or the car itself."""
        car = self.cars[car or 0] if car is None or isinstance(car, int) else car
        self.core.cars_heard(topics.topic(car.vin, leaf), payload, retained, self.now_s)
        self.collect()

    def deliver(self, message, car):
        """A message reaches a car; its replies reach the gateway, and so does its state."""
        for reply in self.cars[car].hear(message):
            self.says(topics.REPLY, reply, car)
        self.says(topics.STATE, self.cars[car].state(), car)

    def run(self, seconds=2.0):
        """Everything is delivered at once, for so long."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            while self.fresh:
                effect = self.fresh.pop(0)
                self.deliver(effect.payload, self.number(effect.topic))
            self.pass_s(_TURN_S)
            for number, car in enumerate(self.cars):
                self.says(topics.STATE, car.state(), number)

    def number(self, topic):
        """Which car a topic is of."""
        return [car.vin for car in self.cars].index(topics.parted(topic)[0])

    # Time

    def pass_s(self, seconds):
        """For the gateway, which ticks once at the end, and for the cars."""
        self.now_s += seconds
        for car in self.cars:
            car.pass_s(seconds)
        self.core.tick(self.now_s)
        self.collect()

    def collect(self):
        effects, self.core.out = self.core.out, []
        for effect in effects:
            if isinstance(effect, Note):
                self.notes.append(effect.text)
            elif effect.side == CARS:
                assert not effect.retain
                self.to_cars.append(effect)
                self.fresh.append(effect)
            else:
                assert effect.side == OWNER and effect.retain
                self.to_owner.append(effect)
                self.retained[effect.topic] = effect.payload
