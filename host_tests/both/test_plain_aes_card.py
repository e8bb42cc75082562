"""The plain AES card against what the cards' maker has published, its refusals, and the loss of the field.

No code of the firmware is used: the reader's part of each conversation is published, or computed by the card's own AES.
"""

from fakes.aes_card_vectors import AUTHENTICATIONS, COMMANDS, GET_CARD_UID
from plain_aes_card import FACTORY_KEY, AesCard, checksum

SELECT = "00a4040c07d276000085010100"
GET_UID = "9051000008" + "00" * 9  # under a code of zeros
NEW_KEY = bytes(range(16))


def said(card: AesCard, apdu: str) -> str:
    return card.transceive(bytes.fromhex(apdu))[0].hex()


def drawing(*values: bytes):
    waiting = list(values)

    def draw(length: int) -> bytes:
        value = waiting.pop(0)
        assert len(value) == length
        return value

    return draw


def selected(**given) -> AesCard:
    card = AesCard(**given)
    assert said(card, SELECT) == "9000"
    return card


def prove(card: AesCard, number: int = 0, key: bytes = FACTORY_KEY) -> str:
    """The reader's part of AuthenticateEV2First, with RndA 00..0f."""
    first = card.transceive(bytes.fromhex("9071000002%02x0000" % number))[0]
    if first[-2:] != b"\x91\xaf":
        return first.hex()
    rnd_b = card._decrypt(key, first[:16])
    second = card._cbc_encrypt(key, bytes(16), bytes(range(16)) + rnd_b[1:] + rnd_b[:1])
    return card.transceive(b"\x90\xaf\x00\x00\x20" + second + b"\x00")[0].hex()


def change(card: AesCard, number: int, new: bytes, old: bytes = FACTORY_KEY, version: int = 1) -> bytes:
    """ChangeKey within the present session, sealed with the card's own keys."""
    plain = (
        new + bytes((version,)) if number == card._number else card_xor(new, old) + bytes((version,)) + checksum(new)
    )
    plain += b"\x80" + bytes(31 - len(plain))
    cipher = card._cbc_encrypt(card._enc_key, card._vector(b"\xa5\x5a"), plain)
    data = bytes((number,)) + cipher
    data += card._code(0xC4, data)
    return card.transceive(b"\x90\xc4\x00\x00\x29" + data + b"\x00")[0]


def card_xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other))


def in_session(command) -> AesCard:
    card = selected()
    prove(card)
    card._enc_key, card._mac_key, card._ti, card._count = command.enc_key, command.mac_key, command.ti, command.count
    return card


def test_published_authentications() -> None:
    for vector in AUTHENTICATIONS:
        card = selected(draw=drawing(vector.rnd_b, vector.ti))
        assert said(card, "9071000002%02x0000" % vector.number) == vector.first.hex() + "91af"
        assert said(card, "90af000020" + vector.second.hex() + "00") == vector.third.hex() + "9100"
        assert card._enc_key == vector.enc_key and card._mac_key == vector.mac_key
        assert card.proofs == 1 and card.wrong_in_all == 0


def test_published_key_changes() -> None:
    other, own = COMMANDS[3], COMMANDS[4]
    card = in_session(other)
    assert card.transceive(other.apdu)[0] == other.answer + b"\x91\x00"
    assert card.keys[2] == other.data[:16] and card.versions[2] == 1
    assert card.transceive(own.apdu)[0] == b"\x91\x00"
    assert card.keys[0] == own.data[:16] and card.versions[0] == 1
    assert card.keys[1] == FACTORY_KEY
    assert said(card, GET_UID) == "91ae"  # the session is over


def test_published_uid() -> None:
    command = COMMANDS[GET_CARD_UID]
    card = in_session(command)
    assert card.own_uid == command.plain
    assert card.transceive(command.apdu)[0] == command.answer + b"\x91\x00"


def test_checksum_of_the_published_key() -> None:
    assert checksum(bytes.fromhex("f3847d627727ed3bc9c4cc050489b966")).hex() == "789dfadc"


def test_selection() -> None:
    card = AesCard()
    assert said(card, "00a404000af465736c614c6f676963") == "6a82"
    assert said(card, "9071000002000000") == "919d"  # before any selection
    assert said(card, "00a4040007d2760000850101") == "9000"
    assert said(card, "8004000000") == "6e00"
    assert said(card, "905a00000301020300") == "911c"
    assert said(card, "90") == "6700"
    card = AesCard(names=(b"\xf0mine", b"\x01\x02\x03"), desfire=True)
    assert said(card, SELECT) == "6a82"
    assert said(card, "905a00000301020400") == "91a0"
    assert said(card, "905a00000301020300") == "9100"
    assert said(card, "00a4040c05f06d696e6500") == "9000"
    card.activated()
    assert said(card, "9071000002000000") == "919d"


def test_a_wrong_key_is_counted_and_many_of_them_delay() -> None:
    card = selected()
    for count in range(1, 51):
        assert prove(card, 0, NEW_KEY) == "91ae"
        assert card.wrong_in_a_row == card.wrong_in_all == count
    assert prove(card) == "91ad"
    assert prove(card)[-4:] == "9100"
    assert card.wrong_in_a_row == 0 and card.wrong_in_all == 40


def test_refusals() -> None:
    card = selected()
    assert said(card, "9071000002050000") == "9140"
    assert said(card, "90710000010000") == "917e"
    assert said(card, "90af000000") == "91ca"
    assert said(card, GET_UID) == "91ae"
    assert said(card, "9071000002000000")[-4:] == "91af"
    assert said(card, "90af00001f" + "00" * 31 + "00") == "917e"
    assert said(card, "90770000010000") == "919d"
    prove(card, 1)
    assert change(card, 2, NEW_KEY).hex() == "919d"  # not by key 1
    prove(card)
    assert said(card, GET_UID) == "911e"
    prove(card)
    assert change(card, 2, NEW_KEY, NEW_KEY).hex() == "911e"  # another old key: the checksum tells
    assert card.keys[2] == FACTORY_KEY


def test_versions() -> None:
    card = selected()
    assert said(card, "9060000000") == "04040130001a0591af"
    assert said(card, "90af000000") == "04040130001a0591af"
    assert said(card, "90af000000") == "04958caa5c5e80" + "0000000000" + "34269100"
    assert said(card, "90640000010000") == "009100"
    prove(card)
    assert change(card, 0, NEW_KEY, version=7) == b"\x91\x00"
    assert said(card, "90640000010000") == "079100"


def test_lrp_mode_answers_with_a_mode_byte() -> None:
    answer = selected(lrp=True).transceive(bytes.fromhex("9071000002000000"))[0]
    assert len(answer) == 19 and answer[0] == 1 and answer[-2:] == b"\x91\xaf"


def test_a_hidden_card_shows_another_uid_each_time() -> None:
    card = AesCard(hidden=True, draw=drawing(b"\x01\x02\x03", b"\x04\x05\x06"))
    assert card.uid == b"\x08\x01\x02\x03"
    card.activated()
    assert card.uid == b"\x08\x04\x05\x06"


def test_wherever_a_key_change_is_torn_the_old_or_the_new_key_is_in_force() -> None:
    seen = set()
    for moment in range(1, 14):
        card = selected()
        card.tear_at = moment
        if prove(card)[-4:] == "9100":
            change(card, 0, NEW_KEY)
        torn = card.tear_at == 0
        card.tear_at = 0
        assert (said(card, SELECT) == "") == torn
        assert card.keys[0] in (FACTORY_KEY, NEW_KEY)
        card.activated()
        said(card, SELECT)
        assert prove(card, 0, card.keys[0])[-4:] == "9100"
        seen.add((torn, card.keys[0] == NEW_KEY))
    assert seen == {(True, False), (True, True), (False, True)}
