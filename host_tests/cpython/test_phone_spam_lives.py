"""Random lives at the car while phones ask to be added: the list of keys grows where the rules say so, nowhere else.

Everything goes through the link: frames of three phones and of an enrolled owner's, in every form, for every key, in
every role, between taps of cards, button, removals, losses of power and stretches of time. The witness beside it knows
the rules and not the machine: an owner's card with the button held opens for 60 s; the first key that shows itself is
meant, for 30 s; another one ends it; the card that opened confirms it, and one more key is in the list: that key, in
the role it asked for, capped by whether the button was held.
"""

from fakes.link_world import LinkWorld, add_key, card_key, legacy, remove_key
from fakes.scale import LONG
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey.core import codes

_OPEN_MS, _PINNED_MS = 60_000, 30_000
_REACH_MS = 500  # before a card is at the reader; sooner than 300 ms nothing is confirmed (custody.owner_tap)
_UNSURE_MS = 1_500  # so near a deadline nobody says what is right
_OWNERS, _DRIVER, _UNKNOWN = (0, 1), 2, 7  # cards
_SIGNER, _PHONES = 1, (51, 52, 53)  # numbers of phones; the first is an owner's
_ASKED = (codes.OWNER, codes.DRIVER, codes.GUEST, codes.CHARGING_MANAGER, codes.FLEET_MANAGER)
_NEVER = (codes.SERVICE, codes.NO_ROLE, 7)

_TAPS = [("tap", card, held) for card in (*_OWNERS, _DRIVER, _UNKNOWN) for held in (False, True)]
_SHOWS = [
    ("show", (sender, key, form), role)
    for sender in _PHONES
    for key in _PHONES
    for form in ("python", "older")
    for role in (*_ASKED, *_NEVER)
] + [("show", (_SIGNER, key, "signed"), role) for key in _PHONES for role in (*_ASKED, *_NEVER)]
_OTHERS = [
    ("press", 0, 0),
    ("reboot", 0, 0),
    ("leave", 0, 0),
    *[("remove", key, 0) for key in _PHONES],
    *[("pass", ms, 0) for ms in (1_000, 8_000, 33_000, 65_000)],
]
_HOLDS = [("hold", ms, 0) for ms in (300, 2_000, 6_000, 11_000)]
_HAND = "the button"


def _lives(gestures):
    return st.lists(
        st.one_of(st.sampled_from(gestures), st.sampled_from(gestures[:4]), st.sampled_from(_SHOWS + _OTHERS)),
        min_size=20,
        max_size=60,
    )


class _Witness:
    """opener: the card that opened; key: what was shown first, and the role it asked for."""

    def __init__(self):
        self.forget()

    def forget(self):
        self.opener = self.key = self.asked = None
        self.until = 0

    def look_at_the_clock(self, now):
        if self.opener is not None and now >= self.until:
            self.forget()

    def unsure(self, now, takes_ms):
        return self.opener is not None and -_UNSURE_MS < self.until - now < takes_ms + _UNSURE_MS

    def show(self, key, asked, now):
        if self.opener is None:
            return
        if self.key is None:
            self.key, self.asked, self.until = key, asked, now + _PINNED_MS
        elif key != self.key:
            self.forget()

    def owner_taps(self, card, held, now):
        """(key, role) that the list gains by this tap, or None."""
        if self.opener is None:
            if held:
                self.opener, self.until = card, now + _OPEN_MS
        elif card == self.opener:
            return self._confirmed(held)
        return None

    def owner_holds(self, ms, now):
        """The same for the button of a board without a reader."""
        if self.opener is None:
            if ms >= 10_000:
                self.opener, self.until = _HAND, now + 10_000 + _OPEN_MS
        elif ms >= 1_000:
            return self._confirmed(ms >= 5_000)
        return None

    def _confirmed(self, as_owner):
        gained = None
        if self.key is not None:
            most = codes.OWNER if as_owner else codes.DRIVER
            gained = self.key, most if self.asked in (codes.OWNER, codes.DRIVER) else self.asked
        self.forget()
        return gained


class _Life:
    def __init__(self, by_hand=False):
        self.world = LinkWorld(by_hand=by_hand)
        self.witness = _Witness()
        self.grown = 0
        self.phones = {number: _phone(self.world, number) for number in (_SIGNER, *_PHONES)}
        signer = self.phones[_SIGNER]
        assert self.world.registry.add_phone(signer.key, codes.OWNER, signer.k) >= 0
        for card, role in () if by_hand else ((1, codes.OWNER), (_DRIVER, codes.DRIVER)):
            self.world.registry.add(card_key(card), role)

    def do(self, kind, what, more):
        world, witness = self.world, self.witness
        while witness.unsure(world.clock.elapsed_ms, what if kind == "hold" else 0):
            world.pass_ms(1_000)
        witness.look_at_the_clock(world.clock.elapsed_ms)
        before = self._held()
        gained = getattr(self, "_" + kind)(what, more)
        while world.vehicle.custody.is_writing():
            world.step()
        world.step(4)
        after = self._held()
        if gained is None:
            assert set(after) <= set(before), (kind, what, more)
            assert {key: after[key] for key in after} == {key: before[key] for key in after}
        else:
            key, role = gained
            assert after == {**before, key: role}, (kind, what, more)
            self.grown += 1

    def _held(self):
        """key -> role of every key that is in force."""
        registry = self.world.registry
        found = {}
        for number, role in self.world.active():
            key = bytearray(64)
            assert registry.key(number, key)
            found[bytes(key)] = role
        return found

    def _known(self, key):
        return bytes(key) in self._held()

    def _tap(self, card, held):
        world, witness = self.world, self.witness
        world.pass_ms(_REACH_MS)
        now = world.clock.elapsed_ms
        key = bytes(card_key(card))
        gained = None
        role = self._held().get(key)
        if role == codes.OWNER:
            gained = witness.owner_taps(card, held, now)
        elif role is None:
            witness.show(key, codes.DRIVER, now)
        world.tap(bytearray(key), held)
        return gained

    def _show(self, sent, role):
        sender, key_of, form = sent
        phone, key = self._connected(sender), self.phones[key_of].key
        wish = add_key(key, role)
        if form == "signed":
            phone.handshake()
        message = {"python": phone.unsigned, "older": legacy, "signed": phone.signed}[form](wish)
        if role in _ASKED and not self._known(key):
            self.witness.show(key, role, self.world.clock.elapsed_ms)
        phone.ask(message, 4)

    def _remove(self, key_of, _):
        signer = self._connected(_SIGNER)
        signer.handshake()
        signer.ask(signer.signed(remove_key(self.phones[key_of].key)), 4)

    def _hold(self, ms, _):
        gained = self.witness.owner_holds(ms, self.world.clock.elapsed_ms)
        self.world.press(ms)
        return gained

    def _press(self, *_):
        self.world.press()

    def _pass(self, ms, _):
        self.world.pass_ms(ms)

    def _leave(self, *_):
        for phone in self.phones.values():
            if phone.is_connected:
                phone.line.disconnect()

    def _reboot(self, *_):
        self.witness.forget()
        self.world.boot()

    def _connected(self, number):
        phone = self.phones[number]
        if not phone.is_connected:
            self.world.pass_ms(1_000)  # whoever is in the way loses his place by then
            phone.connect()
        return phone


_made = {}


def _phone(world, number):
    """The same phone for every life: its arithmetic is done once. All lives are of one vehicle."""
    if number not in _made:
        _made[number] = world.phone(number)
        _made[number].vehicle_key = bytes(world.identity.public_key)
    phone = _made[number]
    assert phone.vehicle_key == bytes(world.identity.public_key)
    phone.move(world)
    return phone


def _live(life, by_hand):
    this = _Life(by_hand)
    try:
        for event in life:
            this.do(*event)
    finally:
        this.world.close()
    _grown.append(this.grown)


_grown = []


@settings(max_examples=2_000 if LONG else 60)
@given(_lives(_TAPS))
def _with_a_reader(life):
    _live(life, False)


@settings(max_examples=2_000 if LONG else 60)
@given(_lives(_HOLDS))
def _by_hand(life):
    _live(life, True)


def test_random_lives_grow_the_list_by_the_rules_alone():
    for lives in (_with_a_reader, _by_hand):
        _grown.clear()
        lives()
        assert sum(_grown) > len(_grown) // 4  # the rules were met, and often enough to have been tried


def test_lives_that_end_with_one_more_key_are_among_them():
    """What the rules allow does happen, also between two pieces of spam."""
    this = _Life()
    for event in (
        ("show", (51, 52, "python"), codes.OWNER),
        ("tap", 0, True),
        ("show", (52, 53, "older"), codes.SERVICE),
        ("show", (51, 51, "python"), codes.OWNER),
        ("show", (52, 51, "older"), codes.GUEST),
        ("tap", 1, True),
        ("tap", 0, False),
        ("show", (51, 52, "python"), codes.OWNER),
        ("tap", 1, True),
        ("show", (_SIGNER, 52, "signed"), codes.OWNER),
        ("pass", 8_000, 0),
        ("tap", 1, True),
        ("remove", 51, 0),
        ("tap", 0, True),
        ("show", (53, 51, "older"), codes.FLEET_MANAGER),
        ("tap", 0, True),
    ):
        this.do(*event)
    assert this.grown == 3
    this.world.close()
