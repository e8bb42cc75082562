"""A phone's key at the reader, and a card's over the air: each is worth something on its own link alone."""

from fakes.bench_gestures import open_enrolment
from fakes.bench_pairing import ask_unsigned, car, enrol_phone
from fakes.bench_phone import LOCK, STATUS, UNLOCK, BenchPhone, add_key
from latchkey.core import codes
from latchkey.protocol import vehicle_command_numbers as numbers
from plain_card import KeyCard

_ROLES = (
    codes.OWNER,
    codes.DRIVER,
    codes.GUEST,
    codes.SERVICE,
    codes.VEHICLE_MONITOR,
    codes.CHARGING_MANAGER,
    codes.FLEET_MANAGER,
)


def _card_of(phone, number):
    """A card that holds the private key of a phone, and can prove it."""
    return KeyCard(phone.private, b"\x04\x5e\x1f\x2a\x3c" + number.to_bytes(2, "big"))


def test_a_phone_s_key_in_a_card_opens_nothing_and_opens_no_enrolment():
    bench, owner = car()
    cards = [_card_of(enrol_phone(bench, n, role), n) for n, role in enumerate(_ROLES)]

    async def story():
        for card in cards:
            assert await bench.tap(card) == [codes.NOT_PERMITTED]
            assert bench.pulses() == []
            assert await open_enrolment(bench, card) == [codes.NOT_PERMITTED]
            assert bench.status()["enrolment"] == "closed"
        assert await open_enrolment(bench, owner) == [codes.ACCEPTED]
        for card in cards:
            assert await bench.tap(card) == [codes.NOT_PERMITTED]
            assert bench.status()["enrolment"] == "open" and bench.status()["pinned"] == ""
        assert {row["kind"] for row in bench.status()["keys"][1:]} == {"phone", "cloud key"}
        assert bench.status()["drive"] == "denied" and bench.bolt.pulses == []

    bench.run(story())


def test_a_card_s_key_in_a_phone_is_a_stranger_s():
    """Whoever has got hold of a card's private key must still come to the reader with it."""
    bench, _ = car()
    phone = BenchPhone(bench, 1)
    card = bench.enrol(_card_of(phone, 1), codes.OWNER)

    async def story():
        await phone.connect()
        assert await phone.handshake() == 1
        for payload in (UNLOCK, LOCK, STATUS, b"\x0a\x02\x08\x05", add_key(phone.key, codes.OWNER)):
            assert await phone.command(payload) == ("fault", numbers.UNKNOWN_KEY_ID)
        assert bench.pulses() == []
        assert codes.ACCEPTED in await bench.tap(card)
        await open_enrolment(bench, card)
        assert await ask_unsigned(phone, add_key(phone.key, codes.OWNER)) == ("keys", numbers.ALREADY_ON_LIST)

    bench.run(story())


def test_a_phone_s_card_confirms_nothing_for_it():
    """An owner's phone brings a key, and its own key at the reader is not the card that opened."""
    bench, owner = car()
    phone = enrol_phone(bench, 1, codes.OWNER)
    impostor = _card_of(phone, 1)
    new = BenchPhone(bench, 2)

    async def story():
        await phone.connect()
        await open_enrolment(bench, owner)
        await phone.handshake()
        assert await phone.command(add_key(new.key, codes.OWNER)) is None
        assert bench.status()["pinned"] == new.key_id.hex()
        assert await open_enrolment(bench, impostor) == [codes.NOT_PERMITTED]
        assert await bench.tap(impostor) == [codes.NOT_PERMITTED]
        await bench.pass_ms(30_000)
        assert phone.outcome(phone.frames()) == ("keys", numbers.NO_TAP_IN_TIME)
        assert len(bench.status()["keys"]) == 2

    bench.run(story())
