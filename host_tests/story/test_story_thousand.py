"""A thousand cards of both families in the list, a reader on each of the three buses: what a tap spends, counted.

From the card's last answer to the pulse no operation on the curve is begun, no flash is touched and nobody is waited
for; one AES block is computed for a card with a key pair, two for an AES card.
"""

from fakes.bench import Bench, codes
from fakes.bench_aes_cards import ActingAesCard, key_of
from fakes.bench_cards import Acting
from fakes.bench_counters import PROOF, CountedBlocks, Counters
from fakes.bench_disk import new_disk
from latchkey.credentials import entries
from latchkey.protocol import aes_card
from latchkey.storage.records import Record

_CARDS = 1_000
_LAST_STEP = 3  # of an AES card: SELECT, first part, second part
_TAPS = 2


class _CountingBlock(aes_card.Block):
    count = 0

    def encrypt(self, block, out):
        _CountingBlock.count += 1
        super().encrypt(block, out)

    def decrypt(self, block, out):
        _CountingBlock.count += 1
        super().decrypt(block, out)


def _enrol_all(disk, keycard, aes):
    """Both cards among strangers of both families: every other one is an AES card."""
    blocks = [entries.header()]
    for number in range(_CARDS - 2):
        if number % 2:
            blocks.append(_aes_entry(codes.DRIVER, b"\x05" + number.to_bytes(6, "big"), bytes(16)))
        else:
            blocks.append(entries.entry(codes.DRIVER, 1, number.to_bytes(4, "big") * 16))
    blocks.append(entries.entry(codes.OWNER, 1, keycard.public[1:]))
    blocks.append(_aes_entry(codes.OWNER, aes.own_uid, key_of(2)))
    for _ in Record(disk.mount() + "/keys").change_steps(0, b"".join(blocks)):
        pass
    aes.keys[0], aes.versions[0] = key_of(2), 1


def _aes_entry(role, uid, key):
    name = entries.card_name(uid)
    return entries.entry(role, 1, name, entries.AES_CARD, entries.tail(name, key, entries.SETTLED, 0))


def _spent(buses):
    """What taps of a keycard and of an AES card spend, and the AES blocks of the latter, one row for each tap."""
    bench = Bench(disk=new_disk(1024, 400), buses=buses)
    counters = Counters(bench)
    began = []

    def asked():
        began.append(_CountingBlock.count)
        counters.ask()

    cards = Acting(1, {PROOF: counters.ask}), ActingAesCard(2, {_LAST_STEP: asked})
    _enrol_all(bench.disk, *cards)
    blocks = []

    async def story():
        await bench.pass_ms(1_000)
        assert bench.vehicle.registry.count == _CARDS
        for card in cards:
            for _ in range(_TAPS):
                began.clear()
                assert codes.ACCEPTED in await bench.tap(card, 1_000, 2_500)
                blocks.append(_CountingBlock.count - began[0] if began else 0)

    plain, aes_card.Block = aes_card.Block, _CountingBlock
    try:
        with CountedBlocks():
            bench.run(story())
    finally:
        aes_card.Block = plain
    assert len(counters.spent) == len(bench.bolt.pulses) == len(cards) * _TAPS
    return counters.spent, blocks


def _holds(buses):
    spent, blocks = _spent(buses)
    for one in spent:
        assert (one.curve, one.opened, one.flash, one.ms, one.turns) == (0, 0, 0, 0, 0), (buses, spent)
    assert [one.blocks for one in spent[:_TAPS]] == [1] * _TAPS
    assert blocks == [0] * _TAPS + [2] * _TAPS, blocks


def test_a_thousand_cards_on_a_serial_line():
    _holds(())


def test_a_thousand_cards_on_spi():
    _holds(("spi irq",))


def test_a_thousand_cards_on_i2c():
    _holds(("i2c",))
