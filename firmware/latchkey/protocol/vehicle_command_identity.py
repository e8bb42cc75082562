"""What follows from the names and keys of a vehicle: its name on the air, the short ids of keys, the shared key K.

Facts: protocol.md and the clients of the vehicle-command protocol. K depends on the two long-lived keys alone; it is
computed when a key is enrolled and kept like a private key, so that a handshake is answered without elliptic curves.
"""

from micropython import const

from latchkey.crypto.digest import sha1
from latchkey.protocol.vehicle_command_numbers import ID_LEN

K_LEN = const(16)


def local_name(vin: bytes) -> str:
    """The complete local name by which every client finds the vehicle: 18 characters."""
    return "S" + sha1(vin)[:8].hex() + "C"


def key_id(key64: "bytes | bytearray") -> bytes:
    """First 4 bytes of the SHA-1 of a public key, for people and lists; it identifies nothing."""
    return sha1(b"\x04", key64)[:ID_LEN]


def shared_key(shared_x: "bytes | bytearray", out16: "bytearray | memoryview") -> None:
    """Fill out16 with K, from the X that two keys share: 32 bytes, zeros in front included."""
    out16[:] = sha1(shared_x)[:K_LEN]
