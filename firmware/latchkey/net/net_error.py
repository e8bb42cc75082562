"""Why a connection or a session could not be made or kept, as one number."""

from micropython import const

# On the way to the broker
NO_NAME = const(1)  # the broker's name has no address, or cannot be a name
NO_RESOLVER = const(2)  # nobody answers who could know the address
UNREACHABLE = const(3)  # no way there, or no network
REFUSED = const(4)  # nothing listens at that port
TIMEOUT = const(5)  # no answer in the time that a connection may take
CLOSED = const(6)  # the other side has ended the connection
NO_MEMORY = const(7)

# TLS
BAD_CERTIFICATE = const(10)  # of the broker: another name, another CA, not valid now
TLS_REFUSED = const(11)  # the broker does not take our certificate, our key, or what we offer
NOT_TLS = const(12)  # what came is no TLS, or none that we speak
NO_PSK = const(13)  # this interpreter cannot do TLS with a pre-shared key
BAD_SETTINGS = const(14)  # a certificate or key on this side cannot be read, or none is there

# MQTT: 20 and the return code of a CONNACK, section 3.2.2.3 of the standard
_CONNACK = const(20)
BAD_VERSION = const(21)
BAD_CLIENT_ID = const(22)
UNAVAILABLE = const(23)
BAD_LOGIN = const(24)
NOT_AUTHORISED = const(25)
NOT_SUBSCRIBED = const(26)  # the broker refuses a topic
BAD_PACKET = const(27)  # against the standard, or not to be sent to such a client
TOO_LONG = const(28)  # a packet beyond what is taken
SILENT = const(29)  # nothing has come for one and a half times the keep-alive, or nothing was taken
NOT_PERMITTED = const(30)  # the allowance for what is sent is used up

# What the broker itself has said, or this side. An alert of TLS is not among them: whoever is on the way can send one.
_UNTIL_CHANGED = (BAD_SETTINGS, NO_PSK, BAD_CLIENT_ID, BAD_LOGIN, NOT_AUTHORISED, NOT_SUBSCRIBED)


class NetError(Exception):
    """There is no connection or session any more; `code` says why. It holds no names, no keys, no data."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def refused(return_code: int) -> NetError:
    """For a CONNACK that refuses, return code 1 to 5."""
    return NetError(_CONNACK + return_code)


def stands_until_changed(code: int) -> bool:
    """Would the same settings be refused again? Then nothing is tried until they change."""
    return code in _UNTIL_CHANGED
