"""Phones that ask to be added again and again, in every form, whatever happens at the car: opening is not enrolling.

Real cars had a window after each tap of a card in which any phone could add itself. Here nothing that anybody does
opens one but the owner's gesture, and in that one what is added is the key that was pinned, confirmed by the card that
opened. Random lives of the same world stand in cpython/test_phone_spam_lives.
"""

from fakes.link_world import LOCK, UNLOCK, LinkWorld, add_key, card_key, legacy
from fakes.scale import SHORT
from latchkey.core import codes

_SPAM_S = 20 if SHORT else 300
_EVERY_MS = 1_000
_ROLES = (codes.OWNER, codes.DRIVER, codes.GUEST, codes.FLEET_MANAGER, codes.SERVICE, codes.NO_ROLE)
_OWNER, _DRIVER, _UNKNOWN = 0, 1, 7  # cards


def _world():
    world = LinkWorld()
    world.registry.add(card_key(_DRIVER), codes.DRIVER)
    owner = world.phone(1, codes.OWNER)
    return world, owner, [world.phone(number) for number in (51, 52, 53)]


def _spam(world, owner, strangers, seconds):
    """Each message in another form, from another phone, for another key and role; returns how many."""
    sent = 0
    for number in range(seconds * 1_000 // _EVERY_MS):
        phone = strangers[number % 3]
        key = strangers[(number // 3) % 3].key
        wish = add_key(key, _ROLES[number % 6])
        if number % 8 == 7:
            if not owner.is_connected:
                owner.connect()
            if number % 32 == 7:
                owner.handshake()
            owner.tell(owner.signed(wish))
        elif number % 2:
            phone.tell(legacy(wish))
        else:
            phone.tell(phone.unsigned(wish))
        world.step(1, _EVERY_MS - 250)
        sent += 1
    return sent


def _tap(world, card, held=False):
    verdict = world.tap(card_key(card), held)
    world.pass_ms(2_000)
    return verdict


def test_after_every_tap_and_every_press_nothing_is_added_for_five_minutes():
    world, owner, strangers = _world()
    keys = world.active()
    everything = (
        lambda: _tap(world, _OWNER),
        lambda: _tap(world, _DRIVER),
        lambda: _tap(world, _DRIVER, held=True),
        lambda: _tap(world, _UNKNOWN),
        lambda: _tap(world, _UNKNOWN, held=True),
        world.press,
        lambda: owner.connect().handshake() == 0 and owner.command(UNLOCK) and owner.command(LOCK),
        lambda: (_tap(world, _OWNER, held=True), _tap(world, _OWNER)),  # opened, and cancelled at once
        lambda: (_tap(world, _OWNER, held=True), world.pass_ms(61_000)),  # opened, and left to itself
        world.boot,
    )
    for happens in everything:
        happens()
        assert not world.vehicle.custody.wants_keys()
        assert _spam(world, owner, strangers, _SPAM_S) == _SPAM_S
        assert world.active() == keys and world.vehicle.custody.seconds_left() == 0
        assert not world.vehicle.custody.is_writing()
    world.close()


def test_while_a_blank_controller_is_claimed_no_phone_gets_in():
    world, owner, strangers = _world()
    custody = world.vehicle.custody
    world.registry.state = 0  # blank, as far as the claim can see
    assert custody.claim() == codes.ACCEPTED
    _spam(world, owner, strangers, 20)
    assert custody.claims() and len(world.active()) == 3
    world.close()


def test_spam_during_an_enrolment_ends_it_and_adds_nothing():
    """Two keys that show themselves are one too many, whoever came first; and the phone that was meant is told."""
    world, owner, strangers = _world()
    mine = world.phone(60)
    keys = world.active()
    for first_s in (0, 1, 5):
        assert _tap(world, _OWNER, held=True) == codes.ACCEPTED
        if first_s:
            _spam(world, owner, strangers, first_s)
            assert world.vehicle.custody.wants_keys() == (first_s == 1)  # one key is pinned, or two were too many
        mine.connect()
        told = mine.outcome(mine.ask(mine.unsigned(add_key(mine.key, codes.DRIVER))))
        if not first_s:
            assert told is None
            _spam(world, owner, strangers, 3)
            told = mine.outcome(mine.frames())
        if mine.is_connected:
            mine.line.disconnect()
        assert told in (("keys", 24), ("keys", 5))  # denied, or closed already
        assert not world.vehicle.custody.wants_keys()
        for _ in range(2):
            _tap(world, _OWNER)
            world.pass_ms(4_000)
        assert world.active() == keys
        _spam(world, owner, strangers, 10)
        assert world.active() == keys
    world.close()


def test_spam_while_the_confirmed_key_is_written_changes_neither_the_key_nor_its_role():
    world, _, strangers = _world()
    mine = world.phone(60).connect()
    assert _tap(world, _OWNER, held=True) == codes.ACCEPTED
    assert mine.outcome(mine.ask(mine.unsigned(add_key(mine.key, codes.DRIVER)))) is None
    for phone in strangers[:2]:
        phone.connect()
    world.pass_ms(400)  # a key is noted for a moment before a card confirms it
    assert world.tap(card_key(_OWNER)) == codes.ACCEPTED
    turns = 0
    while world.vehicle.custody.is_writing():
        phone = strangers[turns % 2]
        for wish in (add_key(phone.key, codes.OWNER), add_key(mine.key, codes.OWNER)):
            if phone.is_connected:  # who writes so fast is hung up on before long
                phone.write(phone.unsigned(wish))
        world.step()
        turns += 1
    assert turns > 3
    world.step(20)
    (number, role) = world.active()[-1]
    assert (number, role) == (world.registry.find(mine.key), codes.DRIVER) and len(world.active()) == 4
    world.close()
