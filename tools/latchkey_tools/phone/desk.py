"""What every command has at hand: key files, the place, progress and output; and how it gets to a vehicle."""

import argparse
import sys

from latchkey_tools.phone import keyring, seal
from latchkey_tools.phone.keyring import Keyring
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.place import Place
from latchkey_tools.phone.problem import CannotStart
from latchkey_tools.phone.progress import Progress
from latchkey_tools.phone.session import Session
from latchkey_tools.phone.vehicle import Vehicle

_VIN_LEN = 17


class Desk:
    """chosen: the arguments. Raises CannotStart where they, or the key files, make no sense."""

    def __init__(self, chosen: argparse.Namespace, place: Place, output: Output) -> None:
        self.chosen = chosen
        self.output = output
        self.progress = Progress(sys.stderr)
        self.keyring = Keyring(keyring.folder(), chosen.name)
        self.place = place
        self.vin = chosen.vin.upper() or place.vin
        if self.vin and not (len(self.vin) == _VIN_LEN and self.vin.isascii() and self.vin.isalnum()):
            raise CannotStart(f"{chosen.vin!r} is no vehicle's name: it has 17 letters and digits.")

    def vehicle(self) -> Vehicle:
        """The vehicle that is meant, which this phone was paired with."""
        private = self.keyring.private()
        vin = self.vin or self.keyring.default
        if vin not in self.keyring.vehicles:
            raise CannotStart(
                f"This phone was never paired with {vin or 'a vehicle'}: run `latchkey phone pair` beside it."
            )
        return self._vehicle(Session(private, vin, self.keyring.vehicles[vin], self._key_id(vin)))

    def stranger(self, vin: str, name: str) -> Vehicle:
        """A vehicle to pair with. vin: empty where only its name on the air is known."""
        private = self.keyring.private() if self.keyring.exists else self.keyring.make()
        pinned = self.keyring.vehicles.get(vin, b"")
        return Vehicle(Session(private, vin, pinned, self._key_id(vin)), name, self.progress)

    def _vehicle(self, session: Session) -> Vehicle:
        return Vehicle(session, seal.local_name(session.vin), self.progress)

    def _key_id(self, vin: str) -> str:
        return self.place.key_id if vin == self.place.vin else ""
