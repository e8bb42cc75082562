"""Key card authentications with known private keys, made with CPython's cryptography because none were ever published.

Protocol: gauss-key-card and its author's notes. In the last two the shared X starts with d5 and with 00: whoever strips
or adds a leading zero fails there.
"""

VEHICLE_PRIVATE = "188f3f3954b9ab550a6f7428838a8db822aed1144246ed0b2db16b7102fdc3bf"
VEHICLE = (
    "04ddd255e82b6162704f1bb9d2af53dccfbd3c4af560863a354007772d0f77e4b5"
    "c102ec8215afb86a145fe17ed112609e21980b6a153f85654c00f919bddeb840"
)
FIRST_PRIVATE = "36595b641b90d8f0d5cd00ab859e8d0803d8728e8b043fa1e73a2c1f9b4b5592"
FIRST_CARD = (
    "04ba021cd46c508b93535c7f810fe0869152a905f76ac4462ff2cd09dae2842813"
    "c7f304472eab28338a9f4fe66e0b17b6fff20342e49293c3527f665d8b89becd"
)
FIRST_SHORT_ID = "c6b87b27"
COUNTING = "000102030405060708090a0b0c0d0e0f"
SECOND_PRIVATE = "4af558b7f9bb6358d3dc38aa84e52fadd898dc35dc91fe110899bbd3ce287e9d"
THIRD_PRIVATE = "1d19da489e8a1899e87b832bdfea0ddfea0bfc541432167143ad087aa9bb6038"

# Card's private key, salt ("" for the plastic card), challenge, response.
VECTORS = (
    (FIRST_PRIVATE, "", COUNTING, "a1783d96ae353715e98ec4be1a6ee54c"),
    (FIRST_PRIVATE, "deadbeef", COUNTING, "0a1db1610404b249b50d1a2392474710"),
    (SECOND_PRIVATE, "a5a5a5a5", "00" * 16, "de7f647006ed77ea80f899964491d466"),
    (THIRD_PRIVATE, "01020304", "00112233445566778899aabbccddeeff", "06e677b7522275bff1403a9e6e699317"),
)

SELECT_PLASTIC = "00a404000a7465736c614c6f676963"
SELECT_GAUSS = "00a404000af465736c614c6f676963"
