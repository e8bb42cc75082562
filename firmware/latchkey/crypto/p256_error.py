"""The one error of P-256 and its codes. p256.py gives them on; the engines below it raise them."""

from micropython import const

PRIVATE_RANGE = const(1)  # a private key of the wrong length or outside its range
BAD_POINT = const(2)  # a public key of the wrong length, with a coordinate >= p, or not on the curve
DEGENERATE = const(3)  # the formulas do not hold for this scalar
UNAVAILABLE = const(4)  # the variant asked for cannot be loaded here


class P256Error(Exception):
    """Refused; args[0] is one of the codes above."""
