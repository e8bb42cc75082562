"""What listings say about cards. Bytes seen in the wild are named with where they were seen."""

from latchkey.drivers.pn532_error import BAD_ANSWER, Pn532Error
from latchkey.drivers.pn532_listing import Card, parse


def _listed(text):
    card = Card()
    assert parse(memoryview(bytes.fromhex(text)), card)
    return card


def _refused(data):
    card = Card()
    card.uid = b"kept"
    try:
        parse(memoryview(data), card)
    except Pn532Error as error:
        assert card.uid == b"kept"
        return error.code
    return 0


def test_an_empty_field():
    card = Card()
    assert not parse(memoryview(b"\x00"), card)
    assert not parse(memoryview(b"\x00\x01\x02"), card)
    assert card.uid == b""


def test_an_iphone():  # HAP-ESPHome issue 57
    card = _listed("0101" + "0004" + "20" + "0408d69833" + "0578807002")
    assert (card.target, card.atqa, card.sak) == (1, 0x0004, 0x20)
    assert card.uid == bytes.fromhex("08d69833")
    assert card.ats == bytes.fromhex("0578807002")
    assert card.iso_dep and card.has_random_uid


def test_a_desfire():  # Adafruit_CircuitPython_PN532 issue 14
    card = _listed("0101" + "0344" + "20" + "07047368a2c72280" + "067577810280")
    assert (card.atqa, card.sak) == (0x0344, 0x20)
    assert card.uid == bytes.fromhex("047368a2c72280")
    assert card.ats == bytes.fromhex("067577810280")
    assert card.iso_dep and not card.has_random_uid


def test_a_key_card():  # gist darconeous/2cd2de11148e3a75685940158bddf933
    card = _listed("0101" + "0048" + "20" + "0704112233445566" + "0578779102")
    assert card.ats == bytes.fromhex("0578779102")
    assert card.iso_dep


def test_without_ats():
    card = _listed("0101" + "0044" + "20" + "0704112233445566")
    assert card.iso_dep and card.ats == b""


def test_tags_take_no_apdus():
    for sak in ("00", "08", "18", "09"):
        card = _listed("0101" + "0044" + sak + "0704112233445566")
        assert not card.iso_dep and card.ats == b""


def test_sak_alone_decides():
    for sak, iso_dep in (("20", True), ("28", True), ("38", True), ("60", True), ("40", False), ("08", False)):
        assert _listed("0101" + "0004" + sak + "0411223344").iso_dep == iso_dep


def test_uids_of_all_lengths():
    for length in (4, 7, 10):
        uid = bytes(range(0x11, 0x11 + length))
        assert _listed("0101000420%02x" % length + uid.hex()).uid == uid


def test_of_two_targets_the_first_is_taken():
    card = _listed("0201" + "0044" + "00" + "0704112233445566" + "02" + "0004" + "20" + "0408d69833" + "0578807002")
    assert card.uid == bytes.fromhex("04112233445566")
    card = _listed("0201" + "0004" + "20" + "0408d69833" + "0578807002" + "02" + "0044" + "00" + "0704112233445566")
    assert card.ats == bytes.fromhex("0578807002")


def test_lengths_that_do_not_add_up():
    assert _refused(b"") == BAD_ANSWER
    for text in (
        "01",
        "01010044",
        "010100442007",  # no UID
        "0101004420070411223344",  # half a UID
        "01010044200b" + "11" * 11,  # no UID is that long
        "010100442000",
        "0101004420ff" + "11" * 255,
        "01010004200411223344" + "05788070",  # half an ATS
        "01010004200411223344" + "ff",
    ):
        assert _refused(bytes.fromhex(text)) == BAD_ANSWER


def test_a_copy_is_the_same_card():
    card = Card()
    other = _listed("0101" + "0344" + "20" + "07047368a2c72280" + "067577810280")
    card.copy(other)
    for name in ("target", "uid", "atqa", "sak", "ats"):
        assert getattr(card, name) == getattr(other, name)
