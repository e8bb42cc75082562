"""The reader as the bench sees it: where the firmware finds a PN532, and the wallet of cards that can be laid on it.

This base is a reader in which the simulator has no hand: a real PN532 on a serial port, or one that somebody else
simulates (READER=tcp:HOST:PORT). The one with software cards is in simulated.py.
"""


class ReaderError(Exception):
    """This reader cannot do that; the message says why, in one sentence."""


class Reader:
    """kind: simulated, serial or remote. address: HOST:PORT to which the firmware's driver connects."""

    def __init__(self, kind: str, address: str) -> None:
        self.kind = kind
        self.address = address

    def cards(self) -> list[dict[str, object]]:
        """The wallet: name, label, kind, id (short id of its key, or ""), in_field. Empty without software cards."""
        return []

    def addresses(self) -> dict[str, str]:
        """Where others can connect to what it opened: name -> HOST:PORT."""
        return {}

    def snapshot(self) -> dict[str, object]:
        """What the page shows: kind, address, the fault that is on or "none", and whether a virtual card is in the
        slot."""
        return {"kind": self.kind, "address": self.address, "fault": "none", "slot": False}

    def answered_s(self) -> float | None:
        """When it handed over a card's last answer, by time.monotonic(); None where nobody can tell."""
        return None

    def make(self, kind: str) -> None:
        """Puts one more card of a kind (cards.MADE) into the wallet."""
        raise ReaderError("Software cards cannot be laid on this reader.")

    def put(self, name: str) -> None:
        """Lays a card of the wallet on the reader."""
        raise ReaderError("Software cards cannot be laid on this reader.")

    def take_away(self, name: str) -> None:
        """Takes it away; a card that is not there is no error."""
        raise ReaderError("Software cards cannot be laid on this reader.")

    def fault(self, name: str) -> None:
        """Switches on one fault of orders.READER_FAULTS in place of the one before, or none."""
        raise ReaderError("This reader cannot be made to fail from here: unplug it.")

    def reset(self) -> None:
        """The firmware pulls the reader's reset pin. Nothing to pull here."""

    def power_cycle(self) -> None:
        """The board's supply, and the reader's with it, was interrupted."""
