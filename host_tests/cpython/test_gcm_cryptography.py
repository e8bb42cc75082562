"""AES-GCM beside CPython's cryptography package, and its native loops on the 32 bits of an ESP32."""

import ast
from array import array
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fakes.wrapping_viper import load
from hypothesis import given, settings
from hypothesis import strategies as st
from latchkey.crypto import gcm, gcm_plain
from latchkey.crypto.gcm import Gcm
from latchkey_tools.benchmark import ARCHITECTURES, cross_compile

_SOURCE = Path(gcm.__file__).with_name("gcm_native.py")
_KEYS = st.binary(min_size=16, max_size=16) | st.binary(min_size=32, max_size=32)
_NONCES = st.binary(min_size=12, max_size=12)


@given(key=_KEYS, nonce=_NONCES, aad=st.binary(max_size=100), text=st.binary(max_size=300))
@settings(max_examples=300)
def test_seal_and_open_as_cryptography_does(key, nonce, aad, text):
    keyed, buffer, tag = Gcm(key), bytearray(text), bytearray(16)
    keyed.seal(nonce, aad, buffer, tag)
    assert bytes(buffer + tag) == AESGCM(key).encrypt(nonce, text, aad)
    assert keyed.open(nonce, aad, buffer, tag)
    assert buffer == text


@given(h=st.binary(min_size=16, max_size=16), state=st.binary(min_size=16, max_size=16), data=st.binary(max_size=70))
@settings(max_examples=100)
def test_ghash_on_32_bits(h, state, data):
    narrow = load(_SOURCE)
    table, expected_table = array("I", bytes(256)), array("I", bytes(256))
    found, expected = bytearray(state), bytearray(state)
    narrow.prepare(table, h)
    gcm_plain.prepare(expected_table, h)
    assert table == expected_table
    narrow.absorb(found, table, data, len(data))
    gcm_plain.absorb(expected, expected_table, data, len(data))
    assert found == expected


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_loops_compile_for_every_chip_and_stay_small(architecture, tmp_path):
    """Executable RAM on the ESP32 is the scarce kind."""
    target = tmp_path / "module.mpy"
    cross_compile(_SOURCE, target, architecture)
    assert target.read_bytes()[:1] == b"M"
    if architecture != "x64":
        assert target.stat().st_size <= 3_500


def test_no_constant_is_beyond_the_small_integers_of_32_bits():
    """2^30 and more compiles on 64 bits and is an object, which viper cannot compute with, on 32."""
    numbers = [node.value for node in ast.walk(ast.parse(_SOURCE.read_text())) if isinstance(node, ast.Constant)]
    assert max(number for number in numbers if isinstance(number, int)) < 1 << 30
