"""The gateway without its connections: what comes in, and what goes out because of it. Pure; now_s is given.

    core.owner_up(now_s)  core.owner_heard(topic, payload, retained, now_s)     the trusted side
    core.cars_up(now_s)   core.cars_heard(topic, payload, retained, now_s)      the untrusted one
    core.cars_down(now_s)
    core.tick(now_s)                                                            several times a second
    core.out                                                                    Publish and Note, to be taken away

There is one way from a message to a signature: owner_heard(), topic PREFIX/VIN/set, not retained, LOCK or, where the
settings allow it, UNLOCK, to that car's Caller. What the cars' side says becomes a picture for Home Assistant and the
rest of an exchange that is under way, and is passed on at most a few times a second, however much of it comes.
"""

import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from latchkey_tools.cloud import topics as cars_topics
from latchkey_tools.gateway import discovery
from latchkey_tools.gateway.caller import LOCK, UNLOCK, Caller
from latchkey_tools.gateway.outage import Silence, Traffic, Unreachable, Wills
from latchkey_tools.gateway.picture import Picture
from latchkey_tools.gateway.settings import Settings
from latchkey_tools.phone import seal
from latchkey_tools.phone.session import Session

CARS, OWNER = "cars", "owner"
TICK_S = 0.2
_CARS_A_TICK = 20  # of which news are passed on, so that a flood on one side is none on the other
_ORDERS = {b"LOCK": LOCK, b"UNLOCK": UNLOCK}


@dataclass(frozen=True)
class Publish:
    """To be published on a side, at QoS 1."""

    side: str
    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True)
class Note:
    """For the log. warning: something is wrong."""

    text: str
    warning: bool = False


class Core:
    """vehicles: VIN -> the car's public key, as pinned when this gateway's key was enrolled."""

    def __init__(self, settings: Settings, private: ec.EllipticCurvePrivateKey, vehicles: dict[str, bytes]) -> None:
        self.out: list[Publish | Note] = []
        self.topics = discovery.Topics(settings)
        self.gateway_id = f"latchkey_gateway_{seal.short_id(seal.point_of(private))}"
        self._settings = settings
        self._now_s = 0.0
        self._owner_is_up = self._cars_are_up = False
        self._callers: dict[str, Caller] = {}
        self._pictures: dict[str, Picture] = {}
        self._by_topic: dict[str, str] = {}
        self._cars = {car.vin: car for car in settings.vehicles}
        for car in settings.vehicles:
            session = Session(private, car.vin, vehicles[car.vin], seconds=lambda: self._now_s)
            self._callers[car.vin] = Caller(session)
            self._pictures[car.vin] = Picture()
            self._by_topic[self.topics.car(car.vin, "set")] = car.vin
        self._told: dict[str, bytes] = {}  # topic -> what was last said there in this session
        self._unannounced: set[str] = set()  # cars that Home Assistant has to learn of anew
        self._changed: dict[str, None] = {}  # cars of which there is something to tell, the oldest news first
        self._unreachable = Unreachable()
        self._unreachable.note(False, 0.0)
        self._wills = Wills()
        self._silence = Silence(settings.silence_s)
        self._traffic = Traffic(len(settings.vehicles))
        self._wrong = ""

    # What to listen to

    @property
    def owner_topics(self) -> list[str]:
        return [self.topics.birth, *self._by_topic]

    @property
    def cars_topics(self) -> list[str]:
        return [cars_topics.topic(vin, leaf) for vin in self._callers for leaf in cars_topics.FROM_CAR]

    # The trusted side

    def owner_up(self, now_s: float) -> None:
        """A new session: nothing that was said in the one before is taken for known."""
        self._now_s = now_s
        self._owner_is_up = True
        self._announce()

    def owner_down(self, now_s: float) -> None:
        self._now_s = now_s
        self._owner_is_up = False

    def owner_heard(self, topic: str, payload: bytes, retained: bool, now_s: float) -> None:
        self._now_s = now_s
        if topic == self.topics.birth:
            if payload == b"online":
                self._announce()
            return
        vin = self._by_topic.get(topic)
        if vin is not None:
            self._order(vin, payload, retained)

    def _order(self, vin: str, payload: bytes, retained: bool) -> None:
        order = _ORDERS.get(payload)
        if order is None:
            self._note(f"{vin}: what came is neither LOCK nor UNLOCK, and was dropped", warning=True)
        elif retained:
            self._note(f"{vin}: a retained {order} was dropped: it is not known when it was meant", warning=True)
        else:
            why = self._forbidden(vin, order) or self._callers[vin].ask(order, self._now_s)
            if why:
                self._tell_order(vin, order, f"not sent: {why}")
            self._go_on(vin)

    def _forbidden(self, vin: str, order: str) -> str:
        if order == UNLOCK and not self._settings.unlock:
            return "unlocking is switched off at the gateway (unlock = true in its settings switches it on)"
        if not self._cars_are_up:
            return "the cars' broker cannot be reached"
        if self._pictures[vin].online is False:
            return "the car is not connected; cards and phones at the car work"
        return ""

    # The untrusted side

    def cars_up(self, now_s: float) -> None:
        self._now_s = now_s
        self._cars_are_up = True
        self._unreachable.note(True, now_s)
        self._changed |= dict.fromkeys(self._pictures)

    def cars_down(self, now_s: float) -> None:
        """Whether a car is connected is not known any more, and what is under way will not be answered."""
        self._now_s = now_s
        self._cars_are_up = False
        self._unreachable.note(False, now_s)
        for vin, picture in self._pictures.items():
            picture.online = None
            self._silence.away(vin)
            self._callers[vin].abandon("the connection to the cars' broker was lost")
            self._changed[vin] = None

    def cars_heard(self, topic: str, payload: bytes, retained: bool, now_s: float) -> None:
        self._now_s = now_s
        vin, leaf = cars_topics.parted(topic)
        if not retained:
            self._traffic.note(now_s)
        if vin not in self._pictures or len(payload) > cars_topics.MESSAGE_LIMIT:
            return
        if leaf == cars_topics.REPLY:
            self._callers[vin].take(payload)
            self._go_on(vin)
            return
        picture = self._pictures[vin]
        picture.note(leaf, payload)
        self._changed[vin] = None
        if leaf == cars_topics.ONLINE and picture.online is not None:
            self._wills.note(vin, picture.online, now_s)
        if picture.online:
            self._silence.note(vin, now_s)
        else:
            self._silence.away(vin)

    def cars_dropped(self, count: int, now_s: float) -> None:
        """So many messages came faster than they could be looked at."""
        self._traffic.note(now_s, count)

    # Time

    def tick(self, now_s: float) -> None:
        self._now_s = now_s
        for vin in self._callers:
            self._go_on(vin)
        self._look_for_outage()
        if self._owner_is_up:
            for vin in list(self._changed)[:_CARS_A_TICK]:
                del self._changed[vin]
                self._introduce(vin)
                self._tell(vin)
            self._tell_health()

    def _go_on(self, vin: str) -> None:
        caller = self._callers[vin]
        topic = cars_topics.topic(vin, cars_topics.COMMAND)
        self.out += [Publish(CARS, topic, message) for message in caller.step(self._now_s)]
        for outcome in caller.outcomes:
            said = outcome.sentence if outcome.accepted else f"not done: {outcome.sentence}"
            self._tell_order(vin, outcome.order, said)
        caller.outcomes.clear()

    def _look_for_outage(self) -> None:
        detectors = (self._unreachable, self._wills, self._silence, self._traffic)
        wrong = "; ".join(filter(None, [detector.problem(self._now_s) for detector in detectors]))
        if bool(wrong) != bool(self._wrong):
            self._note(f"outage: {wrong}" if wrong else "the outage is over", warning=bool(wrong))
        self._wrong = wrong

    # What Home Assistant is told

    def _announce(self) -> None:
        """All of it: Home Assistant, or its broker, has started anew."""
        self._told.clear()
        self._say(*discovery.gateway(self.topics, self.gateway_id))
        self._say(self.topics.status, b"online")
        self._unannounced |= self._pictures.keys()
        self._changed |= dict.fromkeys(self._pictures)

    def _introduce(self, vin: str) -> None:
        if vin in self._unannounced:
            self._unannounced.discard(vin)
            self._say(*discovery.car(self.topics, self._cars[vin], self.gateway_id))

    def _tell(self, vin: str) -> None:
        picture, topic = self._pictures[vin], self.topics.car
        self._say(topic(vin, "lock"), picture.lock.encode())
        self._say(topic(vin, "attributes"), _json(picture.attributes()))
        self._say(topic(vin, "sensors"), _json(picture.sensors()))
        self._say(topic(vin, "online"), b"online" if picture.online and self._cars_are_up else b"offline")

    def _tell_order(self, vin: str, order: str, said: str) -> None:
        self._pictures[vin].order = f"{order}: {said}"
        self._changed[vin] = None
        self._note(f"{vin}: {order}: {said}")

    def _tell_health(self) -> None:
        on = {True: "ON", False: "OFF"}
        health: dict[str, object] = {
            "outage": on[bool(self._wrong)],
            "broker": on[self._cars_are_up],
            "why": self._wrong[:255] or "nothing",
        }
        self._say(self.topics.health, _json(health))

    def _say(self, topic: str, payload: bytes) -> None:
        """Retained, so that Home Assistant knows it after its own restart; only what is new."""
        if self._told.get(topic) != payload:
            self._told[topic] = payload
            self.out.append(Publish(OWNER, topic, payload, retain=True))

    def _note(self, text: str, warning: bool = False) -> None:
        self.out.append(Note(text, warning))


def _json(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
