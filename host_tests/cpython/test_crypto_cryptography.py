"""HMAC, HKDF, CMAC and AES blocks against the cryptography package, for lengths and cuts that no standard lists."""

from cryptography.hazmat.primitives import cmac as peer_cmac
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as peer_hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from latchkey.crypto.aes import Block
from latchkey.crypto.mac import cmac, hkdf, hmac_sha256

_SHORT = st.binary(max_size=200)
_KEY16 = st.binary(min_size=16, max_size=16)


@given(_SHORT, st.lists(_SHORT, max_size=4))
def test_hmac(key, parts):
    peer = peer_hmac.HMAC(key, hashes.SHA256())
    peer.update(b"".join(parts))
    assert hmac_sha256(key, *parts) == peer.finalize()


@given(_SHORT, _SHORT, _SHORT, st.integers(1, 200))
def test_hkdf(secret, salt, info, length):
    out = bytearray(length)
    hkdf(secret, salt, info, out)
    assert out == HKDF(hashes.SHA256(), length, salt, info).derive(secret)


@given(_KEY16, _SHORT)
def test_cmac(key, data):
    peer = peer_cmac.CMAC(algorithms.AES(key))
    peer.update(data)
    assert cmac(key, data) == peer.finalize()


@given(_KEY16 | st.binary(min_size=32, max_size=32), _KEY16)
def test_aes_blocks(key, data):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    block, out = Block(key), bytearray(16)
    block.encrypt(data, out)
    assert out == encryptor.update(data)
    block.decrypt(out, out)
    assert out == data
