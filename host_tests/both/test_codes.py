"""The vocabulary itself: every number has one name, every name one number."""

from latchkey.core import codes, words


def _verdicts():
    """(number, name) of every verdict that has a name."""
    return [(int(line.split(" ")[0]), line[line.index(" ") + 1 :]) for line in words._VERDICTS.strip().split("\n")]


def test_every_verdict_has_a_name_of_its_own():
    assert len({name for _, name in _verdicts()}) == len(_verdicts())
    assert len({number for number, _ in _verdicts()}) == len(_verdicts())
    for number, name in _verdicts():
        assert words.verdict_name(number) == name


def test_acceptance_is_the_first_decade():
    assert codes.is_accepted(codes.ACCEPTED)
    assert codes.is_accepted(codes.ALREADY)
    assert codes.is_accepted(codes.QUEUED)
    for number, _ in _verdicts():
        assert codes.is_accepted(number) == (number < 10)


def test_an_unknown_verdict_is_named_as_such():
    assert "254" in words.verdict_name(254)
    assert words.verdict_name(codes.HOT) == "the lock motor rests"


def test_a_word_is_found_by_its_number():
    assert words.word(words.SOURCES, codes.CRASH) == "crash"
    assert words.word(words.ROLES, codes.GUEST) == "guest"
    assert words.word(words.BOLTS, codes.NOT_FITTED) == "not fitted"
    assert words.word(words.ACTIONS, codes.REVOKE_KEY) == "revoke key"
