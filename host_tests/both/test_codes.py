"""The vocabulary itself: every number has one name, every name one number."""

from latchkey.core import codes


def test_every_verdict_has_a_name_of_its_own():
    names = [name for _, name in codes._NAMES]
    numbers = [number for number, _ in codes._NAMES]
    assert len(set(names)) == len(names)
    assert len(set(numbers)) == len(numbers)


def test_acceptance_is_the_first_decade():
    assert codes.is_accepted(codes.ACCEPTED)
    assert codes.is_accepted(codes.ALREADY)
    assert codes.is_accepted(codes.QUEUED)
    for number, _ in codes._NAMES:
        assert codes.is_accepted(number) == (number < 10)


def test_an_unknown_verdict_is_named_as_such():
    assert "254" in codes.verdict_name(254)
    assert codes.verdict_name(codes.HOT) == "the lock motor rests"
