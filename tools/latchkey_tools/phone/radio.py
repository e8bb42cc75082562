"""What can go wrong with Bluetooth on this computer, told so that somebody can do something about it."""

import contextlib
import sys
from collections.abc import Iterator

from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError

from latchkey_tools.phone.problem import CannotStart

_WITHOUT = "or try it over the simulator's air with `--simulator`."
_REASONS = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: f"This computer has no Bluetooth adapter: plug one in, {_WITHOUT}",
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: "This computer's Bluetooth adapter has no Bluetooth LE: plug "
    f"in another, {_WITHOUT}",
    BleakBluetoothNotAvailableReason.POWERED_OFF: "Bluetooth is switched off on this computer: switch it on.",
}
_UNKNOWN = f"Bluetooth cannot be used ({{}}): check the adapter, {_WITHOUT}"
_DENIED = "This program may not use Bluetooth: allow it in the system's settings."
_SILENT = (
    f"Bluetooth does not run on this computer (BlueZ does not answer over D-Bus): start bluetoothd, {_WITHOUT}"
    if sys.platform == "linux"
    else f"Bluetooth does not answer on this computer: switch it on, {_WITHOUT}"
)


class LinkError(Exception):
    """A connection failed; the argument says at what."""


@contextlib.contextmanager
def as_problem() -> Iterator[None]:
    """Turns what bleak raises when it cannot scan into CannotStart."""
    try:
        yield
    except BleakBluetoothNotAvailableError as error:
        raise CannotStart(_REASONS.get(error.reason, _DENIED), "no_bluetooth") from error
    except BleakDBusError as error:
        raise CannotStart(_dbus(error), "no_bluetooth") from error
    except BleakError as error:
        raise CannotStart(_UNKNOWN.format(error), "no_bluetooth") from error
    except (OSError, EOFError) as error:
        raise CannotStart(_SILENT, "no_bluetooth") from error


def _dbus(error: BleakDBusError) -> str:
    name = error.dbus_error
    if name.endswith(("ServiceUnknown", "NameHasNoOwner", "Spawn.ServiceNotFound")):
        return _SILENT
    if name.endswith("NotReady"):
        return _REASONS[BleakBluetoothNotAvailableReason.POWERED_OFF]
    if name.endswith(("AccessDenied", "NotAuthorized", "NotPermitted")):
        return _DENIED
    return _UNKNOWN.format(error)
