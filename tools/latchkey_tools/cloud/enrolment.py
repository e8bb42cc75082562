"""How a cloud key comes into a car: it shows itself over Bluetooth, beside the car, and an owner's card lets it in.

The same as for a phone (latchkey_tools.phone.pairing), but it asks for the role of a fleet manager, which counts over
the cloud and nowhere else. Over the cloud itself no key can be added. What is pinned is the car's public key: by it the
car is recognised through brokers that nobody trusts.
"""

from dataclasses import dataclass

from latchkey_tools.phone import link, request, seal
from latchkey_tools.phone.keyring import Keyring
from latchkey_tools.phone.output import Output
from latchkey_tools.phone.pairing import Pairing
from latchkey_tools.phone.place import Place
from latchkey_tools.phone.problem import CannotStart, NotPaired, Problem
from latchkey_tools.phone.progress import Progress
from latchkey_tools.phone.session import Session
from latchkey_tools.phone.vehicle import Vehicle

FLEET_MANAGER = 4
_VIN_LEN = 17


@dataclass
class Enrolment:
    """keyring: of the key that is to become one of the car's; made where it is missing."""

    keyring: Keyring
    place: Place
    output: Output
    progress: Progress

    async def run(self, vin: str) -> None:
        """Raises Problem."""
        private = self.keyring.private() if self.keyring.exists else self.keyring.make()
        expected = self.place.key_id if vin == self.place.vin else ""
        session = Session(private, vin, self.keyring.vehicles.get(vin, b""), expected)
        name = seal.local_name(vin)
        async with Vehicle(session, name, self.progress, link.find) as vehicle:
            try:
                pairing = Pairing(vehicle, name, FLEET_MANAGER, self.progress, form=request.CLOUD_KEY)
                new = await pairing.run()
            except NotPaired:
                raise Problem("not let in", "The car has not let this key in: open enrolment at the car once more.")
        self.keyring.pin(vin, session.vehicle_key)
        own = seal.short_id(session.point)
        self.output.result(
            f"This cloud key, {own}, {'is now' if new else 'was already'} a fleet manager of {vin}.",
            vin=vin,
            vehicle_key=seal.short_id(session.vehicle_key),
            id=own,
            new=new,
            key_file=str(self.keyring.key_file),
        )


def vin_of(text: str) -> str:
    """A car's name as it is typed. Raises CannotStart."""
    vin = text.upper()
    if not (len(vin) == _VIN_LEN and vin.isascii() and vin.isalnum()):
        raise CannotStart(f"{text!r} is no car's name: it has 17 letters and digits.")
    return vin
