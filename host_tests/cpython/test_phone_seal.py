"""What the phone on a PC computes, against published vectors (reference: protocol.md, the clients' own tests)."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from latchkey.credentials.identity import name_of
from latchkey_tools.phone import seal
from latchkey_tools.phone.frame import MESSAGE_LIMIT, Assembly, framed

_VIN = "5YJ30123456789ABC"
_EPOCH = bytes.fromhex("4c463f9cc0d3d26906e982ed224adde6")
_CLIENT = ec.derive_private_key(
    int("2538cdc29a97c19c1e99a637d6cf4f8c970c118b56ede1e6323e6d162c4b30db", 16), ec.SECP256R1()
)
_VEHICLE = bytes.fromhex(
    "04c7a1f47138486aa4729971494878d33b1a24e39571f748a6e16c5955b3d877d3a6aaa0e955166474af5d32c410f439a2234137ad1bb085f"
    "d4e8813c958f11d97"
)
_K = bytes.fromhex("1b2fce19967b79db696f909cff89ea9a")


def test_names_and_short_ids():
    for vin, name in (
        ("5YJS0000000000000", "S1a87a5a75f3df858C"),
        ("5YJ3E1EA1KF000000", "Sa6bab0d54ffaecf1C"),
        (_VIN, "Sade9a822faa374f8C"),
    ):
        assert seal.local_name(vin) == name
    assert seal.short_id(seal.point_of(_CLIENT)) == "3fb59233"
    assert seal.short_id(_VEHICLE) == "04b5fead"


def test_the_name_that_a_controller_makes_from_its_key():
    for number in range(1, 40):
        point = seal.point_of(ec.derive_private_key(number, ec.SECP256R1()))
        vin = seal.vin_of(point)
        assert vin.encode() == name_of(point[1:])
        assert seal.names_its_key(vin)
    for vin in (_VIN, "LATCHKEY000000001", "LATCHKEY12345678", "LATCHKEYI23456789"):
        assert not seal.names_its_key(vin)


def test_shared_key():
    assert seal.agree(_CLIENT, _VEHICLE) == _K


def test_shared_key_whose_x_begins_with_zero():
    private = ec.derive_private_key(
        int("5260f8d6113875d86f8ee8fea340df1ffb40c658b5455e8c33d797c53a41afd3", 16), ec.SECP256R1()
    )
    point = bytearray.fromhex(
        "0407fb60b65b94e0de4a954c53be10003d9e69918dedfda5f4e9efb9ebd8c5bd672a53991c4068865d5fb44f97f6cecf8398f261dd1d7bc69"
        "be676afdc8ffacbcc"
    )
    assert seal.agree(private, bytes(point)).hex() == "0db468f9045e01c1798c54e52d7f408f"
    point[1] ^= 1
    for bad in (bytes(point), bytes(65), b"\x04" + bytes(64), bytes(point[:64]), b"\x02" + bytes(point[1:33]), b""):
        with pytest.raises(ValueError):
            seal.agree(private, bad)


def test_session_info_tag():
    info = bytes.fromhex(
        "0806124104c7a1f47138486aa4729971494878d33b1a24e39571f748a6e16c5955b3d877d3a6aaa0e955166474af5d32c410f439a2234137a"
        "d1bb085fd4e8813c958f11d971a104c463f9cc0d3d26906e982ed224adde6255a0a0000"
    )
    uuid = bytes.fromhex("1588d5a30eabc6f8fc9a951b11f6fd11")
    tag = bytes.fromhex("996c1fe38331be138f8039c194b14db2198846ed7d8251e6749284d7b32ea002")
    assert seal.vouches(_K, _VIN, uuid, info, tag)
    assert not seal.vouches(_K, _VIN, uuid, info, tag[:16])
    assert not seal.vouches(_K, _VIN, bytes(16), info, tag)
    assert not seal.vouches(_K, "5YJ30123456789ABD", uuid, info, tag)
    assert not seal.vouches(bytes(16), _VIN, uuid, info, tag)
    assert not seal.vouches(_K, _VIN, uuid, info[:-1] + b"\x01", tag)


def test_a_command():
    metadata = seal.command_metadata(_VIN, 2, _EPOCH, 2655, 7, 2)
    assert metadata.hex() == (
        "000105010102021135594a333031323334353637383941424303104c463f9cc0d3d26906e982ed224adde6040400000a5f05040000000707"
        "0400000002ff"
    )
    text, tag = seal.seal(_K, bytes(range(12)), metadata, b"\x10\x00")
    assert (text.hex(), tag.hex()) == ("095c", "fb2c706e06e0a7ddf7f339d1faa0fb74")


def test_the_two_replies_to_it():
    request_tag = bytes.fromhex("fb2c706e06e0a7ddf7f339d1faa0fb74")
    for counter, nonce, text, tag, plain in (
        (1, b"\xf1" * 12, "6918670626ff", "8c12eec83a955d5796a01594279fb1fb", "220412020807"),
        (2, b"\xf2" * 12, "", "daadad17649354d2a6781206c3f4b311", ""),
    ):

        def opened(
            counter=counter, flags=0, tag_of_request=request_tag, fault=0, domain=2, cut=16, nonce=nonce, **rest
        ):
            metadata = seal.reply_metadata(_VIN, domain, counter, flags, tag_of_request, fault)
            return seal.unseal(_K, nonce, metadata, rest["text"], rest["tag"][:cut])

        given_ = {"text": bytes.fromhex(text), "tag": bytes.fromhex(tag)}
        assert opened(**given_) == bytes.fromhex(plain)
        for wrong in (
            {"counter": counter + 1},
            {"flags": 2},
            {"tag_of_request": bytes(16)},
            {"fault": 1},
            {"domain": 3},
            {"cut": 15},
            {"nonce": nonce[:11]},
            {"nonce": b""},
        ):
            assert opened(**given_, **wrong) is None


@given(st.lists(st.binary(max_size=300), max_size=5), st.lists(st.integers(1, 80), min_size=1, max_size=30))
def test_frames_cut_anywhere_come_together_again(messages, cuts):
    stream = b"".join(framed(message) for message in messages)
    assembly, found, at, turn = Assembly(), [], 0, 0
    while at < len(stream):
        piece = cuts[turn % len(cuts)]
        found += assembly.take(stream[at : at + piece], turn * 0.9)
        at, turn = at + piece, turn + 1
    assert found == messages


def test_a_frame_that_stands_still_is_dropped():
    assembly = Assembly()
    assert assembly.take(b"\x00\x03ab", 10.0) == []
    assert assembly.take(b"\x00\x01c", 11.1) == [b"c"]
    assert assembly.take(b"\x00\x03ab", 20.0) == []
    assert assembly.take(b"c", 21.0) == [b"abc"]


def test_a_length_that_cannot_be_is_thrown_away_with_what_came_with_it():
    assembly = Assembly()
    longest = bytes(MESSAGE_LIMIT)
    assert assembly.take(framed(longest), 1.0) == [longest]
    assert assembly.take((MESSAGE_LIMIT + 1).to_bytes(2, "big") + bytes(40), 1.0) == []
    assert assembly.take(b"\x00\x01a", 1.0) == [b"a"]
    with pytest.raises(ValueError):
        framed(bytes(MESSAGE_LIMIT + 1))
