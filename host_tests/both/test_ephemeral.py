"""The passing key pair and the cards seen last: what is ready ahead of time, and what a newer card displaces."""

from fakes.bench_chip import Generator
from fakes.virtual_time import VirtualTime
from latchkey.crypto import p256
from latchkey.protocol.ephemeral import Ephemeral

_CACHED = 8


def _card(n):
    """A private key and its public one."""
    private = bytes((0x22,)) * 31 + bytes((n + 1,))
    return private, bytearray(p256.public(private))


_CARDS = [_card(n) for n in range(_CACHED + 1)]


def _work(pair):
    while pair.work():
        pass


def _rested():
    """A pair whose E is made."""
    time = VirtualTime()
    pair = Ephemeral(_filling(Generator(3)), time)
    _work(pair)
    assert pair.ready
    return pair, time


def _filling(generator):
    def fill(buf):
        buf[:] = generator(len(buf))

    return fill


def _shared(pair, n):
    """(X, whether it was there at once)."""
    out, before = bytearray(32), p256.operations()
    for _ in pair.shared_steps(_CARDS[n][1], out):
        pass
    return bytes(out), p256.operations() == before


def test_the_cards_seen_last_are_ready_and_the_one_seen_longest_ago_gives_way():
    pair, _ = _rested()
    for n in range(_CACHED):
        pair.remember(_CARDS[n][1])
    pair.remember(_CARDS[0][1])  # seen again: card 1 is the oldest now
    pair.remember(_CARDS[_CACHED][1])
    _work(pair)
    for n in range(_CACHED + 1):
        assert _shared(pair, n) == (p256.shared(_CARDS[n][0], pair.public), n != 1), n


def test_what_was_computed_for_a_card_that_gave_way_meanwhile_is_no_other_card_s():
    pair, _ = _rested()
    pair.remember(_CARDS[0][1])
    assert pair.work(), "card 0 is being prepared"
    for n in range(1, _CACHED + 1):
        pair.remember(_CARDS[n][1])  # the last one takes its place
    _work(pair)
    for n in (_CACHED, 1, 0):
        assert _shared(pair, n) == (p256.shared(_CARDS[n][0], pair.public), n != 0), n


def test_a_new_pair_follows_a_tap_and_each_day_and_makes_what_was_ready_worthless():
    pair, time = _rested()
    pair.remember(_CARDS[0][1])
    _work(pair)
    seen = {bytes(pair.public)}
    for _ in range(2):
        assert not pair.work()
        pair.renew()
        _work(pair)
        seen.add(bytes(pair.public))
        time.advance(86_400_000)
        _work(pair)
        seen.add(bytes(pair.public))
        assert _shared(pair, 0) == (p256.shared(_CARDS[0][0], pair.public), True)
    assert len(seen) == 5
