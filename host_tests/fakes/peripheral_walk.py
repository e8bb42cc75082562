"""Phones that do anything in any order with the Bluetooth driver, and what must hold whatever they do.

    walk = Walk(eager=True)
    walk.happen()                       # one thing, drawn: somebody connects, writes, leaves; time passes
    walk.end()                          # everything works again and everybody leaves; nothing is left of it

After each step: nobody reads what another phone wrote, nothing is missing or cut, a chunk is refused only where the
ring may be full, nobody is sent what was queued for another, and the radio has not been silent for five seconds. At
the end everything that was written has been read and everything queued has been heard, unless the walk broke it.

walk.losing = event: the next event of this kind is told to nobody.
"""

import random

from fakes.peripheral_world import World, frame, heard

_RING = 640
_SILENT_MOST_MS = 5_000
_BYTES = bytes([n * 7 & 0xFF for n in range(1_024)])


_HAPPENS = (
    ("connect", 6),
    ("write", 8),
    ("disconnect", 3),
    ("confirm", 3),
    ("send", 4),
    ("drop", 1),
    ("rest", 9),
    ("die", 1),
    ("repair", 2),
    ("run_out", 1),
)
_NAMES = [name for name, weight in _HAPPENS for _ in range(weight)]


def _draw(limit):
    return random.getrandbits(16) % limit


class Talk:
    """What one phone and the driver say to one another. whole: nothing that happened may have broken it."""

    def __init__(self, phone, number):
        self.phone = phone
        self.number = number
        self.written = []
        self.read = 0
        self.unread = 0  # bytes, as the ring counts them
        self.held = 0  # of these, the chunk that was read last: it lies there until the next one is read
        self.crowded = False  # something may have found no room
        self.sent = b""
        self.heard = b""
        self.serial = 0
        self.link = None
        self.whole = True

    def next_chunk(self, size):
        """No two chunks are the same, whoever writes them."""
        head = bytes((self.number & 0xFF, self.number >> 8 & 0xFF, len(self.written) & 0xFF))
        start = self.number & 0xFF
        return head + _BYTES[start : start + size - 3]


class Walk:
    """talks: those who have come since the last end(). lost: how many events."""

    def __init__(self, eager):
        self.world = World(eager)
        self.world.radio.loses = self._loses
        self.world.radio.meanwhile = self._meanwhile
        self.talks = []
        self.number = 0
        self.losing = 0
        self.lost = 0
        self.silent_ms = 0
        self.fixed = True
        self.busy = False

    def _loses(self, event):
        if event != self.losing:
            return False
        self.losing = 0
        self.lost += 1
        for talk in self.talks:
            talk.whole = False  # whose it was is not asked
        return True

    def _meanwhile(self, method):
        """Within one of the driver's own calls: once in a while something happens right then."""
        if self.world.radio.advertising is not None:
            self.silent_ms = 0
        if not self.busy and _draw(6) == 0:
            self.busy = True
            # Only not another phone under the number that an indication is just being sent to: the radio knows no more.
            what = (self.write, self.disconnect, self.connect, self.connect)
            what[_draw(2 if method == "gatts_indicate" else 4)]()
            self.busy = False

    # What may happen

    def happen(self):
        getattr(self, _NAMES[_draw(len(_NAMES))])()

    def connect(self):
        advertising = self.world.radio.advertising
        if advertising is None or not advertising[0] or len(self._there()) == 4:
            return
        if _draw(6) == 0:
            self.world.radio.fail_connect()
            return
        talk = self.come(_draw(3) > 0)
        if _draw(2):
            talk.phone.exchange_mtu((23, 64, 256, 517)[_draw(4)])

    def write(self):
        talk = self._one()
        if talk is None:
            return
        size = (3, 18, 18, 18, 20, 60, 181, 253, 512)[_draw(9)]
        for _ in range(1 + _draw(4) if size == 18 else 1):
            self.put(talk, size)

    def disconnect(self):
        talk = self._one()
        if talk is not None:
            talk.phone.disconnect()

    def confirm(self):
        talk = self._one()
        if talk is not None and self.awaits(talk):
            talk.phone.confirm()

    def send(self):
        talk = self._one()
        if talk is not None:
            self.queue(talk, (2, 30, 175, 300)[_draw(4)])

    def drop(self):
        talk = self._one()
        if talk is not None and talk.link is not None and self._is_its(talk):
            self.world.peripheral.drop(talk.link)
            talk.whole = False

    def rest(self):
        for _ in range((1, 1, 1, 1, 3, 20)[_draw(6)]):
            self.step((5, 50)[_draw(2)])

    def die(self):
        """The radio breaks down, and may not come back at once."""
        if _draw(8) == 0 and self.fixed:
            self.world.radio.break_down()
            self.world.radio.out_of_order = True
            self.fixed = False
            self.world.radio.poll()  # an air that is broken carries nothing, not even until somebody looks

    def repair(self):
        self.world.radio.out_of_order = False

    def run_out(self):
        self.world.radio.congested = not self.world.radio.congested

    # By hand

    def come(self, confirms):
        """Somebody connects and subscribes; returns the Talk."""
        self.number += 1
        before = self.lost
        phone = self.world.radio.connect(confirms)
        assert phone.subscribe(self.world.from_vehicle, True) == 0
        self.talks.append(Talk(phone, self.number))
        self.talks[-1].whole = self.lost == before
        return self.talks[-1]

    def put(self, talk, size):
        """A phone writes one chunk."""
        chunk = talk.next_chunk(size)
        needed = 4 + len(chunk)
        # what is there splits what is free into two pieces at most
        talk.crowded = talk.crowded or (talk.unread > 0 and talk.unread + 2 * needed > _RING)
        talk.unread += needed
        talk.written.append(chunk)
        talk.phone.write(self.world.to_vehicle, chunk)

    def queue(self, talk, size):
        """The driver is given a frame for a phone."""
        data = frame(size, talk.number)
        if self._is_its(talk) and talk.link.send(data):
            talk.sent += data

    def awaits(self, talk):
        """A phone that confirms by hand has something to confirm, and the radio knows."""
        known = self.world.radio.BLE()._links.get(talk.phone.link)
        return talk.phone.connected and not talk.phone._confirms and known is not None and known.indicating > 0

    # What holds

    def step(self, step_ms=5):
        self.world.step(1, step_ms)
        self.meet()
        self.read()
        on = self.world.radio.BLE().active()
        self.fixed = self.fixed or (on and not self.world.radio.out_of_order)
        if self.world.radio.advertising is not None or not self.fixed:
            self.silent_ms = 0
        else:
            self.silent_ms += step_ms
        assert self.silent_ms <= _SILENT_MOST_MS, self.silent_ms

    def meet(self):
        """Which connection got which link; none where the radio knows of no such connection any more."""
        for link in self.world.peripheral.links:
            known = self.world.radio.BLE()._links.get(link.handle)
            for talk in self.talks:
                if link.connected and known and talk.phone.address == known.address and not talk.serial:
                    talk.serial = link.serial
                    talk.link = link
        for talk in self.talks:
            if not talk.phone.connected:
                talk.whole = False

    def read(self):
        for talk in self.talks:
            if talk.link is None or not self._is_its(talk):
                continue
            for _ in range(1 + _draw(8)):
                chunk = talk.link.receive()
                talk.unread -= talk.held
                talk.held = 0
                if chunk is None:
                    break
                assert bytes(chunk) == talk.written[talk.read]
                talk.read += 1
                talk.held = 4 + len(chunk)
            assert not talk.link.overrun or talk.crowded
        for talk in self.talks:
            talk.heard += b"".join(heard(talk.phone))
            assert talk.sent.startswith(talk.heard)

    def end(self):
        """Everything works again; what was written comes, what was queued goes."""
        self.losing = 0
        self.world.radio.meanwhile = None
        self.world.radio.congested = self.world.radio.out_of_order = False
        for talk in self.talks:
            if self.awaits(talk):
                talk.phone.confirm()
            talk.phone._confirms = True
        waited = 0
        while waited < 5 or not all([self._settled(talk) for talk in self.talks]):
            self.step()
            waited += 1
            assert waited < 100
        for talk in self.talks:
            if talk.phone.connected:
                talk.phone.disconnect()
        self.step()
        self.talks = [talk for talk in self.talks if self._is_its(talk)]
        for link in self.world.peripheral.links:
            self.world.peripheral.drop(link)
        while not self.fixed or self.world.peripheral.connected:
            self.step(50)
        self.talks = []
        assert self.world.peripheral.connected == 0
        self.world.radio.meanwhile = self._meanwhile

    def _is_its(self, talk):
        return talk.link is not None and talk.link.connected and talk.link.serial == talk.serial

    def _settled(self, talk):
        """Everything was read and heard; or cannot be any more."""
        if not talk.whole or not talk.phone.connected or (self._is_its(talk) and talk.link.overrun):
            return True
        return (
            self._is_its(talk) and talk.read == len(talk.written) and talk.heard == talk.sent and not talk.link.sending
        )

    def _one(self):
        """One of those who are connected; None where nobody is."""
        there = self._there()
        return there[_draw(len(there))] if there else None

    def _there(self):
        return [talk for talk in self.talks if talk.phone.connected]
