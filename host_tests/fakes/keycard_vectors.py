"""Known answers of the key card protocol, made with CPython's cryptography package from random keys.

Fields as in a session: public keys with their leading 04, the shared X coordinate, the challenge, the card's response,
and both APDUs whole. The four cases: a plastic card (no salt), a card that salts, an X whose first byte is above 7f,
and an X that begins with 00; a card or reader that treats X as a number of minimal length fails the last two.
"""

from collections import namedtuple

Vector = namedtuple(
    "Vector",
    (
        "vehicle_private",
        "vehicle_public",
        "card_private",
        "card_public",
        "shared_x",
        "challenge",
        "response",
        "apdu",
        "rapdu",
    ),
)

# One line for each field, in the order above.
_HEX = (
    # no salt (plastic card)
    (
        "188f3f3954b9ab550a6f7428838a8db822aed1144246ed0b2db16b7102fdc3bf",
        "04ddd255e82b6162704f1bb9d2af53dccfbd3c4af560863a354007772d0f77e4b5c102ec8215afb86a145fe17ed112609e21980b"
        "6a153f85654c00f919bddeb840",
        "36595b641b90d8f0d5cd00ab859e8d0803d8728e8b043fa1e73a2c1f9b4b5592",
        "04ba021cd46c508b93535c7f810fe0869152a905f76ac4462ff2cd09dae2842813c7f304472eab28338a9f4fe66e0b17b6fff203"
        "42e49293c3527f665d8b89becd",
        "d05c3ac7089094b745013167a9ee84641b29ff344fbe2425d94520a97d025093",
        "000102030405060708090a0b0c0d0e0f",
        "a1783d96ae353715e98ec4be1a6ee54c",
        "801100005104ddd255e82b6162704f1bb9d2af53dccfbd3c4af560863a354007772d0f77e4b5c102ec8215afb86a145fe17ed112"
        "609e21980b6a153f85654c00f919bddeb840000102030405060708090a0b0c0d0e0f00",
        "a1783d96ae353715e98ec4be1a6ee54c9000",
    ),
    # salted (fob, phone, Gauss)
    (
        "188f3f3954b9ab550a6f7428838a8db822aed1144246ed0b2db16b7102fdc3bf",
        "04ddd255e82b6162704f1bb9d2af53dccfbd3c4af560863a354007772d0f77e4b5c102ec8215afb86a145fe17ed112609e21980b"
        "6a153f85654c00f919bddeb840",
        "36595b641b90d8f0d5cd00ab859e8d0803d8728e8b043fa1e73a2c1f9b4b5592",
        "04ba021cd46c508b93535c7f810fe0869152a905f76ac4462ff2cd09dae2842813c7f304472eab28338a9f4fe66e0b17b6fff203"
        "42e49293c3527f665d8b89becd",
        "d05c3ac7089094b745013167a9ee84641b29ff344fbe2425d94520a97d025093",
        "000102030405060708090a0b0c0d0e0f",
        "0a1db1610404b249b50d1a2392474710",
        "801100005104ddd255e82b6162704f1bb9d2af53dccfbd3c4af560863a354007772d0f77e4b5c102ec8215afb86a145fe17ed112"
        "609e21980b6a153f85654c00f919bddeb840000102030405060708090a0b0c0d0e0f00",
        "0a1db1610404b249b50d1a23924747109000",
    ),
    # shared X starts with a byte over 7f
    (
        "188f3f3954b9ab550a6f7428838a8db822aed1144246ed0b2db16b7102fdc3bf",
        "04ddd255e82b6162704f1bb9d2af53dccfbd3c4af560863a354007772d0f77e4b5c102ec8215afb86a145fe17ed112609e21980b"
        "6a153f85654c00f919bddeb840",
        "4af558b7f9bb6358d3dc38aa84e52fadd898dc35dc91fe110899bbd3ce287e9d",
        "04e24ccb14bdaa63d20526fd822d14bc7758fb748d2c8b0d208ce554121db754b2ab7854db68289645d05476fe93e1933c774e0d"
        "a994f9c0fddcf14791af9e21c9",
        "d5a00bfb8f8111bda7c6af85d41f4dc392e3c77818bb69328325d6c9e48d6ae2",
        "00000000000000000000000000000000",
        "de7f647006ed77ea80f899964491d466",
        "801100005104ddd255e82b6162704f1bb9d2af53dccfbd3c4af560863a354007772d0f77e4b5c102ec8215afb86a145fe17ed112"
        "609e21980b6a153f85654c00f919bddeb8400000000000000000000000000000000000",
        "de7f647006ed77ea80f899964491d4669000",
    ),
    # shared X starts with 00
    (
        "188f3f3954b9ab550a6f7428838a8db822aed1144246ed0b2db16b7102fdc3bf",
        "04ddd255e82b6162704f1bb9d2af53dccfbd3c4af560863a354007772d0f77e4b5c102ec8215afb86a145fe17ed112609e21980b"
        "6a153f85654c00f919bddeb840",
        "1d19da489e8a1899e87b832bdfea0ddfea0bfc541432167143ad087aa9bb6038",
        "048dacb4310d9773a5078cc09433f32ba60b5474d41c09d9f2cac7a44309a39d728ce425098a99842feb3770d3b0a119950931a3"
        "3970d1585e56b4cfbc032bec34",
        "00f879fc18fc0c2ce16cd604ddb661468753cf6f99729fcf387e62957da092f0",
        "00112233445566778899aabbccddeeff",
        "06e677b7522275bff1403a9e6e699317",
        "801100005104ddd255e82b6162704f1bb9d2af53dccfbd3c4af560863a354007772d0f77e4b5c102ec8215afb86a145fe17ed112"
        "609e21980b6a153f85654c00f919bddeb84000112233445566778899aabbccddeeff00",
        "06e677b7522275bff1403a9e6e6993179000",
    ),
)

VECTORS = tuple(Vector(*(bytes.fromhex(text) for text in row)) for row in _HEX)
