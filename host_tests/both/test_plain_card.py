"""The plain key card against vectors made with OpenSSL, and its refusals. For fresh keys see cpython/test_cards.py."""

from fakes.keycard_vectors import VECTORS
from plain_card import KeyCard
from pn532_model import Pn532Model

SALTS = (b"", b"\xde\xad\xbe\xef", b"\xa5\xa5\xa5\xa5", b"\x01\x02\x03\x04")  # what the vectors' cards have drawn
FIRST = VECTORS[0]
FIRST_CARD = FIRST.card_public.hex()
VEHICLE = FIRST.vehicle_public.hex()
COUNTING = FIRST.challenge.hex()
SELECT_PLASTIC = "00a404000a7465736c614c6f676963"
SELECT_GAUSS = "00a404000af465736c614c6f676963"


def said(card: KeyCard, apdu: str) -> str:
    answer, delay_ms = card.transceive(bytes.fromhex(apdu))
    assert delay_ms > 0
    return answer.hex()


def fresh(gauss: bool = False) -> KeyCard:
    card = KeyCard(FIRST.card_private, gauss=gauss)
    card.activated()
    return card


def test_answers_the_vectors() -> None:
    for vector, salt in zip(VECTORS, SALTS):
        card = KeyCard(vector.card_private, gauss=bool(salt), salt=lambda salt=salt: salt)
        card.activated()
        said(card, SELECT_GAUSS if salt else SELECT_PLASTIC)
        assert said(card, vector.apdu.hex()) == vector.rapdu.hex()


def test_names_its_public_key_and_short_id() -> None:
    card = fresh()
    assert said(card, "8004000000") == FIRST_CARD + "9000"
    assert card.short_id == "c6b87b27"


def test_each_kind_has_its_own_application() -> None:
    assert said(fresh(), SELECT_PLASTIC) == "9000"
    assert said(fresh(), SELECT_PLASTIC + "00") == "9000"
    assert said(fresh(), SELECT_GAUSS) == "6a82"
    assert said(fresh(), "00a404000c7465736c6153746f7265303032") == "6999"
    assert said(fresh(True), SELECT_GAUSS) == "9000"
    assert said(fresh(True), SELECT_PLASTIC) == "6a82"
    assert said(fresh(), "00a404000a7465736c61") == "6700"


def test_a_gauss_card_wants_to_be_selected_each_time_it_is_activated() -> None:
    card = fresh(True)
    assert said(card, "8004000000") == "6986"
    said(card, SELECT_GAUSS)
    assert said(card, "8004000000") == FIRST_CARD + "9000"
    card.activated()
    assert said(card, "8004000000") == "6986"


def test_refuses_what_it_does_not_know() -> None:
    card = fresh()
    assert said(card, "0004000000") == "6e00"
    assert said(card, "80ff000000") == "6d00"
    assert said(card, "8011000050" + VEHICLE + "00" * 15) == "6700"
    assert said(card, "80") == "6700"
    off_curve = VEHICLE[:-2] + "41"
    assert said(card, "8011000051" + off_curve + COUNTING) == "6f00"
    assert said(card, "8011000051" + "02" + VEHICLE[2:] + COUNTING) == "6f00"
    assert said(card, "8011000051" + "04" + "ff" * 64 + COUNTING) == "6f00"
    assert said(card, "8014000000") == "00019000"


def test_can_be_tapped_on_the_reader_model() -> None:
    chip = Pn532Model()
    chip.put(fresh())
    chip.tick(0)
    chip.feed(bytes.fromhex("5555") + bytes(15) + bytes.fromhex("0000ff03fdd414011700"))
    chip.tick(10)
    chip.feed(bytes.fromhex("0000ff04fcd44a0100e100"))
    chip.tick(100)
    chip.take()
    select = bytes.fromhex("d44001" + SELECT_PLASTIC)
    chip.feed(b"\x00\x00\xff" + bytes([len(select), 256 - len(select)]) + select + bytes([-sum(select) & 255, 0]))
    chip.tick(110)
    assert chip.take() == bytes.fromhex("0000ff00ff00")
    chip.tick(150)
    assert chip.take() == bytes.fromhex("0000ff05fbd5410090005a00")
