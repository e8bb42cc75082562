"""Key files: NAME.pem with the private key, NAME.json with the vehicles it opens and what was pinned of each.

    {"default": VIN, "vehicles": {VIN: {"public_key": 65 bytes as hex}}}

Both lie in ~/.config/latchkey (or under XDG_CONFIG_HOME) and are readable by their owner alone; a private key that
others may read is not used. It is not encrypted: whoever reads the file has the key, so a computer that is lost is a
phone that is lost, and an owner removes it from the vehicle.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from latchkey_tools.phone.problem import CannotStart

_POINT_LEN = 65


class Keyring:
    """One key and its vehicles. raises: CannotStart for files that cannot be used; it names them."""

    def __init__(self, folder: Path, name: str = "phone") -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", name):
            raise CannotStart(f"{name!r} is no name for a key: use letters, digits, dot, hyphen and underscore.")
        self.key_file = folder / f"{name}.pem"
        self.vehicles_file = folder / f"{name}.json"
        self.vehicles: dict[str, bytes] = {}  # VIN -> public key that was pinned
        self.default = ""
        if self.vehicles_file.exists():
            self._read_vehicles()

    @property
    def exists(self) -> bool:
        return self.key_file.exists()

    def private(self) -> ec.EllipticCurvePrivateKey:
        """The private key, which must be there."""
        path = self.key_file
        try:
            if os.name == "posix" and path.stat().st_mode & 0o077:
                raise CannotStart(f"Others may read {path}: say `chmod 600 {path}`, and pair anew if someone has.")
            key = load_pem_private_key(path.read_bytes(), None)
        except FileNotFoundError:
            raise CannotStart(f"There is no key in {path}: make one and pair it with `latchkey phone pair`.")
        except (OSError, ValueError, TypeError) as error:
            raise CannotStart(f"{path} cannot be read as a private key ({type(error).__name__}): put it right or away.")
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise CannotStart(f"{path} holds a key of another kind than P-256: put it away.")
        return key

    def make(self) -> ec.EllipticCurvePrivateKey:
        """A new private key, in its file; one that is there is never written over."""
        key = ec.generate_private_key(ec.SECP256R1())
        _write(self.key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), fresh=True)
        return key

    def pin(self, vin: str, point: bytes) -> None:
        """Note a vehicle that this key opens; it is the default from now on."""
        self.vehicles[vin] = point
        self.default = vin
        content = {
            "default": vin,
            "vehicles": {vin: {"public_key": point.hex()} for vin, point in self.vehicles.items()},
        }
        _write(self.vehicles_file, json.dumps(content, indent=1).encode() + b"\n")

    def _read_vehicles(self) -> None:
        try:
            content: Any = json.loads(self.vehicles_file.read_text())
            for vin, about in content["vehicles"].items():
                self.vehicles[vin] = bytes.fromhex(about["public_key"])
                if len(vin) != 17 or len(self.vehicles[vin]) != _POINT_LEN:
                    raise ValueError(vin)
            self.default = content["default"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CannotStart(
                f"{self.vehicles_file} is damaged ({type(error).__name__}): put it right, or delete it and pair anew."
            )


def folder() -> Path:
    """Where key files are kept."""
    chosen = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(chosen) if chosen else Path.home() / ".config") / "latchkey"


def _write(path: Path, data: bytes, fresh: bool = False) -> None:
    """fresh: there must be no such file yet. Else what is there is replaced, as a whole or not at all."""
    written = path if fresh else path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(written, path)
    except OSError as error:
        raise CannotStart(f"{path} cannot be written ({error.strerror}): see to the folder and its permissions.")
