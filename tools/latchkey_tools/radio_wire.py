"""The AIR wire: lines of ASCII between the firmware's `bluetooth` and the radio that plays NimBLE for it.

Numbers are decimal, bytes hexadecimal or - for none. LINK counts from 0 and is the firmware's connection handle; it is
not used again before the firmware has freed it: nothing meant for one client may reach the next. HANDLE is the
firmware's value handle; TYPE is 0 for a public address, 1 for a random one. The radio speaks first.

  radio -> firmware                                     firmware -> radio
  radio TYPE ADDRESS      hello: the radio's address    name DATA             what the GAP service tells as name
  connect LINK TYPE ADDRESS                             mtu MTU               what an MTU exchange is answered with
  failed                  a connection that never was   table                 begin a new GATT table of
  disconnect LINK         answered with `freed`         service 0 0 UUID
  mtu LINK MTU            has been exchanged            characteristic HANDLE FLAGS UUID
  write LINK HANDLE DATA  answered with `wrote`         descriptor HANDLE FLAGS UUID
  read LINK HANDLE        answered with `value`         register              the table is complete
  confirm LINK STATUS     of the last indication:       advertise INTERVAL_US CONNECTABLE DATA RESPONSE
                          0, or 13 after 30 s           silent                stop advertising
                                                        notify LINK HANDLE DATA
                                                        indicate LINK HANDLE DATA
                                                        drop LINK
                                                        wrote LINK            the write has been taken
                                                        value LINK STATUS DATA   STATUS: 0 or an ATT error
                                                        freed LINK

A line that makes no sense ends the connection: both ends are ours, and a radio that guesses hides a mistake.
"""

from dataclasses import dataclass

LINE_LIMIT = 1_400  # an indication of 512 bytes in hexadecimal, and what stands before it
LINKS = 4  # the ESP32's connections
NUMBERS = 2 * LINKS  # a place is free as soon as its client has gone, its number later
_LEAST_MTU, _MOST_MTU = 23, 527
_VALUE_MOST = 512


class WireError(Exception):
    """A line that is not part of the wire."""


@dataclass(frozen=True)
class Order:
    """One line of the firmware's. What an order has not is 0 or empty."""

    name: str
    link: int = 0
    handle: int = 0
    number: int = 0  # MTU, FLAGS, STATUS or INTERVAL_US
    connectable: bool = False
    uuid: str = ""
    data: bytes = b""
    response: bytes = b""


def parse(line: str) -> Order:
    """Raises WireError."""
    name, *words = line.split(" ")
    try:
        match name, words:
            case (("table" | "register" | "silent"), []):
                return Order(name)
            case "name", [data]:
                return Order(name, data=_bytes(data, 31))
            case "mtu", [mtu]:
                return Order(name, number=_number(mtu, _MOST_MTU, _LEAST_MTU))
            case (("service" | "characteristic" | "descriptor"), [handle, flags, uuid]):
                return Order(name, handle=_number(handle), number=_number(flags), uuid=_uuid(uuid))
            case "advertise", [interval, connectable, data, response]:
                return Order(
                    name,
                    number=_number(interval, 10_240_000, 20_000),
                    connectable=bool(_number(connectable, 1)),
                    data=_bytes(data, 31),
                    response=_bytes(response, 31),
                )
            case (("notify" | "indicate"), [link, handle, data]):
                return Order(name, _link(link), _number(handle), data=_bytes(data, _VALUE_MOST))
            case (("drop" | "wrote" | "freed"), [link]):
                return Order(name, _link(link))
            case "value", [link, status, data]:
                return Order(name, _link(link), number=_number(status, 255), data=_bytes(data, _VALUE_MOST))
    except ValueError:
        pass
    raise WireError(f"not a line of the AIR wire: {line[:80]!r}")


def format_event(name: str, *words: int | bytes) -> bytes:
    """A line of the radio's, with its end."""
    texts = [name, *(str(word) if isinstance(word, int) else word.hex() or "-" for word in words)]
    return " ".join(texts).encode("ascii") + b"\n"


def _number(text: str, most: int = 0xFFFF, least: int = 0) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 8 or not least <= int(text) <= most:
        raise ValueError
    return int(text)


def _link(text: str) -> int:
    return _number(text, NUMBERS - 1)


def _bytes(text: str, most: int) -> bytes:
    data = b"" if text == "-" else bytes.fromhex(text)
    if len(data) > most or (text != "-" and not data):
        raise ValueError
    return data


def _uuid(text: str) -> str:
    if len(bytes.fromhex(text.replace("-", ""))) not in (2, 16):
        raise ValueError
    return text
