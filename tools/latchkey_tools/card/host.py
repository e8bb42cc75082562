"""A PN532 on this computer, at a serial port or, simulated, behind a TCP port: which card lies on it, APDUs to it.

Facts: UM0701-02 sections 6.2 and 7. One card; frames as models/pn532_model has them, which the firmware's driver is
tested against.
"""

import time
from dataclasses import dataclass

import serial  # type: ignore[import-untyped]

from latchkey_tools.models.pn532_model.frames import GOT_ACK, Deframer, frame
from latchkey_tools.phone.problem import CannotStart, Problem

_BAUD = 115_200
_WAKE_UP = b"\x55\x55" + bytes(14)
_SAM_NORMAL_MODE = b"\x14\x01\x14\x01"
_RETRIES = b"\x32\x05\xff\x01\x02"
_FIELD = b"\x32\x01"
_LIST_ONE = b"\x4a\x01\x00"
_EXCHANGE = b"\x40\x01"
_ANSWER_S = 2.0
_ISO_DEP = 0x20


@dataclass(frozen=True)
class Listed:
    """A card as its listing describes it."""

    uid: bytes
    iso_dep: bool

    @property
    def hides_uid(self) -> bool:
        """True where the number shown is drawn anew each time."""
        return len(self.uid) == 4 and self.uid[0] == 8


class Host:
    """A context. port: a serial port, or tcp:HOST:PORT. Raises Problem."""

    def __init__(self, port: str) -> None:
        self._name = port
        self._deframer = Deframer()
        url = f"socket://{port[4:]}" if port.startswith("tcp:") else port
        try:
            self._port = serial.serial_for_url(url, _BAUD, timeout=0.05, write_timeout=2)
        except (OSError, ValueError, serial.SerialException) as error:
            raise CannotStart(f"No reader at {port}: {error}.", "no_reader") from None

    def __enter__(self) -> "Host":
        self._send(_WAKE_UP)
        self._command(_SAM_NORMAL_MODE)
        self._command(_RETRIES)
        return self

    def __exit__(self, *error: object) -> None:
        self._port.close()

    def wait_card(self, for_s: float) -> Listed | None:
        """The card that lies on the reader, or that comes within so many seconds; it is active then."""
        until_s = time.monotonic() + for_s
        while True:
            self._command(_FIELD + b"\x00")
            time.sleep(0.01)
            self._command(_FIELD + b"\x01")
            time.sleep(0.01)
            found = self._command(_LIST_ONE)
            if found[:1] == b"\x01":
                return Listed(found[6 : 6 + found[5]], bool(found[4] & _ISO_DEP))
            if time.monotonic() >= until_s:
                return None

    def transceive(self, apdu: bytes) -> bytes:
        """The card's answer, SW1SW2 at its end. Raises Problem where the card has gone."""
        answer = self._command(_EXCHANGE + apdu)
        if not answer or answer[0]:
            raise Problem("card gone", "The card was taken away too early: lay it down again and say the same command.")
        return answer[1:]

    def _command(self, command: bytes) -> bytes:
        """Send a command; the answer behind its code."""
        self._send(frame(b"\xd4" + command))
        until_s = time.monotonic() + _ANSWER_S
        confirmed = False
        while time.monotonic() < until_s:
            got = self._deframer.next()
            if got is None:
                self._deframer.feed(self._read())
            elif got == GOT_ACK:
                confirmed = True
            elif confirmed and isinstance(got, bytes) and got[:2] == bytes((0xD5, command[0] + 1)):
                return got[2:]
        raise Problem(
            "no reader", f"The reader at {self._name} does not answer: is it a PN532, set to HSU, and powered?"
        )

    def _send(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except (OSError, serial.SerialException):
            raise self._lost() from None

    def _read(self) -> bytes:
        try:
            return bytes(self._port.read(max(1, min(512, self._port.in_waiting))))
        except (OSError, serial.SerialException):
            raise self._lost() from None

    def _lost(self) -> Problem:
        return Problem("no reader", f"The reader at {self._name} has gone.")
