"""The Bluetooth link: a phone that connects and signs a command becomes a request to the vehicle.

A command's way, from antenna to motor:

    drivers/ble_peripheral    connections, advertising, chunks in and indications out
    drivers/ble_link          one connection's
    links/ble                 this module: who may keep a place, whose turn it is
    protocol/…_frame          chunks become messages
    links/responder           a message becomes a request, a verdict becomes a reply
    protocol/vehicle_command  genuine, fresh, meant for this vehicle? what does it want?
    credentials/registry      which key of this vehicle that is
    vehicle.request           role, validity, revocation, at this moment
    core/arbiter, lock        may it, and what does that move
    drivers/actuator          the pulse

No elliptic curve, and no flash is written. There is no unlocking by being near: a relay would be near, too. A press on
the phone is what signs.

Places are few (4), and anybody may connect. Whoever has signed as a key of this vehicle stays. When the last place is
taken, one goes whose time to begin is over: the oldest of those who have not even named a key of this vehicle, else the
oldest. So a place is free again within a second. Addresses count for nothing, because they cost nothing. Everybody has
a limit to how much he may ask, and loses his place by saying nothing that makes sense, by writing more than there is
room for, by not fetching what he asked for. One message is looked at in each turn, and hardly any while a card is being
asked, so phones delay one another and nobody else. host_tests/story/test_story_drill.py measures all this.

Not protected against: somebody who jams the radio. One who bends the link layer, which MicroPython does not show: who
is hung up on keeps his place until he acknowledges that, in a connection event (every 4 s at most) or, if he does not,
for up to 32 s. Four keys of this vehicle that have all signed and stay. Cards need nothing of this.
"""

import asyncio
import time

from micropython import const

from latchkey.core import codes
from latchkey.core.request import NOBODY
from latchkey.drivers import ble_peripheral as radio
from latchkey.links import phone_view
from latchkey.links.reception import MAKE_AGAIN_MS
from latchkey.protocol.vehicle_command_frame import Frame
from latchkey.protocol.vehicle_command_identity import local_name

TYPE_CHECKING = const(False)
if TYPE_CHECKING:  # read by mypy, never run
    from latchkey.chip import Clock
    from latchkey.drivers.ble_link import Link
    from latchkey.drivers.ble_peripheral import Peripheral
    from latchkey.links.reception import Reception
    from latchkey.links.responder import Responder
    from latchkey.vehicle import Vehicle

_TURN_MS = const(5)
_SHORT_TURN_MS = const(1)  # while a stranger waits for an answer that is being computed: clients give up after 1 s
_BESIDE_A_CARD_MS = const(300)  # between messages while a card is being asked, which takes as long

# A client needs 0.3 to 1 s to find its way (services, MTU, subscription), then a few connection events to sign. What it
# is granted, nine others are granted as well: with 1 s they keep it away for 10 s once in 300 times; with 0.6 s once in
# ten, because it is hung up on too soon; with 1.4 s once in a hundred, because fewer come by.
_GRACE_MS = const(1_000)
_SIGN_MS = const(300)  # after it has named a key
_HELLO_MS = const(10_000)  # to say something that makes sense
_NAMED_MS = const(10_000)  # for so long, naming a key counts for something
_UNFETCHED_MS = const(5_000)
_NONSENSE = const(10)  # messages of a connection

# Messages: so many at once, and then one more each so many ms. Clients poll every few seconds, or press a button.
_BURST = const(20)
_REFILL_MS = const(250)


class Client:
    """Whoever is at the other end of one place. See responder.py."""

    def __init__(self, link: "Link") -> None:
        self.source = codes.PHONE
        self.serial = link.serial
        self.proven = False
        self.credential = NOBODY  # who has signed, and since when that key is as it is
        self.generation = 0
        self.link = link
        self.frame = Frame()
        self._named = False  # a key of this vehicle
        self._grace_ms = _GRACE_MS  # nobody takes its place before
        self._sensible = False
        self._nonsense = 0
        self._messages = _BURST  # that may be looked at
        self._refilled_at = 0
        self._unpacking = False  # a chunk is in `frame`

    def begin(self, now: int) -> None:
        """Somebody new is here."""
        self.serial = self.link.serial
        self.proven = self._named = self._sensible = self._unpacking = False
        self._grace_ms = _GRACE_MS
        self._nonsense = 0
        self._messages = _BURST
        self._refilled_at = now
        self.frame.reset()

    @property
    def connected(self) -> bool:
        return self.link.connected and self.link.serial == self.serial

    def send(self, frame: memoryview) -> bool:
        return self.link.send(frame)

    def next_message(self, now: int, clock: "Clock") -> bool:
        """Put chunks together, and stop at one in which nothing is; True when a whole message may be looked at."""
        self._refill(clock.ticks_diff(now, self._refilled_at), now)
        while self._messages:
            fresh = not self._unpacking
            if fresh:
                chunk = self.link.receive()
                if chunk is None:
                    return False
                self.frame.begin(chunk, self.link.idle_ms)
                self._unpacking = True
            if self.frame.next():
                self._messages -= 1
                return True
            self._unpacking = False
            if not self.frame.begun:
                self._nonsense += 1 if fresh else 0
                return False
        return False

    def said(self, sensible: bool, names_key: bool, age_ms: int) -> None:
        """The message was looked at."""
        self._sensible = self._sensible or sensible
        if names_key and not self._named:
            self._named = True
            self._grace_ms = max(_GRACE_MS, age_ms + _SIGN_MS)
        if not sensible and not self.proven:
            self._nonsense += 1

    def must_go(self, now: int, age_ms: int) -> bool:
        """Has lost its place by what it did, or did not do."""
        silent = not self._sensible and age_ms >= _HELLO_MS
        deaf = self.link.unconfirmed_ms(now) >= _UNFETCHED_MS
        return silent or deaf or self.link.overrun or self._nonsense >= _NONSENSE

    def weight(self, age_ms: int) -> int:
        """Who goes first when a place is wanted: the greatest. 0: stays."""
        if self.proven or age_ms < self._grace_ms:
            return 0
        return age_ms if self._named and age_ms < _NAMED_MS else age_ms + _NAMED_MS

    def _refill(self, passed_ms: int, now: int) -> None:
        if 0 <= passed_ms < _REFILL_MS:
            return
        self._refilled_at = now
        self._messages = min(_BURST, self._messages + (passed_ms // _REFILL_MS if passed_ms > 0 else _BURST))


class BleLink:
    """One radio."""

    def __init__(
        self,
        peripheral: "Peripheral",
        vehicle: "Vehicle",
        reception: "Reception",
        clock: "Clock" = time,
    ) -> None:
        self.peripheral = peripheral
        self._vehicle = vehicle
        self._reception = reception
        self._clock = clock
        self._clients = [Client(link) for link in peripheral.links]
        self._turn = 0
        self._looked_at = clock.ticks_ms()
        self._told = -1
        self._generation = 0  # of the list of keys
        self.turns = 0  # a sign of life

    async def run(self) -> None:
        """Serve phones for ever. The radio's faults are cured by its driver and do not come out of it."""
        reception = self._reception
        while reception.responder is None:
            self._tell_health()
            await reception.make(self.peripheral.warm_up)
            self._tell_health()
            if reception.responder is None:
                await self._rest()
        responder = reception.responder
        vin = reception.identity.vin
        self.peripheral.start(local_name(vin), "\U0001f511 Latchkey " + vin[-4:].decode())
        while True:
            self.peripheral.poll()
            self._tell_health()
            self._live()
            self._serve(responder, self._clock.ticks_ms())
            await asyncio.sleep_ms(_SHORT_TURN_MS if responder.computes else _TURN_MS)

    async def _rest(self) -> None:
        """Until the next attempt to make the vehicle's key."""
        for _ in range(MAKE_AGAIN_MS // 1_000):
            self._live()
            await asyncio.sleep_ms(1_000)

    def _live(self) -> None:
        self.turns = (self.turns + 1) & 0xFFFFFF

    def _tell_health(self) -> None:
        self._vehicle.radio_at_fault(self._reception.unserved or self.peripheral.state == radio.FAULT)

    def spoke_ms_ago(self, now: int) -> int:
        """How long ago a phone last said something; anything where that is days ago."""
        return self._clock.ticks_diff(now, self._looked_at)

    # One turn

    def _serve(self, responder: "Responder", now: int) -> None:
        """Notice who came, look at one message, give what is owed, tell a change of state."""
        self._look_after_places(responder, now)
        served = self._look_at_a_message(responder, now)
        responder.work(not served and not self._vehicle.attends)
        self._tell_change(responder)

    def _look_at_a_message(self, responder: "Responder", now: int) -> bool:
        """The next message of whoever's turn it is; False when nobody has one."""
        if self._vehicle.attends and 0 <= self._clock.ticks_diff(now, self._looked_at) < _BESIDE_A_CARD_MS:
            return False
        for _ in range(len(self._clients)):
            self._turn = (self._turn + 1) % len(self._clients)
            client = self._clients[self._turn]
            if client.link.connected and client.next_message(now, self._clock):
                self._looked_at = now
                sensible = responder.handle(client, client.frame.message)
                client.said(sensible, responder.names_key, self._age_ms(client.link, now))
                return True
        return False

    def _tell_change(self, responder: "Responder") -> None:
        """Whoever has signed is told unasked when lock or doors have changed."""
        seen = phone_view.revision(self._vehicle)
        if seen == self._told:
            return
        self._told = seen
        for client in self._clients:
            if client.link.connected and client.proven:
                responder.tell_status(client)

    # Places

    def _look_after_places(self, responder: "Responder", now: int) -> None:
        """Greet who is new, hang up on who has lost his place, and keep the last place free."""
        changed = self._generation != self._vehicle.registry.generation
        self._generation = self._vehicle.registry.generation
        worst = None
        most = 0
        for client in self._clients:
            link = client.link
            if not link.connected:
                continue
            if link.serial != client.serial:
                client.begin(now)
            if changed:
                client.proven = responder.still_knows(client)
            age_ms = self._age_ms(link, now)
            if client.must_go(now, age_ms):
                self.peripheral.drop(link)
                continue
            weight = 0 if responder.waits_for(client) else client.weight(age_ms)
            if weight > most:
                worst, most = link, weight
        if worst is not None and self.peripheral.connected == len(self._clients):
            self.peripheral.drop(worst)

    def _age_ms(self, link: "Link", now: int) -> int:
        age_ms = self._clock.ticks_diff(now, link.since)
        return age_ms if age_ms >= 0 else _HELLO_MS  # so long ago that ticks have come round
