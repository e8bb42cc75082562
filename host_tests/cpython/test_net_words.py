"""Every way a connection can fail has its words for people, and no words are left without it."""

from latchkey.net import net_error, net_words

_CODES = {name: value for name, value in vars(net_error).items() if name.isupper() and not name.startswith("_")}


def test_every_code_has_words_of_its_own():
    said = [net_words.reason(code) for code in _CODES.values()]
    assert all(said) and len(set(said)) == len(said) == len(set(_CODES.values()))


def test_there_are_words_for_nothing_else():
    assert [number for number in range(256) if net_words.reason(number) and number not in _CODES.values()] == []


def test_what_a_broker_can_say_for_good_is_a_code():
    assert {code for code in range(256) if net_error.stands_until_changed(code)} < set(_CODES.values())
    assert [net_error.refused(code).code for code in range(1, 6)] == [
        net_error.BAD_VERSION,
        net_error.BAD_CLIENT_ID,
        net_error.UNAVAILABLE,
        net_error.BAD_LOGIN,
        net_error.NOT_AUTHORISED,
    ]
