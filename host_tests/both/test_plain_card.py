"""The plain key card against vectors made with CPython's cryptography (OpenSSL), and its refusals.

The vectors are our own, made with known private keys because none were ever published; cpython/test_cards.py checks the
same card against that library with fresh keys. In the last two the shared X starts with d5 and with 00: whoever strips
or adds a leading zero fails there.
"""

from plain_card import KeyCard
from pn532_model import Pn532Model

VEHICLE = (
    "04ddd255e82b6162704f1bb9d2af53dccfbd3c4af560863a354007772d0f77e4b5"
    "c102ec8215afb86a145fe17ed112609e21980b6a153f85654c00f919bddeb840"
)
FIRST_CARD = (
    "04ba021cd46c508b93535c7f810fe0869152a905f76ac4462ff2cd09dae2842813"
    "c7f304472eab28338a9f4fe66e0b17b6fff20342e49293c3527f665d8b89becd"
)
COUNTING = "000102030405060708090a0b0c0d0e0f"
# private key, salt, challenge, response
VECTORS = (
    (
        "36595b641b90d8f0d5cd00ab859e8d0803d8728e8b043fa1e73a2c1f9b4b5592",
        "",
        COUNTING,
        "a1783d96ae353715e98ec4be1a6ee54c",
    ),
    (
        "36595b641b90d8f0d5cd00ab859e8d0803d8728e8b043fa1e73a2c1f9b4b5592",
        "deadbeef",
        COUNTING,
        "0a1db1610404b249b50d1a2392474710",
    ),
    (
        "4af558b7f9bb6358d3dc38aa84e52fadd898dc35dc91fe110899bbd3ce287e9d",
        "a5a5a5a5",
        "00" * 16,
        "de7f647006ed77ea80f899964491d466",
    ),
    (
        "1d19da489e8a1899e87b832bdfea0ddfea0bfc541432167143ad087aa9bb6038",
        "01020304",
        "00112233445566778899aabbccddeeff",
        "06e677b7522275bff1403a9e6e699317",
    ),
)
SELECT_PLASTIC = "00a404000a7465736c614c6f676963"
SELECT_GAUSS = "00a404000af465736c614c6f676963"


def said(card: KeyCard, apdu: str) -> str:
    answer, delay_ms = card.transceive(bytes.fromhex(apdu))
    assert delay_ms > 0
    return answer.hex()


def fresh(gauss: bool = False) -> KeyCard:
    card = KeyCard(bytes.fromhex(VECTORS[0][0]), gauss=gauss)
    card.activated()
    return card


def test_answers_the_vectors() -> None:
    for private, salt, challenge, response in VECTORS:
        card = KeyCard(bytes.fromhex(private), gauss=bool(salt), salt=lambda salt=salt: bytes.fromhex(salt))
        card.activated()
        said(card, SELECT_GAUSS if salt else SELECT_PLASTIC)
        assert said(card, "8011000051" + VEHICLE + challenge + "00") == response + "9000"


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
