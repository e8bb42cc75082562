"""Key files: what is kept, who may read it, and what is said about files that cannot be used."""

import json
import os
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from latchkey_tools.phone import seal
from latchkey_tools.phone.keyring import Keyring, folder
from latchkey_tools.phone.problem import CannotStart
from phone_bench import OTHER_VEHICLE, VEHICLE

_VIN, _OTHER = "LATCHKEYABCDEFGH1", "LATCHKEYABCDEFGH2"


def test_a_key_is_made_once_and_read_again(tmp_path):
    ring = Keyring(tmp_path / "a" / "b")
    assert not ring.exists
    made = ring.make()
    assert ring.exists and ring.key_file.name == "phone.pem"
    assert seal.point_of(Keyring(tmp_path / "a" / "b").private()) == seal.point_of(made)
    assert ring.key_file.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    with pytest.raises(CannotStart):
        ring.make()
    assert seal.point_of(ring.private()) == seal.point_of(made)


def test_files_are_for_their_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        ring = Keyring(tmp_path / "latchkey")
        ring.make()
        ring.pin(_VIN, seal.point_of(VEHICLE))
    finally:
        os.umask(before)
    for path in (ring.key_file, ring.vehicles_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.key_file.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in ring.key_file.parent.iterdir()) == ["phone.json", "phone.pem"]


def test_a_private_key_that_others_may_read_is_not_used(tmp_path):
    ring = Keyring(tmp_path)
    ring.make()
    for mode in (0o644, 0o640, 0o604, 0o602):
        ring.key_file.chmod(mode)
        with pytest.raises(CannotStart) as raised:
            ring.private()
        assert f"chmod 600 {ring.key_file}" in str(raised.value)


def test_vehicles_are_pinned_and_the_last_is_the_default(tmp_path):
    ring = Keyring(tmp_path, "work")
    ring.pin(_VIN, seal.point_of(VEHICLE))
    ring.pin(_OTHER, seal.point_of(OTHER_VEHICLE))
    again = Keyring(tmp_path, "work")
    assert again.vehicles == {_VIN: seal.point_of(VEHICLE), _OTHER: seal.point_of(OTHER_VEHICLE)}
    assert again.default == _OTHER
    assert Keyring(tmp_path, "phone").vehicles == {}
    assert json.loads(ring.vehicles_file.read_text())["vehicles"][_VIN]["public_key"] == seal.point_of(VEHICLE).hex()


def test_no_key_says_what_to_do(tmp_path):
    with pytest.raises(CannotStart, match="latchkey phone pair"):
        Keyring(tmp_path).private()


def test_spoilt_key_files_are_named_and_left_alone(tmp_path):
    ring = Keyring(tmp_path)
    p384 = ec.generate_private_key(ec.SECP384R1())
    other = ed25519.Ed25519PrivateKey.generate()
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    )
    pems = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in (p384, other)]
    for content in (b"", b"nonsense", *pems, locked):
        ring.key_file.write_bytes(content)
        ring.key_file.chmod(0o600)
        with pytest.raises(CannotStart) as raised:
            ring.private()
        assert str(ring.key_file) in str(raised.value)
        assert ring.key_file.read_bytes() == content


def test_spoilt_lists_of_vehicles_are_named_and_left_alone(tmp_path):
    point = seal.point_of(VEHICLE).hex()
    for content in (
        "",
        "[]",
        "{}",
        '{"vehicles": [], "default": ""}',
        '{"vehicles": {}}',
        json.dumps({"default": _VIN, "vehicles": {_VIN: {"public_key": point[:-2]}}}),
        json.dumps({"default": _VIN, "vehicles": {_VIN: {"public_key": "xyz"}}}),
        json.dumps({"default": _VIN, "vehicles": {_VIN: point}}),
        json.dumps({"default": _VIN, "vehicles": {"SHORT": {"public_key": point}}}),
    ):
        path = tmp_path / "phone.json"
        path.write_text(content)
        with pytest.raises(CannotStart) as raised:
            Keyring(tmp_path)
        assert str(path) in str(raised.value)
        assert path.read_text() == content


def test_names_of_keys_stay_in_their_folder(tmp_path):
    for name in ("", "../phone", "a/b", ".hidden", "x" * 65, "ä", "a b", "a\n"):
        with pytest.raises(CannotStart):
            Keyring(tmp_path, name)
    Keyring(tmp_path, "my-car_2.old")


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "latchkey").write_text("a file")
    ring = Keyring(tmp_path / "latchkey")
    with pytest.raises(CannotStart) as raised:
        ring.make()
    assert str(ring.key_file) in str(raised.value)


def test_the_folder_is_where_settings_belong(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert folder() == tmp_path / "latchkey"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder() == tmp_path / ".config" / "latchkey"
