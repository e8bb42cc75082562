"""What follows from the name of a vehicle: how clients find it. And how long the key is that each shares with it.

Facts: the clients of the vehicle-command protocol.
"""

from micropython import const

from latchkey.crypto.digest import sha1

K_LEN = const(16)


def local_name(vin: bytes) -> str:
    """The complete local name by which every client finds the vehicle: 18 characters."""
    return "S" + sha1(vin)[:8].hex() + "C"
